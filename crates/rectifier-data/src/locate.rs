//! Where a data set's files are: in a folder the user names, in a shared one, in the cache, or on a mirror.

use std::path::PathBuf;

use crate::DataError;
use crate::checksum::compare;
use crate::missing::{Form, Missing};
use crate::remote::{Progress, Remote, Timeouts};
use crate::variable::DATA_VARIABLE;

/// Looks for files in folders, in order; fetches what is in none of them into the cache folder.
///
/// In each folder, `FOLDER/<set>/<file>` comes before `FOLDER/<file>`. The default reads the environment:
/// `Locator { offline: true, ..Locator::default() }` looks where a user without options looks, and fetches nothing.
#[derive(Clone, Debug)]
pub struct Locator {
    /// The folder the user names (`--data-dir`); it must exist. First.
    pub data_dir: Option<PathBuf>,
    /// The folder that `RECTIFIER_DATA` names. Second.
    pub shared_dir: Option<PathBuf>,
    /// The folder of fetched files. Third.
    pub cache_dir: Option<PathBuf>,
    /// Never to fetch.
    pub offline: bool,
    /// Whether a file on this machine may differ from the known one: it is used, and [`Found::warning`] says so.
    pub allow_unknown: bool,
    /// How long to wait for a mirror.
    pub timeouts: Timeouts,
}

impl Default for Locator {
    fn default() -> Self {
        let variable = std::env::var_os(DATA_VARIABLE).filter(|value| !value.is_empty());
        Self {
            data_dir: None,
            shared_dir: variable.map(PathBuf::from),
            cache_dir: dirs::cache_dir().map(|folder| folder.join("rectifier-zoo")),
            offline: false,
            allow_unknown: false,
            timeouts: Timeouts::default(),
        }
    }
}

/// Where a file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The folder the user named.
    DataDir,
    /// The folder of `RECTIFIER_DATA`.
    Shared,
    /// The cache folder, from an earlier fetch.
    Cache,
    /// This mirror, just now.
    Fetched(String),
}

/// A file on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Where it came from.
    pub origin: Origin,
    /// Whether its length and checksum are those of the file the set knows.
    pub verified: bool,
    /// What to tell the user where they are not: `None` exactly if `verified`.
    pub warning: Option<String>,
}

impl Locator {
    /// Looks for files in this folder, which must exist, and nowhere else; fetches nothing.
    ///
    /// ```
    /// let locator = rectifier_data::Locator::in_dir("data");
    /// assert!(locator.offline && locator.cache_dir.is_none());
    /// ```
    pub fn in_dir(path: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: Some(path.into()),
            shared_dir: None,
            cache_dir: None,
            offline: true,
            allow_unknown: false,
            timeouts: Timeouts::default(),
        }
    }

    /// Finds or fetches one file of `set`.
    ///
    /// # Errors
    /// [`DataError::Checksum`] for a file that is there but is another one, unless that is allowed;
    /// [`DataError::Missing`] for one that is nowhere; [`DataError::NoFolder`]; [`DataError::Io`].
    pub fn locate(
        &self,
        set: &str,
        remote: &Remote<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<Found, DataError> {
        self.locate_any(set, std::slice::from_ref(remote), progress)
    }

    /// Finds one of several forms of one file (packed, unpacked), or fetches the first that has a mirror.
    ///
    /// # Errors
    /// As [`locate`](Self::locate).
    pub fn locate_any(
        &self,
        set: &str,
        forms: &[Remote<'_>],
        progress: &mut Progress<'_>,
    ) -> Result<Found, DataError> {
        self.check_folder()?;
        let local = self.places(set, forms);
        let is_here = |place: &Place<'_>| {
            let here = place.path.is_file();
            tracing::debug!(path = %place.path.display(), here, "looked for");
            here
        };
        match local.into_iter().find(is_here) {
            Some(place) => self.checked(place),
            None => self.fetched(set, forms, progress),
        }
    }

    /// Finds or fetches several files, each in one of its forms: one is found for each, in that order. `progress` counts
    /// the bytes of all of them.
    ///
    /// # Errors
    /// As [`locate`](Self::locate), of the first file that cannot be had.
    pub fn locate_all(
        &self,
        set: &str,
        files: &[&[Remote<'_>]],
        progress: &mut Progress<'_>,
    ) -> Result<Vec<Found>, DataError> {
        let bytes = |forms: &&[Remote<'_>]| forms.first().map_or(0, |form| form.bytes);
        let total: u64 = files.iter().map(bytes).sum();
        let mut before = 0;
        let mut found = Vec::with_capacity(files.len());
        for forms in files {
            let mut count = |done: u64, _: u64| progress(before + done, total);
            found.push(self.locate_any(set, forms, &mut count)?);
            before += bytes(forms);
        }
        Ok(found)
    }

    /// The first of `files` that is on this machine, unchecked, and where it came from: for files whose checksum nobody
    /// published, and to tell where a set is without reading it. Folders are searched as by [`locate`](Self::locate).
    ///
    /// # Errors
    /// [`DataError::NoFolder`].
    pub fn find(&self, set: &str, files: &[&str]) -> Result<Option<(PathBuf, Origin)>, DataError> {
        self.check_folder()?;
        let mut places = self.folders(set).into_iter().flat_map(|(folder, origin)| {
            let place = move |file: &&str| (folder.join(file), origin.clone());
            files.iter().map(place)
        });
        Ok(places.find(|(path, _)| path.is_file()))
    }

    fn check_folder(&self) -> Result<(), DataError> {
        match &self.data_dir {
            Some(path) if !path.is_dir() => Err(DataError::NoFolder { path: path.clone() }),
            _ => Ok(()),
        }
    }

    /// Every folder where files of `set` are looked for, in order.
    fn folders(&self, set: &str) -> Vec<(PathBuf, Origin)> {
        let folders = [
            (&self.data_dir, Origin::DataDir),
            (&self.shared_dir, Origin::Shared),
            (&self.cache_dir, Origin::Cache),
        ];
        let mut all = Vec::with_capacity(2 * folders.len());
        for (folder, origin) in folders {
            let Some(folder) = folder else { continue };
            all.push((folder.join(set), origin.clone()));
            all.push((folder.clone(), origin));
        }
        all
    }

    /// Everywhere a file of `set` is looked for, in order: a folder the user names wins in any form of the file.
    fn places<'a>(&self, set: &str, forms: &'a [Remote<'a>]) -> Vec<Place<'a>> {
        let mut places = Vec::with_capacity(6 * forms.len());
        for (folder, origin) in self.folders(set) {
            places.extend(forms.iter().map(|form| Place {
                path: folder.join(form.file),
                origin: origin.clone(),
                form,
            }));
        }
        places
    }

    fn checked(&self, place: Place<'_>) -> Result<Found, DataError> {
        let warning = match compare(&place.path, place.form)? {
            Some(mismatch) if !self.allow_unknown => {
                return Err(DataError::Checksum(Box::new(mismatch)));
            }
            mismatch => mismatch.map(|mismatch| format!("{mismatch}; used all the same")),
        };
        tracing::info!(path = %place.path.display(), verified = warning.is_none(), "found");
        Ok(Found {
            path: place.path,
            origin: place.origin,
            verified: warning.is_none(),
            warning,
        })
    }

    fn fetched(
        &self,
        set: &str,
        forms: &[Remote<'_>],
        progress: &mut Progress<'_>,
    ) -> Result<Found, DataError> {
        let missing = |attempts, not_fetched: Option<&str>| {
            let folders = [&self.data_dir, &self.shared_dir, &self.cache_dir];
            let folder = folders.into_iter().flatten().next();
            let places = self.places(set, forms).into_iter();
            Err(DataError::Missing(Box::new(Missing {
                set: set.to_owned(),
                forms: forms.iter().map(Form::from).collect(),
                looked_at: places.map(|place| place.path).collect(),
                attempts,
                not_fetched: not_fetched.map(str::to_owned),
                by_hand: folder.map(|folder| folder.join(set)),
            })))
        };
        let Some(wanted) = forms.iter().find(|form| !form.mirrors.is_empty()) else {
            return missing(Vec::new(), Some("no address is known for it"));
        };
        if self.offline {
            return missing(Vec::new(), Some("offline"));
        }
        let Some(cache) = &self.cache_dir else {
            return missing(Vec::new(), Some("this user has no cache folder"));
        };
        #[cfg(not(feature = "fetch"))]
        {
            let _ = (wanted, cache, progress);
            let why = "this program was built without the feature `fetch`";
            missing(Vec::new(), Some(why))
        }
        #[cfg(feature = "fetch")]
        match crate::fetch::fetch(wanted, &cache.join(set), &self.timeouts, progress)? {
            Ok((path, address)) => Ok(Found {
                path,
                origin: Origin::Fetched(address),
                verified: true,
                warning: None,
            }),
            Err(attempts) => missing(attempts, None),
        }
    }
}

/// A path where one form of a file may be.
struct Place<'a> {
    path: PathBuf,
    origin: Origin,
    form: &'a Remote<'a>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    const ABC: Remote<'_> = Remote {
        file: "abc.txt",
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        bytes: 3,
        mirrors: &["http://127.0.0.1:1/set/"],
    };

    struct Folders {
        _root: TempDir,
        locator: Locator,
    }

    fn folders() -> Folders {
        let root = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.join("set")).unwrap();
            Some(path)
        };
        let locator = Locator {
            data_dir: make("named"),
            shared_dir: make("shared"),
            cache_dir: make("cache"),
            offline: true,
            ..Locator::default()
        };
        Folders {
            _root: root,
            locator,
        }
    }

    fn put(folder: &Option<PathBuf>, place: &str, content: &str) -> PathBuf {
        let path = folder.as_ref().unwrap().join(place);
        fs::write(&path, content).unwrap();
        path
    }

    fn locate(locator: &Locator) -> Result<Found, DataError> {
        locator.locate("set", &ABC, &mut |_, _| {})
    }

    #[test]
    fn folders_are_searched_in_order() {
        let Folders { _root, locator } = folders();
        for (folder, place, origin) in [
            (&locator.cache_dir, "abc.txt", Origin::Cache),
            (&locator.cache_dir, "set/abc.txt", Origin::Cache),
            (&locator.shared_dir, "abc.txt", Origin::Shared),
            (&locator.shared_dir, "set/abc.txt", Origin::Shared),
            (&locator.data_dir, "abc.txt", Origin::DataDir),
            (&locator.data_dir, "set/abc.txt", Origin::DataDir),
        ] {
            // Each place comes before all that were filled already.
            let path = put(folder, place, "abc");
            let expected = Found {
                path,
                origin,
                verified: true,
                warning: None,
            };
            assert_eq!(locate(&locator).unwrap(), expected);
        }
    }

    #[test]
    fn another_file_is_refused_or_used_with_a_warning_never_silently() {
        let Folders { _root, mut locator } = folders();
        let path = put(&locator.data_dir, "abc.txt", "abd");
        put(&locator.cache_dir, "abc.txt", "abc");
        let error = locate(&locator).unwrap_err();
        assert!(matches!(&error, DataError::Checksum(mismatch) if mismatch.path == path));
        let text = error.to_string();
        assert!(
            text.contains(ABC.sha256) && text.contains("allow unknown"),
            "{text}"
        );
        locator.allow_unknown = true;
        let found = locate(&locator).unwrap();
        assert!(!found.verified && found.path == path);
        assert!(found.warning.unwrap().contains(ABC.sha256));
        put(&locator.data_dir, "abc.txt", "abc");
        let found = locate(&locator).unwrap();
        assert_eq!((found.verified, found.warning), (true, None));
    }

    #[test]
    fn what_is_missing_offline_is_described() {
        let Folders { _root, locator } = folders();
        let error = locate(&locator).unwrap_err();
        let DataError::Missing(missing) = &error else {
            panic!("{error}")
        };
        assert_eq!(missing.looked_at.len(), 6);
        assert!(missing.attempts.is_empty());
        let text = error.to_string();
        let by_hand = locator.data_dir.as_ref().unwrap().join("set");
        for part in [
            "abc.txt (3 bytes, SHA-256 ba7816bf",
            "not fetched: offline",
            &format!("put it into {}", by_hand.display()),
            "from http://127.0.0.1:1/set/abc.txt",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }

    #[test]
    fn what_cannot_be_fetched_says_why() {
        let nothing = Locator {
            data_dir: None,
            shared_dir: None,
            cache_dir: None,
            offline: false,
            ..Locator::default()
        };
        let text = locate(&nothing).unwrap_err().to_string();
        assert!(text.contains("no cache folder"), "{text}");
        assert!(text.contains("--data-dir"), "{text}");
        let remote = Remote {
            mirrors: &[],
            ..ABC
        };
        let error = nothing.locate("set", &remote, &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("no address is known"), "{error}");
    }

    #[test]
    fn a_named_folder_must_exist() {
        let Folders { _root, mut locator } = folders();
        put(&locator.cache_dir, "abc.txt", "abc");
        let absent = locator.data_dir.as_ref().unwrap().join("absent");
        locator.data_dir = Some(absent.clone());
        let error = locate(&locator).unwrap_err();
        assert!(matches!(error, DataError::NoFolder { path } if path == absent));
    }

    #[test]
    fn any_form_will_do_and_of_two_in_one_folder_the_first() {
        let Folders { _root, locator } = folders();
        let packed = Remote {
            file: "abc.gz",
            bytes: 1,
            ..ABC
        };
        let forms = [packed, ABC];
        let path = put(&locator.shared_dir, "set/abc.txt", "abc");
        let found = locator.locate_any("set", &forms, &mut |_, _| {}).unwrap();
        assert_eq!(found.path, path);
        put(&locator.cache_dir, "set/abc.gz", "wrong");
        let found = locator.locate_any("set", &forms, &mut |_, _| {}).unwrap();
        assert_eq!(found.path, path);
        put(&locator.shared_dir, "set/abc.gz", "wrong");
        let error = locator
            .locate_any("set", &forms, &mut |_, _| {})
            .unwrap_err();
        assert!(matches!(error, DataError::Checksum(_)));
    }

    #[test]
    fn files_are_found_unchecked_in_the_same_order() {
        let Folders { _root, mut locator } = folders();
        let find = |locator: &Locator| locator.find("set", &["x/abc.bin", "abc.gz"]).unwrap();
        assert_eq!(find(&locator), None);
        let cached = put(&locator.cache_dir, "set/abc.gz", "any");
        assert_eq!(find(&locator), Some((cached, Origin::Cache)));
        let packed = put(&locator.shared_dir, "abc.gz", "any");
        assert_eq!(find(&locator), Some((packed, Origin::Shared)));
        fs::create_dir(locator.shared_dir.as_ref().unwrap().join("x")).unwrap();
        let plain = put(&locator.shared_dir, "x/abc.bin", "any");
        assert_eq!(find(&locator), Some((plain, Origin::Shared)));
        locator.data_dir = Some(PathBuf::from("absent"));
        let error = locator.find("set", &["abc.gz"]).unwrap_err();
        assert!(matches!(error, DataError::NoFolder { .. }));
    }

    #[test]
    fn a_folder_with_the_files_name_is_not_the_file() {
        let Folders { _root, locator } = folders();
        let folder = locator.data_dir.as_ref().unwrap().join("set/abc.txt");
        fs::create_dir(folder).unwrap();
        let path = put(&locator.shared_dir, "abc.txt", "abc");
        assert_eq!(locate(&locator).unwrap().path, path);
    }
}
