//! JSON as settings by name, to show and to compare.

use serde_json::Value;

/// Every number, text and truth in `value` with its path, such as `recipe.stages.1.rate`, in the file's order.
pub(crate) fn flat(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

fn walk(value: &Value, path: String, found: &mut Vec<(String, String)>) {
    let below = |key: &str| match path.is_empty() {
        true => key.to_string(),
        false => format!("{path}.{key}"),
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                walk(value, below(key), found);
            }
        }
        // A list of plain values is one setting; counting starts at 1, as in words.
        Value::Array(values)
            if values
                .iter()
                .any(|value| value.is_object() || value.is_array()) =>
        {
            let labels: Vec<String> = values.iter().map(label).collect();
            for (place, value) in values.iter().enumerate() {
                let label = labels[place].as_str();
                let alone = labels.iter().filter(|other| *other == label).count() == 1;
                let key = match (label, alone) {
                    ("", _) => (place + 1).to_string(),
                    (label, true) => label.to_string(),
                    (label, false) => format!("{label} ({})", place + 1),
                };
                walk(value, below(&key), found);
            }
        }
        Value::String(text) => found.push((path, text.clone())),
        other => found.push((path, other.to_string())),
    }
}

/// What a stage is called, so that the same stage of two recipes is compared wherever it stands; nothing for others.
fn label(value: &Value) -> String {
    match (value["stage"].as_str(), &value["layer"]) {
        (Some(stage), Value::Number(layer)) => format!("{stage} {layer}"),
        (Some(stage), _) => stage.to_string(),
        (None, _) => String::new(),
    }
}

/// The settings that are not the same in all of `files`: path, and what each file says, `None` where it says nothing.
pub(crate) fn differences(files: &[&Value]) -> Vec<(String, Vec<Option<String>>)> {
    let all: Vec<Vec<(String, String)>> = files.iter().map(|file| flat(file)).collect();
    let mut paths: Vec<&String> = Vec::new();
    for (path, _) in all.iter().flatten() {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let of = |file: &[(String, String)], path: &str| {
        let found = file.iter().find(|(name, _)| name == path);
        found.map(|(_, value)| value.clone())
    };
    paths
        .into_iter()
        .map(|path| {
            let values = all.iter().map(|file| of(file, path)).collect();
            (path.clone(), values)
        })
        .filter(|(_, values): &(_, Vec<_>)| values.windows(2).any(|pair| pair[0] != pair[1]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_have_paths_and_differences_are_found() {
        let one = json!({"seed": 1, "hidden": [9, 9], "stages": [{"rate": 0.1}, {"rate": {"kind": "step"}}]});
        let paths: Vec<String> = flat(&one).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths.len(), 4);
        assert!(
            paths.contains(&"stages.2.rate.kind".to_string()),
            "{paths:?}"
        );
        let two = json!({"seed": 1, "hidden": [9], "stages": [{"rate": 0.1}]});
        let found = differences(&[&one, &two]);
        let text = |text: &str| Some(text.to_string());
        assert_eq!(
            found,
            [
                ("hidden".into(), vec![text("[9,9]"), text("[9]")]),
                ("stages.2.rate.kind".into(), vec![text("step"), None]),
            ]
        );
        assert!(differences(&[&one, &one, &one]).is_empty());
    }

    #[test]
    fn stages_are_compared_by_what_they_are() {
        let one = json!({"stages": [{"stage": "fine-tune", "rate": 0.1}]});
        let two = json!({"stages": [{"stage": "pretrain", "layer": 1}, {"stage": "fine-tune", "rate": 0.1}]});
        let paths = |one, two| {
            let found = differences(&[one, two]).into_iter();
            found.map(|(path, _)| path).collect::<Vec<_>>()
        };
        let expected = ["stages.pretrain 1.layer", "stages.pretrain 1.stage"];
        let mut found = paths(&one, &two);
        found.sort();
        assert_eq!(found, expected);
        let twice = json!({"stages": [{"stage": "fine-tune", "rate": 0.1}, {"stage": "fine-tune", "rate": 0.2}]});
        assert!(paths(&one, &twice).contains(&"stages.fine-tune (2).rate".to_string()));
    }
}
