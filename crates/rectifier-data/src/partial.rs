//! A file in the making, which is either whole under its name or not there.

use std::fs::{self, File, TryLockError};
use std::io::Write;
#[cfg(any(feature = "fetch", test))]
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{NamedTempFile, TempPath};

use crate::DataError;
#[cfg(any(feature = "fetch", test))]
use crate::checksum::Checksum;

/// How the names of files in the making end.
const SUFFIX: &str = ".partial";

/// A file that is written beside its final place, under a `.partial` name that no other process uses, and that gets
/// its own name when it is complete. If it is dropped before, it is removed, unless it was left. What a process
/// that was killed left is never read as the file: [`resume`](Self::resume) goes on with it, and [`new`](Self::new) removes
/// it a minute later.
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
        let folder = folder_of(path);
        let io = |source| DataError::io(folder, source);
        fs::create_dir_all(folder).map_err(io)?;
        sweep(path);
        let prefix = prefix_of(path);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(SUFFIX);
        #[cfg(unix)]
        {
            // Readable as any file of this user is (the umask applies): a folder of data may be shared.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        loop {
            let mut file = builder.tempfile_in(folder).map_err(io)?;
            // Whoever looks for what was left behind sees that this one is being written. Where the system has no locks, files
            // are not gone on with. Between making and locking it, another process may have taken it for such, and gone on
            // with it or removed it.
            match file.as_file().try_lock() {
                Err(TryLockError::WouldBlock) => file.disable_cleanup(true),
                Ok(()) if !file.path().is_file() => {}
                Ok(()) | Err(TryLockError::Error(_)) => {
                    return Ok(Self {
                        file,
                        path: path.to_path_buf(),
                    });
                }
            }
        }
    }

    /// Goes on with the longest part of the file at `path` that an earlier process left and nobody writes to; other such parts
    /// are removed. Begins the file where there is none.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn resume(path: &Path) -> Result<Self, DataError> {
        let mut found: Option<(u64, Self)> = None;
        for left in left_behind(path) {
            let Some(partial) = Self::adopt(&left, path) else {
                continue;
            };
            let length = partial.file.as_file().metadata().map_or(0, |it| it.len());
            // The shorter one of two is dropped, and thereby removed.
            if found.as_ref().is_none_or(|(longest, _)| length > *longest) {
                found = Some((length, partial));
            }
        }
        match found {
            Some((_, partial)) => Ok(partial),
            None => Self::new(path),
        }
    }

    /// The part at `left`, if nobody else has it.
    fn adopt(left: &Path, path: &Path) -> Option<Self> {
        let file = File::options().read(true).append(true).open(left).ok()?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        }
        // Between the opening and the lock its writer may have given it its name, or removed it.
        let place = left
            .is_file()
            .then(|| TempPath::try_from_path(left).ok())??;
        Some(Self {
            file: NamedTempFile::from_parts(file, place),
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

/// What fetching needs.
#[cfg(any(feature = "fetch", test))]
impl Partial {
    /// The checksum of what is written so far.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub(crate) fn checksum(&mut self) -> Result<Checksum, DataError> {
        let mut checksum = Checksum::new();
        let mut buffer = vec![0; 1 << 16];
        let mut read = || -> std::io::Result<()> {
            let file = self.file.as_file_mut();
            file.seek(SeekFrom::Start(0))?;
            loop {
                match file.read(&mut buffer) {
                    Ok(0) => return Ok(()),
                    Ok(read) => checksum.update(&buffer[..read]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        };
        read().map_err(|source| DataError::io(self.file.path(), source))?;
        Ok(checksum)
    }

    /// Forgets what is written so far.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub(crate) fn clear(&mut self) -> Result<(), DataError> {
        let file = self.file.as_file_mut();
        let cleared = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        cleared
            .map(|_| ())
            .map_err(|source| DataError::io(self.file.path(), source))
    }

    /// Leaves what is written so far for a later [`resume`](Self::resume).
    pub(crate) fn leave(mut self) {
        self.file.disable_cleanup(true);
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// How the names of the parts of `path` begin.
fn prefix_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

/// The parts of `path` that lie beside it.
fn left_behind(path: &Path) -> Vec<PathBuf> {
    let prefix = prefix_of(path);
    let is_part = |name: &str| {
        let middle = name.strip_prefix(&prefix);
        let middle = middle.and_then(|rest| rest.strip_suffix(SUFFIX));
        // The part of another file may begin alike: `.a.b.XXXXXX.partial` is one of `a.b`, not of `a`.
        middle.is_some_and(|middle| !middle.contains('.'))
    };
    let entries = fs::read_dir(folder_of(path)).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| is_part(name))
        .map(|name| folder_of(path).join(name))
        .collect()
}

/// Removes the parts of `path` that are a minute old and that nobody writes.
fn sweep(path: &Path) {
    const AGE: Duration = Duration::from_secs(60);
    for left in left_behind(path) {
        let modified = fs::metadata(&left).and_then(|data| data.modified());
        let age = modified.ok().and_then(|time| time.elapsed().ok());
        let free = || File::open(&left).is_ok_and(|file| file.try_lock().is_ok());
        if age.is_some_and(|age| age > AGE) && free() {
            let _ = fs::remove_file(&left);
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

    #[test]
    fn what_was_left_is_gone_on_with_by_one() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("c.bin");
        let leave = |bytes: &[u8]| {
            let mut partial = Partial::new(&path).unwrap();
            partial.write(bytes).unwrap();
            partial.leave();
        };
        leave(b"12");
        leave(b"123");
        // Neither a part of another file nor one that is being written.
        let other = root.path().join(".c.bin.gz.abc.partial");
        fs::write(&other, "12345").unwrap();
        let mut busy = Partial::new(&path).unwrap();
        busy.write(b"123456").unwrap();

        let mut first = Partial::resume(&path).unwrap();
        assert_eq!(first.checksum().unwrap().bytes(), 3);
        let mut second = Partial::resume(&path).unwrap();
        assert_eq!(second.checksum().unwrap().bytes(), 0);
        first.write(b"4").unwrap();
        first.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1234");
        second.write(b"9").unwrap();
        second.clear().unwrap();
        second.write(b"8").unwrap();
        second.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"8");
        drop(busy);
        let mut left = names(root.path());
        left.sort();
        assert_eq!(left, [".c.bin.gz.abc.partial", "c.bin"]);
    }

    #[test]
    fn many_at_once_bring_one_whole_file() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("c.bin");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let mut partial = Partial::resume(&path).unwrap();
                        let begun = partial.checksum().unwrap().bytes();
                        assert_eq!(begun, 0);
                        partial.write(b"whole").unwrap();
                        partial.keep().unwrap();
                        assert_eq!(fs::read(&path).unwrap(), b"whole");
                    }
                });
            }
        });
        assert_eq!(names(root.path()), ["c.bin"]);
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
