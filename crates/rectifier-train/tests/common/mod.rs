//! A toy problem, and runs on it.
#![allow(dead_code, clippy::unwrap_used)]

use burn::tensor::Device;
use rand::Rng;
use rectifier_data::{Batch, DataError, Examples, Samples, Split, random::stream};
use rectifier_nn::{DenseStack, DenseStackConfig, Init, Unit};
use rectifier_train::{
    BurnEngine, DataFingerprint, Notice, Outcome, Recipe, Run, RunFolder, Watch,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

pub const WIDTH: usize = 16;

/// Points in the unit cube, labelled by a parity that no linear map of them can tell.
pub fn points(len: usize, seed: u64) -> Samples {
    let mut random = stream(seed, &[9]);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for _ in 0..len {
        let point: Vec<f32> = (0..WIDTH)
            .map(|_| (random.next_u64() >> 40) as f32 / (1 << 24) as f32)
            .collect();
        labels.push(u32::from((point[0] > 0.5) != (point[1] > 0.5)));
        values.extend(point);
    }
    Samples::from_f32(values, labels, &[WIDTH], 2).unwrap()
}

pub fn split_of(train: usize) -> Split {
    Split::new(
        Arc::new(points(train, 1)),
        Arc::new(points(300, 2)),
        Arc::new(points(300, 3)),
    )
    .unwrap()
}

pub fn network(hidden: &[usize]) -> DenseStack {
    DenseStackConfig::new(WIDTH, hidden, Unit::Rectifier, 2)
        .init(4, &Device::flex())
        .unwrap()
}

/// A run of `recipe` on `train` points in `folder`. Its data is told, so that examples which count who asks for them are
/// asked by the training alone.
pub fn run_on(
    split: Split,
    recipe: Recipe,
    network: DenseStack,
    folder: RunFolder,
) -> Run<DenseStack> {
    let device = Device::flex();
    let engine = Box::new(BurnEngine::new(device.clone()));
    let data = DataFingerprint::of_split("points", &split).unwrap();
    let mut run = Run::new(network, recipe, split, engine, device, folder);
    run.data = Some(data);
    run
}

pub fn run(recipe: Recipe, network: DenseStack, folder: RunFolder) -> Run<DenseStack> {
    run_on(split_of(1200), recipe, network, folder)
}

pub fn create(path: &Path) -> RunFolder {
    RunFolder::create(path).unwrap()
}

pub fn open(path: &Path) -> RunFolder {
    RunFolder::open(path).unwrap()
}

/// Everything of a history that does not tell the time.
pub fn story(outcome: &Outcome<DenseStack>) -> Vec<String> {
    let mut history = outcome.record.history.clone();
    for epoch in &mut history {
        (epoch.train_seconds, epoch.overhead_seconds, epoch.seconds) = (0.0, 0.0, 0.0);
    }
    history
        .iter()
        .map(|epoch| serde_json::to_string(epoch).unwrap())
        .collect()
}

/// The bytes of every tensor of a saved model; the header's order is left out, it is not ours.
pub fn parameters(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(path.join("model.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> = file
        .iter()
        .map(|(name, view)| (name.to_string(), view.data().to_vec()))
        .collect();
    tensors.sort();
    assert!(!tensors.is_empty());
    tensors
}

/// Every file of a folder with its bytes.
pub fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Keeps what a run notices.
#[derive(Default)]
pub struct Notices(pub Vec<Notice>);

impl Watch for Notices {
    fn notice(&mut self, notice: &Notice) {
        self.0.push(notice.clone());
    }
}

/// Launches `run` and gives what it noticed beside the outcome.
pub fn noticing(mut run: Run<DenseStack>) -> (Outcome<DenseStack>, Vec<Notice>) {
    let notices = Arc::new(Mutex::new(Notices::default()));
    run.watch = Box::new(notices.clone());
    let outcome = run.launch().unwrap();
    let notices = notices.lock().unwrap().0.clone();
    (outcome, notices)
}

type Seen = Box<dyn Fn(usize, &[usize]) + Send + Sync>;

/// Examples that tell of every batch that is asked of them: how many were before, and which examples.
pub struct Asked {
    examples: Samples,
    count: std::sync::atomic::AtomicUsize,
    seen: Seen,
}

impl Asked {
    pub fn new(
        examples: Samples,
        seen: impl Fn(usize, &[usize]) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            examples,
            count: 0.into(),
            seen: Box::new(seen),
        })
    }
}

impl Examples for Asked {
    fn len(&self) -> usize {
        self.examples.len()
    }
    fn shape(&self) -> &[usize] {
        self.examples.shape()
    }
    fn classes(&self) -> usize {
        self.examples.classes()
    }
    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        let before = self
            .count
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (self.seen)(before, indices);
        self.examples.gather(indices, batch)
    }
}
