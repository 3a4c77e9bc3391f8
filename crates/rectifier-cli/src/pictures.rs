//! Drawings as PNG, by builds that can make them.

use crate::error::CliError;
use std::path::{Path, PathBuf};

/// Whether this build makes pictures. To be asked before any work is done for them.
///
/// # Errors
/// [`CliError::Usage`], saying which build does.
pub fn check() -> Result<(), CliError> {
    match cfg!(feature = "png") {
        true => Ok(()),
        false => Err(CliError::Usage(
            "this build makes no PNG: build it with `cargo build --release --features png`; the same drawings in SVG need no \
             --png"
                .into(),
        )),
    }
}

/// Makes pictures of the drawing in the file `svg`, beside it: `NAME.png`, which is light, and `NAME-dark.png`.
///
/// # Errors
/// [`CliError`] where the drawing cannot be read or a picture not be written.
#[cfg(feature = "png")]
pub fn draw(svg: &Path) -> Result<Vec<PathBuf>, CliError> {
    use rectifier_plot::{Theme, png};

    /// Pixels a unit: about 200 an inch on a page.
    const SCALE: f32 = 2.0;
    let drawing = std::fs::read_to_string(svg).map_err(|source| CliError::io(svg, source))?;
    let stem = svg.file_stem().unwrap_or_default().to_string_lossy();
    let mut made = Vec::new();
    for (theme, end) in [(Theme::Light, ""), (Theme::Dark, "-dark")] {
        let picture = png(&drawing, theme, SCALE);
        let picture =
            picture.map_err(|error| CliError::Failed(format!("{}: {error}", svg.display())))?;
        let path = svg.with_file_name(format!("{stem}{end}.png"));
        rectifier_nn::write_atomically(&path, &picture)?;
        made.push(path);
    }
    Ok(made)
}

/// As [`check`]: this build makes none.
#[cfg(not(feature = "png"))]
pub fn draw(_svg: &Path) -> Result<Vec<PathBuf>, CliError> {
    check().map(|()| Vec::new())
}
