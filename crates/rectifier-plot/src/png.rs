//! A drawing as a PNG, for where SVG cannot go.

use crate::drawing::rules;
use crate::palette::{DARK, LIGHT, Palette, Theme};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::sync::Arc;

/// More pixels than this on a side are a mistake.
const LARGEST: f32 = 20_000.0;

/// The font of every picture, in the weights that drawings have; that of the machine would be another one on the next.
const FONTS: [&[u8]; 2] = [
    include_bytes!("../fonts/DejaVuSans.ttf"),
    include_bytes!("../fonts/DejaVuSans-Bold.ttf"),
];

/// The font's name.
const FAMILY: &str = "DejaVu Sans";

/// Why a drawing cannot be made a PNG.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PngError {
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

/// The drawing `svg` in PNG, `scale` pixels a unit (2 for print), the same on every machine: its text is in DejaVu Sans, of which
/// the crate carries the letters of Latin and Greek.
///
/// A picture cannot follow its reader's system: a drawing of [`Theme::Auto`] can be made in [`Theme::Light`] and in
/// [`Theme::Dark`]; in `Theme::Auto`, every drawing stays as it is, light where it could be both.
///
/// # Errors
/// [`PngError`].
pub fn png(svg: &str, theme: Theme, scale: f32) -> Result<Vec<u8>, PngError> {
    let mut options = Options {
        font_family: FAMILY.into(),
        ..Options::default()
    };
    let fonts = Arc::make_mut(&mut options.fontdb);
    for font in FONTS {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_serif_family(FAMILY);
    fonts.set_sans_serif_family(FAMILY);
    let tree = match theme {
        Theme::Auto => Tree::from_str(svg, &options)?,
        Theme::Light => Tree::from_str(&repainted(svg, &LIGHT), &options)?,
        Theme::Dark => Tree::from_str(&repainted(svg, &DARK), &options)?,
    };
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

/// `svg` with the colours of a palette: of two rules for the same thing, the later one counts.
fn repainted(svg: &str, palette: &Palette) -> String {
    match svg.rsplit_once("</svg>") {
        Some((drawing, rest)) => format!("{drawing}<style>{}</style></svg>{rest}", rules(palette)),
        None => svg.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Axis, Curve, Figure, Spot, Theme};

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
        let drawn = |of, theme| pixels(&png(&figure.svg_in(of).unwrap(), theme, 2.0).unwrap());
        let count = |pixels: &[[u8; 4]], colour: [u8; 3]| {
            pixels.iter().filter(|pixel| pixel[..3] == colour).count()
        };
        let (width, light) = drawn(Theme::Light, Theme::Auto);
        assert_eq!(width, 1520);
        // Paper, the curve's colour, and the strokes of the title's letters.
        assert!(count(&light, [0xff; 3]) > light.len() / 2);
        assert!(count(&light, [0x00, 0x72, 0xb2]) > 2000);
        let ink = count(&light, [0x1c, 0x23, 0x29]);
        assert!((200..2500).contains(&ink), "{ink}");
        let (width, dark) = drawn(Theme::Dark, Theme::Auto);
        assert_eq!(width, 1520);
        assert!(count(&dark, [0x1b, 0x21, 0x26]) > dark.len() / 2);
        assert!(count(&dark, [0x5d, 0xb7, 0xec]) > 2000);
        // Whatever theme it was drawn in, it can be painted in any.
        for of in [Theme::Auto, Theme::Light, Theme::Dark] {
            assert_eq!(drawn(of, Theme::Light).1, light, "{of:?}");
            assert_eq!(drawn(of, Theme::Dark).1, dark, "{of:?}");
        }
        assert_eq!(drawn(Theme::Auto, Theme::Auto).1, light);
    }

    #[test]
    fn letters_are_those_of_the_font() {
        let ink = |text: &str| {
            let figure = Figure::new(text, Axis::new("x"), Axis::new("y")).with(Curve::line(
                "c",
                0,
                [Spot::new(0.0, 0.0), Spot::new(1.0, 1.0)],
            ));
            let svg = figure.svg().unwrap();
            let (_, pixels) = pixels(&png(&svg, Theme::Light, 2.0).unwrap());
            pixels
                .iter()
                .filter(|pixel| pixel[..3] == [0x1c, 0x23, 0x29])
                .count()
        };
        let letters: Vec<usize> = ["", "i", "il", "m", "\u{b1}", "\u{3b1}"].map(ink).into();
        assert!(
            letters[1..].iter().all(|count| *count > letters[0]),
            "{letters:?}"
        );
        assert!(
            letters[1] < letters[2] && letters[2] < letters[3],
            "{letters:?}"
        );
    }

    #[test]
    fn what_makes_no_picture_is_an_error() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>";
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e9] {
            let wrong = png(svg, Theme::Light, scale);
            assert!(
                matches!(wrong, Err(PngError::Size { .. })),
                "{scale}: {wrong:?}"
            );
        }
        assert!(matches!(
            png("<svg", Theme::Dark, 1.0),
            Err(PngError::Svg(_))
        ));
    }
}
