//! Which networks are meant, and where they are looked for.

use crate::args::ZooArgs;
use crate::error::CliError;
use crate::progress;
use rectifier_catalog::{CatalogError, Trained};
use rectifier_nn::ModelFile;
use rectifier_train::RunFiles;
use rectifier_zoo::{Entry, Places, Zoo, ZooError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A registry, and where its files are.
pub struct Shelf {
    /// The registry.
    pub zoo: Zoo,
    /// Where its files are.
    pub places: Places,
}

/// What a word of the command line means.
#[derive(Clone)]
pub enum Chosen {
    /// A network of the registry.
    Entry(Box<Entry>),
    /// A model file, or the folder of a run.
    File(PathBuf),
}

impl Shelf {
    /// What the options say.
    ///
    /// # Errors
    /// [`CliError::Zoo`] for a registry that cannot be read.
    pub fn open(args: &ZooArgs, offline: bool) -> Result<Self, CliError> {
        let mut places = Places {
            models: args.models.clone(),
            offline,
            ..Places::default()
        };
        if args.url.is_some() {
            places.url = args.url.clone();
        }
        if let Some(registry) = &args.registry {
            places.shared = registry.parent().map(folder);
        }
        Ok(Self {
            zoo: registry(args.registry.as_deref())?,
            places,
        })
    }

    /// The networks that `word` means: all, those whose name fits it, the one of this name, or a file.
    ///
    /// # Errors
    /// [`CliError::Usage`] for a pattern that nothing fits; [`CliError::Zoo`] for a name that is none.
    pub fn chosen(&self, word: &str) -> Result<Vec<Chosen>, CliError> {
        let entry = |entry: &Entry| Chosen::Entry(Box::new(entry.clone()));
        if word == "all" || word.contains('*') {
            let pattern = if word == "all" { "*" } else { word };
            let found: Vec<Chosen> = self.zoo.list(pattern).into_iter().map(entry).collect();
            return match found.is_empty() {
                true => Err(CliError::Usage(match self.zoo.entries().len() {
                    0 => "the registry has no networks".into(),
                    count => format!(
                        "no network is called {word}: there are {count}, see `rectifier models list`"
                    ),
                })),
                false => Ok(found),
            };
        }
        match self.zoo.get(word) {
            Ok(found) => Ok(vec![entry(found)]),
            Err(_) if Path::new(word).exists() || word.ends_with(".safetensors") => {
                Ok(vec![Chosen::File(word.into())])
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The model file or run at `model`; where nothing lies there, the trained network of this name.
///
/// # Errors
/// [`CliError::Zoo`] for a network whose file is not to be had, and for a name that is nearly one's; [`CliError`] for what is
/// none.
pub fn trained(model: &Path, offline: bool) -> Result<Trained, CliError> {
    let name = model.to_str().filter(|_| !model.exists());
    match name.map(rectifier_zoo::get) {
        Some(Ok(entry)) => {
            let places = Places {
                offline,
                ..Places::default()
            };
            taken(&entry, &places)
        }
        Some(Err(error @ ZooError::Unknown { .. })) if is_nearly_a_name(&error) => {
            Err(error.into())
        }
        _ => found(model),
    }
}

/// Whether a name that is in no registry is like one that is: SET/NAME, and no file's.
fn is_nearly_a_name(error: &ZooError) -> bool {
    let ZooError::Unknown { name, nearest, .. } = error else {
        return false;
    };
    let file = Path::new(name);
    let parts = name.split('/').collect::<Vec<_>>();
    let beside = file.parent().is_some_and(Path::is_dir);
    parts.len() == 2 && file.extension().is_none() && !beside && !nearest.is_empty()
}

/// The model file or run at `path`.
///
/// # Errors
/// [`CatalogError::NoRun`] for a folder that is no run's; as [`Trained::find`].
pub fn found(path: &Path) -> Result<Trained, CliError> {
    match Trained::find(path) {
        // A file that is not there, beside those of a run.
        Err(CatalogError::NoModel { run }) if !run.exists() => {
            Err(CliError::io(&run, ErrorKind::NotFound.into()))
        }
        Err(CatalogError::NoModel { run }) if !RunFiles::at(&run).is_begun() => {
            Err(CatalogError::NoRun { folder: run }.into())
        }
        found => Ok(found?),
    }
}

/// A network of the registry, found or fetched.
///
/// # Errors
/// [`CliError::Zoo`].
pub fn taken(entry: &Entry, places: &Places) -> Result<Trained, CliError> {
    let mut bar = progress::of(&entry.name, false);
    let located = places.file(entry, &entry.file, &mut bar)?;
    Ok(Trained {
        file: ModelFile::from_bytes(located.bytes, &entry.name)?,
        path: entry.name.clone().into(),
        run: None,
    })
}

/// The registry in this file, or the built-in one.
///
/// # Errors
/// [`CliError::Zoo`].
pub fn registry(path: Option<&Path>) -> Result<Zoo, CliError> {
    Ok(match path {
        Some(path) => Zoo::read(path)?,
        None => Zoo::builtin().clone(),
    })
}

fn folder(path: &Path) -> PathBuf {
    match path.as_os_str().is_empty() {
        true => ".".into(),
        false => path.into(),
    }
}
