//! What a data set lets its users say: options as data, and the values they were given.

use crate::DataError;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

/// One option of a data set, as the command line offers it and as a program sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its name, without dashes before it: `text-column`. Options of one name mean the same in every set.
    pub name: &'static str,
    /// What stands for its value in the help: `FILE`, `N`.
    pub value: &'static str,
    /// One sentence, with the default in brackets.
    pub help: &'static str,
    /// What its value must be.
    pub kind: OptionKind,
    /// Whether it chooses this set where none is named.
    pub implies: bool,
    /// Whether it says how raw input becomes numbers: a trained model's own encoder has decided that.
    pub encodes: bool,
}

impl OptionSpec {
    /// An option that does not choose its set.
    pub const fn new(
        name: &'static str,
        value: &'static str,
        help: &'static str,
        kind: OptionKind,
    ) -> Self {
        Self {
            name,
            value,
            help,
            kind,
            implies: false,
            encodes: false,
        }
    }

    /// The same option, as one that says how raw input becomes numbers.
    pub const fn of_encoder(self) -> Self {
        Self {
            encodes: true,
            ..self
        }
    }

    /// The same option, choosing its set where none is named.
    pub const fn implying(self) -> Self {
        Self {
            implies: true,
            ..self
        }
    }
}

/// What an option's value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Any text.
    Text,
    /// A file or a folder.
    Path,
    /// A whole number, 0 or above.
    Count,
    /// A number.
    Number,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Given or not, without a value.
    Switch,
}

/// Values of options by name. A switch that is given has the value `true`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    values: BTreeMap<String, String>,
}

impl Options {
    /// No option given.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same options with `name` set to `value`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Whether no option is given.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The names of the options that are given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Checks that every option is one of `specs`, and its value of the kind that it must be.
    ///
    /// # Errors
    /// [`DataError::Option`] naming the first that is not.
    pub fn check(&self, specs: &[OptionSpec]) -> Result<(), DataError> {
        for (name, value) in &self.values {
            let Some(spec) = specs.iter().find(|spec| spec.name == name) else {
                let known: Vec<String> = specs.iter().map(|spec| dashed(spec.name)).collect();
                return Err(wrong(
                    name,
                    match known.is_empty() {
                        true => "this data set has no options".into(),
                        false => format!(
                            "this data set has no such option, it has {}",
                            known.join(", ")
                        ),
                    },
                ));
            };
            match spec.kind {
                OptionKind::Text => {}
                OptionKind::Path if value.is_empty() => {
                    return Err(wrong(name, "it names no file".into()));
                }
                OptionKind::Path => {}
                OptionKind::Count => {
                    self.parsed::<u64>(name)?;
                }
                OptionKind::Number => {
                    self.number(name)?;
                }
                OptionKind::OneOf(words) if !words.contains(&value.as_str()) => {
                    return Err(wrong(
                        name,
                        format!("`{value}` is none of {}", words.join(", ")),
                    ));
                }
                OptionKind::OneOf(_) => {}
                OptionKind::Switch if value != "true" => {
                    return Err(wrong(name, "it takes no value".into()));
                }
                OptionKind::Switch => {}
            }
        }
        Ok(())
    }

    /// The value of an option.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value of an option that names a file or a folder.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// Whether a switch is given.
    pub fn switch(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A whole number, 0 or above.
    ///
    /// # Errors
    /// [`DataError::Option`] for anything else.
    pub fn count(&self, name: &str) -> Result<Option<usize>, DataError> {
        self.parsed(name)
    }

    /// A seed.
    ///
    /// # Errors
    /// [`DataError::Option`] for what is no whole number from 0.
    pub fn seed(&self, name: &str) -> Result<Option<u64>, DataError> {
        self.parsed(name)
    }

    /// A finite number.
    ///
    /// # Errors
    /// [`DataError::Option`] for anything else.
    pub fn number(&self, name: &str) -> Result<Option<f64>, DataError> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        match value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(wrong(name, format!("`{value}` is no number"))),
        }
    }

    /// A value that can be read from text, such as a fold `3/10`.
    ///
    /// # Errors
    /// [`DataError::Option`] with what its `FromStr` says.
    pub fn read<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, DataError> {
        let value = self.text(name).map(str::parse).transpose();
        value.map_err(|error: T::Err| wrong(name, error.to_string()))
    }

    fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, DataError> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        value
            .parse()
            .map(Some)
            .map_err(|_| wrong(name, format!("`{value}` is no whole number from 0")))
    }
}

fn dashed(name: &str) -> String {
    format!("--{name}")
}

fn wrong(option: &str, reason: String) -> DataError {
    DataError::Option {
        option: option.into(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SPECS: [OptionSpec; 5] = [
        OptionSpec::new("file", "FILE", "The file.", OptionKind::Path).implying(),
        OptionSpec::new("words", "N", "How many words.", OptionKind::Count),
        OptionSpec::new("share", "S", "How much.", OptionKind::Number),
        OptionSpec::new("part", "P", "Which.", OptionKind::OneOf(&["one", "two"])),
        OptionSpec::new("grey", "", "Without colour.", OptionKind::Switch),
    ];

    #[test]
    fn values_come_back_as_what_they_are() {
        let options = Options::new()
            .with("file", "a b.csv")
            .with("words", "12")
            .with("share", "-0.5")
            .with("part", "two")
            .with("grey", "true");
        options.check(&SPECS).unwrap();
        assert_eq!(options.path("file"), Some(PathBuf::from("a b.csv")));
        assert_eq!(options.count("words").unwrap(), Some(12));
        assert_eq!(options.seed("words").unwrap(), Some(12));
        assert_eq!(options.number("share").unwrap(), Some(-0.5));
        assert_eq!(options.read::<u8>("words").unwrap(), Some(12));
        assert!(options.switch("grey") && !options.switch("colour"));
        assert_eq!(options.count("none").unwrap(), None);
    }

    #[test]
    fn every_wrong_value_is_named() {
        for (name, value, part) in [
            ("words", "-1", "--words: `-1` is no whole number"),
            ("share", "inf", "`inf` is no number"),
            ("part", "three", "none of one, two"),
            ("grey", "yes", "takes no value"),
            ("file", "", "names no file"),
            ("fold", "1/2", "no such option, it has --file, --words"),
        ] {
            let error = Options::new().with(name, value).check(&SPECS).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        let error = Options::new().with("x", "1").check(&[]).unwrap_err();
        assert!(error.to_string().contains("no options"), "{error}");
    }
}
