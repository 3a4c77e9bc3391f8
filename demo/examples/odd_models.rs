//! Model files for the page's test, of random weights: pictures of another size and colour, texts, and sums that no float holds.
//!
//! ```sh
//! cargo run --example odd_models -- FOLDER
//! ```

use rectifier_infer::{Rows, SparseNetwork};
use rectifier_model::{DenseStackConfig, EncoderText, ModelCard, TensorView, Unit, encode};
use std::error::Error;
use std::path::Path;

/// Splitmix64, uniform on [-0.5, 0.5).
struct Draw(u64);

impl Draw {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 40) as f32 / (1u32 << 24) as f32 - 0.5
    }

    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.number()).collect()
    }
}

/// A network in single precision, as a model file, its weights `scale` times as large as sums stay about 1.
fn file(card: &ModelCard, scale: f32) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut draw = Draw(1);
    let mut tensors = Vec::new();
    for (name, shape) in card.network.tensors() {
        let inputs = card.network.inputs as f32;
        let values = draw.many(shape.iter().product());
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|x| (x * scale / inputs.sqrt()).to_le_bytes())
            .collect();
        tensors.push(TensorView::f32(name, &shape, bytes));
    }
    Ok(encode(&card.metadata()?, &tensors)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: odd_models FOLDER")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let shape = [3, 24, 18];
    let inputs = shape.iter().product();
    let mut card = ModelCard::new(DenseStackConfig::new(inputs, [70, 33], Unit::Rectifier, 4));
    card.data.shape = shape.to_vec();
    card.data.name = "shapes".into();
    card.data.range = [-1.0, 1.0];
    card.classes = ["circle", "square", "cross", "line"]
        .map(String::from)
        .to_vec();
    let plain = SparseNetwork::from_bytes(&file(&card, 8.0)?)?;
    let pixels: Vec<f32> = Draw(2).many(50 * inputs).iter().map(|x| 2.0 * x).collect();
    let int8 = plain.in_int8(Rows::Dense(&pixels))?.to_bytes()?;
    std::fs::write(folder.join("shapes.safetensors"), &int8)?;
    std::fs::write(folder.join("cut.safetensors"), &int8[..int8.len() / 2])?;
    std::fs::write(folder.join("wild.safetensors"), file(&card, 1e30)?)?;
    let mut card = ModelCard::new(DenseStackConfig::new(40, [8], Unit::Rectifier, 2));
    card.data.name = "reviews".into();
    card.encoder = Some(EncoderText {
        kind: "vocabulary".into(),
        text: "good\nbad".into(),
    });
    std::fs::write(folder.join("texts.safetensors"), file(&card, 8.0)?)?;
    Ok(())
}
