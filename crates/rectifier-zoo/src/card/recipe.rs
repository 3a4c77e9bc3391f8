//! A plan's stages in words.

use serde_json::Value;

/// The stages of a plan, a line of Markdown each; nothing for what is no plan.
pub fn told(plan: &Value) -> String {
    let recipe = &plan["recipe"];
    let stages = recipe["stages"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = String::new();
    for stage in stages {
        let what = match (stage["stage"].as_str(), stage["layer"].as_u64()) {
            (Some("pretrain"), Some(layer)) => {
                format!("Pre-training of layer {layer} as a denoising autoencoder")
            }
            (Some("fine-tune"), _) => "Training of the whole network".into(),
            (other, _) => format!("Stage {}", other.unwrap_or("without a name")),
        };
        let mut words = vec![
            format!("{} epochs", number(&stage["epochs"])),
            format!("batches of {}", number(&stage["batch"])),
            format!("rate {}", rate(&stage["rate"])),
        ];
        if let Some(kind) = stage["optimizer"]["kind"].as_str()
            && kind != "sgd"
        {
            words.push(kind.into());
        }
        if let Some(noise) = stage["corruption"]["kind"].as_str()
            && noise != "none"
        {
            let share = &stage["corruption"]["share"];
            let share = if share.is_null() {
                String::new()
            } else {
                format!(" {share}")
            };
            words.push(format!("{} noise{share}", noise.replace('-', " ")));
        }
        match &stage["l1"] {
            Value::Number(l1) if l1.as_f64() != Some(0.0) => {
                words.push(format!("L1 penalty {l1} on activations"));
            }
            Value::Array(layers) => {
                let layers: Vec<String> = layers.iter().map(Value::to_string).collect();
                words.push(format!(
                    "L1 penalty {} on activations, by layer",
                    layers.join(", ")
                ));
            }
            _ => {}
        }
        if let Some(patience) = stage["patience"].as_u64() {
            words.push(format!(
                "stopped after {patience} epochs without a better validation error"
            ));
        }
        text.push_str(&format!("- {what}: {}.\n", words.join(", ")));
    }
    if let Some(seed) = recipe["seed"].as_u64() {
        text.push_str(&format!(
            "- Seed {seed}; the network of the epoch with the lowest validation error is kept.\n"
        ));
    }
    text
}

fn number(value: &Value) -> String {
    match value {
        Value::Null => "some".into(),
        value => value.to_string(),
    }
}

/// A rate, or where a schedule starts.
fn rate(value: &Value) -> String {
    match value {
        Value::Number(rate) => rate.to_string(),
        value => value["start"]
            .as_f64()
            .map_or_else(|| value.to_string(), |start| format!("{start} at first")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stages_are_lines() {
        let plan = json!({"recipe": {"seed": 7, "stages": [
            {"stage": "pretrain", "layer": 2, "epochs": 3, "batch": 10, "rate": 0.01,
             "corruption": {"kind": "masking", "share": 0.25}, "l1": 0.0},
            {"stage": "fine-tune", "epochs": 20, "batch": 10, "rate": 0.1, "l1": 5e-5, "patience": 4,
             "optimizer": {"kind": "momentum", "momentum": 0.5}}
        ]}});
        assert_eq!(
            told(&plan),
            "- Pre-training of layer 2 as a denoising autoencoder: 3 epochs, batches of 10, rate 0.01, masking noise 0.25.\n\
             - Training of the whole network: 20 epochs, batches of 10, rate 0.1, momentum, L1 penalty 0.00005 on activations, \
             stopped after 4 epochs without a better validation error.\n\
             - Seed 7; the network of the epoch with the lowest validation error is kept.\n"
        );
        assert_eq!(told(&Value::Null), "");
    }
}
