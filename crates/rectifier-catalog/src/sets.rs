//! The table of data sets, and choosing one by name or by options.

use crate::CatalogError;
use rectifier_data::{DataSet, OptionSpec, Options, Source, joined};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

/// Every data set, in the order of listings. A new one is one line here.
pub static SETS: &[&dyn DataSet] = &[
    &rectifier_glyphs::SET,
    &rectifier_mnist::SET,
    &rectifier_cifar10::SET,
    &rectifier_norb::SET,
    &rectifier_norb::SMALL_SET,
    &rectifier_norb_like::SET,
    &rectifier_nistp::SET,
    &rectifier_reviews::RESTAURANTS_SET,
    &rectifier_reviews::AMAZON_SET,
    &rectifier_reviews::FILE_SET,
    &rectifier_files::Images,
    &rectifier_files::Table,
    &rectifier_files::Svmlight,
    &rectifier_files::Texts,
    &rectifier_files::IDX,
];

/// A data set with its choices made, as a plan holds it.
#[derive(Clone)]
pub struct DataSpec(Arc<dyn Source>);

impl DataSpec {
    /// The data set `name` with its defaults.
    ///
    /// # Errors
    /// [`CatalogError::UnknownSet`]; [`CatalogError::Data`] for a set that needs options.
    pub fn named(name: &str) -> Result<Self, CatalogError> {
        Self::open(name, &Options::new())
    }

    /// The data set `name` as `options` ask for it.
    ///
    /// # Errors
    /// [`CatalogError::UnknownSet`], [`CatalogError::OptionElsewhere`] for an option of other sets alone, and what
    /// [`DataSet::open`] says.
    pub fn open(name: &str, options: &Options) -> Result<Self, CatalogError> {
        let set = set(name)?;
        for option in options.names() {
            check_belongs(option, name, set.options())?;
        }
        Ok(Self(set.open(options)?.into()))
    }

    /// The data set that `options` ask for without naming it: the first that has all of them, and one that implies it; else the
    /// only one that has all of them. `None` if no option is given.
    ///
    /// # Errors
    /// [`CatalogError::OptionsAlone`] where they fit several; what [`DataSet::open`] says.
    pub fn implied(options: &Options) -> Result<Option<Self>, CatalogError> {
        if options.is_empty() {
            return Ok(None);
        }
        let of = |fits: &dyn Fn(&dyn DataSet) -> bool| -> Vec<&'static dyn DataSet> {
            SETS.iter().copied().filter(|set| fits(*set)).collect()
        };
        let fitting = of(&|set| options.names().all(|name| has(set, name)));
        let implies = |set: &&&dyn DataSet| {
            let mut specs = set.options().iter();
            specs.any(|spec| spec.implies && options.names().any(|name| name == spec.name))
        };
        match (fitting.iter().find(implies), fitting.as_slice()) {
            (Some(set), _) | (None, [set]) => Ok(Some(Self(set.open(options)?.into()))),
            (None, fitting) => {
                let some = of(&|set| options.names().any(|name| has(set, name)));
                let sets = if fitting.is_empty() { &some } else { fitting };
                Err(CatalogError::OptionsAlone {
                    options: joined(options.names().map(|name| format!("--{name}")), "and"),
                    sets: joined(sets.iter().map(|set| set.name()), "or"),
                })
            }
        }
    }

    /// The same data with some of its choices changed.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn changed(&self, options: &Options) -> Result<Self, CatalogError> {
        let specs = set(self.0.name())?.options();
        for option in options.names() {
            check_belongs(option, self.0.name(), specs)?;
        }
        Ok(Self(self.0.changed(options)?.into()))
    }

    /// Reads what [`Source::to_plan`] wrote.
    ///
    /// # Errors
    /// [`CatalogError::UnknownPlan`] for a set that is not in the table; [`CatalogError::Data`].
    pub fn read(plan: &serde_json::Value) -> Result<Self, CatalogError> {
        match SETS.iter().find_map(|set| set.read_plan(plan)) {
            Some(source) => Ok(Self(source?.into())),
            None => Err(CatalogError::UnknownPlan {
                tag: match plan["set"].as_str() {
                    Some(tag) => format!("`{tag}`"),
                    None => "one without a name".into(),
                },
            }),
        }
    }
}

impl Deref for DataSpec {
    type Target = dyn Source;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}

impl From<Box<dyn Source>> for DataSpec {
    /// A set that stands in no table: a program's own.
    fn from(source: Box<dyn Source>) -> Self {
        Self(source.into())
    }
}

impl std::fmt::Debug for DataSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.to_plan())
    }
}

impl PartialEq for DataSpec {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_plan() == other.0.to_plan()
    }
}

impl Serialize for DataSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_plan().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DataSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plan = serde_json::Value::deserialize(deserializer)?;
        Self::read(&plan).map_err(serde::de::Error::custom)
    }
}

/// The data set of this name.
///
/// # Errors
/// [`CatalogError::UnknownSet`].
pub fn set(name: &str) -> Result<&'static dyn DataSet, CatalogError> {
    let found = SETS.iter().find(|set| set.name() == name);
    found.copied().ok_or_else(|| CatalogError::UnknownSet {
        name: name.into(),
        known: joined(SETS.iter().map(|set| set.name()), "and"),
    })
}

/// The sets that need no option: what listings show.
pub fn standing_alone() -> impl Iterator<Item = &'static dyn DataSet> {
    SETS.iter().copied().filter(|set| set.stands_alone())
}

/// An option that some data sets have.
#[derive(Clone, Debug)]
pub struct OfferedOption {
    /// The option, as the first of them describes it.
    pub spec: OptionSpec,
    /// The names of the sets that have it.
    pub sets: Vec<&'static str>,
}

/// Every option of every set, once, in the order of the table.
pub fn options() -> Vec<OfferedOption> {
    let mut offered: Vec<OfferedOption> = Vec::new();
    for set in SETS {
        for &spec in set.options() {
            match offered
                .iter_mut()
                .find(|known| known.spec.name == spec.name)
            {
                Some(known) => known.sets.push(set.name()),
                None => offered.push(OfferedOption {
                    spec,
                    sets: vec![set.name()],
                }),
            }
        }
    }
    offered
}

fn has(set: &dyn DataSet, option: &str) -> bool {
    set.options().iter().any(|spec| spec.name == option)
}

fn check_belongs(option: &str, set: &str, specs: &[OptionSpec]) -> Result<(), CatalogError> {
    let owners = SETS.iter().filter(|set| has(**set, option));
    match specs.iter().any(|spec| spec.name == option) {
        true => Ok(()),
        false => Err(CatalogError::OptionElsewhere {
            option: option.into(),
            owners: joined(owners.map(|set| set.name()), "or"),
            set: set.into(),
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_data::{Availability, Locator, OptionKind};

    #[test]
    fn names_are_one_each_and_options_of_one_name_are_of_one_kind() {
        for (place, set) in SETS.iter().enumerate() {
            assert!(!SETS[..place].iter().any(|other| other.name() == set.name()));
            for spec in set.options() {
                let offered = options();
                let first = offered.iter().find(|known| known.spec.name == spec.name);
                let first = first.unwrap().spec;
                let alike = match (first.kind, spec.kind) {
                    (OptionKind::OneOf(_), OptionKind::OneOf(_)) => true,
                    (first, own) => first == own,
                };
                assert!(alike, "{} of {}", spec.name, set.name());
            }
        }
    }

    #[test]
    fn what_is_told_of_a_set_is_what_it_loads() {
        let locator = Locator {
            offline: true,
            ..Locator::default()
        };
        let mut seen = 0;
        for set in standing_alone() {
            // No file is needed for those that can be made smaller.
            if set.options().iter().all(|spec| spec.name != "examples") {
                continue;
            }
            let options = Options::new().with("examples", "124");
            let Ok(data) = DataSpec::open(set.name(), &options) else {
                continue;
            };
            let found = data.find(&locator).unwrap();
            if matches!(
                found,
                Availability::Generated | Availability::Partial { .. }
            ) {
                let told = data.info(&locator).unwrap();
                let loaded = data.load(&locator, None, &mut |_, _| {}).unwrap();
                assert_eq!(told.sizes, loaded.split.sizes(), "{}", set.name());
                assert_eq!(told.sizes, loaded.info.sizes, "{}", set.name());
                assert_eq!(told.sizes.train, 124, "{}", set.name());
                seen += 1;
            }
        }
        assert!(
            seen >= 3,
            "{seen}: glyphs, norb-like and nistp are generated"
        );
    }

    #[test]
    fn every_set_reads_its_own_plan_and_nobody_elses() {
        for set in standing_alone() {
            let source = set.open(&Options::new()).unwrap();
            let read = DataSpec::read(&source.to_plan()).unwrap();
            assert_eq!(read.name(), set.name());
            assert_eq!(read.to_plan(), source.to_plan());
        }
        let unknown = serde_json::json!({"set": "moons"});
        let error = DataSpec::read(&unknown).unwrap_err();
        assert!(error.to_string().contains("`moons`"), "{error}");
        let spare = serde_json::json!({"set": "mnist", "seed": 3});
        assert!(DataSpec::read(&spare).is_err());
    }

    #[test]
    fn options_choose_a_set_or_say_who_has_them() {
        let implied = |pairs: &[(&str, &str)]| {
            let options = pairs.iter().fold(Options::new(), |options, (name, value)| {
                options.with(*name, *value)
            });
            DataSpec::implied(&options)
        };
        assert!(implied(&[]).unwrap().is_none());
        let name = |pairs: &[(&str, &str)]| implied(pairs).unwrap().unwrap().name();
        assert_eq!(name(&[("examples", "100")]), "glyphs");
        assert_eq!(name(&[("data-seed", "3"), ("variant", "p07")]), "nistp");
        assert_eq!(name(&[("file", "a.csv"), ("stars-column", "s")]), "reviews");
        assert_eq!(name(&[("file", "a.csv"), ("fold", "2/10")]), "reviews");
        let error = implied(&[("file", "a.csv")]).unwrap_err().to_string();
        assert!(
            error.ends_with("--data: reviews, table, svmlight or texts"),
            "{error}"
        );
        let error = implied(&[("fold", "2/10")]).unwrap_err().to_string();
        assert!(
            error.contains("--fold") && error.contains("restaurants"),
            "{error}"
        );
        let error = DataSpec::open("mnist", &Options::new().with("fold", "1/2"));
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("restaurants, amazon or reviews, not with mnist"),
            "{error}"
        );
    }

    #[test]
    fn a_choice_changes_and_the_rest_stays() {
        let first = DataSpec::open("amazon", &Options::new().with("words", "70")).unwrap();
        let changed = first.changed(&Options::new().with("fold", "3/10")).unwrap();
        let plan = changed.to_plan();
        assert_eq!(plan["bag"]["fold"], 3);
        assert_eq!(plan["bag"]["words"], 70);
        assert!(
            first
                .changed(&Options::new().with("variant", "p07"))
                .is_err()
        );
    }
}
