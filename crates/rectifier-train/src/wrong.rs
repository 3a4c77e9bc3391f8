//! Which test examples a network got wrong, a bit each: what two networks are compared by (McNemar 1947).

use crate::Evaluation;
use serde::{Deserialize, Serialize};

/// Which examples of a part were classified wrongly, in their order; `test_wrong.json` in a run's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Mistakes {
    examples: usize,
    /// Eight examples a byte, the first one in the lowest bit.
    bits: Vec<u8>,
}

/// The form in JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    /// How many examples there are.
    examples: usize,
    /// Two hexadecimal digits for eight examples, the first one in the lowest bit.
    wrong: String,
}

impl Mistakes {
    /// The mistakes of `evaluation`; `None` where it has no predictions, as in pre-training.
    pub fn of(evaluation: &Evaluation) -> Option<Self> {
        let (guesses, labels) = (&evaluation.predictions, &evaluation.labels);
        if guesses.is_empty() || guesses.len() != labels.len() {
            return None;
        }
        let mut bits = vec![0; labels.len().div_ceil(8)];
        for (place, (guess, label)) in guesses.iter().zip(labels).enumerate() {
            bits[place / 8] |= u8::from(guess != label) << (place % 8);
        }
        Some(Self {
            examples: labels.len(),
            bits,
        })
    }

    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// Whether the example was classified wrongly; `false` past the end.
    pub fn is_wrong(&self, example: usize) -> bool {
        let byte = self.bits.get(example / 8).copied().unwrap_or(0);
        byte >> (example % 8) & 1 == 1
    }

    /// How many were.
    pub fn count(&self) -> usize {
        self.bits
            .iter()
            .map(|byte| byte.count_ones() as usize)
            .sum()
    }

    /// How many examples only this network got wrong, and how many only the `other` did: the two counts of McNemar's
    /// test. `None` where they were not tested on as many examples.
    pub fn discordant(&self, other: &Self) -> Option<(usize, usize)> {
        if self.examples != other.examples {
            return None;
        }
        let only = |a: &Self, b: &Self| {
            let pairs = a.bits.iter().zip(&b.bits);
            pairs.map(|(a, b)| (a & !b).count_ones() as usize).sum()
        };
        Some((only(self, other), only(other, self)))
    }
}

impl From<Mistakes> for Written {
    fn from(mistakes: Mistakes) -> Self {
        let digits = mistakes.bits.iter().map(|byte| format!("{byte:02x}"));
        Self {
            examples: mistakes.examples,
            wrong: digits.collect(),
        }
    }
}

/// A file that is not what [`Mistakes`] are written as.
#[derive(Debug, thiserror::Error)]
#[error("{digits} hexadecimal digits do not stand for {examples} examples")]
struct WrongLength {
    examples: usize,
    digits: usize,
}

impl TryFrom<Written> for Mistakes {
    type Error = WrongLength;

    fn try_from(written: Written) -> Result<Self, WrongLength> {
        let Written { examples, wrong } = written;
        let error = WrongLength {
            examples,
            digits: wrong.len(),
        };
        let digits: Option<Vec<u8>> = wrong
            .chars()
            .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
            .collect();
        let bits: Vec<u8> = match digits {
            Some(digits) if digits.len() == 2 * examples.div_ceil(8) => digits
                .chunks_exact(2)
                .map(|pair| pair[0] << 4 | pair[1])
                .collect(),
            _ => return Err(error),
        };
        let spare = bits.last().map_or(0, |last| match examples % 8 {
            0 => 0,
            used => last >> used,
        });
        match spare {
            0 => Ok(Self { examples, bits }),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mistakes(wrong: &[usize], examples: usize) -> Mistakes {
        let guess = |place: usize| u32::from(wrong.contains(&place));
        let evaluation = Evaluation {
            predictions: (0..examples).map(guess).collect(),
            labels: vec![0; examples],
            ..Evaluation::default()
        };
        Mistakes::of(&evaluation).unwrap()
    }

    #[test]
    fn every_example_keeps_its_place_through_json() {
        let found = mistakes(&[0, 3, 9], 10);
        assert_eq!((found.count(), found.examples()), (3, 10));
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(text, r#"{"examples":10,"wrong":"0902"}"#);
        let back: Mistakes = serde_json::from_str(&text).unwrap();
        assert_eq!(back, found);
        let wrong: Vec<usize> = (0..12).filter(|place| back.is_wrong(*place)).collect();
        assert_eq!(wrong, [0, 3, 9]);
        assert!(Mistakes::of(&Evaluation::default()).is_none());
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for text in [
            r#"{"examples":10,"wrong":"09"}"#,
            r#"{"examples":10,"wrong":"0g02"}"#,
            r#"{"examples":10,"wrong":"0904"}"#,
        ] {
            assert!(serde_json::from_str::<Mistakes>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn discordant_pairs_are_counted_each_way() {
        let (one, two) = (mistakes(&[0, 3, 9], 10), mistakes(&[3, 4], 10));
        assert_eq!(one.discordant(&two), Some((2, 1)));
        assert_eq!(one.discordant(&mistakes(&[], 11)), None);
    }
}
