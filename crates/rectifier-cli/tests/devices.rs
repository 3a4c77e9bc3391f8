//! One weight file gives the same logits and the same gradients on every device of this build, of dense inputs and of
//! the same inputs without their empty columns; and the zero-skipping layer is the same operation on each. Two devices train as
//! one does.
#![allow(clippy::unwrap_used)]

#[cfg(all(feature = "wgpu", unix))]
mod support;

use burn::module::{Module, Param};
use burn::nn::LinearConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rectifier_nn::{
    ActivationPenalty, DenseStack, DenseStackConfig, Draw, Init, SparseInput, Unit,
};
use rectifier_sparse::extension::SparseLinear;
use rectifier_train::{DeviceInputs, Objective, Supervised};
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
fn step(path: &Path, device: &Device, sparse: bool) -> Numbers {
    let network = DenseStack::load(path, device).unwrap();
    let mut draw = Draw::new(11);
    // Every third column is empty.
    let values: Vec<f32> = (0..BATCH * WIDTH)
        .map(|place| match place % WIDTH % 3 {
            0 => 0.0,
            _ => (draw.unit() - 0.4).max(0.0),
        })
        .collect();
    let labels: Vec<i32> = (0..BATCH as i32).map(|row| row % CLASSES as i32).collect();
    let columns: Vec<u32> = (0..WIDTH as u32).filter(|column| column % 3 > 0).collect();
    let used: Vec<f32> = values
        .chunks(WIDTH)
        .flat_map(|row| columns.iter().map(|&column| row[column as usize]))
        .collect();
    let inputs = Tensor::<2>::from_data(TensorData::new(values, [BATCH, WIDTH]), device);
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [BATCH]), device);
    let penalty = ActivationPenalty::Uniform(0.01);
    let model = Supervised::new(network, Objective::Classification, penalty).train();
    let inputs = match sparse {
        false => DeviceInputs::Dense(Tensor::from_inner(inputs)),
        true => {
            let inputs = SparseInput::new(&columns, &used, WIDTH, device);
            DeviceInputs::Sparse(SparseInput::from_inner(inputs))
        }
    };
    let losses = model.losses_of(inputs.forward(&model.network), Tensor::from_inner(labels));
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
        let forms = devices()
            .into_iter()
            .flat_map(|(name, device)| [(name, device.clone(), false), (name, device, true)]);
        for (name, device, sparse) in forms {
            let found = step(&path, &device, sparse);
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
                        "{unit:?}, {what}: {a} on {name} (sparse: {sparse}), {b} on {first}"
                    );
                }
            }
        }
        assert!(reference.is_some(), "this build has no device");
    }
}

/// Output, and the gradients of inputs, weights and biases.
fn skip(device: &Device, rectify: bool) -> [Vec<f32>; 4] {
    const UNITS: usize = 48;
    let mut draw = Draw::new(12);
    let mut tensor = |rows: usize, columns: usize, below: f32| {
        let numbers: Vec<f32> = (0..rows * columns)
            .map(|_| (draw.unit() - 0.5).max(below))
            .collect();
        Tensor::<2>::from_data(TensorData::new(numbers, [rows, columns]), device)
    };
    let inputs = match rectify {
        true => tensor(BATCH, WIDTH, -1.0),
        false => tensor(BATCH, WIDTH, 0.0),
    };
    let (weight, bias) = (tensor(WIDTH, UNITS, -1.0), tensor(1, UNITS, -1.0));
    let counts = tensor(BATCH, UNITS, -1.0);
    let mut linear = LinearConfig::new(WIDTH, UNITS).init(device);
    linear.weight = Param::from_tensor(weight);
    linear.bias = Some(Param::from_tensor(bias.squeeze_dim(0)));
    let layer = SparseLinear::from(linear).with_whole_above(1.0);
    let inputs = inputs.require_grad();
    let output = match rectify {
        true => layer.forward_rectified(inputs.clone()),
        false => layer.forward(inputs.clone()),
    };
    let grads = (output.clone() * counts).sum().backward();
    let bias = layer.bias.as_ref().unwrap().val().grad(&grads).unwrap();
    [
        output.inner().into_data(),
        inputs.grad(&grads).unwrap().into_data(),
        layer.weight.val().grad(&grads).unwrap().into_data(),
        bias.into_data(),
    ]
    .map(|data| data.try_to_vec().unwrap())
}

#[test]
fn the_zero_skipping_layer_agrees_on_every_compiled_device() {
    for rectify in [false, true] {
        let mut reference: Option<[Vec<f32>; 4]> = None;
        for (name, device) in devices() {
            let found = skip(&device.autodiff(), rectify);
            let wanted = reference.get_or_insert_with(|| found.clone());
            for (place, (found, wanted)) in found.iter().zip(wanted.iter()).enumerate() {
                assert!(found.iter().any(|number| *number != 0.0), "{name} {place}");
                assert_eq!(found.len(), wanted.len(), "{name} {place}");
                for (one, other) in found.iter().zip(wanted) {
                    assert!((one - other).abs() < 1e-4, "{name} {place}: {one} {other}");
                }
            }
        }
    }
}

/// Software Vulkan is one adapter; opened as the best there is and as one on the processor it is two devices, each with a queue and
/// a memory of its own.
#[cfg(all(feature = "wgpu", unix))]
#[test]
fn two_devices_train_as_one_and_go_on_together() {
    use serde_json::Value;
    use std::process::{Command, Stdio};
    use support::{checked, command, fails, ok, tiny_plan, wait_until};

    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("plan.json"), tiny_plan(4)).unwrap();
    let summary = |run: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(run).join("summary.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let words = |device, run| {
        let words = [
            "train",
            "--recipe",
            "plan.json",
            "--quiet",
            "--device",
            device,
            "--out",
            run,
        ];
        words.to_vec()
    };
    ok(folder, &words("wgpu", "one"));
    ok(folder, &words("wgpu:0,cpu", "two"));
    // Interrupted on the way, it goes on on both devices without being told of them.
    let child = command(folder, &words("wgpu:0,cpu", "three"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.unwrap();
    let checkpoint = folder.join("three").join("checkpoint.safetensors");
    wait_until("it is saved once", || checkpoint.exists());
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    checked(&child.wait_with_output().unwrap(), 130);
    let other = fails(
        folder,
        1,
        &["train", "--resume", "three", "--device", "wgpu"],
    );
    assert!(other.contains("wgpu:0,cpu"), "{other}");
    ok(folder, &["train", "--resume", "three", "--quiet"]);

    let one = summary("one");
    for run in ["two", "three"] {
        let found = summary(run);
        assert_eq!(found["device"], "wgpu:0,cpu");
        // Some 300 steps of f32 sums in another order; an example whose two best classes are as likely as each other within that may
        // fall on either side, one of the 62.
        for (figure, most) in [
            ("test_loss", 1e-3),
            ("test_error", 0.017),
            ("valid_error", 0.017),
        ] {
            let [one, found] = [&one, &found].map(|run| run[figure].as_f64().unwrap());
            assert!(
                (one - found).abs() < most,
                "{run}, {figure}: {found}, on one {one}"
            );
        }
    }
    let twice = fails(folder, 2, &["train", "--device", "wgpu:0,0"]);
    assert!(twice.contains("twice"), "{twice}");
    let word = fails(folder, 2, &["train", "--device", "wgpu:0,first"]);
    assert!(word.contains("0,1"), "{word}");
}
