//! Training steps and predictions of the sparse engine at every instruction set, batch size and share of zeros:
//! `cargo bench -p rectifier-bench`, or a part of them by name, such as `cargo bench -p rectifier-bench -- train/avx512`.
#![allow(missing_docs, reason = "criterion's macros make functions without")]

use burn::tensor::Device;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rectifier_bench::{Candidate, Kind, Steps, Workload};
use rectifier_sparse::Level;
use std::time::{Duration, Instant};

const BATCHES: [usize; 4] = [1, 10, 128, 256];
const ZEROS: [u32; 5] = [0, 50, 75, 90, 99];

/// Seconds of `times` steps.
fn timed(steps: &mut dyn Steps, times: u64) -> Duration {
    let start = Instant::now();
    for turn in 0..times {
        #[allow(clippy::expect_used, reason = "a step that fails is not to be timed")]
        steps.step(turn as usize).expect("a step");
    }
    start.elapsed()
}

fn steps(criterion: &mut Criterion) {
    for (name, kind) in [("train", Kind::Train), ("infer", Kind::Infer)] {
        for level in Level::available() {
            let mut group = criterion.benchmark_group(format!("{name}/{}", level.name()));
            group
                .sample_size(10)
                .warm_up_time(Duration::from_millis(100))
                .measurement_time(Duration::from_millis(300));
            let candidate = Candidate::sparse_at(level, Device::default(), None);
            for batch in BATCHES {
                for zeros in ZEROS {
                    let mut work = Workload::train(784, 1000, batch, 0.0);
                    work.kind = kind;
                    let work = work.with_zeros(f64::from(zeros) / 100.0);
                    group.throughput(Throughput::Elements(batch as u64));
                    let id = BenchmarkId::new(format!("batch {batch}"), format!("{zeros}% zeros"));
                    let mut ready = None;
                    group.bench_function(id, |bencher| {
                        // Made on the first call, so that what the name leaves out costs nothing.
                        #[allow(clippy::expect_used, reason = "without it nothing can be timed")]
                        let steps =
                            ready.get_or_insert_with(|| candidate.ready(&work).expect("a work"));
                        bencher.iter_custom(|times| timed(steps.as_mut(), times));
                    });
                }
            }
            group.finish();
        }
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
