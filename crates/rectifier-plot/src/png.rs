//! A drawing as a PNG, for where SVG cannot go.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::sync::Arc;

/// More pixels than this on a side are a mistake.
const LARGEST: f32 = 20_000.0;

/// Why a drawing cannot be made a PNG.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PngError {
    /// The font is none.
    #[error("the font is no TrueType or OpenType file with a name")]
    Font,
    /// The drawing is none.
    #[error("the drawing cannot be read: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// No picture is so large, or so small.
    #[error(
        "scale {scale} makes a picture of {width} x {height} pixels: give one from 1 to 20000 a side"
    )]
    Size {
        /// The scale.
        scale: f32,
        /// Pixels across.
        width: f32,
        /// Pixels down.
        height: f32,
    },
    /// The picture could not be written.
    #[error("the picture cannot be written: {0}")]
    Encode(String),
}

/// The drawing `svg` in PNG, `scale` pixels a unit (2 for print), its text in `font`, the bytes of a TrueType or OpenType
/// file: the same font, the same picture on every machine. A drawing of [`Theme::Auto`](crate::Theme::Auto) is light.
///
/// # Errors
/// [`PngError`].
pub fn png(svg: &str, scale: f32, font: &[u8]) -> Result<Vec<u8>, PngError> {
    let mut options = Options::default();
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_font_data(font.to_vec());
    let name = fonts
        .faces()
        .next()
        .and_then(|face| face.families.first())
        .map(|(name, _)| name.clone())
        .ok_or(PngError::Font)?;
    fonts.set_serif_family(name.clone());
    fonts.set_sans_serif_family(name.clone());
    options.font_family = name;
    let tree = Tree::from_str(svg, &options)?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let sides = 1.0..=LARGEST;
    let fits = sides.contains(&width) && sides.contains(&height);
    let pixmap = fits.then(|| Pixmap::new(width.round() as u32, height.round() as u32));
    let Some(mut pixmap) = pixmap.flatten() else {
        return Err(PngError::Size {
            scale,
            width,
            height,
        });
    };
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    pixmap
        .encode_png()
        .map_err(|error| PngError::Encode(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Axis, Curve, Figure, Spot, Theme};

    const FONT: &[u8] = include_bytes!("../tests/boxes.ttf");

    fn pixels(bytes: &[u8]) -> (usize, Vec<[u8; 4]>) {
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut buffer).unwrap();
        let pixels = buffer[..info.buffer_size()].chunks_exact(4);
        let pixels = pixels.map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]);
        (info.width as usize, pixels.collect())
    }

    #[test]
    fn a_figure_has_its_colours_and_its_text() {
        let spots = [1.0, 2.0, 3.0].map(|x| Spot::new(x, x));
        let figure =
            Figure::new("title", Axis::new("x"), Axis::new("y")).with(Curve::line("c", 0, spots));
        let drawn = |theme| pixels(&png(&figure.svg_in(theme).unwrap(), 2.0, FONT).unwrap());
        let count = |pixels: &[[u8; 4]], colour: [u8; 3]| {
            pixels.iter().filter(|pixel| pixel[..3] == colour).count()
        };
        let (width, light) = drawn(Theme::Light);
        assert_eq!(width, 1520);
        // Paper, the curve's colour, and the title's letters, boxes of 6 x 11 units.
        assert!(count(&light, [0xff; 3]) > light.len() / 2);
        assert!(count(&light, [0x00, 0x72, 0xb2]) > 2000);
        let ink = count(&light, [0x1c, 0x23, 0x29]);
        assert!((800..2500).contains(&ink), "{ink}");
        assert_eq!(drawn(Theme::Auto), drawn(Theme::Light));
        let (_, dark) = drawn(Theme::Dark);
        assert!(count(&dark, [0x1b, 0x21, 0x26]) > dark.len() / 2);
        assert!(count(&dark, [0x5d, 0xb7, 0xec]) > 2000);
    }

    #[test]
    fn what_makes_no_picture_is_an_error() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>";
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e9] {
            let wrong = png(svg, scale, FONT);
            assert!(
                matches!(wrong, Err(PngError::Size { .. })),
                "{scale}: {wrong:?}"
            );
        }
        assert!(matches!(png("<svg", 1.0, FONT), Err(PngError::Svg(_))));
    }

    #[test]
    fn what_is_no_font_is_an_error() {
        let wrong = png(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>",
            1.0,
            b"no font",
        );
        assert!(matches!(wrong, Err(PngError::Font)));
    }
}
