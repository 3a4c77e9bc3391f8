//! What a folder of pictures holds: classes, parts, files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rectifier_data::{DataError, Shares, listed};

use crate::classes::{Labels, absent};
use crate::path::content;

/// A file that should be a picture.
pub(crate) struct Picture {
    pub path: PathBuf,
    pub class: u32,
}

/// The files of each part, and the classes.
pub(crate) struct Folder {
    pub classes: Vec<String>,
    pub train: Vec<Picture>,
    pub valid: Option<Vec<Picture>>,
    pub test: Option<Vec<Picture>>,
    pub warnings: Vec<String>,
    dir: PathBuf,
}

/// Names of folders of parts.
const TRAIN: [&str; 2] = ["train", "training"];
const VALID: [&str; 3] = ["valid", "val", "validation"];
const TEST: [&str; 2] = ["test", "testing"];

/// Folders and files in a folder, by name, less those that are hidden.
type Listing = (BTreeMap<String, PathBuf>, BTreeMap<String, PathBuf>);

fn list(dir: &Path) -> Result<Listing, DataError> {
    let io = |source| DataError::io(dir, source);
    let (mut folders, mut files) = (BTreeMap::new(), BTreeMap::new());
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with('.') {
            continue;
        }
        // What is linked to counts as what it is.
        match path.is_dir() {
            true => folders.insert(name, path),
            false => files.insert(name, path),
        };
    }
    Ok((folders, files))
}

/// The files of each folder of a class, and what is beside them.
struct Part {
    classes: BTreeMap<String, Vec<PathBuf>>,
    beside: Vec<String>,
}

impl Part {
    fn list(dir: &Path) -> Result<Self, DataError> {
        let (folders, files) = list(dir)?;
        let mut beside: Vec<String> = files.into_keys().collect();
        let mut classes = BTreeMap::new();
        for (class, path) in folders {
            let (inner, files) = list(&path)?;
            beside.extend(inner.into_keys().map(|name| format!("{class}/{name}")));
            classes.insert(class, files.into_values().collect());
        }
        Ok(Self { classes, beside })
    }
}

impl Folder {
    /// The shares of the parts that are to be drawn.
    pub fn shares(&self) -> Shares {
        let default = Shares::default();
        Shares {
            valid: if self.valid.is_some() {
                0.0
            } else {
                default.valid
            },
            test: if self.test.is_some() {
                0.0
            } else {
                default.test
            },
        }
    }

    pub fn list(dir: &Path, strict: bool) -> Result<Self, DataError> {
        if dir.exists() && !dir.is_dir() {
            return Err(content(
                dir,
                "it is no folder: name one that has one folder a class",
            ));
        }
        let (folders, _) = list(dir)?;
        let part = |names: &[&str]| {
            let found = folders
                .iter()
                .find(|(name, _)| names.contains(&name.to_ascii_lowercase().as_str()));
            found.map(|(_, path)| Part::list(path)).transpose()
        };
        let is_part = |name: &String| {
            [&TRAIN[..], &VALID, &TEST]
                .concat()
                .contains(&name.to_ascii_lowercase().as_str())
        };
        let in_parts = folders.len() > 1 && folders.keys().all(is_part);
        let (train, valid, test) = match in_parts {
            true => (part(&TRAIN)?, part(&VALID)?, part(&TEST)?),
            false => (Some(Part::list(dir)?), None, None),
        };
        let Some(mut train) = train else {
            return Err(content(
                dir,
                "it has no folder `train` beside those of other parts",
            ));
        };
        if train.classes.is_empty() {
            return Err(content(
                dir,
                "no folder is in it: pictures stand in one folder a class, such as cat/1.png and dog/1.png",
            ));
        }
        let mut warnings = Vec::new();
        let mut beside = std::mem::take(&mut train.beside);
        for part in [&valid, &test].into_iter().flatten() {
            beside.extend(part.beside.iter().cloned());
        }
        if !beside.is_empty() {
            warnings.push(format!(
                "what is not in a class's own folder is left out: {}",
                listed(beside)
            ));
        }
        let empty: Vec<String> = train
            .classes
            .iter()
            .filter(|(_, files)| files.is_empty())
            .map(|(class, _)| class.clone())
            .collect();
        if !empty.is_empty() {
            warnings.push(format!(
                "folders that hold no file are no classes: {}",
                listed(&empty)
            ));
            train.classes.retain(|_, files| !files.is_empty());
        }
        if strict && let Some(warning) = warnings.first() {
            return Err(content(dir, format!("{warning} (--strict refuses it)")));
        }
        let wrong = |problem: String| content(dir, problem);
        let mut labels = Labels::default();
        for class in train.classes.keys() {
            labels.push(class).map_err(wrong)?;
        }
        let classes = labels.finish().map_err(wrong)?.names;
        let pictures = |part: Part, what: &str| -> Result<Vec<Picture>, DataError> {
            let mut pictures = Vec::new();
            let mut unknown = Vec::new();
            for (class, files) in part.classes {
                match classes.iter().position(|name| *name == class) {
                    Some(class) => pictures.extend(files.into_iter().map(|path| Picture {
                        path,
                        class: class as u32,
                    })),
                    None if files.is_empty() => {}
                    None => unknown.push(class),
                }
            }
            if !unknown.is_empty() {
                return Err(content(
                    dir,
                    format!(
                        "the {what} part has classes that the training part has not: {} (that has {})",
                        listed(unknown),
                        listed(&classes)
                    ),
                ));
            }
            if pictures.is_empty() {
                return Err(content(dir, format!("the {what} part has no file")));
            }
            Ok(pictures)
        };
        let train = pictures(train, "training")?;
        let valid = valid.map(|part| pictures(part, "validation")).transpose()?;
        let test = test.map(|part| pictures(part, "test")).transpose()?;
        for (part, pictures) in [("validation", &valid), ("test", &test)] {
            if let Some(pictures) = pictures {
                let labels: Vec<u32> = pictures.iter().map(|picture| picture.class).collect();
                warnings.extend(absent(part, &labels, &classes));
            }
        }
        Ok(Self {
            classes,
            train,
            valid,
            test,
            warnings,
            dir: dir.to_path_buf(),
        })
    }

    /// Refuses classes of whose training files none is a picture.
    pub fn check_classes(&self, labels: &[u32], no_pictures: &[String]) -> Result<(), DataError> {
        match absent("training", labels, &self.classes) {
            None => Ok(()),
            Some(absent) => Err(content(
                &self.dir,
                format!(
                    "{absent}: of its files none is a picture ({} are not: {})",
                    no_pictures.len(),
                    listed(no_pictures)
                ),
            )),
        }
    }
}
