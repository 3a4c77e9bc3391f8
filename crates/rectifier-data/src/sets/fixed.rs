//! A set of known files without options.

use super::{plan_choices, plan_of};
use crate::{
    Availability, DataError, DataInfo, DataSet, Encoder, Inputs, Labels, Loaded, Locator, Nature,
    OptionSpec, Options, Progress, Source, Split, Supply,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// The parts of a set, and what the user should know of its files.
pub type Parts = (Split, Vec<String>);

/// A set of pictures in files that everybody knows, without options: nothing but what a crate says of its set.
#[derive(Clone, Copy)]
pub struct FixedSet {
    /// The name of the set.
    pub name: &'static str,
    /// What it is.
    pub info: fn() -> DataInfo,
    /// Where its first file is on this machine.
    pub find: fn(&Locator) -> Result<Option<PathBuf>, DataError>,
    /// Finds or fetches its files and reads them: its parts, and what the user should know.
    pub load: fn(&Locator, &mut Progress<'_>) -> Result<Parts, DataError>,
    /// The smallest and the largest number an input may hold.
    pub range: (f32, f32),
    /// Whether it is fetched where it is not on this machine; else its description says how it gets here.
    pub fetched: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoChoices {}

impl DataSet for FixedSet {
    fn name(&self) -> &'static str {
        self.name
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&[])?;
        Ok(Box::new(*self))
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        let choices = plan_choices::<NoChoices>(self.name, plan)?;
        Some(choices.map(|_| Box::new(*self) as Box<dyn Source>))
    }
}

impl Source for FixedSet {
    fn name(&self) -> &'static str {
        self.name
    }

    fn to_plan(&self) -> serde_json::Value {
        plan_of(self.name, &NoChoices {})
    }

    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        self.open(options)
    }

    fn describe(&self) -> String {
        let sizes = (self.info)().sizes;
        format!("{}, {sizes}", self.name)
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Files,
            inputs: Inputs::Pixels,
            labels: Labels::Classes,
            range: self.range,
        }
    }

    fn find(&self, locator: &Locator) -> Result<Availability, DataError> {
        Ok(match (self.find)(locator)? {
            Some(path) => Availability::Here(path),
            None if self.fetched => Availability::Fetchable,
            None => Availability::Missing {
                how: (self.info)().source,
            },
        })
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        Ok((self.info)())
    }

    fn load(
        &self,
        locator: &Locator,
        _: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let (split, warnings) = (self.load)(locator, progress)?;
        Ok(Loaded {
            split,
            info: (self.info)(),
            warnings,
            encoder: None,
        })
    }
}
