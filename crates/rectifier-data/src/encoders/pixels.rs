//! Pictures of any size and kind as the numbers of one shape.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{DataError, Encoder, Entry, Hint, Picture, Raster, Raw, Row, read_picture, read_whole};

/// No picture file is larger: 64 MiB.
const LARGEST_FILE: u64 = 1 << 26;
/// The most numbers of one input.
const LARGEST_INPUT: usize = 1 << 24;
/// From this ratio of the ratios of sides on, a picture counts as stretched.
const STRETCHED: f64 = 1.25;

/// How a picture of another size comes to the network's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resize {
    /// Each axis by itself ([`Picture::resize`]).
    #[default]
    Stretch,
    /// The largest part of the right ratio in its middle, resized.
    Crop,
}

/// Prepares pictures: at one size, grey or in colour, on a ground, within a range.
///
/// Numbers are `[height, width]` for grey and `[3, height, width]` for colour pictures, row after row; black is the lower
/// end of the range and white the upper one, the other way round where pictures are inverted.
///
/// ```
/// use rectifier_data::{Encoder, Pixels};
///
/// let pixels = Pixels::new(28, 28, false)?;
/// assert_eq!((pixels.width(), pixels.shape()), (784, vec![28, 28]));
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    height: usize,
    width: usize,
    colour: bool,
    #[serde(default = "unit", skip_serializing_if = "is_unit")]
    range: (f32, f32),
    #[serde(default, skip_serializing_if = "is_default")]
    resize: Resize,
    /// The grey under transparency, 0 black to 1 white.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ground: Option<f32>,
    #[serde(default, skip_serializing_if = "is_default")]
    invert: bool,
    /// Whether the border of the training pictures is bright.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bright_border: Option<bool>,
}

fn unit() -> (f32, f32) {
    (0.0, 1.0)
}

fn is_unit(range: &(f32, f32)) -> bool {
    *range == unit()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Pixels {
    /// What [`Encoder::kind`] says.
    pub const KIND: &'static str = "pixels";

    /// Pictures of `height` rows of `width` pixels, from 0 to 1, stretched, not inverted.
    ///
    /// # Errors
    /// [`DataError::Picture`] for a size without pixels, or of more than 2^24 numbers.
    pub fn new(height: usize, width: usize, colour: bool) -> Result<Self, DataError> {
        let pixels = Self {
            height,
            width,
            colour,
            range: unit(),
            resize: Resize::default(),
            ground: None,
            invert: false,
            bright_border: None,
        };
        pixels.validate().map_err(DataError::Picture)?;
        Ok(pixels)
    }

    /// The same, with black at `range.0` and white at `range.1`.
    ///
    /// # Errors
    /// [`DataError::Picture`] for a range that is empty or not finite.
    pub fn with_range(mut self, range: (f32, f32)) -> Result<Self, DataError> {
        self.range = range;
        self.validate().map_err(DataError::Picture)?;
        Ok(self)
    }

    /// The same, with another way to the right size.
    #[must_use]
    pub fn with_resize(self, resize: Resize) -> Self {
        Self { resize, ..self }
    }

    /// The same, with a grey under transparency, 0 black to 1 white; `None` is white, which a [`Hint`] then tells.
    #[must_use]
    pub fn with_ground(self, ground: Option<f32>) -> Self {
        let ground = ground.map(|ground| ground.clamp(0.0, 1.0));
        Self { ground, ..self }
    }

    /// The same, with black for white where `invert`.
    #[must_use]
    pub fn with_invert(self, invert: bool) -> Self {
        Self { invert, ..self }
    }

    /// The same, knowing whether the border of the training pictures is bright: a picture that differs gets a [`Hint`].
    #[must_use]
    pub fn with_bright_border(self, bright: Option<bool>) -> Self {
        Self {
            bright_border: bright,
            ..self
        }
    }

    /// The shape of one input, without a batch axis: `[height, width]` or `[3, height, width]`.
    pub fn shape(&self) -> Vec<usize> {
        match self.colour {
            true => vec![3, self.height, self.width],
            false => vec![self.height, self.width],
        }
    }

    /// Whether inputs have three colours.
    pub fn is_colour(&self) -> bool {
        self.colour
    }

    /// The numbers that black and white become.
    pub fn range(&self) -> (f32, f32) {
        self.range
    }

    /// Whether black becomes white.
    pub fn is_inverted(&self) -> bool {
        self.invert
    }

    /// Reads what [`Encoder::to_text`] wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let pixels: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        pixels.validate()?;
        Ok(pixels)
    }

    fn validate(&self) -> Result<(), String> {
        let planes = if self.colour { 3 } else { 1 };
        let numbers = self
            .height
            .checked_mul(self.width)
            .and_then(|pixels| pixels.checked_mul(planes));
        if !matches!(numbers, Some(1..=LARGEST_INPUT)) {
            return Err(format!(
                "pictures of {}x{} pixels: an input has 1 to {LARGEST_INPUT} numbers",
                self.width, self.height
            ));
        }
        let (low, high) = self.range;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(format!("{low} to {high} is no range of pixels"));
        }
        match self.ground {
            Some(ground) if !(0.0..=1.0).contains(&ground) => {
                Err(format!("a ground of {ground}: it goes from 0, black, to 1"))
            }
            _ => Ok(()),
        }
    }

    /// A picture's numbers, and what is odd about it.
    ///
    /// # Errors
    /// As [`Picture::resize`].
    pub fn prepare(&self, raster: Raster) -> Result<(Vec<f32>, Vec<Hint>), DataError> {
        let mut hints = Vec::new();
        if self.ground.is_none() && raster.is_transparent() {
            hints.push(Hint::NoGround);
        }
        let size = (raster.width, raster.height);
        let taken = (self.width, self.height);
        if self.resize == Resize::Stretch {
            let ratio = |(width, height): (usize, usize)| width as f64 / height as f64;
            let stretch = ratio(size) / ratio(taken);
            if !(1.0 / STRETCHED..=STRETCHED).contains(&stretch) {
                hints.push(Hint::Aspect { size, taken });
            }
        }
        let pictures = raster
            .on_ground(self.ground.unwrap_or(1.0))
            .into_pictures(self.colour);
        let mut numbers = Vec::with_capacity(self.width());
        let (low, high) = self.range;
        let mut border = 0.0;
        for picture in &pictures {
            let picture = match self.resize {
                Resize::Stretch => picture.resize(self.width, self.height)?,
                Resize::Crop => self.middle(picture).resize(self.width, self.height)?,
            };
            let picture = if self.invert {
                picture.inverted()
            } else {
                picture
            };
            border += bright(&picture) / pictures.len() as f32;
            numbers.extend(picture.pixels.iter().map(|&value| match (low, high) {
                (0.0, 1.0) => value,
                _ => low + value * (high - low),
            }));
        }
        match self.bright_border {
            Some(false) if border > 0.6 => hints.push(Hint::BrightBorder),
            Some(true) if border < 0.4 => hints.push(Hint::DarkBorder),
            _ => {}
        }
        Ok((numbers, hints))
    }

    /// The largest part of the network's ratio in the middle of a picture.
    fn middle(&self, picture: &Picture) -> Picture {
        let (width, height) = (picture.width, picture.height);
        // In u128, so that no product is too large.
        let fit = |side: usize, to: usize, from: usize| {
            let length = side as u128 * to as u128 / from.max(1) as u128;
            usize::try_from(length).unwrap_or(usize::MAX).max(1)
        };
        let kept_width = width.min(fit(height, self.width, self.height));
        let kept_height = height.min(fit(width, self.height, self.width));
        let (left, top) = ((width - kept_width) / 2, (height - kept_height) / 2);
        let rows = picture.pixels.chunks_exact(width.max(1));
        let kept = rows.skip(top).take(kept_height);
        Picture {
            width: kept_width,
            height: kept_height,
            pixels: kept
                .flat_map(|row| row[left..left + kept_width].iter().copied())
                .collect(),
        }
    }

    fn raw_file(&self, bytes: &[u8], extension: &str) -> Result<Row, String> {
        let (low, high) = self.range;
        let numbers: Vec<f32> = match extension {
            "f32" => {
                let (words, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(format!("{} bytes are no 32-bit numbers", bytes.len()));
                }
                words.iter().map(|&word| f32::from_le_bytes(word)).collect()
            }
            _ => {
                let unit = crate::unit_table();
                let value = |&byte: &u8| low + unit[usize::from(byte)] * (high - low);
                bytes.iter().map(value).collect()
            }
        };
        if numbers.len() != self.width() {
            return Err(format!(
                "it holds {} numbers, an input has {}",
                numbers.len(),
                self.width()
            ));
        }
        // A little more than the range holds: other programs round.
        let beyond = 1e-3 * (high - low);
        match numbers
            .iter()
            .find(|&&value| !(low - beyond..=high + beyond).contains(&value))
        {
            Some(value) => Err(format!(
                "it holds {value}, where the network takes numbers from {low} to {high}: scale them as in training"
            )),
            None => Ok(Row::Dense(numbers)),
        }
    }
}

/// The mean of the outermost pixels.
fn bright(picture: &Picture) -> f32 {
    let (width, height) = (picture.width, picture.height);
    let outer = picture.pixels.iter().enumerate().filter(|(place, _)| {
        let (x, y) = (place % width, place / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    });
    let (sum, count) = outer.fold((0.0, 0), |(sum, count), (_, value)| {
        (sum + value, count + 1)
    });
    sum / count.max(1) as f32
}

/// How bright the border of a picture is, as it comes to a network: 0 black to 1 white.
pub fn border_of(numbers: &[f32], pixels: &Pixels) -> f32 {
    let (low, high) = pixels.range;
    let planes = numbers.chunks_exact(pixels.width * pixels.height);
    let count = planes.len().max(1) as f32;
    planes
        .map(|plane| {
            let picture = Picture {
                width: pixels.width,
                height: pixels.height,
                pixels: plane
                    .iter()
                    .map(|value| (value - low) / (high - low))
                    .collect(),
            };
            bright(&picture) / count
        })
        .sum()
}

impl Encoder for Pixels {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn width(&self) -> usize {
        self.height * self.width * if self.colour { 3 } else { 1 }
    }

    fn encode(&self, raw: Raw<'_>) -> Result<Row, DataError> {
        let given = match raw {
            Raw::Picture(bytes) => {
                let (numbers, _) = self.prepare(read_picture(bytes)?)?;
                return Ok(Row::Dense(numbers));
            }
            Raw::Text(_) => "text",
            Raw::Record(_) => "record",
            Raw::Sparse(_) => "row of numbers",
        };
        Err(DataError::Encoder {
            kind: "a network of pictures",
            given,
            cure: "give PNG or JPEG files".into(),
        })
    }

    /// One example: a PNG or JPEG file. Only by its name a file of raw numbers, row after row: `.f32` for 32-bit
    /// little-endian numbers as the network takes them, `.u8` and `.raw` for one byte a pixel, 0 black to 255 white.
    fn encode_file(&self, path: &Path) -> Result<Vec<Entry>, DataError> {
        let bytes = read_whole(path, LARGEST_FILE)?;
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .map(str::to_ascii_lowercase);
        let (row, hints) = match extension.as_deref() {
            Some(raw @ ("f32" | "u8" | "raw")) => (self.raw_file(&bytes, raw), Vec::new()),
            _ => match read_picture(&bytes).and_then(|raster| self.prepare(raster)) {
                Ok((numbers, hints)) => (Ok(Row::Dense(numbers)), hints),
                Err(error) => (Err(error.to_string()), Vec::new()),
            },
        };
        Ok(vec![Entry {
            place: path.display().to_string(),
            row,
            label: None,
            hints,
        }])
    }

    fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn grey(width: usize, height: usize, pixels: &[f32]) -> Raster {
        Raster {
            width,
            height,
            planes: vec![pixels.to_vec()],
            alpha: None,
        }
    }

    #[test]
    fn numbers_are_scaled_inverted_and_hinted() {
        let pixels = Pixels::new(2, 2, false).unwrap();
        let raster = || grey(2, 2, &[0.0, 1.0, 0.5, 1.0]);
        let (numbers, hints) = pixels.prepare(raster()).unwrap();
        assert_eq!((numbers, hints), (vec![0.0, 1.0, 0.5, 1.0], vec![]));
        let wide = pixels
            .clone()
            .with_range((-1.0, 1.0))
            .unwrap()
            .with_invert(true);
        let (numbers, _) = wide.prepare(raster()).unwrap();
        assert_eq!(numbers, [1.0, -1.0, 0.0, -1.0]);
        let dark = pixels.clone().with_bright_border(Some(false));
        assert_eq!(dark.prepare(raster()).unwrap().1, [Hint::BrightBorder]);
        assert_eq!(dark.with_invert(true).prepare(raster()).unwrap().1, []);
        let clear = Raster {
            alpha: Some(vec![0.0; 4]),
            ..raster()
        };
        let (numbers, hints) = pixels.prepare(clear.clone()).unwrap();
        assert_eq!((numbers, hints), (vec![1.0; 4], vec![Hint::NoGround]));
        let black = pixels.clone().with_ground(Some(0.0));
        assert_eq!(black.prepare(clear).unwrap(), (vec![0.0; 4], vec![]));
        let (_, hints) = pixels.prepare(grey(4, 1, &[0.0; 4])).unwrap();
        assert_eq!(
            hints,
            [Hint::Aspect {
                size: (4, 1),
                taken: (2, 2)
            }]
        );
    }

    #[test]
    fn the_middle_is_cropped() {
        let crop = Pixels::new(1, 2, false).unwrap().with_resize(Resize::Crop);
        let (numbers, hints) = crop.prepare(grey(4, 1, &[9.0, 1.0, 2.0, 9.0])).unwrap();
        assert_eq!((numbers, hints), (vec![1.0, 2.0], vec![]));
        let (numbers, _) = crop
            .prepare(grey(2, 3, &[9.0, 9.0, 1.0, 2.0, 9.0, 9.0]))
            .unwrap();
        assert_eq!(numbers, [1.0, 2.0]);
    }

    #[test]
    fn files_are_what_their_content_says_and_raw_only_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let pixels = Pixels::new(2, 2, true).unwrap();
        let entry = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let mut entries = pixels.encode_file(&path).unwrap();
            assert_eq!(entries.len(), 1);
            entries.remove(0).row
        };
        let values: Vec<f32> = (0..12u8).map(|byte| f32::from(byte) / 255.0).collect();
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, 2, 2);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        writer
            .write_image_data(&[0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
            .unwrap();
        writer.finish().unwrap();
        assert_eq!(entry("a.txt", &png), Ok(Row::Dense(values.clone())));
        let bytes: Vec<u8> = (0..12).collect();
        assert_eq!(entry("a.u8", &bytes), Ok(Row::Dense(values.clone())));
        let words: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        assert_eq!(entry("a.f32", &words), Ok(Row::Dense(values.clone())));
        for (name, bytes, problem) in [
            ("a.png", &bytes[..], "neither a PNG nor a JPEG"),
            ("b.u8", &bytes[1..], "holds 11 numbers, an input has 12"),
            ("b.f32", &words[1..], "are no 32-bit numbers"),
            (
                "c.f32",
                &[f32::NAN.to_le_bytes(); 12].concat(),
                "it holds NaN",
            ),
            (
                "d.f32",
                &[255f32.to_le_bytes(); 12].concat(),
                "it holds 255, where the network takes",
            ),
        ] {
            let error = entry(name, bytes).unwrap_err();
            assert!(error.contains(problem), "{name}: {error}");
        }
        assert!(pixels.encode(Raw::Text("x")).is_err());
    }

    #[test]
    fn hostile_texts_are_refused() {
        for text in [
            "",
            "{}",
            r#"{"height":0,"width":1,"colour":false}"#,
            r#"{"height":4000000000,"width":4000000000,"colour":true}"#,
            r#"{"height":1,"width":1,"colour":true,"range":[1,0]}"#,
            r#"{"height":1,"width":1,"colour":true,"ground":7}"#,
            r#"{"height":1,"width":1,"colour":true,"other":7}"#,
        ] {
            assert!(Pixels::from_text(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn pixels_survive_their_text(
            (height, width, colour, invert) in (1usize..99, 1usize..99, any::<bool>(), any::<bool>()),
            crop: bool,
            bright in prop::option::of(any::<bool>()),
            ground in prop::option::of(0.0f32..=1.0),
            range in (-3.0f32..0.0, 0.5f32..9.0),
        ) {
            let pixels = Pixels::new(height, width, colour)
                .unwrap()
                .with_range(range)
                .unwrap()
                .with_invert(invert)
                .with_resize(if crop { Resize::Crop } else { Resize::Stretch })
                .with_bright_border(bright)
                .with_ground(ground);
            prop_assert_eq!(Pixels::from_text(&pixels.to_text()).unwrap(), pixels);
        }

        #[test]
        fn every_picture_has_the_networks_numbers(
            (w, h) in (1usize..12, 1usize..12),
            (to_w, to_h) in (1usize..12, 1usize..12),
            (colour, crop) in (any::<bool>(), any::<bool>()),
        ) {
            let pixels = Pixels::new(to_h, to_w, colour).unwrap();
            let pixels = pixels.with_resize(if crop { Resize::Crop } else { Resize::Stretch });
            let (numbers, _) = pixels.prepare(grey(w, h, &vec![0.5; w * h])).unwrap();
            prop_assert_eq!(numbers.len(), pixels.width());
            prop_assert!(numbers.iter().all(|value| (value - 0.5).abs() < 1e-4));
        }
    }
}
