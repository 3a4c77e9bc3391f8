//! NISTP, streamed: fresh examples for each epoch.

use super::{Loaded, sizes_of};
use crate::args::{DataArgs, PartName, VariantName};
use crate::error::CliError;
use rectifier_data::{DataInfo, Locator, Sheet, Sizes, draw};
use rectifier_nistp::{Complexity, Nistp, Settings, Sources, Variant, info};
use serde::{Deserialize, Serialize};

/// Which NISTP a run works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NistpChoice {
    /// Fresh training examples an epoch.
    pub epoch: usize,
    /// Validation examples.
    pub valid: usize,
    /// Test examples.
    pub test: usize,
    /// What the examples are made with.
    #[serde(default)]
    pub settings: Settings,
}

/// Small enough epochs to see how it goes; a tenth of the paper's validation examples, and its test examples.
impl Default for NistpChoice {
    fn default() -> Self {
        Self {
            epoch: 100_000,
            valid: 8_000,
            test: rectifier_nistp::SIZES.test,
            settings: Settings::default(),
        }
    }
}

impl NistpChoice {
    /// What the options say, put into it.
    pub fn change(&mut self, args: &DataArgs) {
        self.epoch = args.examples.unwrap_or(self.epoch);
        self.settings.seed = args.data_seed.unwrap_or(self.settings.seed);
        if let Some(most) = args.complexity {
            self.settings.complexity = Complexity::UpTo(most);
        }
        self.settings.variant = match args.variant {
            Some(VariantName::Nistp) => Variant::Nistp,
            Some(VariantName::P07) => Variant::P07,
            None => self.settings.variant,
        };
    }

    /// Checks sizes and settings.
    ///
    /// # Errors
    /// [`CliError::Usage`].
    pub fn validate(&self) -> Result<(), CliError> {
        let most = rectifier_nistp::SIZES.train;
        if [self.epoch, self.valid, self.test]
            .iter()
            .any(|size| !(1..=most).contains(size))
        {
            return Err(CliError::Usage(format!(
                "nistp: every part needs at least one example, and has at most {most}"
            )));
        }
        self.settings
            .validate()
            .map_err(|error| CliError::Usage(error.to_string()))
    }

    /// The set in a few words.
    pub fn describe(&self) -> String {
        let Settings {
            seed,
            variant,
            complexity,
            ..
        } = self.settings;
        let complexity = match complexity {
            Complexity::UpTo(most) => format!("complexity up to {most}"),
            Complexity::Fixed(complexity) => format!("complexity {complexity}"),
        };
        format!(
            "nistp (variant {}, {complexity}, seed {seed}), {} fresh examples an epoch, {} / {} valid / test",
            variant.name(),
            self.epoch,
            self.valid,
            self.test
        )
    }
}

/// Finds the sources; examples are made when asked for.
///
/// # Errors
/// [`CliError::Data`].
pub fn load(choice: &NistpChoice, locator: &Locator) -> Result<Loaded, CliError> {
    let (nistp, warnings) = Nistp::load(locator, choice.settings)?;
    let split = nistp.split(Sizes {
        train: choice.epoch,
        valid: choice.valid,
        test: choice.test,
    });
    Ok(Loaded {
        info: DataInfo {
            sizes: sizes_of(&split),
            ..info()
        },
        split,
        warnings,
        vocabulary: None,
    })
}

/// A picture of what each distortion does.
pub struct DistortionSheet {
    /// The PNG file.
    pub png: Vec<u8>,
    /// What its rows and columns are.
    pub legend: String,
    /// What the user should know about the sources.
    pub warnings: Vec<String>,
}

const COMPLEXITIES: [f32; 4] = [0.0, 0.25, 0.5, 0.7];
/// Characters for each complexity.
const CHARACTERS: usize = 6;

/// Draws each distortion alone, a row each.
///
/// # Errors
/// [`CliError::Data`].
pub fn distortion_sheet(
    choice: &NistpChoice,
    part: PartName,
    scale: usize,
    locator: &Locator,
) -> Result<DistortionSheet, CliError> {
    let sources = Sources::find(locator)?;
    let nistp = Nistp::new(&sources, choice.settings)?;
    let part = match part {
        PartName::Train => nistp.train(),
        PartName::Valid => nistp.valid(),
        PartName::Test => nistp.test(),
    };
    let distortions = choice.settings.variant.distortions();
    let mut numbers = Vec::new();
    let mut legend = format!("sources: {}\ncolumns: ", sources.found());
    legend.push_str(&format!(
        "{CHARACTERS} characters at each of the complexities {COMPLEXITIES:?}\nrows:"
    ));
    for &distortion in distortions {
        legend.push_str(&format!("\n  {}", distortion.name()));
        for complexity in COMPLEXITIES {
            for index in 0..CHARACTERS {
                if let Some([_, image]) = part.distorted(index, distortion, complexity) {
                    numbers.extend_from_slice(&image);
                }
            }
        }
    }
    let sheet = Sheet {
        scale,
        ..Sheet::new(COMPLEXITIES.len() * CHARACTERS)
    };
    Ok(DistortionSheet {
        png: draw(&numbers, &info().shape, &sheet)?,
        legend,
        warnings: sources.warnings().to_vec(),
    })
}
