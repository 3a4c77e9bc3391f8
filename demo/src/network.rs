//! A network that looks at drawings.

use crate::strokes::Picture;
use rectifier_infer::{Rows, SparseNetwork, Trace};
use rectifier_model::{ModelCard, Unit};
use serde_json::{Value, json};

/// Numbers of a picture at most: what a page can draw while a pen moves.
const LARGEST: usize = 1 << 20;

/// The pictures that a network takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pictures {
    /// The same drawing so many times: grey once, in colour three times, as a stereo pair twice.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Pixels a row.
    pub width: usize,
    /// What empty paper is to the network.
    pub paper: f32,
    /// What ink is.
    pub ink: f32,
}

impl Pictures {
    /// What the card says of them.
    ///
    /// # Errors
    /// Words for a person, where the network takes no pictures or ones that are too large.
    pub fn of(card: &ModelCard) -> Result<Self, String> {
        let name = match card.data.name.as_str() {
            "" => "It",
            name => name,
        };
        let no = |what: &str| {
            let inputs = card.network.inputs;
            Err(format!(
                "This is a network of ours, but takes no picture: {name} is {what}, {inputs} numbers an example. Drop one of pictures."
            ))
        };
        let mut bright = false;
        match &card.encoder {
            None => {}
            Some(encoder) if encoder.kind == "pixels" => {
                let described: Value = serde_json::from_str(&encoder.text).unwrap_or_default();
                // Dark ink on bright paper, as the training pictures had it.
                bright = described["bright_border"] == json!(true);
            }
            Some(encoder) => {
                return match encoder.kind.as_str() {
                    "vocabulary" => no("made of texts"),
                    "columns" => no("made of tables"),
                    _ => no("made of rows of numbers"),
                };
            }
        }
        let (channels, height, width) = match *card.data.shape.as_slice() {
            [height, width] => (1, height, width),
            [channels, height, width] => (channels, height, width),
            _ => return no("made of rows of numbers"),
        };
        if card.network.inputs > LARGEST {
            return Err(format!(
                "Its pictures are {height} times {width} pixels: too large to draw while a pen moves."
            ));
        }
        let [low, high] = card.data.range;
        let (paper, ink) = if bright { (high, low) } else { (low, high) };
        Ok(Self {
            channels,
            height,
            width,
            paper,
            ink,
        })
    }

    /// The network's inputs for `picture`.
    pub fn inputs(&self, picture: &Picture) -> Vec<f32> {
        let number = |pixel: &u8| {
            // As pixels of a file become numbers: exact at both ends.
            let share = f32::from(*pixel) / 255.0;
            self.paper + (self.ink - self.paper) * share
        };
        let plane: Vec<f32> = picture.pixels.iter().map(number).collect();
        plane.repeat(self.channels)
    }
}

/// A network, the last picture that it saw, and what it made of it.
pub struct Viewer {
    network: SparseNetwork,
    pictures: Pictures,
    picture: Picture,
    trace: Trace,
    probabilities: Vec<f32>,
}

impl Viewer {
    /// The network in `file`.
    ///
    /// # Errors
    /// Words for a person: what is wrong with the file.
    pub fn open(file: &[u8]) -> Result<Self, String> {
        let network = SparseNetwork::from_bytes(file).map_err(|error| {
            format!("This is no model file of ours, or a damaged one: {error}.")
        })?;
        let pictures = Pictures::of(network.card())?;
        Ok(Self {
            picture: Picture::blank(pictures.height, pictures.width),
            network,
            pictures,
            trace: Trace::default(),
            probabilities: Vec::new(),
        })
    }

    /// What there is to say of the network, as JSON: `name`, `unit`, `threshold` (null where there can be none), `hidden`,
    /// `classes` by name, `height`, `width`, `precision`, `level`, and `error`, the share of wrong answers on its test set, or null.
    pub fn describe(&self) -> String {
        let card = self.network.card();
        let network = &card.network;
        let classes: Vec<String> = (0..network.outputs).map(|k| card.class(k)).collect();
        let rectifiers = network.unit == Unit::Rectifier;
        let unit = serde_json::to_value(network.unit).unwrap_or_default();
        json!({
            "name": card.data.name,
            "unit": unit["kind"],
            "threshold": rectifiers.then_some(network.threshold),
            "inputs": network.inputs,
            "hidden": network.hidden,
            "classes": classes,
            "height": self.pictures.height,
            "width": self.pictures.width,
            "precision": self.network.precision(),
            "level": rectifier_infer::Level::detect().name(),
            "error": card.figures.test_error,
        })
        .to_string()
    }

    /// Takes activations not above `threshold` for 0.
    ///
    /// # Errors
    /// Words for a person, of units that have no threshold.
    pub fn set_threshold(&mut self, threshold: f64) -> Result<(), String> {
        let changed = self.network.clone().with_threshold(threshold);
        self.network = changed.map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Looks at a drawing, [`Picture::of`] these points.
    ///
    /// # Errors
    /// Words for a person, where the network has no answer.
    pub fn look(&mut self, points: &[f32]) -> Result<(), String> {
        self.picture = Picture::of(points, self.pictures.height, self.pictures.width);
        let inputs = self.pictures.inputs(&self.picture);
        let trace = self.network.trace(Rows::Dense(&inputs));
        self.trace = trace.map_err(|error| error.to_string())?;
        self.probabilities.clear();
        self.probabilities.extend_from_slice(self.trace.logits());
        softmax(&mut self.probabilities);
        Ok(())
    }

    /// The picture that it saw, `[height, width]`.
    pub fn picture(&self) -> &[u8] {
        &self.picture.pixels
    }

    /// The activations of the hidden layers, one layer after the other.
    pub fn values(&self) -> Vec<f32> {
        let layers = self.trace.hidden().iter();
        layers.flat_map(|layer| layer.values.clone()).collect()
    }

    /// P(class | picture).
    pub fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// For each layer, the output layer last: multiplications made, and those that skipping nothing takes.
    pub fn work(&self) -> Vec<f64> {
        let layers = self.trace.layers.iter();
        layers
            .flat_map(|layer| [layer.made as f64, layer.whole as f64])
            .collect()
    }
}

fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_model::{DenseStackConfig, EncoderText, TensorView, encode};

    const POINTS: [f32; 6] = [0.2, 0.2, 0.8, 0.2, 0.4, 0.9];

    fn card(shape: &[usize], unit: Unit) -> ModelCard {
        let inputs = shape.iter().product();
        let mut card = ModelCard::new(DenseStackConfig::new(inputs, [7, 5], unit, 3));
        card.data.shape = shape.to_vec();
        card.data.name = "things".into();
        card
    }

    fn file(card: &ModelCard) -> Vec<u8> {
        let mut state = 0u32;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let tensors: Vec<TensorView<'_>> = card
            .network
            .tensors()
            .into_iter()
            .map(|(name, shape)| {
                let count: usize = shape.iter().product();
                let bytes: Vec<u8> = (0..count).flat_map(|_| number().to_le_bytes()).collect();
                TensorView::f32(name, &shape, bytes)
            })
            .collect();
        encode(&card.metadata().unwrap(), &tensors).unwrap()
    }

    #[test]
    fn a_drawing_goes_through_a_network_of_any_pictures() {
        for shape in [&[28, 28][..], &[1, 9, 6], &[3, 32, 32]] {
            let mut viewer = Viewer::open(&file(&card(shape, Unit::Rectifier))).unwrap();
            viewer.look(&POINTS).unwrap();
            let described: Value = serde_json::from_str(&viewer.describe()).unwrap();
            let side = |axis: &str| described[axis].as_u64().unwrap() as usize;
            assert_eq!(viewer.picture().len(), side("height") * side("width"));
            assert_eq!((viewer.values().len(), viewer.work().len()), (12, 6));
            assert!((viewer.probabilities().iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert_eq!(described["classes"], json!(["0", "1", "2"]));
            let zeros = |viewer: &Viewer| viewer.values().iter().filter(|x| **x == 0.0).count();
            let before = zeros(&viewer);
            assert!((1..12).contains(&before));
            viewer.set_threshold(1e6).unwrap();
            viewer.look(&POINTS).unwrap();
            assert_eq!(zeros(&viewer), 12);
            assert!(viewer.set_threshold(-1.0).is_err());
        }
    }

    #[test]
    fn smooth_units_have_no_threshold_and_no_zeros() {
        let mut viewer = Viewer::open(&file(&card(&[28, 28], Unit::Tanh))).unwrap();
        viewer.look(&POINTS).unwrap();
        assert!(viewer.values().iter().all(|x| *x != 0.0));
        let described: Value = serde_json::from_str(&viewer.describe()).unwrap();
        assert!(described["threshold"].is_null() && described["unit"] == "tanh");
        assert!(viewer.set_threshold(0.1).is_err());
    }

    #[test]
    fn paper_and_ink_are_what_they_were_in_training() {
        let picture = Picture {
            height: 1,
            width: 2,
            pixels: vec![0, 255],
        };
        let mut card = card(&[2, 1, 2], Unit::Rectifier);
        card.data.range = [-1.0, 1.0];
        let inputs = |card: &ModelCard| Pictures::of(card).unwrap().inputs(&picture);
        assert_eq!(inputs(&card), [-1.0, 1.0, -1.0, 1.0]);
        let encoder = |text: &str| {
            Some(EncoderText {
                kind: "pixels".into(),
                text: text.into(),
            })
        };
        card.encoder = encoder(r#"{"height":1,"width":2,"bright_border":true}"#);
        assert_eq!(inputs(&card), [1.0, -1.0, 1.0, -1.0]);
        card.encoder = encoder(r#"{"height":1,"width":2,"bright_border":false}"#);
        assert_eq!(inputs(&card), [-1.0, 1.0, -1.0, 1.0]);
    }

    #[test]
    fn what_takes_no_picture_says_so_and_what_is_no_model_too() {
        let mut text = card(&[20], Unit::Rectifier);
        let row = Viewer::open(&file(&text)).err().unwrap();
        assert!(
            row.contains("takes no picture") && row.contains("20 numbers"),
            "{row}"
        );
        text.encoder = Some(EncoderText {
            kind: "vocabulary".into(),
            text: "a b".into(),
        });
        let words = Viewer::open(&file(&text)).err().unwrap();
        assert!(words.contains("things is made of texts"), "{words}");
        let mut huge = card(&[2], Unit::Rectifier);
        (huge.network.inputs, huge.data.shape) = (1 << 22, vec![2048, 2048]);
        assert!(Pictures::of(&huge).unwrap_err().contains("too large"));
        let whole = file(&card(&[28, 28], Unit::Rectifier));
        for bytes in [&b"hello"[..], &[], &whole[..whole.len() - 3]] {
            let error = Viewer::open(bytes).err().unwrap();
            assert!(
                error.starts_with("This is no model file of ours"),
                "{error}"
            );
        }
    }
}
