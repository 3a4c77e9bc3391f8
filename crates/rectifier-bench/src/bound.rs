//! What a step cannot be faster than: the weights that it must move, and the products that it must add.

use crate::calibrate::numbers;
use crate::workload::CLASSES;
use crate::{BenchError, Workload};
use burn::tensor::Device;
use rectifier_nn::Network;
use rectifier_sparse::{Level, Probe};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, btree_map::Entry};

/// Examples that a load is counted on, whole batches of them, one batch at least.
const COUNTED: usize = 512;
const FLOAT: f64 = size_of::<f32>() as f64;

/// What a supervised step of a rectifier stack under plain descent must do, on average over batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Bytes of weights in rows that an example of the batch uses: read on the way up; on the way down read, changed and
    /// written.
    pub weight_bytes: f64,
    /// Bytes of inputs, read once.
    pub input_bytes: f64,
    /// Multiply-adds of which neither factor is 0: each active number with its row on the way up; on the way down with the
    /// errors that are not 0, once for the error below (not under the first layer) and once for the update.
    pub products: f64,
    /// Mean share of exact zeros of the hidden activations.
    pub zeros: f64,
}

impl Load {
    /// The load of `work`, counted on its own batches by a network on `device`.
    ///
    /// # Errors
    /// [`BenchError`] where the network cannot be made or read.
    pub fn of(work: &Workload, device: &Device) -> Result<Self, BenchError> {
        let network = work.network(device)?;
        let batches = work.batches();
        let many = COUNTED.div_ceil(work.batch).clamp(1, batches.len());
        let mut sum = Self::default();
        for batch in &batches[..many] {
            let hidden = network
                .forward(batch.inputs_tensor(work.inputs, device))
                .hidden;
            let mut signals = vec![batch.inputs.clone()];
            for layer in hidden {
                signals.push(numbers(layer)?);
            }
            let load = Self::of_step(work.batch, &signals, CLASSES);
            sum.weight_bytes += load.weight_bytes / many as f64;
            sum.input_bytes += load.input_bytes / many as f64;
            sum.products += load.products / many as f64;
            sum.zeros += load.zeros / many as f64;
        }
        Ok(sum)
    }

    /// The load of one step: `signals` are the inputs and every hidden layer's activations, each `[batch, width]`.
    fn of_step(batch: usize, signals: &[Vec<f32>], classes: usize) -> Self {
        let active = |k: usize, b: usize| -> usize {
            match signals.get(k) {
                Some(signal) => {
                    let width = signal.len() / batch;
                    let row = &signal[b * width..][..width];
                    row.iter().filter(|x| **x != 0.0).count()
                }
                // No error of an output is 0.
                None => classes,
            }
        };
        let mut load = Self {
            input_bytes: FLOAT * signals[0].len() as f64,
            ..Self::default()
        };
        let hidden = signals.len() - 1;
        for (k, signal) in signals.iter().enumerate() {
            let width = signal.len() / batch;
            let units = signals
                .get(k + 1)
                .map_or(classes, |above| above.len() / batch);
            let used = |unit: &usize| (0..batch).any(|b| signal[b * width + unit] != 0.0);
            let rows = (0..width).filter(used).count();
            load.weight_bytes += FLOAT * (rows * units) as f64;
            let ways_down = if k == 0 { 1 } else { 2 };
            for b in 0..batch {
                let (here, above) = (active(k, b), active(k + 1, b));
                load.products += (here * units + ways_down * here * above) as f64;
                if k > 0 {
                    load.zeros += (width - here) as f64 / (width * batch * hidden) as f64;
                }
            }
        }
        load
    }
}

/// What a machine gives at one size of weights in use, measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Bytes read a second.
    pub read_bytes_per_s: f64,
    /// Bytes read, changed and written a second, a byte counted once.
    pub change_bytes_per_s: f64,
    /// Multiply-adds a second.
    pub products_per_s: f64,
}

/// Which bound holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// Moving weights takes longer.
    Traffic,
    /// Multiplying and adding takes longer.
    Arithmetic,
}

/// The least time of a step on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// What must be done.
    pub load: Load,
    /// How fast the machine does it.
    pub rates: Rates,
    /// Milliseconds that the weights and inputs take.
    pub traffic_ms: f64,
    /// Milliseconds that the products take.
    pub arithmetic_ms: f64,
    /// The longer of the two.
    pub ms: f64,
    /// Which that is.
    pub holds: Holds,
}

impl Bound {
    /// The bound of `load` at `rates`.
    pub fn new(load: Load, rates: Rates) -> Self {
        let read = (load.weight_bytes + load.input_bytes) / rates.read_bytes_per_s;
        let change = load.weight_bytes / rates.change_bytes_per_s;
        let traffic_ms = 1e3 * (read + change);
        let arithmetic_ms = 1e3 * load.products / rates.products_per_s;
        let holds = match traffic_ms >= arithmetic_ms {
            true => Holds::Traffic,
            false => Holds::Arithmetic,
        };
        Self {
            load,
            rates,
            traffic_ms,
            arithmetic_ms,
            ms: traffic_ms.max(arithmetic_ms),
            holds,
        }
    }
}

/// Measures rates, on each count of threads with threads of its own.
pub(crate) struct Machine {
    seconds: f64,
    probes: BTreeMap<usize, (Probe, f64)>,
}

impl Machine {
    /// `seconds` a figure.
    pub(crate) fn new(seconds: f64) -> Self {
        Self {
            seconds,
            probes: BTreeMap::new(),
        }
    }

    /// The rates of `threads` threads where so many bytes of weights are in use.
    pub(crate) fn rates(&mut self, threads: usize, bytes: f64) -> Result<Rates, BenchError> {
        let (probe, products) = match self.probes.entry(threads) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let probe = Probe::new(threads, Level::detect(), self.seconds)?;
                let products = probe.products();
                place.insert((probe, products))
            }
        };
        let bytes = bytes.max(1.0) as usize;
        Ok(Rates {
            read_bytes_per_s: probe.read(bytes),
            change_bytes_per_s: probe.change(bytes),
            products_per_s: *products,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_counted_by_hand() {
        // Two examples of three inputs, of which the second column is 0; two hidden units, the second silent on example 2.
        let signals = [vec![1.0, 0.0, 2.0, 0.0, 0.0, 3.0], vec![1.0, 4.0, 5.0, 0.0]];
        let load = Load::of_step(2, &signals, 10);
        // Two rows of two weights, two rows of ten.
        assert_eq!(load.weight_bytes, 4.0 * (2.0 * 2.0 + 2.0 * 10.0));
        assert_eq!(load.input_bytes, 4.0 * 6.0);
        // Up: 3 active inputs times 2 units, 3 active units times 10. Down: 2*2 + 1*1 updates; (2 + 1)*10 twice.
        assert_eq!(load.products, 6.0 + 30.0 + 5.0 + 60.0);
        assert_eq!(load.zeros, 0.25);
    }

    #[test]
    fn a_bound_is_the_longer_of_two_times() {
        let load = Load {
            weight_bytes: 6e6,
            input_bytes: 1e6,
            products: 2e7,
            zeros: 0.5,
        };
        let mut rates = Rates {
            read_bytes_per_s: 7e9,
            change_bytes_per_s: 3e9,
            products_per_s: 1e10,
        };
        let bound = Bound::new(load, rates);
        assert!((bound.traffic_ms - 3.0).abs() < 1e-9 && (bound.arithmetic_ms - 2.0).abs() < 1e-9);
        assert_eq!((bound.ms, bound.holds), (bound.traffic_ms, Holds::Traffic));
        rates.products_per_s = 5e9;
        let bound = Bound::new(load, rates);
        assert_eq!(
            (bound.ms, bound.holds),
            (bound.arithmetic_ms, Holds::Arithmetic)
        );
    }
}
