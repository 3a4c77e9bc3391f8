//! Files of all four sets that are wrong in any way: sets or errors, never a panic, and no more memory than is stated.
#![allow(clippy::unwrap_used)]

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use rectifier_data::{DataError, Examples, Loaded, Locator, Options, no_progress};
use rectifier_files::SETS;
use std::io::Write;
use std::path::Path;

/// Rows of each form, of which changed ones are made.
fn whole(set: &str) -> Vec<u8> {
    let row = |row: usize| match set {
        "table" => format!(
            "{row},{},\"a \"\"b\"\"\",{}\r\n",
            ["x", "y"][row % 2],
            row % 3
        ),
        "svmlight" => format!("{} 1:{row} {}:0.5 # c\n", row % 3, row + 2),
        _ => format!(
            "{{\"text\": \"word{row} it\\u00e9\", \"class\": {}}}\n",
            row % 3
        ),
    };
    let header = if set == "table" {
        "n,w,q,class\r\n"
    } else {
        ""
    };
    (header.to_owned() + &(0..30).map(row).collect::<String>()).into_bytes()
}

fn load(set: &str, path: &Path) -> Result<Loaded, DataError> {
    let place = path.display().to_string();
    let options = match set {
        "images" => Options::new().with("dir", place),
        "table" => Options::new().with("file", place).with("target", "class"),
        "texts" => Options::new()
            .with("file", place)
            .with("class-column", "class"),
        _ => Options::new().with("file", place),
    };
    let set = SETS.iter().find(|one| one.name() == set).unwrap();
    set.open(&options)?
        .load(&Locator::default(), None, &mut no_progress)
}

fn consistent(loaded: &Loaded) {
    assert_eq!(loaded.info.sizes, loaded.split.sizes());
    assert_eq!(loaded.info.width(), loaded.split.train.width());
    assert_eq!(loaded.info.classes, loaded.split.test.classes());
    assert_eq!(
        loaded.encoder.as_ref().unwrap().width(),
        loaded.split.train.width()
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_files_are_sets_or_errors(
        set in prop::sample::select(vec!["table", "svmlight", "texts"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        packed: bool,
    ) {
        let mut file = whole(set);
        if packed {
            file = gzip(&file);
        }
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, file).unwrap();
        match load(set, &path) {
            Ok(loaded) => consistent(&loaded),
            Err(error) => prop_assert!(error.to_string().len() < 2000),
        }
    }
}

#[test]
fn whole_files_are_sets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    for set in ["table", "svmlight", "texts"] {
        for file in [
            whole(set),
            gzip(&whole(set)),
            [gzip(&whole(set)), vec![0; 99]].concat(),
        ] {
            std::fs::write(&path, &file).unwrap();
            let loaded = load(set, &path).unwrap();
            consistent(&loaded);
            assert_eq!(loaded.info.sizes.train, 20);
        }
        let loaded = load(set, &path).unwrap();
        assert!(
            loaded
                .warnings
                .iter()
                .any(|warning| warning.contains("zeros follow"))
        );
    }
}

#[cfg(unix)]
#[test]
fn devices_folders_and_absent_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for set in ["table", "svmlight", "texts"] {
        for (path, problem) in [
            (Path::new("/dev/zero"), "a device or a pipe"),
            (folder.path(), "a folder"),
            (&folder.path().join("absent"), "absent"),
        ] {
            let error = load(set, path).err().unwrap().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
    assert!(load("images", Path::new("/dev/zero")).is_err());
}

#[test]
fn bombs_of_one_line_are_refused_by_the_line() {
    // Half a gigabyte of one line in half a megabyte.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    for (set, start) in [
        ("table", "a,class\n1,"),
        ("svmlight", "1 1:1\n2 "),
        ("texts", "text,class\n\""),
    ] {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(start.as_bytes()).unwrap();
        let piece = vec![b'1'; 1 << 20];
        (0..512).for_each(|_| packed.write_all(&piece).unwrap());
        std::fs::write(&path, packed.finish().unwrap()).unwrap();
        let error = load(set, &path).err().unwrap().to_string();
        assert!(
            error.contains("line 2 has more than the 67108864 bytes"),
            "{error}"
        );
    }
}
