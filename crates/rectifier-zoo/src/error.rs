//! What can keep a network from being had, each with its cure.

use crate::embedded::PRETRAINED;
use crate::places::{MODELS_VARIABLE, URL_VARIABLE};
use rectifier_data::{DataError, Mismatch, Missing};
use rectifier_infer::InferError;
use rectifier_model::ModelFileError;
use std::path::PathBuf;

/// An error of the zoo. The text names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZooError {
    /// A name that is not in the registry.
    #[error("there is no network `{name}`{}", cure(.nearest, .count))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that are most like it, the nearest first.
        nearest: Vec<String>,
        /// How many networks there are.
        count: usize,
    },
    /// A registry that cannot be read.
    #[error("{origin}: this is no registry of networks: {reason}")]
    Registry {
        /// Where it came from.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A registry of a later version than this crate reads.
    #[error(
        "{origin}: the registry is of version {found}, this program reads up to {newest}: use a newer one"
    )]
    Version {
        /// Where it came from.
        origin: String,
        /// Its version.
        found: u32,
        /// The newest that is read.
        newest: u32,
    },
    /// A file that is neither on this machine nor could be fetched.
    #[error("{}", not_here(.name, .missing, .no_address))]
    Missing {
        /// The network.
        name: String,
        /// The file, and where it was looked for.
        missing: Box<Missing>,
        /// Whether nobody said where it could be fetched.
        no_address: bool,
    },
    /// A file that is there but is not the one of the registry.
    #[error(
        "{name}: {mismatch}: it is damaged, or of another version, and is not loaded; delete it, or put the right one there"
    )]
    Checksum {
        /// The network.
        name: String,
        /// How the file differs.
        mismatch: Box<Mismatch>,
    },
    /// A folder of models that was named but is not there.
    #[error("the folder of models {} does not exist: make it, or name another", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Logits that cannot be read, or are of another network.
    #[error("{origin}: {reason}")]
    Logits {
        /// The file.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// A form that the network cannot take.
    #[error("{origin}: {reason}")]
    Form {
        /// The network.
        origin: String,
        /// What cannot be done, and what can.
        reason: String,
    },
    /// A file could not be read or written, or an encoder not be made.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The bytes are no model file.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The network cannot predict.
    #[error(transparent)]
    Infer(#[from] InferError),
}

fn cure(nearest: &[String], count: &usize) -> String {
    match (nearest, count) {
        ([], 0) => ": the registry has none".into(),
        ([], _) => {
            format!(", and none is called nearly so: `rectifier models list` names all {count}")
        }
        (nearest, _) => format!(
            ": did you mean {}? `rectifier models list` names all {count}",
            nearest.join(" or ")
        ),
    }
}

fn not_here(name: &str, missing: &Missing, no_address: &bool) -> String {
    let mut text = format!("{name}: ");
    for form in &missing.forms {
        text.push_str(&format!(
            "{}/{} ({} bytes, SHA-256 {}) is not here",
            missing.set, form.file, form.bytes, form.sha256
        ));
    }
    for path in &missing.looked_at {
        text.push_str(&format!("\n  not at {}", path.display()));
    }
    for attempt in &missing.attempts {
        text.push_str(&format!(
            "\n  not from {}: {}",
            attempt.address, attempt.why
        ));
    }
    match (&missing.not_fetched, no_address) {
        (_, true) => text.push_str(&format!(
            "\n  not fetched: no address is built in; give that of a copy of the project's `models` folder in {URL_VARIABLE} (or with --url)"
        )),
        (Some(why), false) => text.push_str(&format!("\n  not fetched: {why}")),
        (None, false) => {}
    }
    text.push_str(&format!(
        "\n  by hand: put it into a folder, and name that in {MODELS_VARIABLE} (or with --models)"
    ));
    if PRETRAINED.contains(&name) {
        text.push_str(
            "\n  or have it in the program: build that with the feature `pretrained` of rectifier-zoo",
        );
    }
    text
}
