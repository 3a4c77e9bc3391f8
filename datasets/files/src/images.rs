//! Folders of pictures of one's own: one folder a class.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use rectifier_data::{
    Availability, DataError, DataInfo, DataSet, Encoder, Examples, Hint, Inputs,
    Labels as LabelKind, Loaded, Locator, Nature, OptionKind, OptionSpec, Options, Pixels,
    Progress, Raster, Resize, Shares, Sizes, Source, SplitIndices, Supply, border_of, listed,
    read_picture, read_whole,
};
use serde::{Deserialize, Serialize};

use crate::path::{
    DATA_SEED, as_text, availability, content, first_seed, given, info, is_default, is_first_seed,
    once, path, read_plan, required, split, to_plan, wrong,
};

mod folder;
mod store;
use folder::{Folder, Picture};
use store::Store;

const NAME: &str = "images";
/// No picture file is larger: 64 MiB.
const LARGEST_FILE: u64 = 1 << 26;
/// How many pictures are looked at to choose a size, and whether in colour.
const LOOKED_AT: usize = 64;
/// Pictures of up to this size are taken as they are.
const SMALL: usize = 64;

const OPTIONS: [OptionSpec; 8] = [
    OptionSpec::new(
        "dir",
        "DIR",
        "The folder, which has one folder a class.",
        OptionKind::Path,
    )
    .implying(),
    OptionSpec::new(
        "size",
        "WxH",
        "The size that pictures are brought to [the most frequent one if at most 64x64, else 32x32].",
        OptionKind::Text,
    ),
    OptionSpec::new(
        "colour",
        "",
        "In colour [if some picture has colours].",
        OptionKind::Switch,
    ),
    OptionSpec::new("grey", "", "In grey.", OptionKind::Switch),
    OptionSpec::new(
        "resize",
        "HOW",
        "How pictures come to that size [stretch].",
        OptionKind::OneOf(&["stretch", "crop"]),
    ),
    OptionSpec::new(
        "ground",
        "COLOUR",
        "What is under transparent pictures [white].",
        OptionKind::OneOf(&["white", "black"]),
    ),
    OptionSpec::new(
        "strict",
        "",
        "Refuse what would be left out with a warning.",
        OptionKind::Switch,
    ),
    DATA_SEED,
];

/// Pictures: `--data images --dir DIR`.
///
/// Classes are named as their folders are. Where `DIR` has folders `train` and `test`, or `valid`, these have the folders
/// of classes. Files that are no picture are left out with a warning, unless that is refused (`--strict`).
#[derive(Clone, Copy, Debug)]
pub struct Images;

impl DataSet for Images {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        let choices = Choices {
            dir: required(
                path(options, "dir")?,
                "dir",
                "a folder that has one folder a class",
            )?,
            size: None,
            colour: None,
            resize: Resize::Stretch,
            ground: None,
            strict: false,
            data_seed: first_seed(),
        };
        choices.with(options)
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        read_plan::<Choices>(NAME, plan).map(|choices| Ok(choices?.source()))
    }

    fn stands_alone(&self) -> bool {
        false
    }
}

/// What is under transparent pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ground {
    White,
    Black,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    #[serde(with = "as_text")]
    dir: PathBuf,
    /// Width and height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<(usize, usize)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    colour: Option<bool>,
    #[serde(default, skip_serializing_if = "is_default")]
    resize: Resize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ground: Option<Ground>,
    #[serde(default, skip_serializing_if = "is_default")]
    strict: bool,
    #[serde(default = "first_seed", skip_serializing_if = "is_first_seed")]
    data_seed: u64,
}

/// Width and height as `32x24`, or one number for both.
struct Size(usize, usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (width, height) = text.split_once(['x', 'X']).unwrap_or((text, text));
        match (width.trim().parse(), height.trim().parse()) {
            (Ok(width @ 1..=4096), Ok(height @ 1..=4096)) => Ok(Self(width, height)),
            _ => Err(format!(
                "{text:?} is no size: write 32x24 for 32 columns and 24 rows, each at most 4096"
            )),
        }
    }
}

impl Choices {
    fn with(mut self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        if let Some(dir) = path(options, "dir")? {
            self.dir = dir;
        }
        if let Some(Size(width, height)) = options.read("size")? {
            self.size = Some((width, height));
        }
        match (options.switch("colour"), options.switch("grey")) {
            (true, true) => return Err(wrong("grey", "it contradicts --colour: give one of them")),
            (true, false) => self.colour = Some(true),
            (false, true) => self.colour = Some(false),
            (false, false) => {}
        }
        match options.text("resize") {
            Some("crop") => self.resize = Resize::Crop,
            Some(_) => self.resize = Resize::Stretch,
            None => {}
        }
        match options.text("ground") {
            Some("black") => self.ground = Some(Ground::Black),
            Some(_) => self.ground = Some(Ground::White),
            None => {}
        }
        self.strict |= options.switch("strict");
        if let Some(seed) = options.seed("data-seed")? {
            self.data_seed = seed;
        }
        Ok(self.source())
    }

    fn source(self) -> Box<dyn Source> {
        Box::new(ImagesSource {
            choices: self,
            looked: OnceLock::new(),
        })
    }
}

struct ImagesSource {
    choices: Choices,
    looked: OnceLock<Looked>,
}

/// What the folder holds, and how it is prepared, as far as a look at some pictures tells.
struct Looked {
    folder: Folder,
    pixels: Pixels,
    said: Vec<String>,
}

fn read(path: &Path) -> Result<Raster, DataError> {
    read_picture(&read_whole(path, LARGEST_FILE)?)
}

impl ImagesSource {
    fn looked(&self) -> Result<&Looked, DataError> {
        once(&self.looked, || self.look())
    }

    fn look(&self) -> Result<Looked, DataError> {
        let folder = Folder::list(&self.choices.dir, self.choices.strict)?;
        let train = &folder.train;
        let step = train.len().div_ceil(LOOKED_AT).max(1);
        let mut sizes: Vec<((usize, usize), usize)> = Vec::new();
        let mut colours = false;
        for picture in train.iter().step_by(step) {
            let Ok(raster) = read(&picture.path) else {
                continue;
            };
            let size = (raster.width, raster.height);
            match sizes.iter_mut().find(|(one, _)| *one == size) {
                Some((_, count)) => *count += 1,
                None => sizes.push((size, 1)),
            }
            colours |= raster.has_colours();
        }
        let mut said = Vec::new();
        let (width, height) = match self.choices.size {
            Some(size) => size,
            None => {
                // Of equally frequent ones the smallest.
                let most = sizes.iter().max_by_key(|((width, height), count)| {
                    (*count, std::cmp::Reverse((*width, *height)))
                });
                let size = match most {
                    Some(((width, height), _)) if *width <= SMALL && *height <= SMALL => {
                        (*width, *height)
                    }
                    _ => (32, 32),
                };
                said.push(format!(
                    "pictures are brought to {}x{} pixels: another size with --size",
                    size.0, size.1
                ));
                size
            }
        };
        let colour = self.choices.colour.unwrap_or(colours);
        if self.choices.colour.is_none() {
            said.push(match colour {
                true => "pictures are taken in colour: otherwise with --grey".into(),
                false => "pictures are taken in grey: otherwise with --colour".into(),
            });
        }
        let ground = self.choices.ground.map(|ground| match ground {
            Ground::White => 1.0,
            Ground::Black => 0.0,
        });
        let pixels = Pixels::new(height, width, colour)?
            .with_resize(self.choices.resize)
            .with_ground(ground);
        Ok(Looked {
            folder,
            pixels,
            said,
        })
    }

    /// The pictures, prepared, and the class of each.
    fn read(
        &self,
        pictures: &[Picture],
        pixels: &Pixels,
        odd: &mut Odd,
        progress: &mut dyn FnMut(),
    ) -> Result<(Store, Vec<u32>), DataError> {
        let mut store = Store::default();
        let mut labels = Vec::with_capacity(pictures.len());
        for picture in pictures {
            progress();
            match read(&picture.path).and_then(|raster| pixels.prepare(raster)) {
                Ok((numbers, hints)) => {
                    store.push(&numbers).ok_or_else(|| DataError::Memory {
                        what: format!("{} pictures of {} numbers", pictures.len(), numbers.len()),
                        bytes: 4 * pictures.len() as u128 * numbers.len() as u128,
                        cure: "make them smaller with --size".into(),
                    })?;
                    labels.push(picture.class);
                    odd.hints(&hints);
                }
                Err(error) if self.choices.strict => {
                    return Err(match error {
                        DataError::Picture(problem) => content(&picture.path, problem),
                        error => error,
                    });
                }
                Err(error) => {
                    let name = picture
                        .path
                        .strip_prefix(&self.choices.dir)
                        .unwrap_or(&picture.path);
                    odd.no_pictures.push(name.display().to_string());
                    odd.first.get_or_insert_with(|| error.to_string());
                }
            }
        }
        Ok((store, labels))
    }

    fn info_of(&self, looked: &Looked, shape: Vec<usize>, sizes: Sizes) -> DataInfo {
        info(
            NAME,
            format!("pictures in {}", self.choices.dir.display()),
            looked.folder.classes.clone(),
            shape,
            sizes,
            &self.choices.dir,
        )
    }

    fn shares(folder: &Folder) -> Shares {
        let default = Shares::default();
        Shares {
            valid: if folder.valid.is_some() {
                0.0
            } else {
                default.valid
            },
            test: if folder.test.is_some() {
                0.0
            } else {
                default.test
            },
        }
    }
}

/// What was odd, counted.
#[derive(Default)]
struct Odd {
    no_pictures: Vec<String>,
    first: Option<String>,
    stretched: usize,
    transparent: usize,
}

impl Odd {
    fn hints(&mut self, hints: &[Hint]) {
        for hint in hints {
            match hint {
                Hint::Aspect { .. } => self.stretched += 1,
                Hint::NoGround => self.transparent += 1,
                _ => {}
            }
        }
    }

    fn warn(self, warnings: &mut Vec<String>) {
        if let Some(first) = self.first {
            warnings.push(format!(
                "{} files are left out: {}; the first: {first}",
                self.no_pictures.len(),
                listed(&self.no_pictures)
            ));
        }
        if self.stretched > 0 {
            warnings.push(format!(
                "{} pictures have another ratio of sides and are stretched: --resize crop cuts them instead",
                self.stretched
            ));
        }
        if self.transparent > 0 {
            warnings.push(format!(
                "{} pictures are transparent in places, where white is put: --ground black puts black",
                self.transparent
            ));
        }
    }
}

impl Source for ImagesSource {
    fn name(&self) -> &'static str {
        NAME
    }

    fn to_plan(&self) -> serde_json::Value {
        to_plan(NAME, &self.choices)
    }

    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        self.choices.clone().with(options)
    }

    fn describe(&self) -> String {
        format!("images, {}", self.choices.dir.display())
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Files,
            inputs: Inputs::Pixels,
            labels: LabelKind::Classes,
            range: (0.0, 1.0),
        }
    }

    fn find(&self, _: &Locator) -> Result<Availability, DataError> {
        Ok(availability(&self.choices.dir))
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        let looked = self.looked()?;
        let folder = &looked.folder;
        let labels: Vec<u32> = folder.train.iter().map(|picture| picture.class).collect();
        let parts =
            SplitIndices::stratified(&labels, Self::shares(folder), self.choices.data_seed)?;
        let sizes = Sizes {
            train: parts.train.len(),
            valid: folder.valid.as_ref().map_or(parts.valid.len(), Vec::len),
            test: folder.test.as_ref().map_or(parts.test.len(), Vec::len),
        };
        Ok(self.info_of(looked, looked.pixels.shape(), sizes))
    }

    fn load(
        &self,
        _: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let looked = self.looked()?;
        let folder = &looked.folder;
        let pixels = match encoder {
            Some(encoder) => given(encoder, Pixels::KIND, Pixels::from_text)?,
            None => looked.pixels.clone(),
        };
        let all = folder.train.len()
            + [&folder.valid, &folder.test]
                .into_iter()
                .flatten()
                .map(Vec::len)
                .sum::<usize>();
        let mut done = 0;
        let mut count = || {
            done += 1;
            progress(done, all as u64);
        };
        let shape = pixels.shape();
        let classes = folder.classes.len();
        let mut odd = Odd::default();
        let (store, labels) = self.read(&folder.train, &pixels, &mut odd, &mut count)?;
        folder.check_classes(&labels, &odd.no_pictures)?;
        let parts =
            SplitIndices::stratified(&labels, Self::shares(folder), self.choices.data_seed)?;
        let whole: Arc<dyn Examples> = Arc::new(store.samples(labels, &shape, classes)?);
        let mut part =
            |pictures: &Option<Vec<Picture>>| -> Result<Option<Arc<dyn Examples>>, DataError> {
                let Some(pictures) = pictures else {
                    return Ok(None);
                };
                let (store, labels) = self.read(pictures, &pixels, &mut odd, &mut count)?;
                Ok(Some(Arc::new(store.samples(labels, &shape, classes)?)))
            };
        let (valid, test) = (part(&folder.valid)?, part(&folder.test)?);
        let mut split = split(whole, &parts, test)?;
        if let Some(valid) = valid {
            split = rectifier_data::Split::new(split.train, valid, split.test)?;
        }
        let mut warnings = folder.warnings.clone();
        let pixels = match encoder {
            Some(_) => pixels,
            None => {
                warnings.extend(looked.said.clone());
                pixels
                    .clone()
                    .with_bright_border(border(&split.train, &pixels)?)
            }
        };
        odd.warn(&mut warnings);
        Ok(Loaded {
            info: self.info_of(looked, pixels.shape(), split.sizes()),
            split,
            warnings,
            encoder: Some(Arc::new(pixels)),
        })
    }
}

/// Whether the borders of training pictures are bright; `None` where they are neither bright nor dark.
fn border(train: &Arc<dyn Examples>, pixels: &Pixels) -> Result<Option<bool>, DataError> {
    let mut batch = rectifier_data::Batch::default();
    let step = train.len().div_ceil(LOOKED_AT).max(1);
    let some: Vec<usize> = (0..train.len()).step_by(step).collect();
    train.gather(&some, &mut batch)?;
    let borders = batch
        .inputs
        .chunks_exact(pixels.width().max(1))
        .map(|row| border_of(row, pixels));
    let mean = borders.sum::<f32>() / some.len().max(1) as f32;
    Ok(match mean {
        mean if mean < 0.25 => Some(false),
        mean if mean > 0.75 => Some(true),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rectifier_data::{Raw, Row, no_progress};

    fn png(
        width: usize,
        height: usize,
        colour: png::ColorType,
        byte: impl Fn(usize) -> u8,
    ) -> Vec<u8> {
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
}
