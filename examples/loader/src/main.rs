//! Burn's own way of training, on a data set of the project: its `DataLoader` takes any part of a set as it is, its `Learner` trains a network
//! of ours, and the zeros are counted afterwards.
//!
//! `cargo run --release -p loader -- runs/burn [EXAMPLES]`
use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::SgdConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{
    ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep,
};
use rectifier_glyphs::{CLASS_NAMES, GlyphItem, Glyphs, Part, SIDE};
use rectifier_nn::{DenseStack, DenseStackConfig, Init, Network, Unit, UnitCounter};

struct Images;

#[derive(Clone, Debug)]
struct ImageBatch {
    images: Tensor<2>,
    classes: Tensor<1, Int>,
}

impl Batcher<GlyphItem, ImageBatch> for Images {
    fn batch(&self, items: Vec<GlyphItem>, device: &Device) -> ImageBatch {
        let classes: Vec<u32> = items.iter().map(|item| item.label).collect();
        let pixels: Vec<f32> = items.into_iter().flat_map(|item| item.pixels).collect();
        ImageBatch {
            images: Tensor::from_data(
                TensorData::new(pixels, [classes.len(), SIDE * SIDE]),
                device,
            ),
            classes: Tensor::from_data(TensorData::new(classes.clone(), [classes.len()]), device),
        }
    }
}

#[derive(Module, Debug)]
struct Classifier {
    stack: DenseStack,
}

impl Classifier {
    fn classify(&self, batch: ImageBatch) -> ClassificationOutput {
        let logits = self.stack.forward(batch.images).logits;
        let loss = CrossEntropyLossConfig::new().init(&logits.device());
        ClassificationOutput::new(
            loss.forward(logits.clone(), batch.classes.clone()),
            logits,
            batch.classes,
        )
    }
}

impl TrainStep for Classifier {
    type Input = ImageBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: ImageBatch) -> TrainOutput<ClassificationOutput> {
        let output = self.classify(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Classifier {
    type Input = ImageBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: ImageBatch) -> ClassificationOutput {
        self.classify(batch)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("give a folder for burn-train's files")?;
    let examples: usize = words.next().map_or(Ok(6200), |word| word.parse())?;
    let device = Device::flex();
    let loader = |part, len| {
        DataLoaderBuilder::new(Images)
            .batch_size(32)
            .shuffle(1)
            .build(Glyphs::split(1, part, len))
    };
    let stack = DenseStackConfig::new(SIDE * SIDE, [200, 200], Unit::Rectifier, CLASS_NAMES.len())
        .init(1, &device.clone().autodiff())?;
    let training = SupervisedTraining::new(
        &folder,
        loader(Part::Train, examples),
        loader(Part::Valid, 620),
    )
    .metrics((AccuracyMetric::new(), LossMetric::new()))
    .num_epochs(3);
    let trained = training
        .launch(Learner::new(
            Classifier { stack },
            SgdConfig::new().init(),
            0.1,
        ))
        .model;

    // What the project adds: exact zeros and dead units, layer by layer, over any number of batches.
    let mut zeros = UnitCounter::new();
    for batch in loader(Part::Test, 620).iter() {
        zeros.count(&trained.stack.forward(batch?.images).hidden);
    }
    for (layer, counts) in zeros.finish().iter().enumerate() {
        println!(
            "layer {}: {:.1}% zeros, {} dead units",
            layer + 1,
            100.0 * counts.share(),
            counts.dead()
        );
    }
    Ok(())
}
