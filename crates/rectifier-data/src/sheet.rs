//! Contact sheets: many small images in one PNG, to look at a data set or at learned filters.

use png::{BitDepth, ColorType, Encoder};

use crate::{Batch, DataError, Examples};

/// How a contact sheet looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// How many images stand side by side.
    pub columns: usize,
    /// Every number becomes a square of so many pixels.
    pub scale: usize,
    /// How many pixels lie between images, and around them.
    pub gap: usize,
    /// The number that is drawn black; what is below is black too.
    pub min: f32,
    /// The number that is drawn white; what is above is white too.
    pub max: f32,
    /// How the numbers of one example make an image, where the shape of the set does not say it: `[h, w]` or
    /// `[1, h, w]` grey, `[2, h, w]` two grey images side by side, `[3, h, w]` red, green and blue.
    pub shape: Option<Vec<usize>>,
    /// Whether colours are drawn as their luma, `0.299 red + 0.587 green + 0.114 blue` (ITU-R BT.601).
    pub grey: bool,
}

/// The brightness of gaps and of empty places.
const PAPER: u8 = 96;
/// More pixels than this are not drawn: 256 MB in colour would help nobody.
const MAX_PIXELS: usize = 1 << 26;

impl Sheet {
    /// `columns` images side by side, numbers from 0 to 1, one pixel a number, gaps of two pixels.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            scale: 1,
            gap: 2,
            min: 0.0,
            max: 1.0,
            shape: None,
            grey: false,
        }
    }
}

/// Draws the examples at `indices` as a PNG file.
///
/// ```
/// use rectifier_data::{Samples, Sheet, contact_sheet};
///
/// let set = Samples::from_bytes(vec![0, 255, 128, 0, 9, 9, 9, 9], vec![0, 1], &[2, 2], 2)?;
/// let png = contact_sheet(&set, &[0, 1], &Sheet { scale: 8, ..Sheet::new(2) })?;
/// assert!(png.starts_with(b"\x89PNG"));
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
///
/// # Errors
/// As [`Examples::gather`], and as [`draw`].
pub fn contact_sheet(
    examples: &dyn Examples,
    indices: &[usize],
    sheet: &Sheet,
) -> Result<Vec<u8>, DataError> {
    let shape = sheet.shape.as_deref().unwrap_or(examples.shape());
    let plan = Plan::new(indices.len(), shape, sheet)?;
    plan.check_width(examples.width(), shape)?;
    let mut batch = Batch::default();
    examples.gather(indices, &mut batch)?;
    plan.draw(&batch.dense())
}

/// Draws `numbers`, one image after the other, as a PNG file; `shape` is that of one image, unless the sheet says it.
///
/// # Errors
/// [`DataError::Picture`] for a shape that is not an image, numbers that are not whole images, nothing to draw, a
/// range that is empty, and a sheet of more than 2^26 pixels.
pub fn draw(numbers: &[f32], shape: &[usize], sheet: &Sheet) -> Result<Vec<u8>, DataError> {
    let shape = sheet.shape.as_deref().unwrap_or(shape);
    let width = shape
        .iter()
        .fold(1usize, |product, &side| product.saturating_mul(side));
    let plan = Plan::new(numbers.len().div_ceil(width.max(1)), shape, sheet)?;
    if !numbers.len().is_multiple_of(width) {
        plan.check_width(numbers.len(), shape)?;
    }
    plan.draw(numbers)
}

fn picture_error(text: impl Into<String>) -> DataError {
    DataError::Picture(text.into())
}

/// Where everything stands on the sheet, checked.
struct Plan<'a> {
    sheet: &'a Sheet,
    count: usize,
    columns: usize,
    channels: usize,
    side: [usize; 2],
    /// The size of one cell without gaps, and of the whole sheet, in pixels: height, width.
    cell: [usize; 2],
    size: [usize; 2],
}

impl<'a> Plan<'a> {
    fn new(count: usize, shape: &[usize], sheet: &'a Sheet) -> Result<Self, DataError> {
        let (channels, side) = match *shape {
            [h, w] => (1, [h, w]),
            [channels @ 1..=3, h, w] => (channels, [h, w]),
            _ => {
                return Err(picture_error(format!(
                    "examples of shape {shape:?} are not images: give a shape [h, w], [1, h, w], [2, h, w] or [3, h, w]"
                )));
            }
        };
        if count == 0 || side.contains(&0) || sheet.columns == 0 || sheet.scale == 0 {
            return Err(picture_error(format!(
                "nothing to draw: {count} images of {}x{} in {} columns at scale {}",
                side[0], side[1], sheet.columns, sheet.scale
            )));
        }
        if !(sheet.min < sheet.max && (sheet.max - sheet.min).is_finite()) {
            return Err(picture_error(format!(
                "black is {} and white is {}: black must be below white",
                sheet.min, sheet.max
            )));
        }
        let columns = sheet.columns.min(count);
        let rows = count.div_ceil(columns);
        let across = if channels == 2 { 2 } else { 1 };
        let cell = |side: usize| side.checked_mul(sheet.scale);
        let line = |cell: usize, count: usize| {
            let pitch = cell.checked_add(sheet.gap)?;
            pitch.checked_mul(count)?.checked_add(sheet.gap)
        };
        let sizes = || {
            let cell = [cell(side[0])?, cell(side[1].checked_mul(across)?)?];
            let size = [line(cell[0], rows)?, line(cell[1], columns)?];
            let pixels = size[0].checked_mul(size[1])?;
            (pixels <= MAX_PIXELS).then_some((cell, size))
        };
        let (cell, size) = sizes().ok_or_else(|| {
            picture_error(format!(
                "{count} images of {}x{} at scale {} make a sheet of more than {MAX_PIXELS} pixels: draw fewer",
                side[0], side[1], sheet.scale
            ))
        })?;
        Ok(Self {
            sheet,
            count,
            columns,
            channels,
            side,
            cell,
            size,
        })
    }

    fn numbers(&self) -> usize {
        self.channels * self.side[0] * self.side[1]
    }

    fn check_width(&self, width: usize, shape: &[usize]) -> Result<(), DataError> {
        if width == self.numbers() {
            return Ok(());
        }
        Err(picture_error(format!(
            "{width} numbers do not make images of shape {shape:?}"
        )))
    }

    fn byte(&self, number: f32) -> u8 {
        let Sheet { min, max, .. } = self.sheet;
        // `as` takes what is below 0 (and no number at all) to 0, what is above 255 to 255.
        ((number - min) / (max - min) * 255.0).round() as u8
    }

    fn draw(&self, numbers: &[f32]) -> Result<Vec<u8>, DataError> {
        let samples = self.samples();
        let mut canvas = vec![PAPER; self.size[0] * self.size[1] * samples];
        let line = self.size[1] * samples;
        for (place, image) in numbers
            .chunks_exact(self.numbers())
            .take(self.count)
            .enumerate()
        {
            let top = self.sheet.gap + (place / self.columns) * (self.cell[0] + self.sheet.gap);
            let left = self.sheet.gap + (place % self.columns) * (self.cell[1] + self.sheet.gap);
            for y in 0..self.cell[0] {
                let start = (top + y) * line + left * samples;
                let pixels = canvas[start..].chunks_exact_mut(samples).take(self.cell[1]);
                for (x, pixel) in pixels.enumerate() {
                    for (channel, sample) in pixel.iter_mut().enumerate() {
                        *sample = self.byte(match self.channels == 3 && samples == 1 {
                            true => self.luma(image, y, x),
                            false => self.at(image, channel, y, x),
                        });
                    }
                }
            }
        }
        self.encode(&canvas)
    }

    /// How many bytes a pixel of the sheet has.
    fn samples(&self) -> usize {
        if self.channels == 3 && !self.sheet.grey {
            3
        } else {
            1
        }
    }

    fn luma(&self, image: &[f32], y: usize, x: usize) -> f32 {
        let weights = [0.299, 0.587, 0.114].into_iter().enumerate();
        weights
            .map(|(channel, weight)| weight * self.at(image, channel, y, x))
            .sum()
    }

    /// The number under pixel `y`, `x` of a cell.
    fn at(&self, image: &[f32], channel: usize, y: usize, x: usize) -> f32 {
        let [h, w] = self.side;
        let (y, x) = (y / self.sheet.scale, x / self.sheet.scale);
        // Of two channels the second stands to the right of the first.
        image[((channel + x / w) * h + y) * w + x % w]
    }

    fn encode(&self, canvas: &[u8]) -> Result<Vec<u8>, DataError> {
        let error = |error: png::EncodingError| {
            picture_error(format!("the PNG cannot be written: {error}"))
        };
        let side = |side: usize| {
            u32::try_from(side)
                .map_err(|_| picture_error("the sheet is too long for a PNG: draw fewer"))
        };
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, side(self.size[1])?, side(self.size[0])?);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_color(match self.samples() {
            3 => ColorType::Rgb,
            _ => ColorType::Grayscale,
        });
        let mut writer = encoder.write_header().map_err(error)?;
        writer.write_image_data(canvas).map_err(error)?;
        writer.finish().map_err(error)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Samples;
    use std::io::Cursor;

    /// Width, height and samples of a PNG.
    fn decoded(png: &[u8]) -> (usize, usize, ColorType, Vec<u8>) {
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut samples = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut samples).unwrap();
        (
            info.width as usize,
            info.height as usize,
            info.color_type,
            samples,
        )
    }

    #[test]
    fn grey_images_stand_in_rows_with_gaps() {
        let values = vec![0.0, 1.0, 0.5, -3.0, 2.0, f32::NAN];
        let set = Samples::from_f32(values, vec![0; 3], &[1, 2], 1).unwrap();
        let sheet = Sheet {
            gap: 1,
            ..Sheet::new(2)
        };
        let (w, h, color, samples) = decoded(&contact_sheet(&set, &[0, 1, 2], &sheet).unwrap());
        assert_eq!((w, h, color), (7, 5, ColorType::Grayscale));
        let p = PAPER;
        #[rustfmt::skip]
        let expected = [
            p, p, p,   p, p,   p, p,
            p, 0, 255, p, 128, 0, p,
            p, p, p,   p, p,   p, p,
            p, 255, 0, p, p,   p, p,
            p, p, p,   p, p,   p, p,
        ];
        assert_eq!(samples, expected);
    }

    #[test]
    fn three_channels_are_colours_two_stand_side_by_side() {
        let sheet = Sheet {
            gap: 0,
            ..Sheet::new(9)
        };
        let colour = draw(&[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], &[3, 1, 2], &sheet).unwrap();
        let (w, h, color, samples) = decoded(&colour);
        assert_eq!((w, h, color), (2, 1, ColorType::Rgb));
        assert_eq!(samples, [0, 102, 204, 51, 153, 255]);
        let grey = Sheet {
            grey: true,
            ..sheet.clone()
        };
        let luma = draw(&[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], &[3, 1, 2], &grey).unwrap();
        let (w, h, color, samples) = decoded(&luma);
        assert_eq!((w, h, color), (2, 1, ColorType::Grayscale));
        // .587 * .4 + .114 * .8 = .326, and .299 * .2 + .587 * .6 + .114 = .526.
        assert_eq!(samples, [83, 134]);
        let two = draw(
            &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.0, 0.2],
            &[2, 2, 2],
            &sheet,
        )
        .unwrap();
        let (w, h, color, samples) = decoded(&two);
        assert_eq!((w, h, color), (4, 2, ColorType::Grayscale));
        assert_eq!(samples, [0, 51, 204, 255, 102, 153, 0, 51]);
    }

    #[test]
    fn scale_and_range_and_shape_are_heeded() {
        let sheet = Sheet {
            scale: 2,
            gap: 0,
            min: -1.0,
            shape: Some(vec![1, 2]),
            ..Sheet::new(1)
        };
        let flat = Samples::from_f32(vec![-1.0, 0.0], vec![0], &[2], 1).unwrap();
        let (w, h, _, samples) = decoded(&contact_sheet(&flat, &[0], &sheet).unwrap());
        assert_eq!((w, h), (4, 2));
        assert_eq!(samples, [0, 0, 128, 128, 0, 0, 128, 128]);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let text = |numbers: &[f32], shape: &[usize], sheet: &Sheet| {
            draw(numbers, shape, sheet).unwrap_err().to_string()
        };
        let plain = Sheet::new(4);
        assert!(text(&[0.0; 5], &[5], &plain).contains("not images"));
        assert!(text(&[0.0; 5], &[5, 1, 1], &plain).contains("not images"));
        assert!(text(&[], &[2, 2], &plain).contains("nothing to draw"));
        assert!(text(&[0.0; 4], &[2, 2], &Sheet::new(0)).contains("nothing to draw"));
        assert!(text(&[0.0; 5], &[2, 2], &plain).contains("5 numbers do not make"));
        let flat = Sheet {
            max: 0.0,
            ..Sheet::new(4)
        };
        assert!(text(&[0.0; 4], &[2, 2], &flat).contains("black must be below white"));
        for scale in [usize::MAX, 1 << 20] {
            let huge = Sheet {
                scale,
                ..Sheet::new(4)
            };
            assert!(text(&[0.0; 4], &[2, 2], &huge).contains("more than"));
        }
        let set = Samples::from_f32(vec![0.0; 4], vec![0], &[4], 1).unwrap();
        let wrong = Sheet {
            shape: Some(vec![3, 3]),
            ..Sheet::new(1)
        };
        let error = contact_sheet(&set, &[0], &wrong).unwrap_err();
        assert_eq!(
            error.to_string(),
            "4 numbers do not make images of shape [3, 3]"
        );
    }
}
