//! A file in the making, which is either whole under its name or not there.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::DataError;

/// A file that is written beside its final place, under a `.partial` name that no other process uses, and that gets
/// its own name when it is complete. If it is dropped before, it is removed; a process that is killed leaves the
/// `.partial` file, which is never read, and removed by the next one for the same place, a minute later.
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
        sweep(folder, &prefix);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".partial");
        #[cfg(unix)]
        {
            // Readable as any file of this user is (the umask applies): a folder of data may be shared.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(io)?;
        // Says that somebody writes it; not every file system can.
        #[cfg(unix)]
        let _ = file.as_file().try_lock();
        Ok(Self {
            file,
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

/// Removes files in the making in `folder` whose names begin with `prefix`, that are a minute old and that nobody has locked.
fn sweep(folder: &Path, prefix: &str) {
    const AGE: Duration = Duration::from_secs(60);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let own = |name: &str| name.starts_with(prefix) && name.ends_with(".partial");
        let modified = entry.metadata().and_then(|data| data.modified());
        let age = modified.ok().and_then(|time| time.elapsed().ok());
        let free = || fs::File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if name.to_str().is_some_and(own) && age.is_some_and(|age| age > AGE) && free() {
            let _ = fs::remove_file(entry.path());
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
    fn what_a_killed_process_left_is_removed_and_what_another_writes_is_not() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str, age: u64| {
            let file = fs::File::create(root.path().join(name)).unwrap();
            let then = std::time::SystemTime::now() - Duration::from_secs(age);
            file.set_modified(then).unwrap();
            file
        };
        put(".c.left.partial", 90);
        put(".c.fresh.partial", 5);
        put(".d.other.partial", 90);
        let busy = put(".c.busy.partial", 90);
        busy.try_lock().unwrap();
        Partial::new(&root.path().join("c"))
            .unwrap()
            .keep()
            .unwrap();
        let mut found = names(root.path());
        found.sort();
        let kept = [
            ".c.busy.partial",
            ".c.fresh.partial",
            ".d.other.partial",
            "c",
        ];
        assert_eq!(found, kept);
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
