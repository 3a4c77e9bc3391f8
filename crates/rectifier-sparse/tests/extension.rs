//! The zero-skipping layer against Burn's own: the same values, gradients and training.
#![allow(clippy::unwrap_used)]

use burn::module::{Module, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{DType, Device, Int, Tensor, TensorData, activation::relu};
use proptest::prelude::*;
use rectifier_nn::Draw;
use rectifier_sparse::extension::{SparseLinear, rectified_linear, sparse_linear};

/// Numbers from -1 to 1, a share of them 0.
fn numbers(len: usize, zeros: f32, draw: &mut Draw) -> Vec<f32> {
    (0..len)
        .map(|_| match draw.unit() < zeros {
            true => 0.0,
            false => 2.0 * draw.unit() - 1.0,
        })
        .collect()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// A layer and a batch for it, and what its output counts in the loss.
#[derive(Clone, Debug)]
struct Case {
    batch: usize,
    inputs: usize,
    units: usize,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    counts: Vec<f32>,
}

impl Case {
    fn draw([batch, inputs, units]: [usize; 3], zeros: f32, bias: bool, seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        Self {
            batch,
            inputs,
            units,
            x: numbers(batch * inputs, zeros, &mut draw),
            weight: numbers(inputs * units, 0.0, &mut draw),
            bias: bias.then(|| numbers(units, 0.0, &mut draw)),
            counts: numbers(batch * units, 0.1, &mut draw),
        }
    }

    fn linear(&self, device: &Device) -> Linear {
        let bias = self.bias.as_ref();
        Linear {
            weight: Param::from_tensor(tensor(&self.weight, [self.inputs, self.units], device)),
            bias: bias.map(|bias| Param::from_tensor(tensor(bias, [self.units], device))),
        }
    }

    /// Output, and the gradients of `x`, weight and bias.
    fn run(
        &self,
        device: &Device,
        forward: impl Fn(Tensor<2>, &Linear) -> Tensor<2>,
    ) -> Vec<Vec<f32>> {
        let x = tensor(&self.x, [self.batch, self.inputs], device).require_grad();
        let linear = self.linear(device);
        let output = forward(x.clone(), &linear);
        let counts = tensor(&self.counts, [self.batch, self.units], device);
        let gradients = (output.clone() * counts).sum().backward();
        let mut all = vec![
            values(output),
            values(x.grad(&gradients).unwrap()),
            values(linear.weight.val().grad(&gradients).unwrap()),
        ];
        all.extend(
            linear
                .bias
                .map(|bias| values(bias.val().grad(&gradients).unwrap())),
        );
        all
    }

    /// Burn's layer and ours come to the same.
    fn check(&self, device: &Device, rectify: bool, whole_above: Option<f64>) {
        let theirs = self.run(device, |x, linear| {
            linear.forward(if rectify { relu(x) } else { x })
        });
        let ours = self.run(device, |x, linear| {
            let mut layer = SparseLinear::from(linear.clone());
            layer.whole_above = whole_above;
            match rectify {
                true => layer.forward_rectified(x),
                false => layer.forward(x),
            }
        });
        assert_close(&ours, &theirs);
    }
}

fn assert_close(ours: &[Vec<f32>], theirs: &[Vec<f32>]) {
    assert_eq!(ours.len(), theirs.len());
    for (what, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(ours.len(), theirs.len(), "result {what}");
        let size = theirs.iter().fold(1.0f32, |size, x| size.max(x.abs()));
        for (at, (one, other)) in ours.iter().zip(theirs).enumerate() {
            assert!(
                (one - other).abs() <= 1e-5 * size,
                "result {what} at {at}: {one} and {other}"
            );
        }
    }
}

fn training() -> Device {
    Device::flex().autodiff()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn values_and_gradients_are_those_of_linear(
        batch in 1usize..66, inputs in 1usize..300, units in 1usize..150, zeros in prop_oneof![
            Just(0.0f32), Just(1.0), 0.0f32..1.0,
        ],
        bias: bool, rectify: bool, whole_above in prop_oneof![Just(Some(0.0)), Just(None), Just(Some(1.0))], seed: u64,
    ) {
        let case = Case::draw([batch, inputs, units], zeros, bias, seed);
        case.check(&training(), rectify, whole_above);
    }
}

#[test]
fn a_layer_for_all_threads_and_several_blocks() {
    for (shape, zeros) in [
        ([65, 600, 203], 0.5),
        ([1, 1100, 1100], 0.0),
        ([300, 257, 130], 0.8),
    ] {
        for rectify in [false, true] {
            Case::draw(shape, zeros, true, 5).check(&training(), rectify, Some(1.0));
        }
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let device = training();
    let case = Case::draw([3, 7, 19], 0.0, true, 11);
    for rectify in [false, true] {
        let loss = |case: &Case| -> f64 {
            let layer = SparseLinear::from(case.linear(&device)).with_whole_above(1.0);
            let x = tensor(&case.x, [case.batch, case.inputs], &device);
            let output = match rectify {
                true => layer.forward_rectified(x),
                false => layer.forward(x),
            };
            let products = values(output).into_iter().zip(&case.counts);
            products
                .map(|(y, count)| f64::from(y) * f64::from(*count))
                .sum()
        };
        let gradients = case.run(&device, |x, linear| {
            let layer = SparseLinear::from(linear.clone()).with_whole_above(1.0);
            match rectify {
                true => layer.forward_rectified(x),
                false => layer.forward(x),
            }
        });
        // The loss is linear in each number on either side of a rectifier's corner: the step may be large, but not
        // across it.
        const STEP: f32 = 1e-2;
        let mut checked = 0;
        for (which, gradient) in gradients[1..].iter().enumerate() {
            for (at, exact) in gradient.iter().enumerate() {
                let moved = |step: f32| {
                    let mut case = case.clone();
                    match which {
                        0 => case.x[at] += step,
                        1 => case.weight[at] += step,
                        _ => case.bias.as_mut().unwrap()[at] += step,
                    }
                    loss(&case)
                };
                if which == 0 && case.x[at].abs() <= STEP {
                    continue;
                }
                let difference = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
                assert!(
                    (difference - f64::from(*exact)).abs() < 2e-3,
                    "{which} at {at}: {difference} and {exact}"
                );
                checked += 1;
            }
        }
        assert!(checked > 150, "{checked} numbers checked");
    }
}

#[test]
fn what_no_example_has_learns_nothing_and_what_is_cut_off_gets_nothing() {
    let device = training();
    let mut case = Case::draw([9, 40, 33], 0.5, true, 3);
    for line in case.x.chunks_exact_mut(40) {
        line[7] = 0.0;
        line[39] = -line[39].abs();
    }
    let results = case.run(&device, |x, linear| {
        rectified_linear(
            x,
            linear.weight.val(),
            linear.bias.as_ref().map(|b| b.val()),
        )
    });
    for row in [7, 39] {
        assert!(results[2][row * 33..][..33].iter().all(|x| *x == 0.0));
    }
    for (x, gradient) in case.x.iter().zip(&results[1]) {
        assert_eq!(*gradient != 0.0, *x > 0.0);
    }
    // An input that may be moved gets its gradient though it is 0.
    let exact = case.run(&device, |x, linear| {
        sparse_linear(
            x,
            linear.weight.val(),
            linear.bias.as_ref().map(|b| b.val()),
        )
    });
    assert!(exact[1].iter().all(|gradient| *gradient != 0.0));
}

#[test]
fn views_and_other_types_of_number_and_empty_batches_work() {
    let device = training();
    let case = Case::draw([12, 31, 40], 0.6, true, 8);
    let linear = case.linear(&device);
    let layer = SparseLinear::from(linear.clone()).with_whole_above(1.0);
    // Columns of a larger matrix, a matrix turned over, and every second example.
    let wide = tensor(&case.x, [31, 12], &device);
    let views = [
        wide.clone().transpose(),
        tensor(&case.x, [12, 31], &device).slice([3..11, 0..31]),
        Tensor::cat(vec![wide.clone().transpose(), wide.transpose()], 1).slice([0..12, 20..51]),
    ];
    for view in views {
        let (one, other) = (view.clone().require_grad(), view.require_grad());
        let loss = layer.forward_rectified(one.clone()).powf_scalar(2.0).sum();
        let ours = loss.backward();
        let theirs = linear.forward(relu(other.clone())).powf_scalar(2.0).sum();
        let theirs = theirs.backward();
        assert_close(
            &[
                values(one.grad(&ours).unwrap()),
                values(layer.weight.val().grad(&ours).unwrap()),
            ],
            &[
                values(other.grad(&theirs).unwrap()),
                values(linear.weight.val().grad(&theirs).unwrap()),
            ],
        );
    }

    let turned = tensor(&case.weight, [40, 31], &device).transpose();
    let x = tensor(&case.x, [12, 31], &device);
    let ours = sparse_linear(x.clone(), turned.clone(), None);
    assert_close(&[values(ours)], &[values(x.clone().matmul(turned))]);

    let leaf = |tensor: &Tensor<2>| tensor.clone().cast(DType::F64).detach().require_grad();
    let single = |tensor: Tensor<2>| values(tensor.cast(DType::F32));
    let (z, weight) = (leaf(&x), leaf(&linear.weight.val()));
    let output = rectified_linear(z.clone(), weight.clone(), None);
    assert_eq!(output.dtype(), DType::F64);
    let gradients = output.clone().powf_scalar(2.0).sum().backward();
    let ours = [
        single(output),
        single(z.grad(&gradients).unwrap()),
        single(weight.grad(&gradients).unwrap()),
    ];
    let (z, weight) = (x.require_grad(), linear.weight.val());
    let output = relu(z.clone()).matmul(weight.clone());
    let gradients = output.clone().powf_scalar(2.0).sum().backward();
    let theirs = [
        values(output),
        values(z.grad(&gradients).unwrap()),
        values(weight.grad(&gradients).unwrap()),
    ];
    assert_close(&ours, &theirs);

    for rectify in [false, true] {
        let none = Tensor::<2>::zeros([0, 31], &device).require_grad();
        let output = match rectify {
            true => layer.forward_rectified(none.clone()),
            false => layer.forward(none.clone()),
        };
        assert_eq!(output.dims(), [0, 40]);
        let gradients = output.sum().backward();
        assert_eq!(none.grad(&gradients).unwrap().dims(), [0, 31]);
        let weight = layer.weight.val().grad(&gradients).unwrap();
        assert!(values(weight).iter().all(|x| *x == 0.0));
        let bias = layer.bias.as_ref().unwrap().val().grad(&gradients).unwrap();
        assert!(values(bias).iter().all(|x| *x == 0.0));
    }
}

#[test]
fn it_works_without_gradients_and_when_activations_are_computed_again() {
    let case = Case::draw([6, 50, 48], 0.7, true, 21);
    let plain = Device::flex();
    let layer = SparseLinear::from(case.linear(&plain));
    let x = tensor(&case.x, [6, 50], &plain);
    let theirs = case.linear(&plain).forward(relu(x.clone()));
    assert_close(&[values(layer.forward_rectified(x))], &[values(theirs)]);

    case.check(&training().gradient_checkpointing(), true, Some(1.0));
    case.check(&training().gradient_checkpointing(), false, Some(1.0));
}

#[test]
fn what_is_not_a_number_shows() {
    let device = Device::flex();
    let mut case = Case::draw([2, 20, 32], 0.5, false, 2);
    case.x[4] = f32::NAN;
    let layer = SparseLinear::from(case.linear(&device)).with_whole_above(1.0);
    let output = values(layer.forward_rectified(tensor(&case.x, [2, 20], &device)));
    assert!(output[..32].iter().all(|x| x.is_nan()));
    assert!(output[32..].iter().all(|x| x.is_finite()));
}

#[test]
#[should_panic(expected = "a layer of 5 inputs was given 4")]
fn inputs_that_do_not_fit_are_refused() {
    let device = Device::flex();
    sparse_linear(
        Tensor::zeros([2, 4], &device),
        Tensor::zeros([5, 3], &device),
        None,
    );
}

/// A network as somebody would write it.
#[derive(Module, Debug)]
struct Ours {
    first: SparseLinear,
    second: SparseLinear,
    third: SparseLinear,
    output: Linear,
}

#[derive(Module, Debug)]
struct Theirs {
    first: Linear,
    second: Linear,
    third: Linear,
    output: Linear,
}

impl Ours {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let z = self.first.forward(x);
        let z = self.second.forward_rectified(z);
        // The other way to write it: the gradient of every input, and a rectifier apart.
        let h = relu(self.third.forward(relu(z)));
        self.output.forward(h)
    }
}

impl Theirs {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let h = relu(self.first.forward(x));
        let h = relu(self.second.forward(h));
        let h = relu(self.third.forward(h));
        self.output.forward(h)
    }
}

#[test]
fn a_network_of_ones_own_trains_as_with_linear() {
    let device = training();
    let layer = |seed: u64, inputs: usize, units: usize| {
        let mut draw = Draw::new(seed);
        let weight = draw.glorot_uniform(inputs, units);
        Linear {
            weight: Param::from_tensor(tensor(&weight, [inputs, units], &device)),
            bias: Some(Param::from_tensor(Tensor::zeros([units], &device))),
        }
    };
    let mut theirs = Theirs {
        first: layer(1, 64, 120),
        second: layer(2, 120, 90),
        third: layer(3, 90, 100),
        output: layer(4, 100, 10),
    };
    let mut ours = Ours {
        first: theirs.first.clone().into(),
        second: theirs.second.clone().into(),
        third: theirs.third.clone().into(),
        output: theirs.output.clone(),
    };
    let mut draw = Draw::new(9);
    let x = tensor(&numbers(32 * 64, 0.8, &mut draw), [32, 64], &device);
    let labels: Vec<i32> = (0..32).map(|_| (10.0 * draw.unit()) as i32).collect();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [32]), &device);
    let cost = CrossEntropyLossConfig::new().init(&device);
    let (mut descent, mut other) = (SgdConfig::new().init(), SgdConfig::new().init());
    let mut losses = Vec::new();
    for _ in 0..30 {
        let loss = cost.forward(ours.forward(x.clone()), labels.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &ours);
        ours = descent.step(0.3, ours, gradients);
        let plain = cost.forward(theirs.forward(x.clone()), labels.clone());
        let gradients = GradientsParams::from_grads(plain.backward(), &theirs);
        theirs = other.step(0.3, theirs, gradients);
        losses.push((values(loss)[0], values(plain)[0]));
    }
    for (step, (one, other)) in losses.iter().enumerate() {
        assert!((one - other).abs() < 1e-3, "step {step}: {one} and {other}");
    }
    assert!(
        losses[29].0 < 0.5 * losses[0].0,
        "it does not learn: {losses:?}"
    );
    let trained = Linear::from(ours.second);
    let gap = (trained.weight.val() - theirs.second.weight.val())
        .abs()
        .max();
    assert!(values(gap)[0] < 1e-3);
}

#[test]
fn it_says_what_it_is() {
    let layer: SparseLinear = LinearConfig::new(8, 4).init(&Device::flex()).into();
    let shown = format!("{layer}");
    assert!(
        shown.contains("inputs: 8") && shown.contains("units: 4"),
        "{shown}"
    );
}
