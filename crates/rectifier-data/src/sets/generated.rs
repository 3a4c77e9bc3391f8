//! A set that is generated from a seed, as large as it is asked for.

use super::{plan_choices, plan_of};
use crate::{
    Availability, DataError, DataInfo, DataSet, Encoder, Inputs, Labels, Loaded, Locator, Nature,
    OptionKind, OptionSpec, Options, Progress, Sizes, Source, Split, Supply, room_for,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A set of pictures generated from a seed: nothing but what a crate says of its set.
#[derive(Clone, Copy)]
pub struct GeneratedSet {
    /// The name of the set.
    pub name: &'static str,
    /// What stands in brackets behind the name where a plan is described: `generated, not NORB`.
    pub remark: &'static str,
    /// What it is, at these sizes.
    pub info: fn(Sizes) -> DataInfo,
    /// Makes examples below a seed.
    pub make: fn(u64, Sizes) -> Result<Split, DataError>,
    /// How many examples where nobody says.
    pub sizes: Sizes,
    /// The smallest and the largest number an input may hold.
    pub range: (f32, f32),
    /// Whether its options choose it where no set is named.
    pub embedded: bool,
}

/// How much is generated, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    seed: u64,
    train: usize,
    valid: usize,
    test: usize,
}

const EXAMPLES: OptionSpec = OptionSpec::new(
    "examples",
    "N",
    "Training examples to generate",
    OptionKind::Count,
);
const SEED: OptionSpec = OptionSpec::new(
    "data-seed",
    "SEED",
    "Seed of the generated examples, or of the split into parts [default: 1]",
    OptionKind::Count,
);
const OPTIONS: [OptionSpec; 2] = [EXAMPLES, SEED];
const EMBEDDED: [OptionSpec; 2] = [EXAMPLES.implying(), SEED.implying()];

/// The option `--data-seed`, for every set that has one.
pub(crate) const DATA_SEED: OptionSpec = SEED;
/// The option `--examples`, for every set that has one.
pub(crate) const DATA_EXAMPLES: OptionSpec = EXAMPLES;

struct Generated {
    set: GeneratedSet,
    choices: Choices,
}

impl GeneratedSet {
    fn with(self, choices: Choices) -> Result<Box<dyn Source>, DataError> {
        if choices.train == 0 || choices.valid == 0 || choices.test == 0 {
            return Err(DataError::Option {
                option: EXAMPLES.name.into(),
                reason: format!("{}: every part needs at least one example", self.name),
            });
        }
        Ok(Box::new(Generated { set: self, choices }))
    }

    fn defaults(&self) -> Choices {
        let Sizes { train, valid, test } = self.sizes;
        Choices {
            seed: 1,
            train,
            valid,
            test,
        }
    }

    fn change(self, mut choices: Choices, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        choices.train = options.count(EXAMPLES.name)?.unwrap_or(choices.train);
        choices.seed = options.seed(SEED.name)?.unwrap_or(choices.seed);
        self.with(choices)
    }
}

impl DataSet for GeneratedSet {
    fn name(&self) -> &'static str {
        self.name
    }

    fn options(&self) -> &'static [OptionSpec] {
        match self.embedded {
            true => &EMBEDDED,
            false => &OPTIONS,
        }
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        self.change(self.defaults(), options)
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        let choices = plan_choices(self.name, plan)?;
        Some(choices.and_then(|choices| self.with(choices)))
    }
}

impl Source for Generated {
    fn name(&self) -> &'static str {
        self.set.name
    }

    fn to_plan(&self) -> serde_json::Value {
        plan_of(self.set.name, &self.choices)
    }

    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        self.set.change(self.choices, options)
    }

    fn describe(&self) -> String {
        let GeneratedSet { name, remark, .. } = self.set;
        let seed = self.choices.seed;
        format!("{name} ({remark}, seed {seed}), {}", self.sizes())
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Generated,
            inputs: Inputs::Pixels,
            labels: Labels::Classes,
            range: self.set.range,
        }
    }

    fn find(&self, _: &Locator) -> Result<Availability, DataError> {
        Ok(Availability::Generated)
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        Ok((self.set.info)(self.sizes()))
    }

    fn load(
        &self,
        _: &Locator,
        _: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let info = (self.set.info)(self.sizes());
        let Sizes { train, valid, test } = self.sizes();
        let examples = [train, valid, test].map(|len| len as u128);
        let bytes = examples.iter().sum::<u128>() * info.width() as u128;
        let what = format!("so many examples of {}", self.set.name);
        room_for(bytes, &what, "give fewer with --examples")?;
        Ok(Loaded {
            split: (self.set.make)(self.choices.seed, self.sizes())?,
            info,
            warnings: Vec::new(),
            encoder: None,
        })
    }
}

impl Generated {
    fn sizes(&self) -> Sizes {
        let Choices {
            train, valid, test, ..
        } = self.choices;
        Sizes { train, valid, test }
    }
}
