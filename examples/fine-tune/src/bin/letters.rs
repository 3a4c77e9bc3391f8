//! Draws a folder of images to try `fine-tune` with: handwriting-like letters, white on black, a folder for each.
//!
//! `cargo run --release -p fine-tune --bin letters -- IMAGES [LETTERS]`
use rectifier_glyphs::{Glyphs, SIDE, name_of};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("give a folder to draw into")?;
    let letters = words.next().unwrap_or_else(|| "AEFHKRTXYZ".into());
    let glyphs = Glyphs::new(1, 62 * 120);
    for index in 0..62 * 120 {
        let Some((pixels, class)) = glyphs.image(index) else {
            break;
        };
        let Some(name) = name_of(class).filter(|name| letters.contains(*name)) else {
            continue;
        };
        let class = Path::new(&folder).join(name.to_string());
        std::fs::create_dir_all(&class)?;
        let file = std::fs::File::create(class.join(format!("{index}.png")))?;
        let mut picture = png::Encoder::new(file, SIDE as u32, SIDE as u32);
        picture.set_color(png::ColorType::Grayscale);
        picture.write_header()?.write_image_data(&pixels)?;
    }
    Ok(())
}
