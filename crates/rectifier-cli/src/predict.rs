//! `rectifier predict`.

use crate::args::PredictArgs;
use crate::device;
use crate::error::CliError;
use crate::output::{percent, say};
use crate::predict_text::predict_texts;
use burn::tensor::{Tensor, TensorData};
use rectifier_catalog::Trained;
use rectifier_data::read_png_grey;
use serde_json::json;
use std::path::Path;

/// Tells the class of each image, or what there is to tell of each text.
///
/// # Errors
/// [`CliError`] naming the first image that cannot be read, or what does not fit the model.
pub fn predict(args: &PredictArgs) -> Result<(), CliError> {
    let trained = Trained::find(&args.model)?;
    let (_, device) = device::open(args.device.as_deref())?;
    let network = trained.file.load_dense(&device)?;
    let config = network.config();
    let card = trained.card()?;
    let (shape, names) = (card.data.shape.clone(), card.classes.clone());
    if !args.text.is_empty() {
        return predict_texts(args, &trained, &network, &names, &device);
    }
    if trained.encoder()?.is_some() {
        return Err(CliError::Usage(
            "this model was trained on text: give --text \"..\" instead of images".into(),
        ));
    }
    let [black, white] = card.data.range;
    let range = (black, white);
    for path in &args.images {
        let mut pixels = read(path, &shape, config.inputs, range)?;
        if args.invert {
            pixels
                .iter_mut()
                .for_each(|pixel| *pixel = range.0 + range.1 - *pixel);
        }
        let inputs = Tensor::from_data(TensorData::new(pixels, [1, config.inputs]), &device);
        let probabilities = network.probabilities(inputs).into_data();
        let mut ranked: Vec<(usize, f32)> = probabilities.iter::<f32>().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.truncate(args.top.max(1));
        let name = |class: usize| {
            names
                .get(class)
                .cloned()
                .unwrap_or_else(|| class.to_string())
        };
        if args.json {
            let classes: Vec<_> = ranked
                .iter()
                .map(|(class, p)| json!({"class": class, "name": name(*class), "probability": p}))
                .collect();
            say(&json!({"image": path.display().to_string(), "classes": classes}).to_string());
        } else {
            let classes: Vec<String> = ranked
                .iter()
                .map(|(class, p)| format!("{} {}", name(*class), percent(f64::from(*p))))
                .collect();
            say(&format!("{}: {}", path.display(), classes.join("  ")));
        }
    }
    Ok(())
}

/// The pixels of an image, `width` of them; grey values are spread over `range`, f32 values taken as they are.
fn read(
    path: &Path,
    shape: &[usize],
    width: usize,
    (black, white): (f32, f32),
) -> Result<Vec<f32>, CliError> {
    let spread = |grey: f32| black + grey * (white - black);
    let limit = 64 << 20;
    let length = std::fs::metadata(path)
        .map_err(|source| CliError::io(path, source))?
        .len();
    if length > limit {
        return Err(CliError::Failed(format!(
            "{}: {length} bytes are too many for an image",
            path.display()
        )));
    }
    let bytes = std::fs::read(path).map_err(|source| CliError::io(path, source))?;
    if bytes.starts_with(b"\x89PNG") {
        let [height, side] = shape else {
            return Err(CliError::Failed(format!(
                "{}: this network does not take grey pictures (its input is {shape:?}): give raw f32 values",
                path.display()
            )));
        };
        let picture = read_png_grey(&bytes)
            .map_err(|error| CliError::Failed(format!("{}: {error}", path.display())))?;
        let pixels = picture.resize(*side, *height)?.pixels;
        return Ok(pixels.into_iter().map(spread).collect());
    }
    if bytes.len() == width {
        let grey = |byte: &u8| spread(f32::from(*byte) / 255.0);
        return Ok(bytes.iter().map(grey).collect());
    }
    if bytes.len() == 4 * width {
        let (words, _) = bytes.as_chunks::<4>();
        return Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect());
    }
    Err(CliError::Failed(format!(
        "{}: neither a PNG nor raw values: {} bytes, expected {width} (one a pixel) or {} (f32)",
        path.display(),
        bytes.len(),
        4 * width
    )))
}
