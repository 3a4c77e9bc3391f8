//! Picture files of any kind: PNG and JPEG, as colours and transparency, upright.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::exif::Orientation;
use crate::picture::{MAX_PIXELS, check_size};
use crate::{DataError, Picture};

/// The most that the PNG decoder may reserve by itself; the picture's own buffer is counted apart.
const DECODER_BYTES: usize = 1 << 24;
/// The most passes over the picture of a progressive JPEG file.
const MOST_SCANS: usize = 100;

/// A picture as a file holds it: one plane of grey values, or three of red, green and blue, and how opaque each pixel is.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// How many pixels a row has.
    pub width: usize,
    /// How many rows there are.
    pub height: usize,
    /// One plane or three, each row after row from the top, 0 to 1.
    pub planes: Vec<Vec<f32>>,
    /// 0 transparent to 1 opaque, row after row; `None` where the file knows no transparency.
    pub alpha: Option<Vec<f32>>,
}

/// Reads a PNG or JPEG file of any colour type and depth; its first bytes tell which, not its name.
///
/// The orientation that a camera wrote into the file's EXIF data is honoured. Values are those that are stored; colour
/// profiles are not applied. Of an animation this is the still image.
///
/// # Errors
/// [`DataError::Picture`] for other and damaged files, and, before memory is reserved for it, for a picture of more than
/// 2^24 pixels.
pub fn read_picture(bytes: &[u8]) -> Result<Raster, DataError> {
    let (raster, orientation) = match bytes {
        [0x89, b'P', b'N', b'G', ..] => read_png(bytes)?,
        [0xFF, 0xD8, ..] => read_jpeg(bytes)?,
        [] => return Err(refused("the file is empty")),
        [0, 0, 0x08..=0x0E, 1..=4, ..] => {
            return Err(refused(
                "it is an IDX file, whose pictures are taken together with their labels: `rectifier eval --data idx`; single \
                 pictures are PNG or JPEG",
            ));
        }
        _ => return Err(refused("it is neither a PNG nor a JPEG file")),
    };
    Ok(raster.turned(orientation))
}

/// Reads a picture file, as [`read_picture`] does, as grey values; transparent pixels are laid on white paper.
///
/// # Errors
/// As [`read_picture`].
pub fn read_png_grey(bytes: &[u8]) -> Result<Picture, DataError> {
    let pictures = read_picture(bytes)?.on_ground(1.0).into_pictures(false);
    pictures
        .into_iter()
        .next()
        .ok_or_else(|| refused("it has no pixels"))
}

fn refused(why: impl std::fmt::Display) -> DataError {
    DataError::Picture(format!(
        "no picture that can be read ({why}): save it again as PNG or JPEG"
    ))
}

fn read_png(bytes: &[u8]) -> Result<(Raster, Orientation), DataError> {
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
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| refused("its size cannot be counted"))?;
    let mut samples = vec![0; size];
    let frame = reader.next_frame(&mut samples).map_err(refused)?;
    samples.truncate(frame.buffer_size());
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = exif.map_or(Orientation::default(), Orientation::of_exif);
    let values: Vec<f32> = match frame.bit_depth {
        BitDepth::Sixteen => {
            let (words, _) = samples.as_chunks();
            let value = |&word| f32::from(u16::from_be_bytes(word)) / 65535.0;
            words.iter().map(value).collect()
        }
        // `EXPAND` leaves no depth below eight.
        _ => unit(&samples),
    };
    let (colours, alpha) = match frame.color_type {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgba => (3, true),
        // `EXPAND` makes colours of a palette.
        ColorType::Rgb | ColorType::Indexed => (3, false),
    };
    Raster::interleaved(width, height, &values, colours, alpha).map(|raster| (raster, orientation))
}

/// Whether the file goes on to the mark of its end: the decoder fills in what is cut off.
fn ends(bytes: &[u8]) -> bool {
    let mut place = 2;
    while let Some(&[0xFF, marker]) = bytes.get(place..place + 2) {
        match marker {
            // The first scan: coded data hold no mark of an end but the true one.
            0xDA => return bytes[place..].windows(2).any(|pair| pair == [0xFF, 0xD9]),
            // A fill byte.
            0xFF => place += 1,
            _ => match bytes.get(place + 2..place + 4) {
                Some(&[high, low]) => place += 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
        }
    }
    false
}

fn read_jpeg(bytes: &[u8]) -> Result<(Raster, Orientation), DataError> {
    if !ends(bytes) {
        return Err(refused("the JPEG file is cut off"));
    }
    let options = DecoderOptions::default()
        .set_max_width(MAX_PIXELS)
        .set_max_height(MAX_PIXELS)
        .set_strict_mode(false)
        .jpeg_set_max_scans(MOST_SCANS);
    let why = |error: zune_jpeg::errors::DecodeErrors| refused(format!("{error:?}"));
    let mut decoder = JpegDecoder::new_with_options(
        zune_jpeg::zune_core::bytestream::ZCursor::new(bytes),
        options,
    );
    decoder.decode_headers().map_err(why)?;
    let info = decoder.info().ok_or_else(|| refused("it has no header"))?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check_size(width, height)?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (space, colours) = match grey {
        true => (ColorSpace::Luma, 1),
        false => (ColorSpace::RGB, 3),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let samples = decoder.decode().map_err(why)?;
    let orientation = decoder
        .exif()
        .map_or(Orientation::default(), |exif| Orientation::of_exif(exif));
    let raster = Raster::interleaved(width, height, &unit(&samples), colours, false)?;
    Ok((raster, orientation))
}

fn unit(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

impl Raster {
    fn interleaved(
        width: usize,
        height: usize,
        values: &[f32],
        colours: usize,
        alpha: bool,
    ) -> Result<Self, DataError> {
        let channels = colours + usize::from(alpha);
        if values.len() != width * height * channels {
            return Err(refused(format!(
                "of {width}x{height} pixels it holds {} values, not {channels} each",
                values.len()
            )));
        }
        let plane = |channel: usize| -> Vec<f32> {
            values
                .iter()
                .skip(channel)
                .step_by(channels)
                .copied()
                .collect()
        };
        Ok(Self {
            width,
            height,
            planes: (0..colours).map(plane).collect(),
            alpha: alpha.then(|| plane(colours)),
        })
    }

    /// Whether some pixel is neither black, white, nor grey.
    pub fn has_colours(&self) -> bool {
        match self.planes.as_slice() {
            [red, green, blue] => red
                .iter()
                .zip(green)
                .zip(blue)
                .any(|((red, green), blue)| red != green || green != blue),
            _ => false,
        }
    }

    /// Whether some pixel lets something of the ground show.
    pub fn is_transparent(&self) -> bool {
        let alpha = self.alpha.iter().flatten();
        alpha.copied().any(|alpha| alpha < 1.0)
    }

    /// The picture laid on a ground of this grey.
    pub fn on_ground(mut self, ground: f32) -> Self {
        if let Some(alpha) = self.alpha.take() {
            for plane in &mut self.planes {
                for (value, alpha) in plane.iter_mut().zip(&alpha) {
                    *value = *value * alpha + ground * (1.0 - alpha);
                }
            }
        }
        self
    }

    /// The planes as pictures: `colour` says whether three (of grey values, the same one three times) or one (of colours
    /// the luma, `0.299 red + 0.587 green + 0.114 blue`, ITU-R BT.601). Transparency is left out: see
    /// [`on_ground`](Self::on_ground).
    pub fn into_pictures(self, colour: bool) -> Vec<Picture> {
        let Self {
            width,
            height,
            planes,
            ..
        } = self;
        let planes = match (planes.as_slice(), colour) {
            ([grey], true) => vec![grey.clone(); 3],
            ([red, green, blue], false) => {
                let pixels = red.iter().zip(green).zip(blue);
                let luma = pixels.map(|((red, green), blue)| match red == green && green == blue {
                    // The weights do not add up to 1 exactly.
                    true => *red,
                    false => 0.299 * red + 0.587 * green + 0.114 * blue,
                });
                vec![luma.collect()]
            }
            _ => planes,
        };
        let picture = |pixels| Picture {
            width,
            height,
            pixels,
        };
        planes.into_iter().map(picture).collect()
    }

    /// The picture upright.
    fn turned(self, orientation: Orientation) -> Self {
        if orientation == Orientation::default() {
            return self;
        }
        let (width, height) = match orientation.transposed {
            true => (self.height, self.width),
            false => (self.width, self.height),
        };
        let turn = |plane: Vec<f32>| -> Vec<f32> {
            let mut upright = Vec::with_capacity(plane.len());
            for y in 0..height {
                for x in 0..width {
                    let (mut x, mut y) = match orientation.transposed {
                        true => (y, x),
                        false => (x, y),
                    };
                    if orientation.mirrored {
                        x = self.width - 1 - x;
                    }
                    if orientation.upside_down {
                        y = self.height - 1 - y;
                    }
                    upright.push(plane[y * self.width + x]);
                }
            }
            upright
        };
        Self {
            width,
            height,
            planes: self.planes.into_iter().map(turn).collect(),
            alpha: self.alpha.map(turn),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::exif::tests::exif;
    use proptest::prelude::*;

    /// A JPEG file of 16x8 pixels, the left half red and the right half blue, made by libjpeg at quality 95 without
    /// subsampling.
    const JPEG: &[u8] = include_bytes!("../tests/red-blue.jpg");

    fn near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

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

    fn with_exif(number: u16) -> Vec<u8> {
        let data = [b"Exif\0\0".to_vec(), exif(number, true)].concat();
        let length = (data.len() as u16 + 2).to_be_bytes();
        [&JPEG[..2], &[0xFF, 0xE1], &length, &data, &JPEG[2..]].concat()
    }

    #[test]
    fn jpeg_files_are_read_upright() {
        let raster = read_picture(JPEG).unwrap();
        assert_eq!(
            (raster.width, raster.height, raster.planes.len()),
            (16, 8, 3)
        );
        assert!(raster.has_colours() && !raster.is_transparent());
        let is_red = |raster: &Raster, x: usize, y: usize| {
            let place = y * raster.width + x;
            raster.planes[0][place] > 0.9 && raster.planes[2][place] < 0.1
        };
        assert!(is_red(&raster, 0, 0) && !is_red(&raster, 15, 7));
        for (number, size, red, blue) in [
            (1, (16, 8), (0, 0), (15, 7)),
            (3, (16, 8), (15, 7), (0, 0)),
            // A camera held so that row 0 is at the right: the left half comes to the top.
            (6, (8, 16), (7, 0), (0, 15)),
            (8, (8, 16), (0, 15), (7, 0)),
        ] {
            let raster = read_picture(&with_exif(number)).unwrap();
            assert_eq!((raster.width, raster.height), size, "{number}");
            assert!(
                is_red(&raster, red.0, red.1) && !is_red(&raster, blue.0, blue.1),
                "{number}"
            );
        }
    }

    #[test]
    fn every_orientation_turns_as_the_standard_says() {
        let stored = || Raster {
            width: 3,
            height: 2,
            planes: vec![vec![1., 2., 3., 4., 5., 6.]],
            alpha: None,
        };
        for (number, expected) in [
            (1, [1., 2., 3., 4., 5., 6.]),
            (2, [3., 2., 1., 6., 5., 4.]),
            (3, [6., 5., 4., 3., 2., 1.]),
            (4, [4., 5., 6., 1., 2., 3.]),
            (5, [1., 4., 2., 5., 3., 6.]),
            (6, [4., 1., 5., 2., 6., 3.]),
            (7, [6., 3., 5., 2., 4., 1.]),
            (8, [3., 6., 2., 5., 1., 4.]),
        ] {
            let turned = stored().turned(Orientation::of_exif(&exif(number, false)));
            assert_eq!(turned.planes[0], expected, "{number}");
            assert_eq!(turned.width, if number > 4 { 2 } else { 3 });
        }
    }

    #[test]
    fn cut_jpeg_files_are_refused() {
        for end in 0..JPEG.len() {
            assert!(read_picture(&JPEG[..end]).is_err(), "cut at {end}");
        }
        // The size is in the frame header, two bytes each.
        let frame = JPEG
            .windows(2)
            .position(|pair| pair == [0xFF, 0xC0])
            .unwrap();
        let mut huge = JPEG.to_vec();
        huge[frame + 5..frame + 9].copy_from_slice(&[0xC3, 0x50, 0xC3, 0x50]);
        let error = read_picture(&huge).unwrap_err().to_string();
        assert!(error.contains("50000x50000"), "{error}");
    }

    #[test]
    fn grounds_show_through_and_grey_becomes_three_planes() {
        let raster = Raster {
            width: 2,
            height: 1,
            planes: vec![vec![1.0, 0.0]],
            alpha: Some(vec![0.0, 0.5]),
        };
        assert!(raster.is_transparent());
        let pictures = raster.on_ground(0.2).into_pictures(true);
        assert_eq!(pictures.len(), 3);
        near(&pictures[2].pixels, &[0.2, 0.1]);
    }

    proptest! {
        #[test]
        fn changed_files_are_pictures_or_errors(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut file = JPEG.to_vec();
            for (place, byte) in changes {
                let place = place.index(file.len());
                file[place] = byte;
            }
            if let Ok(raster) = read_picture(&file) {
                prop_assert!(raster.planes.iter().all(|plane| plane.len() == raster.width * raster.height));
            }
        }
    }
}
