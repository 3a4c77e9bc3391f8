//! What a set is made with: plain data.

use std::path::PathBuf;

use rectifier_data::DataError;
use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::distort::Distortion;
use crate::source::Weights;

/// Which distortions are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Slant, thickness, affine, local elastic, pinch: the set of the paper.
    #[default]
    Nistp,
    /// These and nine more, which add noise: the harder set of the same authors.
    P07,
}

impl Variant {
    /// The distortions, in the order in which they are applied.
    pub fn distortions(self) -> &'static [Distortion] {
        match self {
            Self::Nistp => &Distortion::ALL[..5],
            Self::P07 => &Distortion::ALL,
        }
    }

    /// The name it is asked for by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nistp => "nistp",
            Self::P07 => "p07",
        }
    }
}

/// Which files handwriting and fonts come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Files {
    /// The test part of EMNIST's `byclass` and the 22 fonts of DejaVu 2.37, known by their checksums: the same set on every
    /// machine that has them. Where one of the two is not whole, its share goes to the other sources, with a warning.
    #[default]
    Known,
    /// Whichever parts of `byclass` and whichever fonts are on this machine: another set on each.
    Found,
}

impl Files {
    fn are_known(&self) -> bool {
        *self == Self::Known
    }
}

/// How strong each distortion of each image is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Complexity {
    /// Uniform from 0 to this, drawn anew for each distortion of each image.
    UpTo(f32),
    /// Always this.
    Fixed(f32),
}

impl Complexity {
    /// That of the paper's authors: uniform from 0 to 0.7.
    pub const PAPER: Self = Self::UpTo(0.7);

    #[inline(always)]
    pub(crate) fn draw(self, dice: &mut Dice) -> f32 {
        match self {
            Self::UpTo(most) => dice.between(0.0, most),
            Self::Fixed(complexity) => complexity,
        }
    }

    fn largest(self) -> f32 {
        match self {
            Self::UpTo(number) | Self::Fixed(number) => number,
        }
    }
}

/// What a set is made with. Everything random in it is a function of the seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The seed.
    pub seed: u64,
    /// Which distortions.
    pub variant: Variant,
    /// How strong they are.
    pub complexity: Complexity,
    /// Whether images are pinched. One revision of the authors' script left that out by an oversight.
    pub pinch: bool,
    /// How often each source is drawn from.
    pub weights: Weights,
    /// Which files handwriting and fonts come from.
    #[serde(skip_serializing_if = "Files::are_known")]
    pub files: Files,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            variant: Variant::Nistp,
            complexity: Complexity::PAPER,
            pinch: true,
            weights: Weights::PAPER,
            files: Files::Known,
        }
    }
}

impl Settings {
    /// Checks every number.
    ///
    /// # Errors
    /// [`DataError::Content`] for a complexity that is not from 0 to 1, and for weights that are negative, not finite,
    /// or all 0.
    pub fn validate(&self) -> Result<(), DataError> {
        let problem = |problem: String| DataError::Content {
            path: PathBuf::from("nistp"),
            problem,
        };
        let complexity = self.complexity.largest();
        if !(0.0..=1.0).contains(&complexity) {
            return Err(problem(format!(
                "a complexity of {complexity}: it must be from 0 to 1"
            )));
        }
        let Weights {
            fonts,
            captcha,
            scan,
            handwriting,
            glyphs,
        } = self.weights;
        let weights = [fonts, captcha, scan, handwriting, glyphs];
        if weights.iter().any(|weight| !(0.0..=1e6).contains(weight)) || weights == [0.0; 5] {
            return Err(problem(format!(
                "source weights of {weights:?}: each must be from 0 to 1000000, and one above 0"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn settings_survive_json_and_default_to_the_papers() {
        let settings = Settings {
            variant: Variant::P07,
            complexity: Complexity::Fixed(0.5),
            ..Settings::default()
        };
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings);
        assert!(
            json.contains(r#""variant":"p07","complexity":{"fixed":0.5}"#),
            "{json}"
        );
        // Plans made before there was a choice of files are those of the known ones, and stay as they are.
        assert!(!json.contains("files"), "{json}");
        let found: Settings = serde_json::from_str(r#"{"files":"found"}"#).unwrap();
        assert_eq!(found.files, Files::Found);
        assert!(
            serde_json::to_string(&found)
                .unwrap()
                .contains(r#""files":"found""#)
        );
        assert_eq!(
            serde_json::from_str::<Settings>("{}").unwrap(),
            Settings::default()
        );
        assert!(serde_json::from_str::<Settings>(r#"{"weight":1}"#).is_err());
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(Settings::default().validate().is_ok());
        for complexity in [-0.1, 1.1, f32::NAN] {
            let settings = Settings {
                complexity: Complexity::UpTo(complexity),
                ..Settings::default()
            };
            let text = settings.validate().unwrap_err().to_string();
            assert!(text.contains("from 0 to 1"), "{text}");
        }
        for handwriting in [-1.0, f32::NAN, f32::INFINITY] {
            let weights = Weights {
                handwriting,
                ..Weights::PAPER
            };
            let settings = Settings {
                weights,
                ..Settings::default()
            };
            assert!(settings.validate().is_err());
        }
    }
}
