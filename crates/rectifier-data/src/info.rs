//! What a data set is, as plain data: for listings, cards and reports.

use serde::{Deserialize, Serialize};

/// A description of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataInfo {
    /// The name it is asked for by, lower case: `mnist`.
    pub name: String,
    /// One line that says what it holds.
    pub title: String,
    /// How many classes there are.
    pub classes: usize,
    /// Their names, class after class.
    pub class_names: Vec<String>,
    /// The shape of one input, without a batch axis.
    pub shape: Vec<usize>,
    /// How many examples each part has.
    pub sizes: Sizes,
    /// Under what terms it may be used, or that none are stated.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
    /// How the files come to this machine, or that nothing is needed.
    pub source: String,
}

/// How many examples the parts of a data set have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// To learn from.
    pub train: usize,
    /// To choose by.
    pub valid: usize,
    /// To report on.
    pub test: usize,
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { train, valid, test } = self;
        write!(f, "{train} / {valid} / {test} train / valid / test")
    }
}

impl DataInfo {
    /// How many numbers one input has.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_description_survives_json() {
        let info = DataInfo {
            name: "two".into(),
            title: "Two classes".into(),
            classes: 2,
            class_names: vec!["no".into(), "yes".into()],
            shape: vec![2, 3],
            sizes: Sizes {
                train: 5,
                valid: 1,
                test: 2,
            },
            licence: "CC0".into(),
            citation: "nobody".into(),
            source: "generated".into(),
        };
        let json = serde_json::to_string(&info).unwrap();
        assert!(
            json.contains(r#""sizes":{"train":5,"valid":1,"test":2}"#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<DataInfo>(&json).unwrap(), info);
        assert_eq!(info.width(), 6);
    }
}
