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
            match stage["epochs"].as_u64() {
                Some(1) => "1 epoch".into(),
                _ => format!("{} epochs", number(&stage["epochs"])),
            },
            format!("batches of {}", number(&stage["batch"])),
            format!("rate {}", rate(&stage["rate"])),
        ];
        if let Some(kind) = stage["optimizer"]["kind"].as_str()
            && kind != "sgd"
        {
            let momentum = stage["optimizer"]["momentum"].as_f64();
            words.push(momentum.map_or(kind.into(), |momentum| format!("momentum {momentum}")));
        }
        if let Some(decay) = stage["weight_decay"].as_f64().filter(|decay| *decay > 0.0) {
            words.push(format!("weight decay {decay}"));
        }
        for (place, of) in [("input", "inputs"), ("hidden", "hidden activations")] {
            if let Some(share) = stage["dropout"][place]
                .as_f64()
                .filter(|share| *share > 0.0)
            {
                words.push(format!("dropout of {share} of the {of}"));
            }
        }
        if let Some(shift) = stage["shift"].as_u64().filter(|shift| *shift > 0) {
            words.push(format!("pictures shifted by up to {shift} pixels"));
        }
        if let Some(layers) = stage["frozen"]
            .as_array()
            .filter(|layers| !layers.is_empty())
        {
            let layers: Vec<String> = layers.iter().map(Value::to_string).collect();
            words.push(format!(
                "hidden layers {} left as they are",
                layers.join(", ")
            ));
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

/// A rate, or how it changes.
fn rate(value: &Value) -> String {
    let (start, end) = (value["start"].as_f64(), value["end"].as_f64());
    match (value, start, end) {
        (Value::Number(rate), ..) => rate.to_string(),
        (_, Some(start), Some(end)) => format!("{start} to {end} ({})", text(&value["kind"])),
        (_, Some(start), None) => {
            let factor = &value["factor"];
            let every = match value["epochs"].as_f64() {
                Some(epochs) if epochs != 1.0 => format!("{epochs} epochs"),
                _ => "epoch".into(),
            };
            format!("{start} times {factor} every {every}")
        }
        _ => value.to_string(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
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
             "optimizer": {"kind": "momentum", "momentum": 0.5}},
            {"stage": "fine-tune", "epochs": 2, "batch": 10, "rate": {"kind": "cosine", "start": 0.1, "end": 0.001},
             "weight_decay": 1e-4, "dropout": {"input": 0.2, "hidden": 0.5}, "shift": 2, "frozen": [1, 2]},
            {"stage": "fine-tune", "epochs": 2, "batch": 10, "rate": {"kind": "step", "start": 0.1, "factor": 0.5, "epochs": 5.0},
             "dropout": {"hidden": 0.5}}
        ]}});
        assert_eq!(
            told(&plan),
            "- Pre-training of layer 2 as a denoising autoencoder: 3 epochs, batches of 10, rate 0.01, masking noise 0.25.\n\
             - Training of the whole network: 20 epochs, batches of 10, rate 0.1, momentum 0.5, L1 penalty 0.00005 on activations, \
             stopped after 4 epochs without a better validation error.\n\
             - Training of the whole network: 2 epochs, batches of 10, rate 0.1 to 0.001 (cosine), weight decay 0.0001, dropout of \
             0.2 of the inputs, dropout of 0.5 of the hidden activations, pictures shifted by up to 2 pixels, hidden layers 1, 2 left \
             as they are.\n\
             - Training of the whole network: 2 epochs, batches of 10, rate 0.1 times 0.5 every 5 epochs, dropout of 0.5 of the \
             hidden activations.\n\
             - Seed 7; the network of the epoch with the lowest validation error is kept.\n"
        );
        assert_eq!(told(&Value::Null), "");
    }
}
