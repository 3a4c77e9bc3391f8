//! Prints generated characters as text: `cargo run -p rectifier-glyphs --example show -- [TEXT] [SEED]`.
//!
//! One seed is one writer: all characters of a line come from the same pen and lean the same way.
#![allow(clippy::print_stdout)]

use rectifier_glyphs::{CLASS_NAMES, SIDE, render};

const SHADES: [char; 5] = [' ', '.', 'o', 'O', '@'];

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let text = arguments.next().unwrap_or_else(|| "aQ4".into());
    let seed = arguments.next().unwrap_or_else(|| "1".into());
    let seed: u64 = seed
        .parse()
        .map_err(|_| format!("the seed {seed} is not a whole number: give one from 0 up"))?;
    for name in text.chars() {
        let class = CLASS_NAMES.iter().position(|&other| other == name);
        let image = class.and_then(|class| render(class as u32, seed));
        let image = image.ok_or(format!("no class {name}: use digits and English letters"))?;
        for row in image.chunks(SIDE) {
            let shade = |ink: &u8| [SHADES[usize::from(*ink) * SHADES.len() / 256]; 2];
            let line: String = row.iter().flat_map(shade).collect();
            println!("{}", line.trim_end());
        }
    }
    Ok(())
}
