//! NISTP among the data sets that programs know by name: streamed, fresh examples for each epoch.

use crate::{Complexity, Files, NAME, Nistp, SIZES, Settings, Sources, Variant, info};
use rectifier_data::sets::{DATA_SEED, EXAMPLES, plan_choices, plan_of};
use rectifier_data::{
    Availability, DataError, DataInfo, DataSet, Encoder, Inputs, Labels, Loaded, Locator, MakingOf,
    Nature, OptionKind, OptionSpec, Options, PartName, Progress, Sheet, Sizes, Source, Supply,
    draw,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// NISTP, for a table of data sets.
pub static SET: NistpSet = NistpSet;

/// The set itself, before anything is chosen.
pub struct NistpSet;

const VARIANT: OptionSpec = OptionSpec::new(
    "variant",
    "NAME",
    "Which distortions: nistp, or p07 with noise [default: nistp]",
    OptionKind::OneOf(&["nistp", "p07"]),
)
.implying();
const COMPLEXITY: OptionSpec = OptionSpec::new(
    "complexity",
    "C",
    "Highest complexity of the distortions, 0 to 1 [default: 0.7]",
    OptionKind::Number,
)
.implying();
const FILES: OptionSpec = OptionSpec::new(
    "files",
    "WHICH",
    "Handwriting and fonts: known by their checksums, or whatever is found here [default: known]",
    OptionKind::OneOf(&["known", "found"]),
);
const OPTIONS: [OptionSpec; 5] = [EXAMPLES, DATA_SEED, VARIANT, COMPLEXITY, FILES];

/// Which NISTP: how many examples, and what they are made with.
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
            test: SIZES.test,
            settings: Settings::default(),
        }
    }
}

impl NistpChoice {
    fn change(mut self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        self.epoch = options.count(EXAMPLES.name)?.unwrap_or(self.epoch);
        let settings = &mut self.settings;
        settings.seed = options.seed(DATA_SEED.name)?.unwrap_or(settings.seed);
        if let Some(most) = options.number(COMPLEXITY.name)? {
            settings.complexity = Complexity::UpTo(most as f32);
        }
        settings.variant = match options.text(VARIANT.name) {
            Some("p07") => Variant::P07,
            Some(_) => Variant::Nistp,
            None => settings.variant,
        };
        settings.files = match options.text(FILES.name) {
            Some("found") => Files::Found,
            Some(_) => Files::Known,
            None => settings.files,
        };
        self.checked()
    }

    fn checked(self) -> Result<Box<dyn Source>, DataError> {
        let most = SIZES.train;
        let sizes = [self.epoch, self.valid, self.test];
        if sizes.iter().any(|size| !(1..=most).contains(size)) {
            return Err(DataError::Option {
                option: EXAMPLES.name.into(),
                reason: format!("every part of nistp has at least one example, and at most {most}"),
            });
        }
        self.settings
            .validate()
            .map_err(|error| DataError::Option {
                option: COMPLEXITY.name.into(),
                reason: error.to_string(),
            })?;
        Ok(Box::new(self))
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            train: self.epoch,
            valid: self.valid,
            test: self.test,
        }
    }
}

impl DataSet for NistpSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        NistpChoice::default().change(options)
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        Some(plan_choices::<NistpChoice>(NAME, plan)?.and_then(NistpChoice::checked))
    }
}

impl Source for NistpChoice {
    fn name(&self) -> &'static str {
        NAME
    }

    fn to_plan(&self) -> serde_json::Value {
        plan_of(NAME, self)
    }

    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        self.clone().change(options)
    }

    fn describe(&self) -> String {
        let Settings {
            seed,
            variant,
            complexity,
            files,
            ..
        } = self.settings;
        let complexity = match complexity {
            Complexity::UpTo(most) => format!("complexity up to {most}"),
            Complexity::Fixed(complexity) => format!("complexity {complexity}"),
        };
        let files = match files {
            Files::Known => "",
            Files::Found => ", of files found here",
        };
        format!(
            "nistp (variant {}, {complexity}, seed {seed}{files}), {} fresh examples an epoch, {} / {} valid / test",
            variant.name(),
            self.epoch,
            self.valid,
            self.test
        )
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Streamed,
            inputs: Inputs::Pixels,
            labels: Labels::Classes,
            range: (0.0, 1.0),
        }
    }

    fn find(&self, locator: &Locator) -> Result<Availability, DataError> {
        let lacks = Sources::lacking(locator, self.settings.files)?;
        // Of files that nobody knows there is no whole.
        match self.settings.files == Files::Found || lacks.is_empty() {
            true => Ok(Availability::Generated),
            false => Ok(Availability::Partial {
                lacks: lacks.join("; "),
            }),
        }
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        Ok(DataInfo {
            sizes: self.sizes(),
            ..info()
        })
    }

    fn load(
        &self,
        locator: &Locator,
        _: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let (nistp, warnings) = Nistp::load(locator, self.settings)?;
        Ok(Loaded {
            split: nistp.split(self.sizes()),
            info: self.info(locator)?,
            warnings,
            encoder: None,
        })
    }

    fn making_of(
        &self,
        part: PartName,
        scale: usize,
        locator: &Locator,
    ) -> Result<Option<MakingOf>, DataError> {
        distortion_sheet(self, part, scale, locator).map(Some)
    }
}

const COMPLEXITIES: [f32; 4] = [0.0, 0.25, 0.5, 0.7];
/// Characters for each complexity.
const CHARACTERS: usize = 6;

/// Draws each distortion alone, a row each.
fn distortion_sheet(
    choice: &NistpChoice,
    part: PartName,
    scale: usize,
    locator: &Locator,
) -> Result<MakingOf, DataError> {
    let sources = Sources::find(locator, choice.settings.files)?;
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
    Ok(MakingOf {
        png: draw(&numbers, &info().shape, &sheet)?,
        legend,
        warnings: sources.warnings().to_vec(),
    })
}
