//! Pictures of any size and kind as the numbers of one shape.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{DataError, Encoder, Entry, Raw, Row, read_picture, read_whole};

mod prepare;

pub use prepare::{Resize, border_of};

/// No picture file is larger: 64 MiB.
const LARGEST_FILE: u64 = 1 << 26;
/// The most numbers of one input.
const LARGEST_INPUT: usize = 1 << 24;

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

    /// The same, with a grey under transparency, 0 black to 1 white; `None` is white, which a [`Hint`](crate::Hint) then tells.
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

    /// The same, knowing whether the border of the training pictures is bright: a picture that differs gets a [`Hint`](crate::Hint).
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
        // The ends of the range, and what rounds a little beyond them.
        assert_eq!(entry("e.u8", &[255; 12]), Ok(Row::Dense(vec![1.0; 12])));
        let alike = |value: f32| entry("e.f32", &[value.to_le_bytes(); 12].concat());
        for value in [0.0, 1.0, -0.0009, 1.0009] {
            assert_eq!(alike(value), Ok(Row::Dense(vec![value; 12])));
        }
        assert!(alike(-0.0011).is_err() && alike(1.0011).is_err());
        for (name, bytes, problem) in [
            ("a.png", &bytes[..], "neither a PNG nor a JPEG"),
            ("a.idx", &[0, 0, 8, 3, 0, 0, 0, 1], "it is an IDX file"),
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
    }
}
