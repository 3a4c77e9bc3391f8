//! Tensors whose bytes lie in another file: read inside the model's folder, and nowhere else.

use super::proto::Entry;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// Where other files may lie.
pub(super) enum External<'a> {
    /// The model came from memory.
    Nowhere,
    /// In the model's own folder.
    Folder(&'a Path),
}

/// A place in another file.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) location: String,
    offset: u64,
    length: Option<u64>,
}

impl Place {
    /// # Errors
    /// As all here: what is wrong, in words.
    pub(super) fn of(entries: &[Entry]) -> Result<Self, String> {
        let value = |key: &str| {
            let mut entries = entries.iter();
            entries.find_map(|entry| {
                (entry.key.as_deref() == Some(key)).then_some(entry.value.as_deref()?)
            })
        };
        let number = |key: &str| {
            let number = value(key).map(str::parse::<u64>).transpose();
            number.map_err(|_| format!("its `{key}` is no number of bytes"))
        };
        Ok(Self {
            location: value("location").unwrap_or_default().into(),
            offset: number("offset")?.unwrap_or(0),
            length: number("length")?,
        })
    }
}

impl External<'_> {
    /// The file at `location`, and its length.
    pub(super) fn find(&self, location: &str) -> Result<(PathBuf, u64), String> {
        let Self::Folder(folder) = self else {
            return Err("only a model that is opened as a file may have such".into());
        };
        let outside = "only a file inside the model's own folder is read";
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        // Separators and drives of other systems are no part of a name either.
        let foreign = location.contains(['\\', ':', '\0']);
        if location.is_empty() || foreign || !Path::new(location).components().all(plain) {
            return Err(outside.into());
        }
        let text = |error: std::io::Error| error.to_string();
        let root = folder.canonicalize().map_err(text)?;
        // Links are followed first, for they may lead outside.
        let path = root.join(location).canonicalize().map_err(text)?;
        if !path.starts_with(&root) {
            return Err(outside.into());
        }
        let about = path.metadata().map_err(text)?;
        match about.is_file() {
            true => Ok((path, about.len())),
            false => Err("it is not a regular file".into()),
        }
    }

    /// The `wanted` bytes at `place`. Room is made only for bytes that lie there.
    pub(super) fn read(&self, place: &Place, wanted: usize) -> Result<Vec<u8>, String> {
        let (path, length) = self.find(&place.location)?;
        let bytes = wanted as u64;
        if place.length.is_some_and(|length| length != bytes) {
            return Err(format!(
                "its shape takes {bytes} bytes, and its `length` is another"
            ));
        }
        if place
            .offset
            .checked_add(bytes)
            .is_none_or(|end| end > length)
        {
            return Err(format!(
                "it should have {bytes} bytes from {} on, and the file has {length}",
                place.offset
            ));
        }
        let text = |error: std::io::Error| error.to_string();
        let mut file = File::open(path).map_err(text)?;
        file.seek(SeekFrom::Start(place.offset)).map_err(text)?;
        let mut content = vec![0; wanted];
        file.read_exact(&mut content).map_err(text)?;
        Ok(content)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn place(pairs: &[(&str, &str)]) -> Result<Place, String> {
        let entry = |(key, value): &(&str, &str)| Entry {
            key: Some((*key).into()),
            value: Some((*value).into()),
        };
        Place::of(&pairs.iter().map(entry).collect::<Vec<_>>())
    }

    #[test]
    fn a_file_of_the_folder_is_read_and_no_other() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("model");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        std::fs::write(folder.join("sub/data"), b"0123456789").unwrap();
        std::fs::write(outer.path().join("secret"), b"0123456789").unwrap();
        let external = External::Folder(&folder);
        let inside = place(&[("location", "sub/data"), ("offset", "2"), ("length", "3")]).unwrap();
        assert_eq!(external.read(&inside, 3).unwrap(), b"234");
        assert!(external.read(&inside, 4).unwrap_err().contains("`length`"));
        let outside = outer.path().join("secret").display().to_string();
        for location in [
            "../secret",
            "sub/../../secret",
            &outside,
            "",
            "..\\secret",
            "c:secret",
            "/etc/passwd",
        ] {
            let error = external.find(location).unwrap_err();
            assert!(error.contains("own folder"), "{location}: {error}");
        }
        assert!(external.find("sub").unwrap_err().contains("regular"));
        assert!(external.find("gone").is_err());
        assert!(External::Nowhere.find("sub/data").is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outer.path().join("secret"), folder.join("link")).unwrap();
            assert!(external.find("link").unwrap_err().contains("own folder"));
        }
    }

    #[test]
    fn claims_beyond_the_file_are_refused_before_room_is_made() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("data"), b"0123456789").unwrap();
        let external = External::Folder(folder.path());
        for offset in ["8", "11", "18446744073709551615"] {
            let place = place(&[("location", "data"), ("offset", offset)]).unwrap();
            assert!(
                external
                    .read(&place, 4)
                    .unwrap_err()
                    .contains("the file has 10")
            );
        }
        let all = place(&[("location", "data")]).unwrap();
        assert!(external.read(&all, 1 << 50).is_err());
        assert!(place(&[("offset", "-1")]).unwrap_err().contains("offset"));
    }
}
