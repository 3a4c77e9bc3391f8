//! What a run is: everything that shapes its numbers, written when it begins, held against what it is given later.

use crate::{Change, Notice, PartSizes, Provenance, Recipe};
use burn::module::Module;
use rectifier_nn::Network;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

/// What a run is made of; `run.json` in its folder, from its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// The version of this form.
    pub version: u32,
    /// What was asked for, as whoever asked wrote it; the file `recipe.json` says the same.
    pub plan: Value,
    /// What is done to the network.
    pub recipe: Recipe,
    /// The network's description; its type and the number of its parameters where it has none.
    pub network: Value,
    /// Steps from one reading to the next, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure_every: Option<usize>,
    /// The longest time between two checkpoints, in seconds. It shapes no number and is not compared.
    pub checkpoint_seconds: f64,
    /// Program, machine, engine, data.
    pub provenance: Provenance,
}

/// The version of the form.
pub(crate) const VERSION: u32 = 1;

/// What `network` is, as JSON.
pub(crate) fn describe<N: Network>(network: &N) -> Value {
    let known = serde_json::from_str(&network.describe()).ok();
    known.unwrap_or_else(|| {
        let path = std::any::type_name::<N>();
        let module = path.rsplit("::").next().unwrap_or(path);
        json!({"module": module, "parameters": Module::num_params(network)})
    })
}

impl RunIdentity {
    /// Where a run that is given `now` would not be the one that this is; the first field that differs.
    pub(crate) fn change(&self, now: &Self, folder: &Path, finished: bool) -> Option<Box<Change>> {
        let (field, was, now) = self.difference(now)?;
        Some(Box::new(Change {
            folder: folder.into(),
            field,
            was,
            now,
            finished,
        }))
    }

    fn difference(&self, now: &Self) -> Option<(String, String, String)> {
        let recipe = |identity: &Self| serde_json::to_value(&identity.recipe).unwrap_or_default();
        if let Some(found) = first_difference("recipe", &recipe(self), &recipe(now)) {
            return Some(found);
        }
        if let Some(found) = first_difference("network", &self.network, &now.network) {
            return Some(found);
        }
        let (was, is) = (&self.provenance, &now.provenance);
        let sizes = |sizes: &PartSizes| {
            let PartSizes {
                train,
                valid,
                test,
                unlabelled,
            } = sizes;
            let unlabelled = unlabelled.map_or(String::new(), |count| format!("/{count}"));
            format!("{train}/{valid}/{test}{unlabelled} examples")
        };
        let told = |value: &Option<usize>| value.map_or("none".into(), |value| value.to_string());
        let encoder = |data: &Option<String>| data.clone().unwrap_or_else(|| "none".into());
        // Where the engine tells its threads, the device is this machine's processor, whose instructions may differ.
        let device = |provenance: &Provenance| match provenance.threads {
            Some(_) => String::new(),
            None => provenance.device.clone(),
        };
        let fields = [
            ("data", sizes(&was.data.sizes), sizes(&is.data.sizes)),
            (
                "data checksum",
                was.data.checksum.clone(),
                is.data.checksum.clone(),
            ),
            (
                "encoder checksum",
                encoder(&was.data.encoder_checksum),
                encoder(&is.data.encoder_checksum),
            ),
            ("engine", was.engine.clone(), is.engine.clone()),
            ("threads", told(&was.threads), told(&is.threads)),
            ("device", device(was), device(is)),
            (
                "measure_every",
                told(&self.measure_every),
                told(&now.measure_every),
            ),
        ];
        let mut differing = fields.into_iter().filter(|(_, was, now)| was != now);
        let (field, was, now) = differing.next()?;
        Some((field.into(), was, now))
    }

    /// What differs that is worth saying and no reason to stop.
    pub(crate) fn notices(&self, now: &Self) -> Vec<Notice> {
        let (was, now) = (&self.provenance, &now.provenance);
        let mut notices = Vec::new();
        if was.instruction_set != now.instruction_set {
            notices.push(Notice::InstructionSet {
                was: was.instruction_set.clone(),
                now: now.instruction_set.clone(),
            });
        }
        if was.version != now.version {
            notices.push(Notice::Version {
                was: was.version.clone(),
                now: now.version.clone(),
            });
        }
        notices
    }
}

/// The first place, in the order of `was` and then of `now`, where two JSON values differ, and what stands there.
pub(crate) fn first_difference(
    path: &str,
    was: &Value,
    now: &Value,
) -> Option<(String, String, String)> {
    match (was, now) {
        (Value::Object(old), Value::Object(new)) => {
            let keys = old
                .keys()
                .chain(new.keys().filter(|key| !old.contains_key(*key)));
            let mut found = keys.filter_map(|key| {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned();
                let none = Value::Null;
                let (a, b) = (of(old).unwrap_or(none.clone()), of(new).unwrap_or(none));
                first_difference(&format!("{path}.{key}"), &a, &b)
            });
            found.next()
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            let mut found = old
                .iter()
                .zip(new)
                .enumerate()
                .filter_map(|(place, (a, b))| first_difference(&format!("{path}[{place}]"), a, b));
            found.next()
        }
        _ if was == now => None,
        _ => {
            let told = |value: &Value| match value {
                Value::Null => "none".to_string(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some((path.into(), told(was), told(now)))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{DataFingerprint, FineTune};

    fn identity() -> RunIdentity {
        let recipe = Recipe::of(3, [FineTune::new(2, 10, 0.1), FineTune::new(4, 10, 0.05)]);
        let data = DataFingerprint {
            name: "some".into(),
            sizes: PartSizes {
                train: 100,
                valid: 10,
                test: 10,
                unlabelled: None,
            },
            checksum: "abc".into(),
            encoder_checksum: None,
        };
        let device = ("sparse", "cpu (avx2, 2 threads)".to_string());
        RunIdentity {
            version: VERSION,
            plan: json!({"recipe": 1}),
            network: json!({"inputs": 4, "hidden": [3, 2]}),
            measure_every: None,
            checkpoint_seconds: 60.0,
            provenance: Provenance::now(&recipe, data, device, Some(2), Some("avx2".into())),
            recipe,
        }
    }

    #[test]
    fn an_identity_survives_json_and_is_its_own() {
        let identity = identity();
        let text = serde_json::to_string(&identity).unwrap();
        let back: RunIdentity = serde_json::from_str(&text).unwrap();
        assert_eq!(back, identity);
        assert_eq!(identity.change(&back, Path::new("run"), false), None);
    }

    #[test]
    fn every_field_that_shapes_numbers_is_named_with_both_values() {
        type Edit = fn(&mut RunIdentity);
        let edits: [(Edit, &str, &str, &str); 11] = [
            (|i| i.recipe.seed = 4, "recipe.seed", "3", "4"),
            (
                |i| i.recipe.stages[1] = FineTune::new(4, 10, 0.5).into(),
                "recipe.stages[1].rate",
                "0.05",
                "0.5",
            ),
            (
                |i| i.recipe.stages[0] = FineTune::new(2, 10, 0.1).patience(3).into(),
                "recipe.stages[0].patience",
                "none",
                "3",
            ),
            (
                |i| i.network = json!({"inputs": 4, "hidden": [3, 5]}),
                "network.hidden[1]",
                "2",
                "5",
            ),
            (
                |i| i.provenance.data.sizes.test = 9,
                "data",
                "100/10/10 examples",
                "100/10/9 examples",
            ),
            (
                |i| i.provenance.data.checksum = "abd".into(),
                "data checksum",
                "abc",
                "abd",
            ),
            (
                |i| i.provenance.data.encoder_checksum = Some("e".into()),
                "encoder checksum",
                "none",
                "e",
            ),
            (
                |i| i.provenance.engine = "burn".into(),
                "engine",
                "sparse",
                "burn",
            ),
            (|i| i.provenance.threads = Some(1), "threads", "2", "1"),
            (|i| i.provenance.threads = None, "threads", "2", "none"),
            (|i| i.measure_every = Some(7), "measure_every", "none", "7"),
        ];
        let began = identity();
        for (edit, field, was, now) in edits {
            let mut given = identity();
            edit(&mut given);
            let change = began.change(&given, Path::new("run"), false).unwrap();
            assert_eq!(
                (
                    change.field.as_str(),
                    change.was.as_str(),
                    change.now.as_str()
                ),
                (field, was, now)
            );
        }
        let mut given = identity();
        given.recipe.seed = 4;
        let change = began.change(&given, Path::new("run"), true).unwrap();
        let text = change.to_string();
        assert!(
            text.contains("recipe.seed 3, not 4: a finished run is never"),
            "{text}"
        );
    }

    #[test]
    fn other_instructions_and_names_are_no_reason_to_stop() {
        let began = identity();
        let mut given = identity();
        given.provenance.data.name = "renamed".into();
        given.provenance.instruction_set = "avx512".into();
        given.provenance.device = "cpu (avx512, 2 threads)".into();
        given.provenance.version = "9.9.9".into();
        given.checkpoint_seconds = 1.0;
        assert_eq!(began.change(&given, Path::new("run"), false), None);
        assert_eq!(began.notices(&given).len(), 2);
    }
}
