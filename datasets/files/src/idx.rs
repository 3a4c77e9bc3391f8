//! `--data idx`: images and labels in IDX files of the user's own.

use crate::parts::split;
use crate::path::{DATA_SEED, content, first_seed, is_first_seed};
use rectifier_data::sets::{plan_choices, plan_of};
use rectifier_data::{
    Availability, DataError, DataInfo, DataSet, Encoder, Examples, IdxPair, Inputs, Labels, Loaded,
    Locator, Nature, OptionKind, OptionSpec, Options, Progress, Shares, Source, Split,
    SplitIndices, Supply,
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Images and labels in IDX files, for a table of data sets.
pub static IDX: IdxSet = IdxSet;

/// The set, before its files are named.
pub struct IdxSet;

const NAME: &str = "idx";
const IMAGES: OptionSpec =
    OptionSpec::new("images", "FILE", "IDX file of images", OptionKind::Path).implying();
const LABELS: OptionSpec =
    OptionSpec::new("labels", "FILE", "IDX file of labels", OptionKind::Path).implying();
const TEST_IMAGES: OptionSpec = OptionSpec::new(
    "test-images",
    "FILE",
    "IDX file of test images",
    OptionKind::Path,
);
const TEST_LABELS: OptionSpec = OptionSpec::new(
    "test-labels",
    "FILE",
    "IDX file of test labels",
    OptionKind::Path,
);
const OPTIONS: [OptionSpec; 5] = [IMAGES, LABELS, TEST_IMAGES, TEST_LABELS, DATA_SEED];

/// Which files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdxChoice {
    /// Images to train and validate on.
    images: PathBuf,
    /// Their labels.
    labels: PathBuf,
    /// Images to test on; part of the others where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_images: Option<PathBuf>,
    /// Their labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_labels: Option<PathBuf>,
    /// What the parts are drawn from.
    #[serde(default = "first_seed", skip_serializing_if = "is_first_seed")]
    data_seed: u64,
}

impl IdxChoice {
    fn change(mut self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        let given = |option: OptionSpec| options.path(option.name);
        self.images = given(IMAGES).unwrap_or(self.images);
        self.labels = given(LABELS).unwrap_or(self.labels);
        self.test_images = given(TEST_IMAGES).or(self.test_images);
        self.test_labels = given(TEST_LABELS).or(self.test_labels);
        if let Some(seed) = options.seed(DATA_SEED.name)? {
            self.data_seed = seed;
        }
        // A run goes on wherever it is started from.
        let absolute = |path: &mut PathBuf| {
            if let Ok(whole) = std::path::absolute(&*path) {
                *path = whole;
            }
        };
        absolute(&mut self.images);
        absolute(&mut self.labels);
        self.test_images.iter_mut().for_each(absolute);
        self.test_labels.iter_mut().for_each(absolute);
        self.checked()
    }

    fn checked(self) -> Result<Box<dyn Source>, DataError> {
        match (&self.test_images, &self.test_labels) {
            (Some(_), None) => Err(missing(
                TEST_LABELS,
                "test images and test labels go together",
            )),
            (None, Some(_)) => Err(missing(
                TEST_IMAGES,
                "test images and test labels go together",
            )),
            _ => Ok(Box::new(self)),
        }
    }

    fn load_split(&self) -> Result<Split, DataError> {
        let whole: Arc<dyn Examples> = Arc::new(IdxPair::load(&self.images, &self.labels, None)?);
        let labels = whole.labels()?;
        if let [first, others @ ..] = labels.as_slice()
            && others.iter().all(|label| label == first)
        {
            return Err(content(
                &self.labels,
                format!("every example has the label {first}: there is nothing to tell apart"),
            ));
        }
        let (shares, test) = match self.test_images.as_deref().zip(self.test_labels.as_deref()) {
            Some((images, labels)) => {
                let test = IdxPair::load(images, labels, Some(whole.classes()))?;
                (
                    Shares::TEST_GIVEN,
                    Some(Arc::new(test) as Arc<dyn Examples>),
                )
            }
            None => (Shares::default(), None),
        };
        let parts = SplitIndices::stratified(&labels, shares, self.data_seed)?;
        split(whole, &parts, test)
    }
}

fn missing(option: OptionSpec, reason: &str) -> DataError {
    DataError::Option {
        option: option.name.into(),
        reason: reason.into(),
    }
}

impl DataSet for IdxSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        let need = |option: OptionSpec| {
            let given = options.path(option.name);
            given.ok_or_else(|| missing(option, "data set idx needs --images and --labels"))
        };
        IdxChoice {
            images: need(IMAGES)?,
            labels: need(LABELS)?,
            test_images: None,
            test_labels: None,
            data_seed: first_seed(),
        }
        .change(options)
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        Some(plan_choices::<IdxChoice>(NAME, plan)?.and_then(IdxChoice::checked))
    }

    fn stands_alone(&self) -> bool {
        false
    }
}

impl Source for IdxChoice {
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
        format!("idx, {}", self.images.display())
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Files,
            inputs: Inputs::Pixels,
            labels: Labels::Classes,
            range: (0.0, 1.0),
        }
    }

    fn find(&self, _: &Locator) -> Result<Availability, DataError> {
        let here = |path: &Path| path.is_file();
        Ok(match here(&self.images) && here(&self.labels) {
            true => Availability::Here(self.images.clone()),
            false => Availability::Missing {
                how: "given by path".into(),
            },
        })
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        Ok(info(&self.load_split()?))
    }

    fn load(
        &self,
        _: &Locator,
        _: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let split = self.load_split()?;
        Ok(Loaded {
            info: info(&split),
            split,
            warnings: Vec::new(),
            encoder: None,
        })
    }
}

fn info(split: &Split) -> DataInfo {
    let classes = split.train.classes();
    DataInfo {
        name: NAME.into(),
        title: "images and labels from IDX files".into(),
        classes,
        class_names: (0..classes).map(|class| class.to_string()).collect(),
        shape: split.train.shape().to_vec(),
        sizes: split.sizes(),
        licence: "that of the files".into(),
        citation: "that of the files".into(),
        source: "given by path".into(),
    }
}
