//! A set of one's own as a source: choices that a plan keeps, files that are read once.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rectifier_data::sets::{plan_choices, plan_of};
use rectifier_data::{
    Availability, DataError, DataInfo, Encoder, Inputs, Labels, Loaded, Locator, Nature,
    OptionSpec, Options, Progress, Sizes, Source, Split, Supply,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::path::wrong;

/// What a set of one's own is made from, as a plan keeps it.
pub(crate) trait Choices:
    Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The name of the set.
    const NAME: &'static str;
    const OPTIONS: &'static [OptionSpec];
    /// What its inputs are, and the smallest and the largest number of one.
    const INPUTS: (Inputs, (f32, f32));
    /// What the files hold.
    type Read: Send + Sync;

    /// The choices that `options` make.
    fn open(options: &Options) -> Result<Self, DataError>;

    /// These choices, less those that `options` change.
    fn with(self, options: &Options) -> Result<Self, DataError>;

    /// What is wrong with these choices, whether options or a plan made them: the option, and why.
    fn check(&self) -> Result<(), (&'static str, String)> {
        Ok(())
    }

    /// The file or folder.
    fn place(&self) -> &Path;

    /// The choices in a few words.
    fn describe(&self) -> String;

    /// What the examples are.
    fn title(&self) -> String;

    fn read(&self) -> Result<Self::Read, DataError>;

    fn class_names(read: &Self::Read) -> &[String];

    /// The shape of an input and the sizes of the parts.
    fn outline(&self, read: &Self::Read) -> Result<(Vec<usize>, Sizes), DataError>;

    /// The examples, prepared by `encoder` or by one fitted on the training part.
    fn load(
        &self,
        read: &Self::Read,
        encoder: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Made, DataError>;
}

/// Examples, what prepared them, and what was odd about them.
pub(crate) struct Made {
    pub split: Split,
    pub encoder: Arc<dyn Encoder>,
    pub warnings: Vec<String>,
}

/// Implements [`DataSet`](rectifier_data::DataSet) for a set by its choices.
macro_rules! data_set {
    ($set:ty, $choices:ty) => {
        impl rectifier_data::DataSet for $set {
            fn name(&self) -> &'static str {
                <$choices as $crate::own::Choices>::NAME
            }

            fn options(&self) -> &'static [rectifier_data::OptionSpec] {
                <$choices as $crate::own::Choices>::OPTIONS
            }

            fn open(
                &self,
                options: &rectifier_data::Options,
            ) -> Result<Box<dyn rectifier_data::Source>, rectifier_data::DataError> {
                $crate::own::open::<$choices>(options)
            }

            fn read_plan(
                &self,
                plan: &serde_json::Value,
            ) -> Option<Result<Box<dyn rectifier_data::Source>, rectifier_data::DataError>> {
                $crate::own::read_plan::<$choices>(plan)
            }

            fn stands_alone(&self) -> bool {
                false
            }
        }
    };
}
pub(crate) use data_set;

pub(crate) fn open<C: Choices>(options: &Options) -> Result<Box<dyn Source>, DataError> {
    options.check(C::OPTIONS)?;
    of_options(C::open(options)?, options)
}

fn of_options<C: Choices>(choices: C, options: &Options) -> Result<Box<dyn Source>, DataError> {
    let choices = choices.with(options)?;
    choices
        .check()
        .map_err(|(option, reason)| wrong(option, reason))?;
    Ok(source(choices))
}

pub(crate) fn read_plan<C: Choices>(
    plan: &serde_json::Value,
) -> Option<Result<Box<dyn Source>, DataError>> {
    let choices = plan_choices::<C>(C::NAME, plan)?;
    Some(choices.and_then(|choices| match choices.check() {
        Ok(()) => Ok(source(choices)),
        Err((option, reason)) => Err(DataError::Plan {
            set: C::NAME.into(),
            reason: format!("{}: {reason}", option.replace('-', "_")),
        }),
    }))
}

fn source<C: Choices>(choices: C) -> Box<dyn Source> {
    Box::new(Own {
        choices,
        read: OnceLock::new(),
    })
}

struct Own<C: Choices> {
    choices: C,
    read: OnceLock<C::Read>,
}

impl<C: Choices> Own<C> {
    /// What the files hold, read by whatever asks first.
    fn read(&self) -> Result<&C::Read, DataError> {
        if let Some(read) = self.read.get() {
            return Ok(read);
        }
        let read = self.choices.read()?;
        Ok(self.read.get_or_init(|| read))
    }

    fn info_of(&self, read: &C::Read, shape: Vec<usize>, sizes: Sizes) -> DataInfo {
        let class_names = C::class_names(read).to_vec();
        DataInfo {
            name: C::NAME.into(),
            title: self.choices.title(),
            classes: class_names.len(),
            class_names,
            shape,
            sizes,
            licence: "your own data".into(),
            citation: "none".into(),
            source: self.choices.place().display().to_string(),
        }
    }
}

impl<C: Choices> Source for Own<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn to_plan(&self) -> serde_json::Value {
        plan_of(C::NAME, &self.choices)
    }

    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(C::OPTIONS)?;
        of_options(self.choices.clone(), options)
    }

    fn describe(&self) -> String {
        self.choices.describe()
    }

    fn nature(&self) -> Nature {
        let (inputs, range) = C::INPUTS;
        Nature {
            supply: Supply::Files,
            inputs,
            labels: Labels::Classes,
            range,
        }
    }

    fn find(&self, _: &Locator) -> Result<Availability, DataError> {
        let place = self.choices.place();
        Ok(match place.exists() {
            true => Availability::Here(place.to_path_buf()),
            false => Availability::Missing {
                how: format!("{} is not there: name where it is now", place.display()),
            },
        })
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        let read = self.read()?;
        let (shape, sizes) = self.choices.outline(read)?;
        Ok(self.info_of(read, shape, sizes))
    }

    fn load(
        &self,
        _: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let read = self.read()?;
        let made = self.choices.load(read, encoder, progress)?;
        let shape = made.split.train.shape().to_vec();
        Ok(Loaded {
            info: self.info_of(read, shape, made.split.sizes()),
            split: made.split,
            warnings: made.warnings,
            encoder: Some(made.encoder),
        })
    }
}
