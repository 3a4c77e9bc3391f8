//! The networks known by name.

use crate::output::say;
use deep_rectifier::PRESETS;
use rectifier_baselines::Family;
use serde_json::json;

/// Every name that `--network` takes.
pub fn names() -> Vec<&'static str> {
    let mut names = vec!["rectifier"];
    names.extend(PRESETS.iter().map(|preset| preset.name));
    names.extend(Family::ALL.map(Family::name));
    names
}

/// `models list`.
pub fn list(as_json: bool) {
    let mut rows = vec![(
        "rectifier".to_string(),
        "any".to_string(),
        "deep sparse rectifier network, --hidden units".to_string(),
    )];
    for preset in PRESETS {
        let hidden: Vec<String> = preset.hidden.iter().map(usize::to_string).collect();
        let sizes = format!("{}-{}-{}", preset.inputs, hidden.join("-"), preset.outputs);
        rows.push((
            preset.name.into(),
            sizes,
            format!("rectifiers; {}", preset.purpose),
        ));
    }
    rows.extend(
        Family::ALL.map(|family| (family.name().into(), "any".into(), family.purpose().into())),
    );
    for (name, sizes, purpose) in rows {
        if as_json {
            say(&json!({"name": name, "sizes": sizes, "purpose": purpose}).to_string());
        } else {
            say(&format!("{name:<18} {sizes:<26} {purpose}"));
        }
    }
}
