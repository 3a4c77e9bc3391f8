//! Pictures that users bring: a PNG file as grey values, at the size a network takes.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Transformations};

use crate::DataError;

/// A grey picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// How many pixels a row has.
    pub width: usize,
    /// How many rows there are.
    pub height: usize,
    /// Row after row from the top, 0 black to 1 white.
    pub pixels: Vec<f32>,
}

/// Larger pictures are refused before memory is reserved for them.
const MAX_PIXELS: usize = 1 << 24;
/// The most that the PNG decoder may reserve by itself; the picture's own buffer is counted apart.
const DECODER_BYTES: usize = 1 << 24;

/// Reads a PNG file of any colour type and depth as grey values.
///
/// Colours become their luma, `0.299 red + 0.587 green + 0.114 blue` (ITU-R BT.601), of the values as they are stored;
/// transparent pixels are laid on white paper. Of an animation this is the still image.
///
/// # Errors
/// [`DataError::Picture`] for bytes that are not a whole PNG file, and for more than 2^24 pixels.
pub fn read_png_grey(bytes: &[u8]) -> Result<Picture, DataError> {
    let refused = |error: png::DecodingError| {
        DataError::Picture(format!(
            "not a PNG file that can be read ({error}): save it again as PNG"
        ))
    };
    let limits = png::Limits {
        bytes: DECODER_BYTES,
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(refused)?;
    let (width, height) = (header.width as usize, header.height as usize);
    check_size(width, height)?;
    let mut reader = decoder.read_info().map_err(refused)?;
    let size = reader.output_buffer_size();
    let mut samples = vec![0; size.ok_or_else(|| too_large(width, height))?];
    let frame = reader.next_frame(&mut samples).map_err(refused)?;
    samples.truncate(frame.buffer_size());
    let values: Vec<f32> = match frame.bit_depth {
        BitDepth::Sixteen => {
            let (words, _) = samples.as_chunks();
            let value = |&word| f32::from(u16::from_be_bytes(word)) / 65535.0;
            words.iter().map(value).collect()
        }
        // `EXPAND` leaves no depth below eight.
        _ => samples
            .iter()
            .map(|&byte| f32::from(byte) / 255.0)
            .collect(),
    };
    let luma = |rgb: &[f32]| 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    let on_white = |value: f32, alpha: f32| value * alpha + (1.0 - alpha);
    let pixels: Vec<f32> = match frame.color_type {
        ColorType::Grayscale | ColorType::Indexed => values,
        ColorType::GrayscaleAlpha => values
            .chunks_exact(2)
            .map(|p| on_white(p[0], p[1]))
            .collect(),
        ColorType::Rgb => values.chunks_exact(3).map(luma).collect(),
        ColorType::Rgba => values
            .chunks_exact(4)
            .map(|p| on_white(luma(p), p[3]))
            .collect(),
    };
    if pixels.len() != width * height {
        let found = pixels.len();
        return Err(DataError::Picture(format!(
            "the PNG file of {width}x{height} pixels holds {found}"
        )));
    }
    Ok(Picture {
        width,
        height,
        pixels,
    })
}

fn too_large(width: usize, height: usize) -> DataError {
    DataError::Picture(format!(
        "a picture of {width}x{height} pixels: at least 1 and at most {MAX_PIXELS} can be handled; make it smaller"
    ))
}

fn check_size(width: usize, height: usize) -> Result<(), DataError> {
    match width.checked_mul(height) {
        Some(1..=MAX_PIXELS) => Ok(()),
        _ => Err(too_large(width, height)),
    }
}

impl Picture {
    /// The picture at another size: where an axis shrinks, each new pixel is the mean of the area it covers; where it
    /// grows, values are interpolated between the centres of pixels (bilinear) and constant beyond the outermost.
    ///
    /// # Errors
    /// [`DataError::Picture`] for a size of no pixels or of more than 2^24, and for a picture whose `pixels` are not
    /// `width * height`.
    pub fn resize(&self, width: usize, height: usize) -> Result<Self, DataError> {
        check_size(width, height)?;
        check_size(self.width, self.height)?;
        check_size(width, self.height)?;
        if self.pixels.len() != self.width * self.height {
            let (found, w, h) = (self.pixels.len(), self.width, self.height);
            return Err(DataError::Picture(format!(
                "a picture of {w}x{h} with {found} pixels"
            )));
        }
        let across = taps(self.width, width);
        let mut rows = Vec::with_capacity(width * self.height);
        for row in self.pixels.chunks_exact(self.width) {
            let blend = |tap: &Tap| tap.blend(|place| row[place]);
            rows.extend(across.iter().map(blend));
        }
        let mut pixels = Vec::with_capacity(width * height);
        for tap in taps(self.height, height) {
            pixels.extend((0..width).map(|x| tap.blend(|y| rows[y * width + x])));
        }
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// Black for white: for networks that learned light strokes on dark ground, from pictures of ink on paper.
    pub fn inverted(mut self) -> Self {
        for pixel in &mut self.pixels {
            *pixel = 1.0 - *pixel;
        }
        self
    }
}

/// Which old values make one new value along an axis: a run of places from `first` on, and their weights.
struct Tap {
    first: usize,
    weights: Vec<f32>,
}

impl Tap {
    fn blend(&self, value: impl Fn(usize) -> f32) -> f32 {
        let weighted = self.weights.iter().enumerate();
        weighted
            .map(|(offset, weight)| weight * value(self.first + offset))
            .sum()
    }
}

fn taps(from: usize, to: usize) -> Vec<Tap> {
    let ratio = from as f64 / to as f64;
    let area = |place: usize| {
        let (start, end) = (place as f64 * ratio, (place + 1) as f64 * ratio);
        let first = (start.floor() as usize).min(from - 1);
        let last = (end.ceil() as usize).clamp(first + 1, from);
        let covered = |old: usize| (end.min((old + 1) as f64) - start.max(old as f64)).max(0.0);
        let weights = (first..last)
            .map(|old| (covered(old) / ratio) as f32)
            .collect();
        Tap { first, weights }
    };
    let line = |place: usize| {
        let centre = ((place as f64 + 0.5) * ratio - 0.5).clamp(0.0, (from - 1) as f64);
        let first = centre.floor() as usize;
        let beyond = (centre - first as f64) as f32;
        let weights = match first + 1 < from {
            true => vec![1.0 - beyond, beyond],
            false => vec![1.0],
        };
        Tap { first, weights }
    };
    match to < from {
        true => (0..to).map(area).collect(),
        false => (0..to).map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    struct Png<'a> {
        width: u32,
        height: u32,
        color: ColorType,
        depth: BitDepth,
        data: &'a [u8],
    }

    impl Png<'_> {
        fn encode(&self, palette: Option<(&[u8], &[u8])>) -> Vec<u8> {
            let mut file = Vec::new();
            let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
            encoder.set_color(self.color);
            encoder.set_depth(self.depth);
            if let Some((colors, alphas)) = palette {
                encoder.set_palette(colors.to_vec());
                encoder.set_trns(alphas.to_vec());
            }
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(self.data).unwrap();
            writer.finish().unwrap();
            file
        }
    }

    fn near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

    #[test]
    fn every_colour_type_becomes_grey() {
        use BitDepth::{Eight, One, Sixteen};
        use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
        let red = 0.299;
        let cases: [(ColorType, BitDepth, &[u8], [f32; 2]); 8] = [
            (Grayscale, Eight, &[0, 51], [0.0, 0.2]),
            (Grayscale, One, &[0b0100_0000], [0.0, 1.0]),
            (
                Grayscale,
                Sixteen,
                &[0x80, 0x00, 0xff, 0xff],
                [32768.0 / 65535.0, 1.0],
            ),
            (GrayscaleAlpha, Eight, &[0, 255, 0, 51], [0.0, 0.8]),
            (Rgb, Eight, &[255, 0, 0, 255, 255, 255], [red, 1.0]),
            (
                Rgb,
                Sixteen,
                &[0xff, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0],
                [red, 0.587],
            ),
            (Rgba, Eight, &[255, 0, 0, 255, 9, 9, 9, 0], [red, 1.0]),
            (Indexed, Eight, &[1, 0], [0.114, 1.0]),
        ];
        for (color, depth, data, expected) in cases {
            let png = Png {
                width: 2,
                height: 1,
                color,
                depth,
                data,
            };
            let colors = [255, 0, 0, 0, 0, 255];
            let palette = (color == Indexed).then_some((&colors[..], &[0, 255][..]));
            let picture = read_png_grey(&png.encode(palette)).unwrap();
            assert_eq!((picture.width, picture.height), (2, 1));
            near(&picture.pixels, &expected);
        }
    }

    #[test]
    fn damaged_and_oversized_files_are_refused() {
        let data: Vec<u8> = (0..=255).collect();
        let (width, height) = (16, 16);
        let (color, depth) = (ColorType::Grayscale, BitDepth::Eight);
        let png = Png {
            width,
            height,
            color,
            depth,
            data: &data,
        }
        .encode(None);
        assert!(read_png_grey(b"").is_err());
        assert!(read_png_grey(b"GIF89a").is_err());
        // The last chunk (12 bytes) holds nothing of the picture; before it, every byte is needed.
        for end in 0..png.len() - 12 {
            assert!(read_png_grey(&png[..end]).is_err(), "cut at {end}");
        }
        let mut flipped = png.clone();
        flipped[60] ^= 1;
        assert!(read_png_grey(&flipped).is_err());
        let huge = Png {
            width: 1,
            height: 1,
            color,
            depth,
            data: &[0],
        }
        .encode(None);
        let huge = with_size(huge, 65536, 65536);
        let error = read_png_grey(&huge).unwrap_err().to_string();
        assert!(error.contains("65536x65536"), "{error}");
    }

    /// Writes another size and its checksum (CRC-32 of PNG, annex D) into the header chunk.
    fn with_size(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = u32::MAX;
        for byte in &png[12..29] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    crc >> 1 ^ 0xedb8_8320
                } else {
                    crc >> 1
                };
            }
        }
        png[29..33].copy_from_slice(&(!crc).to_be_bytes());
        png
    }

    fn row(pixels: &[f32]) -> Picture {
        Picture {
            width: pixels.len(),
            height: 1,
            pixels: pixels.to_vec(),
        }
    }

    #[test]
    fn shrinking_averages_and_growing_interpolates() {
        let resized = |pixels: &[f32], width| row(pixels).resize(width, 1).unwrap().pixels;
        near(&resized(&[0.0, 1.0, 0.5, 0.1], 2), &[0.5, 0.3]);
        near(&resized(&[0.3, 0.6, 0.9], 2), &[0.4, 0.8]);
        near(&resized(&[0.0, 1.0], 4), &[0.0, 0.25, 0.75, 1.0]);
        near(&resized(&[0.7], 3), &[0.7; 3]);
        let square = Picture {
            width: 2,
            height: 2,
            pixels: vec![0.0, 0.2, 0.4, 1.0],
        };
        near(&square.resize(1, 1).unwrap().pixels, &[0.4]);
        near(
            &square.resize(1, 4).unwrap().pixels,
            &[0.1, 0.25, 0.55, 0.7],
        );
        near(&square.clone().inverted().pixels, &[1.0, 0.8, 0.6, 0.0]);
    }

    proptest! {
        #[test]
        fn resizing_stays_within_the_picture(
            (w, h) in (1usize..20, 1usize..20),
            (to_w, to_h) in (1usize..40, 1usize..40),
            seed in any::<u64>(),
        ) {
            let value = |place: u64| (crate::random::mix(seed ^ place) >> 40) as f32 / (1 << 24) as f32;
            let pixels: Vec<f32> = (0..(w * h) as u64).map(value).collect();
            let picture = Picture { width: w, height: h, pixels };
            prop_assert_eq!(&picture.resize(w, h).unwrap(), &picture);
            let resized = picture.resize(to_w, to_h).unwrap();
            prop_assert_eq!(resized.pixels.len(), to_w * to_h);
            let lowest = picture.pixels.iter().copied().fold(f32::INFINITY, f32::min);
            let highest = picture.pixels.iter().copied().fold(0.0, f32::max);
            let within = |p: &f32| (lowest - 1e-5..=highest + 1e-5).contains(p);
            prop_assert!(resized.pixels.iter().all(within));
            if to_w <= w && to_h <= h {
                let mean = |p: &Picture| p.pixels.iter().sum::<f32>() / p.pixels.len() as f32;
                prop_assert!((mean(&resized) - mean(&picture)).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for (width, height) in [(0, 1), (1, 0), (usize::MAX, 2), (5000, 5000)] {
            assert!(row(&[0.0]).resize(width, height).is_err());
        }
        let broken = Picture {
            width: 2,
            height: 2,
            pixels: vec![0.0],
        };
        assert!(broken.resize(1, 1).is_err());
    }
}
