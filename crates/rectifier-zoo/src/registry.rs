//! The registry: every network by name.

use crate::{Entry, StoredFile, ZooError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Component, Path};
use std::sync::LazyLock;

/// The version of the registry's form.
pub const REGISTRY_VERSION: u32 = 1;
/// The registry of this crate.
const BUILT_IN: &str = include_str!("../registry.json");
/// Names of networks that an unknown one is answered with, at most.
const NEAREST: usize = 3;
/// How like a name must be to be one of them: 0 not at all, 1 the same.
const LIKE: f64 = 0.5;

/// A registry of trained networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zoo {
    version: u32,
    networks: Vec<Entry>,
}

impl Default for Zoo {
    fn default() -> Self {
        Self {
            version: REGISTRY_VERSION,
            networks: Vec::new(),
        }
    }
}

impl Zoo {
    /// The registry of this crate.
    pub fn builtin() -> &'static Self {
        static ZOO: LazyLock<Zoo> = LazyLock::new(|| {
            // A test holds it to be readable.
            Zoo::parse(BUILT_IN, "the built-in registry").unwrap_or_default()
        });
        &ZOO
    }

    /// Reads a registry that [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    /// [`ZooError::Data`] for a file that cannot be read; as [`parse`](Self::parse).
    pub fn read(path: &Path) -> Result<Self, ZooError> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|source| rectifier_data::DataError::io(path, source))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Parses and checks a registry; `origin` names it in errors.
    ///
    /// # Errors
    /// [`ZooError::Version`]; [`ZooError::Registry`] for what is no registry, holds a name twice, or names files outside a
    /// folder of models.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ZooError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let wrong = |reason: String| ZooError::Registry {
            origin: origin.into(),
            reason,
        };
        let json = |error: serde_json::Error| wrong(error.to_string());
        let found: Version = serde_json::from_str(text).map_err(json)?;
        if found.version > REGISTRY_VERSION {
            return Err(ZooError::Version {
                origin: origin.into(),
                found: found.version,
                newest: REGISTRY_VERSION,
            });
        }
        let zoo: Self = serde_json::from_str(text).map_err(json)?;
        let mut names = BTreeSet::new();
        for entry in &zoo.networks {
            check(entry).map_err(|reason| wrong(format!("`{}`: {reason}", entry.name)))?;
            if !names.insert(&entry.name) {
                return Err(wrong(format!("`{}` is there twice", entry.name)));
            }
        }
        Ok(zoo)
    }

    /// The registry as a file.
    ///
    /// # Errors
    /// [`ZooError::Registry`] for a plan that JSON cannot hold.
    pub fn to_text(&self) -> Result<String, ZooError> {
        let text = serde_json::to_string_pretty(self).map_err(|error| ZooError::Registry {
            origin: "the registry".into(),
            reason: error.to_string(),
        })?;
        Ok(text + "\n")
    }

    /// Every network, by name.
    pub fn entries(&self) -> &[Entry] {
        &self.networks
    }

    /// The registry with one more network, or with another one of its name.
    #[must_use]
    pub fn with(mut self, entry: Entry) -> Self {
        self.networks.retain(|known| known.name != entry.name);
        self.networks.push(entry);
        self.networks.sort_by(|a, b| a.name.cmp(&b.name));
        self
    }

    /// The networks whose name `pattern` fits; `*` stands for any text.
    pub fn list(&self, pattern: &str) -> Vec<&Entry> {
        let fitting = |entry: &&Entry| fits(pattern, &entry.name);
        self.networks.iter().filter(fitting).collect()
    }

    /// The network of this name.
    ///
    /// # Errors
    /// [`ZooError::Unknown`], naming those that are called nearly so.
    pub fn get(&self, name: &str) -> Result<&Entry, ZooError> {
        let found = self.networks.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| ZooError::Unknown {
            name: name.into(),
            nearest: self.nearest(name),
            count: self.networks.len(),
        })
    }

    /// The network that has a file of this checksum.
    pub fn by_checksum(&self, sha256: &str) -> Option<&Entry> {
        let own = |entry: &&Entry| entry.file.sha256.eq_ignore_ascii_case(sha256);
        self.networks.iter().find(own)
    }

    /// The network whose model file is called so.
    pub fn by_file(&self, file: &str) -> Option<&Entry> {
        self.networks
            .iter()
            .find(|entry| entry.file.parts().1 == file)
    }

    fn nearest(&self, name: &str) -> Vec<String> {
        let name = name.to_lowercase();
        let like = |known: &str| {
            // A name that was begun, or given without its data, is near too.
            let part = known.split('/').any(|part| part == name) || known.starts_with(&name);
            let like = strsim::normalized_damerau_levenshtein(known, &name);
            if part && !name.is_empty() { 1.0 } else { like }
        };
        let names = self.networks.iter().map(|entry| entry.name.as_str());
        let mut near: Vec<(f64, &str)> = names.map(|known| (like(known), known)).collect();
        near.retain(|(like, _)| *like >= LIKE);
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        near.truncate(NEAREST);
        near.into_iter().map(|(_, known)| known.into()).collect()
    }
}

/// What is wrong with an entry, in words.
fn check(entry: &Entry) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain);
    if !entry.name.split('/').all(part) {
        return Err("a name is of letters, digits, dashes, dots and slashes".into());
    }
    entry
        .network
        .validate()
        .map_err(|error| error.to_string())?;
    for file in [&entry.file, &entry.logits] {
        check_file(file)?;
    }
    Ok(())
}

fn check_file(file: &StoredFile) -> Result<(), String> {
    let inside = |part| matches!(part, Component::Normal(_));
    let (folder, name) = file.parts();
    if name.is_empty() || folder.is_empty() || !Path::new(&file.path).components().all(inside) {
        return Err(format!(
            "{:?} is no path inside a folder of models",
            file.path
        ));
    }
    if file.sha256.len() != 64 || !file.sha256.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(format!("{:?} is no SHA-256", file.sha256));
    }
    Ok(())
}

/// Whether `name` is `pattern`, whose `*` stand for any text.
///
/// ```
/// assert!(rectifier_zoo::fits("mnist/*", "mnist/tanh-3x1000"));
/// assert!(!rectifier_zoo::fits("mnist", "mnist/tanh-3x1000"));
/// ```
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;
    use crate::entry::{DataTerms, Measured, Row};
    use rectifier_model::{DataCard, DenseStackConfig, Objective, Precision, Provenance, Unit};

    /// An entry without files.
    pub(crate) fn entry(name: &str) -> Entry {
        let file = |kind: &str| StoredFile {
            path: format!("deep-rectifier/weights/{}.{kind}", name.replace('/', "-")),
            bytes: 7,
            sha256: "0".repeat(64),
        };
        let network = DenseStackConfig::new(4, [3], Unit::Rectifier, 2);
        Entry {
            name: name.into(),
            task: "points".into(),
            objective: Objective::Classification,
            parameters: network.parameters(),
            network,
            classes: vec!["no".into(), "yes".into()],
            data: DataCard {
                name: "points".into(),
                shape: vec![4],
                range: [0.0, 1.0],
            },
            encoder: None,
            precision: Precision::F32,
            file: file("safetensors"),
            logits: file("logits.json"),
            weights_sha256: "0".repeat(64),
            figures: Measured {
                test_error: 0.0125,
                interval: Some([0.01, 0.015]),
                test_examples: 10_000,
                f32_error: 0.0125,
                valid_error: 0.012,
                zeros: vec![0.75],
                dead: vec![0],
            },
            row: Row {
                runs: 2,
                seed: 3,
                mean: 0.013,
                interval: Some([0.012, 0.014]),
            },
            plan: serde_json::json!({"recipe": {"seed": 3, "stages": []}}),
            provenance: Provenance::default(),
            minutes: 1.5,
            speed: None,
            picture: false,
            licence: "MIT OR Apache-2.0".into(),
            data_terms: DataTerms {
                licence: "CC0".into(),
                citation: "nobody".into(),
            },
        }
    }

    fn zoo() -> Zoo {
        let names = [
            "mnist/rectifier-3x1000",
            "mnist/tanh-3x1000",
            "glyphs/rectifier-tiny",
        ];
        names
            .iter()
            .fold(Zoo::default(), |zoo, name| zoo.with(entry(name)))
    }

    #[test]
    fn the_built_in_registry_is_read() {
        let zoo = Zoo::parse(BUILT_IN, "registry.json").unwrap();
        assert_eq!(Zoo::builtin(), &zoo);
        assert_eq!(zoo.to_text().unwrap(), BUILT_IN);
    }

    #[test]
    fn names_are_found_listed_and_guessed() {
        let zoo = zoo();
        let listed = |pattern: &str| -> Vec<String> {
            zoo.list(pattern)
                .iter()
                .map(|entry| entry.name.clone())
                .collect()
        };
        assert_eq!(listed("*").len(), 3);
        assert_eq!(
            listed("mnist/*"),
            ["mnist/rectifier-3x1000", "mnist/tanh-3x1000"]
        );
        assert_eq!(listed("*rect*tiny"), ["glyphs/rectifier-tiny"]);
        assert_eq!(listed("mnist/tanh-3x1000"), ["mnist/tanh-3x1000"]);
        assert!(listed("mnist").is_empty() && listed("").is_empty());
        assert_eq!(zoo.get("mnist/tanh-3x1000").unwrap().row.seed, 3);
        let error = |name: &str| zoo.get(name).unwrap_err().to_string();
        let near = error("mnist/rectifer-3x100");
        assert!(
            near.contains("did you mean mnist/rectifier-3x1000"),
            "{near}"
        );
        assert!(error("tanh-3x1000").contains("mean mnist/tanh-3x1000?"));
        assert!(error("MNIST/TANH-3X1000").contains("mnist/tanh-3x1000"));
        assert!(
            error("resnet").contains("names all 3"),
            "{}",
            error("resnet")
        );
        assert!(
            Zoo::default()
                .get("a")
                .unwrap_err()
                .to_string()
                .contains("has none")
        );
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, name, fit) in [
            ("*", "", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*b", "ab", false),
            ("**", "x", true),
            ("a", "ab", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn a_registry_comes_back_and_a_wrong_one_is_refused() {
        let text = zoo().to_text().unwrap();
        assert_eq!(Zoo::parse(&text, "r").unwrap(), zoo());
        let first = "deep-rectifier/weights/mnist-tanh-3x1000.safetensors";
        for (from, to, word) in [
            ("\"version\": 1", "\"version\": 9", "version 9"),
            ("mnist/tanh-3x1000\"", "mnist/rectifier-3x1000\"", "twice"),
            (first, "../../etc/passwd", "no path inside"),
            (first, "/etc/passwd", "no path inside"),
            (first, "passwd", "no path inside"),
            (&"0".repeat(64), "0", "no SHA-256"),
            ("mnist/tanh-3x1000\"", "../x\"", "a name is of"),
            ("\"inputs\": 4", "\"inputs\": 0", "number of inputs"),
            ("\"task\"", "\"tusk\"", "task"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = Zoo::parse(&text.replacen(from, to, 1), "r")
                .unwrap_err()
                .to_string();
            assert!(error.contains(word), "{to}: {error}");
        }
    }
}
