//! Folders of pictures of one's own: one folder a class.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rectifier_data::{
    DataError, Encoder, Examples, Inputs, OptionKind, OptionSpec, Options, Pixels, Progress,
    Resize, Sizes, Split, SplitIndices,
};
use serde::{Deserialize, Serialize};

use crate::own::{Choices, Made, data_set};
use crate::parts::split;
use crate::path::{
    DATA_SEED, as_text, first_seed, given, is_default, is_first_seed, path, required, wrong,
};

mod folder;
mod look;
mod prepare;
mod store;
use folder::Picture;
use look::{Looked, border};
use prepare::Odd;

/// How many pictures are looked at to choose a size, and whether in colour.
const LOOKED_AT: usize = 64;
/// The most columns or rows that pictures are brought to.
const LARGEST: usize = 4096;

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
    )
    .of_encoder(),
    OptionSpec::new(
        "colour",
        "",
        "In colour [if some picture has colours].",
        OptionKind::Switch,
    )
    .of_encoder(),
    OptionSpec::new("grey", "", "In grey.", OptionKind::Switch).of_encoder(),
    OptionSpec::new(
        "resize",
        "HOW",
        "How pictures come to that size [stretch].",
        OptionKind::OneOf(&["stretch", "crop"]),
    )
    .of_encoder(),
    OptionSpec::new(
        "ground",
        "COLOUR",
        "What is under transparent pictures [white].",
        OptionKind::OneOf(&["white", "black"]),
    )
    .of_encoder(),
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

data_set!(Images, ImagesChoices);

/// What is under transparent pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ground {
    White,
    Black,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImagesChoices {
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
            (Ok(width), Ok(height)) => Ok(Self(width, height)),
            _ => Err(format!(
                "{text:?} is no size: write 32x24 for 32 columns and 24 rows"
            )),
        }
    }
}

impl Choices for ImagesChoices {
    const NAME: &'static str = "images";
    const OPTIONS: &'static [OptionSpec] = &OPTIONS;
    const INPUTS: (Inputs, (f32, f32)) = (Inputs::Pixels, (0.0, 1.0));
    type Read = Looked;

    fn open(options: &Options) -> Result<Self, DataError> {
        Ok(Self {
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
        })
    }

    fn with(mut self, options: &Options) -> Result<Self, DataError> {
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
        Ok(self)
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let fits = |side: usize| (1..=LARGEST).contains(&side);
        match self.size {
            Some((width, height)) if !fits(width) || !fits(height) => Err((
                "size",
                format!("{width}x{height}: each from 1 to {LARGEST}"),
            )),
            _ => Ok(()),
        }
    }

    fn place(&self) -> &Path {
        &self.dir
    }

    fn describe(&self) -> String {
        format!("images, {}", self.dir.display())
    }

    fn title(&self) -> String {
        format!("pictures in {}", self.dir.display())
    }

    fn read(&self) -> Result<Looked, DataError> {
        self.look()
    }

    fn class_names(looked: &Looked) -> &[String] {
        &looked.folder.classes
    }

    fn outline(&self, looked: &Looked) -> Result<(Vec<usize>, Sizes), DataError> {
        let folder = &looked.folder;
        let labels: Vec<u32> = folder.train.iter().map(|picture| picture.class).collect();
        let parts = SplitIndices::stratified(&labels, folder.shares(), self.data_seed)?;
        let sizes = Sizes {
            train: parts.train.len(),
            valid: folder.valid.as_ref().map_or(parts.valid.len(), Vec::len),
            test: folder.test.as_ref().map_or(parts.test.len(), Vec::len),
        };
        Ok((looked.pixels.shape(), sizes))
    }

    fn load(
        &self,
        looked: &Looked,
        encoder: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Made, DataError> {
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
        let (store, labels) = self.prepared(&folder.train, &pixels, &mut odd, &mut count)?;
        folder.check_classes(&labels, &odd.no_pictures)?;
        let parts = SplitIndices::stratified(&labels, folder.shares(), self.data_seed)?;
        let whole: Arc<dyn Examples> = Arc::new(store.samples(labels, &shape, classes)?);
        let mut part =
            |pictures: &Option<Vec<Picture>>| -> Result<Option<Arc<dyn Examples>>, DataError> {
                let Some(pictures) = pictures else {
                    return Ok(None);
                };
                let (store, labels) = self.prepared(pictures, &pixels, &mut odd, &mut count)?;
                Ok(Some(Arc::new(store.samples(labels, &shape, classes)?)))
            };
        let (valid, test) = (part(&folder.valid)?, part(&folder.test)?);
        let mut split = split(whole, &parts, test)?;
        if let Some(valid) = valid {
            split = Split::new(split.train, valid, split.test)?;
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
        Ok(Made {
            split,
            encoder: Arc::new(pixels),
            warnings,
        })
    }
}

#[cfg(test)]
mod tests;
