//! Networks by name, as plans ask for them.

use crate::CatalogError;
use deep_rectifier::PRESETS;
use rectifier_baselines::Family;
use rectifier_data::joined;
use rectifier_nn::{DenseStackConfig, Unit};

/// A network that a plan can ask for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkEntry {
    /// Its name.
    pub name: &'static str,
    /// Inputs, hidden units and classes: `784-1000-1000-1000-10`, or `any`.
    pub sizes: String,
    /// What it is for.
    pub purpose: String,
}

/// What the plain network is called: rectifiers, of any size.
pub const RECTIFIER: &str = "rectifier";

/// Every network.
pub fn networks() -> Vec<NetworkEntry> {
    let any = |name, purpose: &str| NetworkEntry {
        name,
        sizes: "any".into(),
        purpose: purpose.into(),
    };
    let mut all = vec![any(
        RECTIFIER,
        "deep sparse rectifier network, --hidden units",
    )];
    all.extend(PRESETS.iter().map(|preset| {
        let hidden: Vec<String> = preset.hidden.iter().map(usize::to_string).collect();
        NetworkEntry {
            name: preset.name,
            sizes: format!("{}-{}-{}", preset.inputs, hidden.join("-"), preset.outputs),
            purpose: format!("rectifiers; {}", preset.purpose),
        }
    }));
    all.extend(Family::ALL.map(|family| any(family.name(), family.purpose())));
    all
}

/// `network` made the one of this name: its units, and its hidden layers where the name stands for some.
///
/// # Errors
/// [`CatalogError::UnknownNetwork`]; [`CatalogError::NetworkSize`] for one that is of another size than the data.
pub fn named_network(
    name: &str,
    network: &DenseStackConfig,
) -> Result<DenseStackConfig, CatalogError> {
    let mut network = network.clone();
    if name == RECTIFIER {
        network.unit = Unit::Rectifier;
    } else if let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) {
        if (preset.inputs, preset.outputs) != (network.inputs, network.outputs) {
            return Err(CatalogError::NetworkSize {
                name: name.into(),
                inputs: preset.inputs,
                outputs: preset.outputs,
                width: network.inputs,
                classes: network.outputs,
            });
        }
        network.unit = Unit::Rectifier;
        network.hidden = preset.hidden.to_vec();
    } else if let Some(family) = Family::by_name(name) {
        network = family.config(network.inputs, network.hidden, network.outputs);
    } else {
        return Err(CatalogError::UnknownNetwork {
            name: name.into(),
            known: joined(networks().into_iter().map(|entry| entry.name), "and"),
        });
    }
    Ok(network)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_network_can_be_asked_for() {
        for entry in networks() {
            let numbers: Vec<usize> = entry
                .sizes
                .split('-')
                .filter_map(|size| size.parse().ok())
                .collect();
            let (inputs, outputs) = match numbers.as_slice() {
                [inputs, .., outputs] => (*inputs, *outputs),
                _ => (7, 3),
            };
            let plain = DenseStackConfig::new(inputs, vec![5], Unit::Rectifier, outputs);
            let network = named_network(entry.name, &plain).unwrap();
            assert_eq!((network.inputs, network.outputs), (inputs, outputs));
        }
    }

    #[test]
    fn other_sizes_and_other_names_are_refused() {
        let plain = DenseStackConfig::new(7, vec![5], Unit::Rectifier, 3);
        let error = named_network("mnist-3x1000", &plain).unwrap_err();
        assert!(error.to_string().contains("784 inputs"), "{error}");
        let error = named_network("resnet", &plain).unwrap_err();
        assert!(error.to_string().contains("rectifier, "), "{error}");
    }
}
