//! One weight file gives the same logits and the same gradients on every device of this build.
#![allow(clippy::unwrap_used)]

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rectifier_nn::{ActivationPenalty, DenseStack, DenseStackConfig, Draw, Unit};
use rectifier_train::{DeviceBatch, Objective, Supervised};
use std::path::Path;

const BATCH: usize = 6;
const WIDTH: usize = 40;
const CLASSES: usize = 7;

#[allow(clippy::vec_init_then_push, unused_mut)]
fn devices() -> Vec<(&'static str, Device)> {
    let mut devices = Vec::new();
    #[cfg(feature = "flex")]
    devices.push(("flex", Device::flex()));
    #[cfg(feature = "ndarray")]
    {
        // Deprecated by Burn, offered until it goes, and held to the same numbers until then.
        #[allow(deprecated)]
        devices.push(("ndarray", Device::ndarray()));
    }
    #[cfg(feature = "wgpu")]
    devices.push(("wgpu", Device::wgpu(Default::default())));
    #[cfg(feature = "vulkan")]
    devices.push(("vulkan", Device::vulkan(Default::default())));
    #[cfg(feature = "cuda")]
    devices.push(("cuda", Device::cuda(0)));
    devices
}

/// Logits, or the gradient of a parameter, by name.
type Numbers = Vec<(String, Vec<f32>)>;

/// Logits and the gradient of every parameter.
fn step(path: &Path, device: &Device) -> Numbers {
    let network = DenseStack::load(path, device).unwrap();
    let mut draw = Draw::new(11);
    let values: Vec<f32> = (0..BATCH * WIDTH)
        .map(|_| (draw.unit() - 0.4).max(0.0))
        .collect();
    let labels: Vec<i32> = (0..BATCH as i32).map(|row| row % CLASSES as i32).collect();
    let inputs = Tensor::<2>::from_data(TensorData::new(values, [BATCH, WIDTH]), device);
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [BATCH]), device);
    let penalty = ActivationPenalty::Uniform(0.01);
    let model = Supervised::new(network, Objective::Classification, penalty).train();
    let losses = model.losses(DeviceBatch {
        inputs: Tensor::from_inner(inputs),
        labels: Tensor::from_inner(labels),
    });
    let logits = losses.forward.logits.clone().inner().into_data();
    let mut numbers = vec![("logits".to_string(), logits.try_to_vec().unwrap())];
    let grads = losses.total().backward();
    let stack = &model.network;
    let mut add = |name: String, data: TensorData| numbers.push((name, data.try_to_vec().unwrap()));
    for (k, layer) in stack.layers.iter().enumerate() {
        add(
            format!("layers.{k}.weight"),
            layer.weight.val().grad(&grads).unwrap().into_data(),
        );
        add(
            format!("layers.{k}.bias"),
            layer.bias.val().grad(&grads).unwrap().into_data(),
        );
    }
    add(
        "head.weight".into(),
        stack.head.weight.val().grad(&grads).unwrap().into_data(),
    );
    numbers
}

#[test]
fn logits_and_gradients_agree_on_every_compiled_device() {
    let folder = tempfile::tempdir().unwrap();
    for unit in [
        Unit::Rectifier,
        Unit::Softplus { sharpness: 2.0 },
        Unit::Tanh,
    ] {
        let path = folder.path().join("model.safetensors");
        let config = DenseStackConfig::new(WIDTH, [30, 20], unit, CLASSES);
        config
            .init(5, &Device::default())
            .unwrap()
            .save(&path)
            .unwrap();
        let mut reference: Option<(&str, Numbers)> = None;
        for (name, device) in devices() {
            let found = step(&path, &device);
            assert!(
                found
                    .iter()
                    .all(|(_, values)| values.iter().any(|value| *value != 0.0)),
                "{name}: no gradient"
            );
            let Some((first, wanted)) = &reference else {
                reference = Some((name, found));
                continue;
            };
            for ((what, found), (_, wanted)) in found.iter().zip(wanted) {
                assert_eq!(found.len(), wanted.len());
                for (a, b) in found.iter().zip(wanted) {
                    let difference = (a - b).abs() / b.abs().max(1.0);
                    assert!(
                        difference < 1e-4,
                        "{unit:?}, {what}: {a} on {name}, {b} on {first}"
                    );
                }
            }
        }
        assert!(reference.is_some(), "this build has no device");
    }
}
