//! What a network says to fixed inputs: kept beside its file, so that every machine and backend can be held against it.

use crate::ZooError;
use crate::forms::in_f32;
use rectifier_data::random::mix;
use rectifier_infer::SparseNetwork;
use rectifier_model::{ModelBytes, ModelCard, Precision};
use serde::{Deserialize, Serialize};

/// How many inputs there are.
pub const LOGITS: usize = 8;
/// The seed of the inputs.
const SEED: u64 = 2011;
/// Of 256 numbers, so many are the least of the range.
const DARK: u64 = 192;

/// How logits are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// In single precision, with the numbers that the file's weights stand for.
    Floats,
    /// As `rectifier-infer` computes with the file: that is in integers where it is int8.
    Own,
}

/// What a network says to the inputs of [`probe`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logits {
    /// The network's name.
    pub name: String,
    /// SHA-256 of the model file.
    pub sha256: String,
    /// How the inputs are made, for programs in other languages.
    pub inputs: String,
    /// The logits of each input in single precision.
    pub floats: Vec<Vec<f32>>,
    /// The same in integers, of a file in int8: the same on every processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integers: Option<Vec<Vec<f32>>>,
}

/// The fixed inputs, `[LOGITS, inputs]` row by row: the same on every machine, in steps of a 255th of the card's range, three
/// quarters of them the least of it. Where the range has no ends, as of a table's columns, they go from -3 to 3, three quarters
/// of them 0.
///
/// Number `k` of all is made of `z = splitmix64(2011 + k)`: the least of the range where `z >> 56` is below 192, else as far
/// into it as `(z >> 48) & 255` of 255.
pub fn probe(card: &ModelCard) -> Vec<f32> {
    let [low, high, dark] = reach(card);
    let number = |k: usize| {
        let z = mix(SEED + k as u64);
        match z >> 56 < DARK {
            true => dark,
            false => low + (high - low) * ((z >> 48) & 255) as f32 / 255.0,
        }
    };
    (0..LOGITS * card.network.inputs).map(number).collect()
}

/// Between which numbers the fixed inputs lie, and what most of them are.
fn reach(card: &ModelCard) -> [f32; 3] {
    match card.data.range {
        [low, high] if (high - low).is_finite() => [low, high, low],
        _ => [-3.0, 3.0, 0.0],
    }
}

impl Logits {
    /// What the network in `model`, a file of this checksum, says.
    ///
    /// # Errors
    /// [`ZooError::Model`], [`ZooError::Infer`] for a network that cannot predict.
    pub fn of(name: &str, sha256: &str, model: &ModelBytes<'_>) -> Result<Self, ZooError> {
        let card = model.card()?;
        let inputs = probe(card);
        let rows = |network: SparseNetwork| -> Result<Vec<Vec<f32>>, ZooError> {
            let logits = network.logits(&inputs)?;
            Ok(logits
                .chunks(network.classes())
                .map(<[f32]>::to_vec)
                .collect())
        };
        let floats = rows(SparseNetwork::from_bytes(&in_f32(model)?)?)?;
        let integers = match card.precision {
            Precision::Int8 => Some(rows(SparseNetwork::from_model(model)?)?),
            Precision::F32 | Precision::Bf16 => None,
        };
        let [low, high, dark] = reach(card);
        Ok(Self {
            name: name.into(),
            sha256: sha256.into(),
            inputs: format!(
                "{LOGITS} rows of {} numbers; number k of all, from 0, is made of z = splitmix64({SEED} + k): {dark} where \
                 z >> 56 < {DARK}, else {low} + ({high} - {low}) * ((z >> 48) & 255) / 255",
                card.network.inputs
            ),
            floats,
            integers,
        })
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    /// [`ZooError::Logits`]; `origin` names the text in it.
    pub fn parse(text: &[u8], origin: &str) -> Result<Self, ZooError> {
        serde_json::from_slice(text).map_err(|error| ZooError::Logits {
            origin: origin.into(),
            reason: error.to_string(),
        })
    }

    /// The logits as a file.
    ///
    /// # Errors
    /// [`ZooError::Logits`] for numbers that are none.
    pub fn to_text(&self) -> Result<String, ZooError> {
        let text = serde_json::to_string(self).map_err(|error| ZooError::Logits {
            origin: self.name.clone(),
            reason: error.to_string(),
        })?;
        Ok(text + "\n")
    }

    /// How far `found`, `[LOGITS, classes]` row by row, is from these, as a share of the largest of them, or of 1 if all are smaller; an infinite
    /// or missing number is infinitely far.
    pub fn distance(&self, found: &[f32], arithmetic: Arithmetic) -> f32 {
        let rows = match (arithmetic, &self.integers) {
            (Arithmetic::Own, Some(integers)) => integers,
            (Arithmetic::Own | Arithmetic::Floats, _) => &self.floats,
        };
        let known = || rows.iter().flatten();
        if known().count() != found.len() {
            return f32::INFINITY;
        }
        let largest = known().fold(1.0f32, |largest, logit| largest.max(logit.abs()));
        let each = known()
            .zip(found)
            .map(|(known, found)| (known - found).abs());
        let worst = each.fold(0.0f32, |worst, gap| match gap.is_finite() {
            true => worst.max(gap),
            false => f32::INFINITY,
        });
        worst / largest
    }

    /// How far two computations of this arithmetic may be apart, as a share of the largest logit: sums of floats are made in
    /// another order by every backend, those of integers are exact.
    pub fn tolerance(&self, arithmetic: Arithmetic) -> f32 {
        match (arithmetic, &self.integers) {
            // The last digit that a file of text keeps.
            (Arithmetic::Own, Some(_)) => 1e-6,
            (Arithmetic::Own | Arithmetic::Floats, _) => 1e-4,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::forms::tests::model;

    #[test]
    fn inputs_are_the_same_everywhere() {
        let mut card = model(Precision::F32).card().unwrap().clone();
        let inputs = probe(&card);
        assert_eq!(inputs.len(), LOGITS * card.network.inputs);
        // splitmix64(2011), by hand: the finalizer of Steele, Lea and Flood on 2011 + 0x9E3779B97F4A7C15.
        let first = mix(2011);
        assert_eq!(inputs[0] == 0.0, first >> 56 < 192);
        assert!(inputs.iter().all(|x| (0.0..=1.0).contains(x)));
        assert!(inputs.iter().any(|x| *x > 0.5));
        card.data.range = [-1.0, 1.0];
        assert!(probe(&card).contains(&-1.0));
        card.data.range = [f32::MIN, f32::MAX];
        let endless = probe(&card);
        assert!(endless.iter().all(|x| (-3.0..=3.0).contains(x)) && endless.contains(&0.0));
    }

    #[test]
    fn logits_come_back_and_differences_are_measured() {
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let model = model(precision);
            let logits = Logits::of("points/small", "00", &model).unwrap();
            let text = logits.to_text().unwrap();
            assert_eq!(Logits::parse(text.as_bytes(), "l").unwrap(), logits);
            assert_eq!(logits.integers.is_some(), precision == Precision::Int8);
            let network = SparseNetwork::from_model(&model).unwrap();
            let found = network.logits(&probe(network.card())).unwrap();
            let own = logits.distance(&found, Arithmetic::Own);
            assert!(
                own <= logits.tolerance(Arithmetic::Own),
                "{precision}: {own}"
            );
            let mut wrong = found.clone();
            wrong[3] += 1.0;
            let far = logits.distance(&wrong, Arithmetic::Own);
            assert!(
                far > logits.tolerance(Arithmetic::Own),
                "{precision}: {far}"
            );
            wrong[3] = f32::NAN;
            assert_eq!(logits.distance(&wrong, Arithmetic::Floats), f32::INFINITY);
            assert_eq!(
                logits.distance(&found[1..], Arithmetic::Floats),
                f32::INFINITY
            );
        }
        assert!(
            Logits::parse(b"{}", "l")
                .unwrap_err()
                .to_string()
                .starts_with("l: ")
        );
    }
}
