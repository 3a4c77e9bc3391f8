//! How long a network takes for one example.

use crate::device;
use crate::error::CliError;
use burn::tensor::{Tensor, TensorData};
use rectifier_bench::Environment;
use rectifier_data::{Batch, Examples};
use rectifier_infer::SparseNetwork;
use rectifier_nn::{DenseStack, ModelBytes, Network};
use rectifier_zoo::Speed;
use std::time::Instant;

/// Test examples that are timed, one after the other.
const EXAMPLES: usize = 100;
/// Rounds, of which the fastest counts: a busy machine makes the others slower, never faster.
const ROUNDS: usize = 9;

/// Times `kept`, a network as it is kept, and `plain`, the same in single precision, on one thread, and the module of Burn with
/// the same weights on its own threads.
///
/// # Errors
/// [`CliError`] of reading examples or computing.
pub fn speed(
    kept: &SparseNetwork,
    plain: &SparseNetwork,
    model: &ModelBytes<'_>,
    test: &dyn Examples,
) -> Result<Speed, CliError> {
    let count = test.len().clamp(1, EXAMPLES);
    let mut batch = Batch::default();
    test.gather(&(0..count).collect::<Vec<usize>>(), &mut batch)?;
    let rows = batch.dense();
    let rows: Vec<&[f32]> = rows.chunks(test.width()).collect();
    let (kept, plain) = (kept.clone().with_threads(1), plain.clone().with_threads(1));
    let (name, device) = device::open(None)?;
    let stack = DenseStack::from_model(model, &device)?;
    let dense = |row: &[f32]| -> Result<(), CliError> {
        let inputs = TensorData::new(row.to_vec(), [1, row.len()]);
        let logits = stack.forward(Tensor::from_data(inputs, &device)).logits;
        logits.into_data();
        Ok(())
    };
    let sparse = |network: &SparseNetwork, row: &[f32]| -> Result<(), CliError> {
        network.logits(row)?;
        Ok(())
    };
    let (mut own, mut f32, mut burn) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    // In turn, so that what slows the machine down slows all of them.
    for _ in 0..ROUNDS {
        own = own.min(round(&rows, |row| sparse(&kept, row))?);
        f32 = f32.min(round(&rows, |row| sparse(&plain, row))?);
        burn = burn.min(round(&rows, dense)?);
    }
    let machine = Environment::here();
    Ok(Speed {
        own_us: own,
        f32_us: f32,
        burn_us: burn,
        burn_device: name,
        instruction_set: machine.level,
        processor: machine.processor,
    })
}

/// Microseconds an example.
fn round(
    rows: &[&[f32]],
    mut one: impl FnMut(&[f32]) -> Result<(), CliError>,
) -> Result<f64, CliError> {
    let start = Instant::now();
    for row in rows {
        one(row)?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / rows.len() as f64)
}
