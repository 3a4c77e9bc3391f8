//! What a batch of sparse rows costs in memory: what is in it, and never its width times its rows. Bytes are counted as they are
//! asked for, whether or not they are ever touched.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use burn::tensor::Device;
use rectifier_data::{Batch, Examples, SparseRows, SparseSamples};
use rectifier_infer::Rows;
use rectifier_nn::{DenseStack, DenseStackConfig, Init, Unit};
use rectifier_sparse::{SparseEngine, predictor};
use rectifier_train::{
    BurnEngine, Engine, FineTune, Objective, Recipe, Stage, StageContext, rows_at_a_time,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is in use, and the most that ever was.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn taken(bytes: usize) {
    let now = IN_USE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: as the caller says.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were in use while `work` was done, beyond those in use before.
fn most(work: impl FnOnce()) -> usize {
    let before = IN_USE.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    work();
    MOST.load(Ordering::Relaxed) - before
}

const WIDTH: usize = 200_000;
/// Numbers a row that are not 0.
const ENTRIES: usize = 20;
const FEW: usize = 8;
const MANY: usize = 512;
const MB: usize = 1 << 20;

fn examples(rows: usize) -> SparseSamples {
    let mut all = SparseRows::empty(WIDTH);
    for row in 0..rows {
        let mut columns: Vec<u32> = (0..ENTRIES)
            .map(|k| ((row * 7919 + k * 10_007) % WIDTH) as u32)
            .collect();
        columns.sort_unstable();
        columns.dedup();
        all.push(&columns, &vec![1.0; columns.len()]).unwrap();
    }
    let labels = (0..rows).map(|row| row as u32 % 2).collect();
    SparseSamples::new(all, labels, 2).unwrap()
}

fn network() -> DenseStack {
    DenseStackConfig::new(WIDTH, [2], Unit::Rectifier, 2)
        .init(1, &Device::flex())
        .unwrap()
}

fn batch_of(examples: &dyn Examples) -> Batch {
    let mut batch = Batch::default();
    let indices: Vec<usize> = (0..examples.len()).collect();
    examples.gather(&indices, &mut batch).unwrap();
    batch
}

/// A step on all of `rows` examples at once, another, and an evaluation.
fn train(engine: &dyn Engine<DenseStack>, network: DenseStack, rows: usize) {
    let examples = examples(rows);
    let recipe = Recipe {
        seed: 1,
        objective: Objective::Classification,
        stages: vec![Stage::FineTune(FineTune::new(1, rows, 0.1))],
    };
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: &examples,
        state: None,
    };
    let batch = batch_of(&examples);
    let mut session = engine.begin(network, &context).unwrap();
    for seed in 0..2 {
        session.step(&batch, 0.1, seed).unwrap();
    }
    let seen = session.evaluate(&examples, 1).unwrap();
    assert_eq!(seen.examples, rows);
}

/// One test, so that nothing else is counted.
#[test]
fn memory_grows_with_what_is_not_zero() {
    // A dense copy of the larger batch would take 390 MB, lists by panels four times as much.
    let sparse = SparseEngine::new(Device::flex()).with_threads(2);
    let burn = BurnEngine::new(Device::flex());
    let engines: [(&str, &dyn Engine<DenseStack>); 2] = [("sparse", &sparse), ("burn", &burn)];
    for (name, engine) in engines {
        // What is made once, like threads, is not counted.
        train(engine, network(), FEW);
        let few = most(|| train(engine, network(), FEW));
        let many = most(|| train(engine, network(), MANY));
        let more = many.saturating_sub(few) / MB;
        println!("{name}: {} MB, {} MB", few / MB, many / MB);
        assert!(
            more < 48,
            "{name}: {MANY} rows take {more} MB more than {FEW}"
        );
    }

    let (few, many) = (batch_of(&examples(FEW)), batch_of(&examples(MANY)));
    let rows = |batch: &Batch| -> Vec<usize> { batch.sparse.as_ref().unwrap().starts().to_vec() };
    let network = predictor(&network()).unwrap().with_threads(2);
    for rounded in [false, true] {
        let of = |batch: &Batch| {
            let starts = rows(batch);
            let listed = batch.sparse.as_ref().unwrap();
            let (columns, values) = (listed.columns(), listed.values());
            let rows = rectifier_infer::SparseRows::new(WIDTH, &starts, columns, values).unwrap();
            let network = match rounded {
                false => network.clone(),
                true => network.clone().in_bf16(),
            };
            most(|| {
                assert_eq!(
                    network.logits_of(Rows::Sparse(rows)).unwrap().len(),
                    2 * batch.len()
                )
            })
        };
        let (few, many) = (of(&few), of(&many));
        let more = many.saturating_sub(few) / MB;
        println!("rounded {rounded}: {} MB, {} MB", few / MB, many / MB);
        assert!(
            more < 48,
            "rounded {rounded}: {MANY} rows take {more} MB more than {FEW}"
        );
    }
    assert_eq!((rows_at_a_time(784), rows_at_a_time(WIDTH)), (256, 83));
}
