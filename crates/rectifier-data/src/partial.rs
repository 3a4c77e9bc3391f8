//! A file in the making, which is either whole under its name or not there.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::DataError;

/// A file that is written beside its final place, under a `.partial` name that no other process uses, and that gets
/// its own name when it is complete. If it is dropped before, it is removed; a process that is killed leaves the
/// `.partial` file, which is never read.
#[derive(Debug)]
pub struct Partial {
    file: NamedTempFile,
    path: PathBuf,
}

impl Partial {
    /// Begins the file at `path`; its folder is made if it is not there.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn new(path: &Path) -> Result<Self, DataError> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let io = |source| DataError::io(folder, source);
        fs::create_dir_all(folder).map_err(io)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".partial");
        #[cfg(unix)]
        {
            // Readable as any file of this user is (the umask applies): a folder of data may be shared.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Self {
            file: builder.tempfile_in(folder).map_err(io)?,
            path: path.to_path_buf(),
        })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        let written = self.file.write_all(bytes);
        written.map_err(|source| DataError::io(self.file.path(), source))
    }

    /// Gives the file its name, in place of any other of that name, once its bytes are on the disk.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn keep(self) -> Result<(), DataError> {
        let synced = self.file.as_file().sync_all();
        synced.map_err(|source| DataError::io(self.file.path(), source))?;
        match self.file.persist(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => Err(DataError::io(&self.path, error.error)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_gets_its_name_when_it_is_complete() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let path = folder.join("c.bin");
        let mut partial = Partial::new(&path).unwrap();
        partial.write(b"12").unwrap();
        partial.write(b"3").unwrap();
        let written = names(&folder);
        assert!(
            written[0].starts_with(".c.bin.") && written[0].ends_with(".partial"),
            "{written:?}"
        );
        partial.keep().unwrap();
        assert_eq!(names(&folder), ["c.bin"]);
        assert_eq!(fs::read(&path).unwrap(), b"123");
        let mut second = Partial::new(&path).unwrap();
        second.write(b"4").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"123");
        second.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"4");
    }

    #[test]
    fn what_is_dropped_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let mut partial = Partial::new(&root.path().join("c")).unwrap();
        partial.write(b"12").unwrap();
        drop(partial);
        assert_eq!(names(root.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_it_as_far_as_the_user_lets_them() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let (plain, path) = (root.path().join("plain"), root.path().join("c"));
        fs::write(&plain, "").unwrap();
        Partial::new(&path).unwrap().keep().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&plain));
    }
}
