//! Files that options name to be written: looked at before any work is done for them.

use crate::error::CliError;
use rectifier_catalog::DataSpec;
use rectifier_nn::write_atomically;
use rectifier_train::RunFiles;
use std::path::{Path, PathBuf};

/// A file to be written at the end. Whatever writes where an option says goes through here.
pub struct Destination<'a> {
    path: &'a Path,
}

impl<'a> Destination<'a> {
    /// The file `path` that `option` names, of a command that reads `inputs`.
    ///
    /// # Errors
    /// [`CliError::Usage`] for a file that is read or lies in a folder within one that is read, and for one that a run keeps;
    /// [`CliError::Failed`] for what is no file; [`CliError::Io`] for a folder that is not there or takes no file.
    pub fn new(
        option: &str,
        path: &'a Path,
        inputs: impl IntoIterator<Item = impl AsRef<Path>>,
    ) -> Result<Self, CliError> {
        let refused = |why: &str| {
            Err(CliError::Usage(format!(
                "{option} {}: {why}",
                path.display()
            )))
        };
        if path.exists() && !path.is_file() {
            let text = format!(
                "{}: that is no file: name one to write with {option}",
                path.display()
            );
            return Err(CliError::Failed(text));
        }
        for input in inputs {
            let input = input.as_ref();
            if is_same(path, input) {
                return refused("this command reads that file: name another one to write");
            }
            if is_within(path, input) {
                let why = format!(
                    "this command reads what lies in {}: name a file elsewhere",
                    input.display()
                );
                return refused(&why);
            }
        }
        let folder = parent(path);
        let run = RunFiles::at(folder);
        if path.file_name().is_some_and(|name| run.is_own(name)) {
            let why = format!(
                "the run in {} keeps that file: name another one to write",
                run.path().display()
            );
            return refused(&why);
        }
        folder
            .metadata()
            .map_err(|source| CliError::io(path, source))?;
        takes_files(folder)?;
        Ok(Self { path })
    }

    /// As [`new`](Self::new), where the option is given.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of(
        option: &str,
        path: Option<&'a Path>,
        inputs: impl IntoIterator<Item = impl AsRef<Path>>,
    ) -> Result<Option<Self>, CliError> {
        path.map(|path| Self::new(option, path, inputs)).transpose()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.path
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// Those of [`write_atomically`].
    pub fn write(&self, bytes: &[u8]) -> Result<(), CliError> {
        Ok(write_atomically(self.path, bytes)?)
    }
}

/// That files can be made in `folder`, or in what is there of it.
///
/// # Errors
/// [`CliError::Io`].
pub fn takes_files(folder: &Path) -> Result<(), CliError> {
    let there = folder.ancestors().find(|folder| folder.exists());
    rectifier_nn::takes_files(there.unwrap_or(Path::new(".")))
        .map_err(|source| CliError::io(folder, source))
}

/// The files that `data` is read from.
pub fn files_of(data: &DataSpec) -> Vec<PathBuf> {
    let plan = data.to_plan();
    let fields = plan.as_object().into_iter().flatten();
    let texts = fields.filter(|(key, _)| *key != "set");
    texts
        .filter_map(|(_, value)| value.as_str().map(PathBuf::from))
        .collect()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether both are one file, by whatever names.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (one.metadata(), other.metadata()) {
        use std::os::unix::fs::MetadataExt;
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Whether `path` is there in a folder within `folder`, as the pictures of a class are; what lies beside such folders is none.
fn is_within(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => {
            folder.is_dir() && path.starts_with(&folder) && path.parent() != Some(&folder)
        }
        _ => false,
    }
}
