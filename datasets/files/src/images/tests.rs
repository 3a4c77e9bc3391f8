//! Pictures from the folder to the split.
#![allow(clippy::unwrap_used)]
use super::*;
use rectifier_data::{DataSet, Hint, Loaded, Locator, Raw, Row, Source, no_progress};

fn png(width: usize, height: usize, colour: png::ColorType, byte: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(colour);
    let bytes: Vec<u8> = (0..width * height * colour.samples()).map(byte).collect();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&bytes).unwrap();
    writer.finish().unwrap();
    file
}

/// A grey picture of 6x6 pixels, dark at the border.
fn grey(value: usize) -> Vec<u8> {
    png(6, 6, png::ColorType::Grayscale, |place| {
        match (place / 6, place % 6) {
            (1..=4, 1..=4) => (value * 7 % 250) as u8 + 1,
            _ => 0,
        }
    })
}

fn put(dir: &Path, place: &str, bytes: &[u8]) {
    let path = dir.join(place);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Thirty pictures of each of two classes.
fn folder(under: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for picture in 0..60 {
        let class = ["cat", "dog"][picture % 2];
        put(
            folder.path(),
            &format!("{under}{class}/{picture:02}.png"),
            &grey(picture),
        );
    }
    folder
}

fn source(dir: &Path, more: &[(&str, &str)]) -> Box<dyn Source> {
    let mut options = Options::new().with("dir", dir.display().to_string());
    for (name, value) in more {
        options = options.with(*name, *value);
    }
    Images.open(&options).unwrap()
}

fn load(dir: &Path, more: &[(&str, &str)]) -> Result<Loaded, DataError> {
    source(dir, more).load(&Locator::default(), None, &mut no_progress)
}

#[test]
fn one_folder_a_class_trains_as_it_is() {
    let folder = folder("");
    let mut counted = Vec::new();
    let source = source(folder.path(), &[]);
    let info = source.info(&Locator::default()).unwrap();
    let loaded = source
        .load(&Locator::default(), None, &mut |done, all| {
            counted.push((done, all))
        })
        .unwrap();
    assert_eq!(info, loaded.info);
    assert_eq!(loaded.info.class_names, ["cat", "dog"]);
    assert_eq!(
        (loaded.info.sizes, loaded.info.shape),
        (
            Sizes {
                train: 40,
                valid: 10,
                test: 10
            },
            vec![6, 6]
        )
    );
    assert_eq!((counted.len(), counted[59]), (60, (60, 60)));
    assert!(loaded.warnings[0].contains("6x6") && loaded.warnings[1].contains("in grey"));
    let encoder = loaded.encoder.unwrap();
    let Row::Dense(row) = encoder.encode(Raw::Picture(&grey(0))).unwrap() else {
        panic!()
    };
    let mut batch = rectifier_data::Batch::default();
    for part in [&loaded.split.train, &loaded.split.valid, &loaded.split.test] {
        let all: Vec<usize> = (0..part.len()).collect();
        part.gather(&all, &mut batch).unwrap();
    }
    let same: Vec<usize> = (0..60)
        .filter(|&place| batch.inputs[36 * place..][..36] == row)
        .collect();
    assert_eq!(same.len(), 1);
    assert_eq!(batch.labels[same[0]], 0);
    // The encoder knows that the training pictures' borders are dark.
    let white = png(6, 6, png::ColorType::Grayscale, |_| 255);
    put(folder.path(), "white.png", &white);
    let entries = encoder
        .encode_file(&folder.path().join("white.png"))
        .unwrap();
    assert_eq!(entries[0].hints, [Hint::BrightBorder]);
    let again = Images.read_plan(&source.to_plan()).unwrap().unwrap();
    assert_eq!(again.to_plan(), source.to_plan());
    for size in [[0, 6], [6, 4097]] {
        let mut bad = source.to_plan();
        bad["size"] = size.into();
        let error = Images.read_plan(&bad).unwrap().err().unwrap().to_string();
        assert!(error.contains("each from 1 to 4096"), "{error}");
    }
    let loaded = again
        .load(&Locator::default(), Some(&encoder), &mut no_progress)
        .unwrap();
    assert_eq!(loaded.encoder.unwrap().to_text(), encoder.to_text());
}

#[test]
fn given_parts_are_taken_and_missing_ones_drawn() {
    let folder = folder("train/");
    for picture in 0..4 {
        put(
            folder.path(),
            &format!("test/dog/{picture}.png"),
            &grey(picture),
        );
    }
    let loaded = load(folder.path(), &[]).unwrap();
    assert_eq!(
        loaded.info.sizes,
        Sizes {
            train: 50,
            valid: 10,
            test: 4
        }
    );
    assert!(loaded.warnings[0].contains("the test part has no example of \"cat\""));
    put(folder.path(), "val/cat/1.png", &grey(1));
    assert_eq!(
        load(folder.path(), &[]).unwrap().info.sizes,
        Sizes {
            train: 60,
            valid: 1,
            test: 4
        }
    );
    put(folder.path(), "test/cow/1.png", &grey(1));
    let error = load(folder.path(), &[]).err().unwrap().to_string();
    assert!(
        error.contains("the test part has classes that the training part has not: \"cow\""),
        "{error}"
    );
}

#[test]
fn what_is_no_picture_is_named_and_strictly_refused() {
    let folder = folder("");
    put(folder.path(), "cat/notes.txt", b"not a picture");
    put(folder.path(), "dog/cut.png", &grey(1)[..60]);
    put(folder.path(), "dog/.hidden", b"");
    put(folder.path(), "readme.md", b"");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let loaded = load(folder.path(), &[]).unwrap();
    assert_eq!((loaded.info.classes, loaded.info.sizes.train), (2, 40));
    let all = loaded.warnings.join("\n");
    for part in [
        "left out: \"readme.md\"",
        "no classes: \"empty\"",
        "2 files are left out: \"cat/notes.txt\", \"dog/cut.png\"; the first: no picture that can be read (it is neither",
    ] {
        assert!(all.contains(part), "{part:?} in {all}");
    }
    let error = load(folder.path(), &[("strict", "true")])
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("--strict refuses it"), "{error}");
    std::fs::remove_dir(folder.path().join("empty")).unwrap();
    std::fs::remove_file(folder.path().join("readme.md")).unwrap();
    let error = load(folder.path(), &[("strict", "true")])
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("notes.txt: no picture"), "{error}");
    put(folder.path(), "owl/1.png", b"GIF89a");
    let error = load(folder.path(), &[]).err().unwrap().to_string();
    assert!(
        error.contains("\"owl\": of its files none is a picture"),
        "{error}"
    );
}

#[test]
fn sizes_and_colours_are_chosen_by_what_is_there() {
    let folder = folder("");
    for picture in 0..40 {
        let bytes = png(100, 50, png::ColorType::Rgba, |place| {
            (place * picture % 256) as u8
        });
        put(folder.path(), &format!("owl/{picture}.png"), &bytes);
    }
    let loaded = load(folder.path(), &[]).unwrap();
    assert_eq!(loaded.info.shape, [3, 6, 6]);
    assert!(
        loaded
            .warnings
            .iter()
            .any(|warning| warning.contains("40 pictures have another ratio"))
    );
    assert!(
        loaded
            .warnings
            .iter()
            .any(|warning| warning.contains("transparent"))
    );
    let more = [
        ("size", "8x4"),
        ("grey", "true"),
        ("ground", "black"),
        ("resize", "crop"),
    ];
    let loaded = load(folder.path(), &more).unwrap();
    assert_eq!(loaded.info.shape, [4, 8]);
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    std::fs::remove_dir_all(folder.path().join("cat")).unwrap();
    std::fs::remove_dir_all(folder.path().join("dog")).unwrap();
    let error = load(folder.path(), &[]).err().unwrap().to_string();
    assert!(error.contains("nothing to tell apart"), "{error}");
    put(
        folder.path(),
        "cat/1.png",
        &png(100, 50, png::ColorType::Grayscale, |_| 9),
    );
    assert_eq!(load(folder.path(), &[]).unwrap().info.shape, [3, 32, 32]);
}

#[test]
fn hostile_sizes_and_wrong_folders_are_refused() {
    let folder = folder("");
    let mut huge = grey(1);
    huge[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    put(folder.path(), "cat/huge.png", &huge);
    let loaded = load(folder.path(), &[]).unwrap();
    assert!(
        loaded
            .warnings
            .iter()
            .any(|warning| warning.contains("1 files are left out"))
    );
    let wrong = |place: &str| {
        load(&folder.path().join(place), &[])
            .err()
            .unwrap()
            .to_string()
    };
    assert!(wrong("cat/00.png").contains("it is no folder"));
    assert!(wrong("cat").contains("no folder is in it"));
    assert!(wrong("absent").contains("absent"));
    for (name, value) in [
        ("size", "0x4"),
        ("size", "x"),
        ("size", "9999"),
        ("resize", "fit"),
    ] {
        let options = Options::new().with("dir", "d").with(name, value);
        assert!(Images.open(&options).is_err(), "{name} {value}");
    }
    let both = Options::new()
        .with("dir", "d")
        .with("grey", "true")
        .with("colour", "true");
    assert!(
        Images
            .open(&both)
            .err()
            .unwrap()
            .to_string()
            .contains("contradicts")
    );
}
