//! What a user should know that is no error.

use rectifier_data::{listed, shortened};
use std::fmt;
use std::path::PathBuf;

/// Something odd that a run found and went on with.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// The latest checkpoint cannot be read, so the run goes on from the one before it.
    CheckpointDamaged {
        /// The damaged file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The latest checkpoint is gone, so the run goes on from the one before it.
    CheckpointGone {
        /// The file that is gone.
        path: PathBuf,
    },
    /// A file of rows was changed, cut or emptied from outside: whole rows are kept.
    RowsChanged {
        /// The file.
        path: PathBuf,
        /// Bytes that the run had written by its checkpoint.
        written: u64,
        /// Bytes of whole rows that were kept.
        kept: u64,
    },
    /// A file that is made anew from the checkpoint was changed from outside.
    Rewritten {
        /// The file.
        path: PathBuf,
        /// Where the changed one is kept.
        kept: PathBuf,
    },
    /// The run goes on with other machine instructions: rounding may differ in the last digits.
    InstructionSet {
        /// What it began with.
        was: String,
        /// What it goes on with.
        now: String,
    },
    /// The run goes on with another version of the program.
    Version {
        /// What it began with.
        was: String,
        /// What it goes on with.
        now: String,
    },
    /// Classes that no example of a part has.
    ClassesMissing {
        /// Which part.
        part: &'static str,
        /// The classes, from 0.
        classes: Vec<usize>,
        /// How many classes there are.
        of: usize,
    },
    /// A part whose examples are all of one class.
    OneClass {
        /// Which part.
        part: &'static str,
        /// The class, from 0.
        class: usize,
    },
    /// Examples without a number that is not 0.
    EmptyRows {
        /// Which part.
        part: &'static str,
        /// How many of the examples looked at.
        empty: usize,
        /// How many were looked at.
        of: usize,
    },
    /// Inputs that are no numbers.
    NotFinite {
        /// Which part.
        part: &'static str,
        /// The first such example, from 0.
        example: usize,
    },
    /// Every epoch is a single step, because the part has fewer examples than a batch.
    ShortOfABatch {
        /// Which part.
        part: &'static str,
        /// Its examples.
        examples: usize,
        /// The size of a batch.
        batch: usize,
    },
}

impl Notice {
    /// What it says, with classes by their `names`, where they have others than their numbers.
    pub fn with_names(&self, names: &[String]) -> String {
        let named = |class: &usize| {
            let name = names.get(*class).cloned();
            name.filter(|name| *name != class.to_string())
        };
        match self {
            Self::ClassesMissing { part, classes, of } => {
                let found: Option<Vec<String>> = classes.iter().map(named).collect();
                found.map(|found| {
                    format!(
                        "no example of the {part} part is of class {} (of {of}): {MISSING_CURE}",
                        listed(found)
                    )
                })
            }
            Self::OneClass { part, class } => named(class).map(|name| {
                format!(
                    "all examples of the {part} part are of class {:?}: {ONE_CURE}",
                    shortened(&name)
                )
            }),
            _ => None,
        }
        .unwrap_or_else(|| self.to_string())
    }
}

/// What to do where classes are missing.
const MISSING_CURE: &str = "are the labels right, and the parts drawn from all classes?";
/// What to do where there is one class.
const ONE_CURE: &str = "its error says nothing; draw the parts from all classes";

/// How many classes a text names before it only counts them.
const NAMED: usize = 8;

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CheckpointDamaged { path, reason } => write!(
                f,
                "{}: {reason}: the run goes on from the checkpoint before it",
                path.display()
            ),
            Self::CheckpointGone { path } => write!(
                f,
                "{} is gone: the run goes on from the checkpoint before it",
                path.display()
            ),
            Self::RowsChanged {
                path,
                written,
                kept,
            } => write!(
                f,
                "{} was changed from outside: {kept} of the {written} bytes written before are kept as whole rows, and \
                 new rows follow them",
                path.display()
            ),
            Self::Rewritten { path, kept } => write!(
                f,
                "{} was changed from outside: it is written anew from the checkpoint, and the changed one is kept as {}",
                path.display(),
                kept.display()
            ),
            Self::InstructionSet { was, now } => write!(
                f,
                "the run began on {was} and goes on on {now}: numbers may differ in their last digits"
            ),
            Self::Version { was, now } => write!(
                f,
                "the run began with version {was} and goes on with version {now}"
            ),
            Self::ClassesMissing { part, classes, of } => {
                let named: Vec<String> = classes.iter().take(NAMED).map(usize::to_string).collect();
                let more = match classes.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                write!(
                    f,
                    "no example of the {part} part is of class {}{more} (of {of}, counted from 0): {MISSING_CURE}",
                    named.join(", ")
                )
            }
            Self::OneClass { part, class } => write!(
                f,
                "all examples of the {part} part are of class {class}: {ONE_CURE}"
            ),
            Self::EmptyRows { part, empty, of } => write!(
                f,
                "{empty} of the {of} examples looked at in the {part} part are 0 throughout: is it the right column or file?"
            ),
            Self::NotFinite { part, example } => write!(
                f,
                "example {example} of the {part} part holds a value that is no number: training will end at once"
            ),
            Self::ShortOfABatch {
                part,
                examples,
                batch,
            } => write!(
                f,
                "a batch of {batch} takes all {examples} of the {part} part at once: every epoch is a single step"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_classes_are_counted_rather_than_listed() {
        let notice = |classes: Vec<usize>| {
            let part = "test";
            Notice::ClassesMissing {
                part,
                classes,
                of: 1000,
            }
            .to_string()
        };
        assert!(notice(vec![0]).contains("class 0 (of 1000"));
        let long = notice((0..900).collect());
        assert!(long.contains("7 and 892 more"), "{long}");
        let names = ["cat", "dog"].map(String::from);
        let one = Notice::OneClass {
            part: "test",
            class: 1,
        };
        assert!(one.with_names(&names).contains("of class \"dog\": "));
        assert!(one.with_names(&[]).contains("of class 1: "));
        let missing = Notice::ClassesMissing {
            part: "test",
            classes: vec![0, 1],
            of: 2,
        };
        let text = missing.with_names(&names);
        assert!(text.contains("class \"cat\", \"dog\" (of 2): "), "{text}");
        assert_eq!(missing.with_names(&names[..1]), missing.to_string());
    }
}
