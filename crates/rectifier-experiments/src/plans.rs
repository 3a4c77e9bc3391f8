//! What plans of experiments are made of: data by name and size, networks for it, stages as the paper has them.

use crate::ExperimentError;
use rectifier_catalog::{DataSpec, pretraining};
use rectifier_data::{Locator, Options};
use rectifier_nn::{DenseStackConfig, Reconstruction, Scale, Target, Unit};
use rectifier_train::Pretrain;
use serde_json::json;

/// The paper's minibatch.
pub(crate) const BATCH: usize = 10;

/// A data set with some of its options.
pub(crate) fn data(name: &str, options: &[(&str, String)]) -> Result<DataSpec, ExperimentError> {
    let options = options
        .iter()
        .fold(Options::new(), |options, (name, value)| {
            options.with(*name, value.as_str())
        });
    Ok(DataSpec::open(name, &options)?)
}

/// A few generated characters: what the smallest preset runs on.
pub(crate) fn few_glyphs() -> Result<DataSpec, ExperimentError> {
    let plan = json!({"set": "glyphs", "seed": 1, "train": 620, "valid": 124, "test": 248});
    Ok(DataSpec::read(&plan)?)
}

/// A network of `hidden` layers of `unit` for `data`. No file is read: sets that the experiments name tell their sizes.
pub(crate) fn network(
    data: &DataSpec,
    hidden: &[usize],
    unit: Unit,
) -> Result<DenseStackConfig, ExperimentError> {
    let info = data.info(&Locator::default())?;
    Ok(DenseStackConfig::new(
        info.width(),
        hidden,
        unit,
        info.classes,
    ))
}

/// The unit of this name, as the paper's table names it.
pub(crate) fn unit(name: &str) -> Unit {
    match name {
        "tanh" => Unit::Tanh,
        "softplus" => Unit::Softplus { sharpness: 1.0 },
        _ => Unit::Rectifier,
    }
}

/// The pre-training of every hidden layer as the paper has it for such data and units: softplus output units under squared
/// error for rectifier and softplus networks on images, logistic ones under cross-entropy for tanh networks and on text.
/// Inputs that may be below 0 are rebuilt by linear units, which no other strategy could.
pub(crate) fn pretrained_layers(
    data: &DataSpec,
    network: &DenseStackConfig,
    epochs: usize,
    l1: f64,
) -> Vec<Pretrain> {
    let nature = data.nature();
    let layers = 1..=network.hidden.len();
    let stages = layers.map(|layer| {
        let mut stage = pretraining(nature.inputs, layer, BATCH);
        stage.epochs = epochs;
        stage.l1 = l1;
        if network.unit == Unit::Tanh {
            let scale = Scale::Global;
            stage.reconstruction = Reconstruction::CrossEntropy { scale };
        }
        if layer == 1 && nature.range.0 < 0.0 {
            let target = Target::After;
            stage.reconstruction = Reconstruction::LinearSquared { target };
        }
        stage
    });
    stages.collect()
}
