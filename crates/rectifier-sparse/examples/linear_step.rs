//! Measures a training step of a module of Burn with [`SparseLinear`] against the same with [`Linear`]:
//! `linear_step [ROUNDS [SECONDS]]`, and with the word `rule` behind them, one layer with every batch skipped or multiplied
//! whole, at rising shares of active inputs.
//!
//! `cargo run --release -p rectifier-sparse --example linear_step -- 5 0.5`
//!
//! The network is 784-1000x3-10. Inputs are drawn with a share of zeros; biases are moved so that hidden layers have that
//! share too. Contenders are timed in turn, round after round; medians are printed.
#![allow(clippy::print_stdout)]

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData, activation::relu};
use rectifier_nn::Draw;
use rectifier_sparse::{Level, extension::SparseLinear};
use std::time::{Duration, Instant};

const SIZES: [usize; 5] = [784, 1000, 1000, 1000, 10];
/// So small that the zeros stay where they are.
const RATE: f64 = 1e-5;

type Failure = Box<dyn std::error::Error>;

#[derive(Module, Debug)]
struct Plain {
    layers: Vec<Linear>,
}

impl Plain {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut z = self.layers[0].forward(x);
        for layer in &self.layers[1..] {
            z = layer.forward(relu(z));
        }
        z
    }
}

#[derive(Module, Debug)]
struct Skipping {
    layers: Vec<SparseLinear>,
}

impl Skipping {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut z = self.layers[0].forward(x);
        for layer in &self.layers[1..] {
            z = layer.forward_rectified(z);
        }
        z
    }
}

fn inputs(batch: usize, width: usize, zeros: f64, device: &Device) -> Tensor<2> {
    let mut draw = Draw::new(batch as u64);
    let mut number = || match f64::from(draw.unit()) < zeros {
        true => 0.0,
        false => 0.1 + 0.9 * draw.unit(),
    };
    let values: Vec<f32> = (0..batch * width).map(|_| number()).collect();
    Tensor::from_data(TensorData::new(values, [batch, width]), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Failure> {
    Ok(tensor.into_data().try_to_vec::<f32>()?)
}

/// The network, with biases that leave hidden layers `zeros` of `x`, and the share of zeros that they have.
fn network(x: Tensor<2>, zeros: f64, device: &Device) -> Result<(Plain, f64), Failure> {
    device.seed(1);
    let (mut layers, mut input, mut silent, mut all) = (Vec::new(), x, 0, 0);
    for (at, pair) in SIZES.windows(2).enumerate() {
        let mut layer = LinearConfig::new(pair[0], pair[1]).init(device);
        let z = layer.forward(input.clone());
        let mut sorted = numbers(z.clone())?;
        sorted.sort_unstable_by(f32::total_cmp);
        let bound = sorted[(zeros * sorted.len() as f64) as usize];
        layer.bias = layer
            .bias
            .map(|bias| bias.map(|b| (b - bound).detach().require_grad()));
        input = relu(z - bound);
        if at + 2 < SIZES.len() {
            let hidden = numbers(input.clone())?;
            silent += hidden.iter().filter(|x| **x == 0.0).count();
            all += hidden.len();
        }
        layers.push(layer);
    }
    Ok((Plain { layers }, silent as f64 / all as f64))
}

/// Time of forward and backward passes, time of updates, steps, and the last loss.
#[derive(Default)]
struct Times {
    passes: Duration,
    updates: Duration,
    steps: u32,
    loss: f32,
}

fn train<M: Module>(
    module: &mut M,
    optimizer: &mut ModuleOptimizer,
    forward: impl Fn(&M) -> Tensor<1>,
    length: Duration,
) -> Result<Times, Failure> {
    let mut times = Times::default();
    let start = Instant::now();
    while times.steps < 3 || start.elapsed() < length {
        let step = Instant::now();
        let loss = forward(module);
        let gradients = loss.backward();
        let passed = step.elapsed();
        let gradients = GradientsParams::from_grads(gradients, module);
        *module = optimizer.step(RATE, module.clone(), gradients);
        times.passes += passed;
        times.updates += step.elapsed() - passed;
        times.steps += 1;
        times.loss = numbers(loss)?[0];
    }
    Ok(times)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Medians of the passes' and the whole step's milliseconds.
fn medians(rounds: &[Times]) -> (f64, f64) {
    let ms = |time: Duration, steps: u32| 1e3 * time.as_secs_f64() / f64::from(steps);
    (
        median(rounds.iter().map(|t| ms(t.passes, t.steps)).collect()),
        median(
            rounds
                .iter()
                .map(|t| ms(t.passes + t.updates, t.steps))
                .collect(),
        ),
    )
}

fn steps(rounds: usize, length: Duration) -> Result<(), Failure> {
    let device = Device::flex().autodiff();
    println!("milliseconds a step (forward and backward in it), 784-1000x3-10, plain descent");
    println!("batch  zeros  Linear            SparseLinear      ratio  loss apart by");
    for batch in [1, 10, 128, 256] {
        for zeros in [0.5, 0.77] {
            let x = inputs(batch, SIZES[0], zeros, &device);
            let labels: Vec<i32> = (0..batch as i32).map(|k| k % 10).collect();
            let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [batch]), &device);
            let cost = CrossEntropyLossConfig::new().init(&device);
            let (mut plain, silent) = network(x.clone(), zeros, &device)?;
            let layers = plain.layers.iter().map(|layer| layer.clone().into());
            let mut skipping = Skipping {
                layers: layers.collect(),
            };
            let (mut one, mut other) = (SgdConfig::new().init(), SgdConfig::new().init());
            let (mut theirs, mut ours) = (Vec::new(), Vec::new());
            // The first round warms up.
            for round in 0..=rounds {
                let length = if round == 0 { length / 4 } else { length };
                let run = train(
                    &mut plain,
                    &mut one,
                    |m| cost.forward(m.forward(x.clone()), labels.clone()),
                    length,
                )?;
                theirs.push(run);
                let run = train(
                    &mut skipping,
                    &mut other,
                    |m| cost.forward(m.forward(x.clone()), labels.clone()),
                    length,
                )?;
                ours.push(run);
            }
            let apart = (theirs[0].loss - ours[0].loss).abs();
            let (theirs, ours) = (medians(&theirs[1..]), medians(&ours[1..]));
            println!(
                "{batch:5}  {:4.1}%  {:7.3} ({:7.3})  {:7.3} ({:7.3})  {:5.2}  {apart:.1e}",
                100.0 * silent,
                theirs.1,
                theirs.0,
                ours.1,
                ours.0,
                theirs.1 / ours.1,
            );
        }
    }
    Ok(())
}

/// One layer forward, and forward and backward, with all batches skipped through, and with all multiplied whole.
fn rule(rounds: usize, length: Duration) -> Result<(), Failure> {
    let device = Device::flex().autodiff();
    println!("milliseconds a layer of 1000 and 1000 units: skipped / multiplied whole");
    println!("batch  active  forward                forward and backward");
    for batch in [1, 10, 32, 128, 256] {
        for active in [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0] {
            let linear = LinearConfig::new(1000, 1000).init(&device);
            // Parameters come to be on first use: once, for both.
            linear.weight.val();
            let x = inputs(batch, 1000, 1.0 - active, &device).without_autodiff();
            let layers =
                [1.0, 0.0].map(|share| SparseLinear::from(linear.clone()).with_whole_above(share));
            let mut times: [[Vec<f64>; 2]; 2] = Default::default();
            for round in 0..=rounds {
                for (which, layer) in layers.iter().enumerate() {
                    for (back, times) in times.iter_mut().enumerate() {
                        let (start, mut turns) = (Instant::now(), 0);
                        while turns < 3 || start.elapsed() < length / 4 {
                            if back == 1 {
                                // The sum's gradient is all ones: the cheapest to make.
                                let x = x.clone().autodiff().require_grad();
                                drop(layer.forward_rectified(x).sum().backward());
                            } else {
                                layer.valid().forward_rectified(x.clone());
                            }
                            turns += 1;
                        }
                        if round > 0 {
                            times[which]
                                .push(1e3 * start.elapsed().as_secs_f64() / f64::from(turns));
                        }
                    }
                }
            }
            let [[up, up_whole], [both, both_whole]] = times.map(|pair| pair.map(median));
            println!(
                "{batch:5}  {:5.0}%  {up:7.3} / {up_whole:7.3} {:5.2}  {both:7.3} / {both_whole:7.3} {:5.2}",
                100.0 * active,
                up_whole / up,
                both_whole / both,
            );
        }
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1).peekable();
    let rounds = words.next().map_or(Ok(5), |word| word.parse())?;
    let seconds = words.next().map_or(Ok(0.5), |word| word.parse())?;
    let length = Duration::from_secs_f64(seconds);
    let cores = std::thread::available_parallelism()?;
    println!("{cores} cores, {}", Level::detect().name());
    match words.next().as_deref() {
        None => steps(rounds, length),
        Some("rule") => rule(rounds, length),
        Some(word) => Err(format!("what is '{word}'? Only 'rule' may stand there").into()),
    }
}
