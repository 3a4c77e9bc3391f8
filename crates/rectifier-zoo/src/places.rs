//! Where weights are: in the program, in a folder of models, in the cache, or at an address.

use crate::embedded::embedded;
use crate::{Entry, StoredFile, ZooError};
use rectifier_data::{
    DataError, Locator, Mismatch, Origin, Progress, Remote, Timeouts, sha256_hex,
};
use rectifier_model::ModelBytes;
use std::path::{Path, PathBuf};

/// The environment variable that names a folder of models.
pub const MODELS_VARIABLE: &str = "RECTIFIER_MODELS";
/// The environment variable that names the address of a folder of models.
pub const URL_VARIABLE: &str = "RECTIFIER_ZOO_URL";

/// Where files of networks are looked for, in this order, and fetched from.
///
/// A file `deep-rectifier/weights/NAME.safetensors` lies at that place in a folder of models, or in the folder itself.
/// Whatever is found is held against length and SHA-256 of the registry before anything is made of it.
#[derive(Clone, Debug)]
pub struct Places {
    /// Whether the program itself is looked into (feature `pretrained`).
    pub embedded: bool,
    /// A folder of models that the user names; it must exist.
    pub models: Option<PathBuf>,
    /// The folder of `RECTIFIER_MODELS`; where that is not set, the checkout that this crate was built in.
    pub shared: Option<PathBuf>,
    /// The folder of fetched files.
    pub cache: Option<PathBuf>,
    /// The address of a folder of models, to fetch from what is in none of them: that of `RECTIFIER_ZOO_URL`.
    pub url: Option<String>,
    /// Never to fetch.
    pub offline: bool,
    /// How long to wait for the address.
    pub timeouts: Timeouts,
}

impl Default for Places {
    fn default() -> Self {
        let set = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty());
        let url = set(URL_VARIABLE).and_then(|url| url.into_string().ok());
        Self {
            embedded: true,
            models: None,
            shared: set(MODELS_VARIABLE).map(PathBuf::from).or_else(checkout),
            cache: Locator::default()
                .cache_dir
                .map(|cache| cache.join("models")),
            url,
            offline: false,
            timeouts: Timeouts::default(),
        }
    }
}

/// A file that another one is to take the place of: until that is there, it lies beside it.
struct Replaced {
    path: PathBuf,
    aside: PathBuf,
}

impl Replaced {
    fn set_aside(path: &Path) -> std::io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = path.with_file_name(format!(".{name}.{}.before", std::process::id()));
        std::fs::rename(path, &aside)?;
        Ok(Self {
            path: path.into(),
            aside,
        })
    }

    /// Without it, or with it again where nothing took its place. What cannot be done costs another fetch.
    fn end(self, replaced: bool) {
        let _ = match replaced || self.path.exists() {
            true => std::fs::remove_file(&self.aside),
            false => std::fs::rename(&self.aside, &self.path),
        };
    }
}

/// The `models` folder of the checkout that this crate was built in; a packaged crate has none.
fn checkout() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    Some(root.join("models")).filter(|folder| folder.is_dir())
}

/// Where a file was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the program.
    Embedded,
    /// In a folder of models.
    Folder(PathBuf),
    /// In the cache, from an earlier fetch.
    Cache(PathBuf),
    /// Fetched into the cache just now.
    Fetched {
        /// The address.
        from: String,
        /// Where it is now.
        to: PathBuf,
    },
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded => write!(f, "in this program"),
            Self::Folder(path) | Self::Cache(path) => write!(f, "{}", path.display()),
            Self::Fetched { from, to } => write!(f, "{} (fetched from {from})", to.display()),
        }
    }
}

/// A file of a network, its bytes checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where they were.
    pub place: Place,
}

impl Places {
    /// These folders alone: nothing of the program, of the environment or of the cache, and nothing is fetched.
    pub fn in_dir(models: impl Into<PathBuf>) -> Self {
        Self {
            embedded: false,
            models: Some(models.into()),
            shared: None,
            cache: None,
            url: None,
            offline: true,
            timeouts: Timeouts::default(),
        }
    }

    /// The model file of `entry`, found or fetched, and checked.
    ///
    /// # Errors
    /// As [`file`](Self::file); [`ZooError::Model`] for bytes that are no model file of this version.
    pub fn model(
        &self,
        entry: &Entry,
        progress: &mut Progress<'_>,
    ) -> Result<ModelBytes<'static>, ZooError> {
        let located = self.file(entry, &entry.file, progress)?;
        Ok(ModelBytes::from_bytes(located.bytes, &entry.name)?)
    }

    /// One of the files of `entry`, found or fetched, and checked.
    ///
    /// # Errors
    /// [`ZooError::Missing`] for a file that is nowhere, [`ZooError::Checksum`] for one that is another,
    /// [`ZooError::NoFolder`], [`ZooError::Data`] for what cannot be read or written.
    pub fn file(
        &self,
        entry: &Entry,
        file: &StoredFile,
        progress: &mut Progress<'_>,
    ) -> Result<Located, ZooError> {
        let (folder, name) = file.parts();
        if self.embedded
            && let Some(bytes) = embedded(name)
            && differs(bytes, file, Path::new(name)).is_none()
        {
            return Ok(Located {
                bytes: bytes.to_vec(),
                place: Place::Embedded,
            });
        }
        let mirror = self
            .url
            .as_ref()
            .map(|url| format!("{}/{folder}", url.trim_end_matches('/')));
        let mirrors: Vec<&str> = mirror.as_deref().into_iter().collect();
        let remote = Remote {
            file: name,
            sha256: &file.sha256,
            bytes: file.bytes,
            mirrors: &mirrors,
        };
        let locator = self.locator();
        let found = match locator.locate(folder, &remote, progress) {
            // What an earlier version fetched gives way to what this one needs.
            Err(DataError::Checksum(mismatch))
                if self.is_cached(&mismatch.path) && !self.offline && self.url.is_some() =>
            {
                let replaced = Replaced::set_aside(&mismatch.path)
                    .map_err(|source| DataError::io(&mismatch.path, source))?;
                let found = locator.locate(folder, &remote, progress);
                replaced.end(found.is_ok());
                found
            }
            found => found,
        };
        let found = found.map_err(|error| self.named(entry, error))?;
        let bytes = std::fs::read(&found.path);
        let bytes = bytes.map_err(|source| DataError::io(&found.path, source))?;
        // The file may have been replaced since it was looked at: these bytes are what counts.
        if let Some(mismatch) = differs(&bytes, file, &found.path) {
            return Err(ZooError::Checksum {
                name: entry.name.clone(),
                mismatch: Box::new(mismatch),
            });
        }
        let place = match found.origin {
            Origin::DataDir | Origin::Shared => Place::Folder(found.path),
            Origin::Cache => Place::Cache(found.path),
            Origin::Fetched(from) => Place::Fetched {
                from,
                to: found.path,
            },
        };
        Ok(Located { bytes, place })
    }

    /// Where the model file of `entry` is on this machine, without reading it from a disk.
    ///
    /// # Errors
    /// [`ZooError::NoFolder`].
    pub fn look(&self, entry: &Entry) -> Result<Option<Place>, ZooError> {
        let (folder, name) = entry.file.parts();
        let fits = |bytes: &[u8]| differs(bytes, &entry.file, Path::new(name)).is_none();
        if self.embedded && embedded(name).is_some_and(fits) {
            return Ok(Some(Place::Embedded));
        }
        let found = self.locator().find(folder, &[name]);
        let found = found.map_err(|error| self.named(entry, error))?;
        Ok(found.map(|(path, origin)| match origin {
            Origin::Cache => Place::Cache(path),
            _ => Place::Folder(path),
        }))
    }

    fn locator(&self) -> Locator {
        Locator {
            data_dir: self.models.clone(),
            shared_dir: self.shared.clone(),
            cache_dir: self.cache.clone(),
            offline: self.offline,
            allow_unknown: false,
            timeouts: self.timeouts,
        }
    }

    fn is_cached(&self, path: &Path) -> bool {
        self.cache
            .as_ref()
            .is_some_and(|cache| path.starts_with(cache))
    }

    /// The error of the machinery that finds data, in words of models.
    fn named(&self, entry: &Entry, error: DataError) -> ZooError {
        let name = entry.name.clone();
        match error {
            DataError::Missing(mut missing) if self.offline => {
                missing.not_fetched = Some("offline".into());
                ZooError::Missing {
                    name,
                    missing,
                    no_address: false,
                }
            }
            DataError::Missing(missing) => ZooError::Missing {
                name,
                missing,
                no_address: self.url.is_none(),
            },
            DataError::Checksum(mismatch) => ZooError::Checksum { name, mismatch },
            DataError::NoFolder { path } => ZooError::NoFolder { path },
            error => ZooError::Data(error),
        }
    }
}

/// How `bytes` differ from what the registry knows.
fn differs(bytes: &[u8], file: &StoredFile, path: &Path) -> Option<Mismatch> {
    let mismatch = |sha256| Mismatch {
        path: path.into(),
        expected_bytes: file.bytes,
        expected_sha256: file.sha256.clone(),
        bytes: bytes.len() as u64,
        sha256,
    };
    if bytes.len() as u64 != file.bytes {
        return Some(mismatch(None));
    }
    let found = sha256_hex(bytes);
    (!found.eq_ignore_ascii_case(&file.sha256)).then(|| mismatch(Some(found)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::registry::tests::entry;
    use rectifier_data::no_progress;

    const BYTES: &[u8] = b"weights";

    fn known() -> Entry {
        let mut entry = entry("points/small");
        entry.file.sha256 = sha256_hex(BYTES);
        entry
    }

    fn find(places: &Places) -> Result<Located, ZooError> {
        let entry = known();
        places.file(&entry, &entry.file, &mut no_progress)
    }

    #[test]
    fn folders_are_looked_into_in_order_and_nothing_is_taken_unchecked() {
        let place = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = place.path().join(name);
            std::fs::create_dir_all(folder.join("deep-rectifier/weights")).unwrap();
            folder
        };
        let (first, second, cache) = (folder("first"), folder("second"), folder("cache"));
        let places = Places {
            shared: Some(second.clone()),
            cache: Some(cache.clone()),
            ..Places::in_dir(&first)
        };
        let entry = known();
        let error = find(&places).unwrap_err().to_string();
        assert!(
            error.contains("points/small") && error.contains("not fetched: offline"),
            "{error}"
        );
        assert!(
            error.contains(MODELS_VARIABLE) && error.contains("first"),
            "{error}"
        );
        assert_eq!(places.look(&entry).unwrap(), None);
        // The cure that only two networks have.
        assert!(!error.contains("pretrained"), "{error}");
        let mut tiny = entry.clone();
        tiny.name = "mnist/rectifier-tiny".into();
        let error = places.file(&tiny, &tiny.file, &mut no_progress);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("the feature `pretrained`"), "{error}");

        std::fs::write(cache.join(&entry.file.path), BYTES).unwrap();
        let found = find(&places).unwrap();
        assert_eq!(found.bytes, BYTES);
        assert_eq!(found.place, Place::Cache(cache.join(&entry.file.path)));
        // A folder of its own may hold the file itself.
        std::fs::write(second.join("points-small.safetensors"), BYTES).unwrap();
        let flat = second.join("points-small.safetensors");
        assert_eq!(find(&places).unwrap().place, Place::Folder(flat.clone()));
        assert_eq!(places.look(&entry).unwrap(), Some(Place::Folder(flat)));
        // What is in the first folder counts, right or wrong.
        for (wrong, word) in [
            (&b"weighty"[..], "expected SHA-256"),
            (b"weight", "expected 7 bytes"),
        ] {
            std::fs::write(first.join(&entry.file.path), wrong).unwrap();
            let error = find(&places).unwrap_err();
            assert!(matches!(error, ZooError::Checksum { .. }), "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_and_an_address_that_nobody_gave_are_named() {
        let error = find(&Places::in_dir("no such folder")).unwrap_err();
        assert!(matches!(error, ZooError::NoFolder { .. }), "{error}");
        let places = Places {
            models: None,
            offline: false,
            ..Places::in_dir("")
        };
        let error = find(&places).unwrap_err().to_string();
        assert!(error.contains(URL_VARIABLE), "{error}");
        assert!(
            Places {
                offline: true,
                ..places
            }
            .look(&known())
            .unwrap()
            .is_none()
        );
    }

    #[cfg(feature = "fetch")]
    #[test]
    fn what_an_earlier_version_fetched_stays_until_what_replaces_it_is_there() {
        let place = tempfile::tempdir().unwrap();
        let entry = known();
        let cached = place.path().join(&entry.file.path);
        std::fs::create_dir_all(cached.parent().unwrap()).unwrap();
        std::fs::write(&cached, b"earlier").unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let places = Places {
            models: None,
            shared: None,
            cache: Some(place.path().into()),
            url: Some(format!("http://{address}")),
            offline: false,
            ..Places::in_dir(place.path())
        };
        assert!(find(&places).is_err());
        assert_eq!(std::fs::read(&cached).unwrap(), b"earlier");
        let left = std::fs::read_dir(cached.parent().unwrap()).unwrap();
        let aside = left.filter(|file| {
            let name = file.as_ref().unwrap().file_name();
            name.to_string_lossy().ends_with(".before")
        });
        assert_eq!(aside.count(), 0);
    }

    #[test]
    fn bytes_that_are_right_but_no_model_are_refused() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("points-small.safetensors"), BYTES).unwrap();
        let error = Places::in_dir(place.path()).model(&known(), &mut no_progress);
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("points/small is not a whole safetensors file"),
            "{error}"
        );
    }
}
