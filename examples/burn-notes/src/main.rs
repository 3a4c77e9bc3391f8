//! What docs/burn-notes.md tells, measured on this machine with Burn alone: `cargo run --release -p burn-notes -- steps|optimizer|metrics`.
//!
//! All train 784-1000-1000-1000-10 with rectifiers by plain descent, in batches of 10 where nothing else is said.
use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Distribution, Int, Tensor};
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{
    ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep,
};
use std::time::{Duration, Instant};

const SIZES: [usize; 5] = [784, 1000, 1000, 1000, 10];
const RATE: f64 = 1e-4;

#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    fn new(device: &Device) -> Self {
        let layer = |pair: &[usize]| LinearConfig::new(pair[0], pair[1]).init(device);
        Self {
            layers: SIZES.windows(2).map(layer).collect(),
        }
    }

    fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        for (place, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if place + 1 < self.layers.len() {
                x = relu(x);
            }
        }
        x
    }

    fn loss(&self, batch: &Examples) -> (Tensor<1>, Tensor<2>) {
        let logits = self.forward(batch.inputs.clone());
        let loss = CrossEntropyLossConfig::new().init(&logits.device());
        (loss.forward(logits.clone(), batch.classes.clone()), logits)
    }
}

#[derive(Clone, Debug)]
struct Examples {
    inputs: Tensor<2>,
    classes: Tensor<1, Int>,
}

impl Examples {
    fn new(batch: usize, device: &Device) -> Self {
        Self {
            inputs: Tensor::random([batch, SIZES[0]], Distribution::Uniform(0.0, 1.0), device),
            // Classes that cannot be learned: gradients stay what they are at the start, far from subnormal numbers.
            classes: Tensor::random([batch], Distribution::Uniform(0.0, 10.0), device),
        }
    }
}

/// Steps for about two seconds; the median, in milliseconds.
fn median(mut step: impl FnMut()) -> f64 {
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < Duration::from_secs(2) || times.len() < 5 {
        let began = Instant::now();
        step();
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A training step whose optimizer gets a copy of the module, or the module itself.
fn step(model: &mut Option<Mlp>, optimizer: &mut ModuleOptimizer, batch: &Examples, copied: bool) {
    let Some(network) = model.take() else { return };
    let gradients = network.loss(batch).0.backward();
    let gradients = GradientsParams::from_grads(gradients, &network);
    *model = Some(if copied {
        optimizer.step(RATE, network.clone(), gradients)
    } else {
        optimizer.step(RATE, network, gradients)
    });
}

/// Times of whole steps, and of their parts, by the size of the batch.
fn steps() {
    let device = Device::flex().autodiff();
    println!("batch | forward, ms | and backward | and update");
    for size in [1, 10, 128, 256] {
        let batch = Examples::new(size, &device);
        let mut model = Some(Mlp::new(&device));
        let mut optimizer = SgdConfig::new().init();
        let forward = median(|| drop(model.as_ref().map(|model| model.loss(&batch).0.into_data())));
        let backward = median(|| drop(model.as_ref().map(|model| model.loss(&batch).0.backward())));
        let update = median(|| step(&mut model, &mut optimizer, &batch, true));
        println!("{size} | {forward:.2} | {backward:.2} | {update:.2}");
    }
}

/// The module moved into the optimizer, and a copy of it.
fn optimizer() {
    let device = Device::flex().autodiff();
    println!("batch | optim.step(rate, model.clone(), ..), ms | optim.step(rate, model, ..), ms");
    for size in [1, 10, 128] {
        let batch = Examples::new(size, &device);
        let [copied, moved] = [true, false].map(|copied| {
            let mut model = Some(Mlp::new(&device));
            let mut optimizer = SgdConfig::new().init();
            median(|| step(&mut model, &mut optimizer, &batch, copied))
        });
        println!("{size} | {copied:.2} | {moved:.2}");
    }
}

#[derive(Clone, Debug)]
struct Item;

struct Batches;

impl Batcher<Item, Examples> for Batches {
    fn batch(&self, items: Vec<Item>, device: &Device) -> Examples {
        Examples::new(items.len(), device)
    }
}

impl TrainStep for Mlp {
    type Input = Examples;
    type Output = ClassificationOutput;

    fn step(&self, batch: Examples) -> TrainOutput<ClassificationOutput> {
        let (loss, logits) = self.loss(&batch);
        let gradients = loss.backward();
        TrainOutput::new(
            self,
            gradients,
            ClassificationOutput::new(loss, logits, batch.classes),
        )
    }
}

impl InferenceStep for Mlp {
    type Input = Examples;
    type Output = ClassificationOutput;

    fn step(&self, batch: Examples) -> ClassificationOutput {
        let (loss, logits) = self.loss(&batch);
        ClassificationOutput::new(loss, logits, batch.classes)
    }
}

/// An epoch of 500 batches through `Learner`: with no metric, with one, with two, and without the log file.
fn metrics() -> Result<(), Box<dyn std::error::Error>> {
    println!("metrics | log | one epoch of 500 steps, s");
    for (count, log) in [(0, true), (1, true), (2, true), (2, false)] {
        let device = Device::flex().autodiff();
        let folder =
            std::env::temp_dir().join(format!("burn-notes-{}-{count}-{log}", std::process::id()));
        let loader = |items| {
            DataLoaderBuilder::new(Batches)
                .batch_size(10)
                .build(InMemDataset::new(vec![Item; items]))
        };
        let mut training = SupervisedTraining::new(&folder, loader(5000), loader(10)).num_epochs(1);
        if count > 0 {
            training = training.metric_train_numeric(LossMetric::new());
        }
        if count > 1 {
            training = training.metric_train_numeric(AccuracyMetric::new());
        }
        if !log {
            training = training.with_application_logger(None);
        }
        let start = Instant::now();
        training.launch(Learner::new(
            Mlp::new(&device),
            SgdConfig::new().init(),
            RATE,
        ));
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{count} | {} | {seconds:.2}",
            if log { "yes" } else { "no" }
        );
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("steps") => steps(),
        Some("optimizer") => optimizer(),
        Some("metrics") => metrics()?,
        _ => return Err("give one of steps, optimizer, metrics".into()),
    }
    Ok(())
}
