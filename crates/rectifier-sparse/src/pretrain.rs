//! Pre-training of one layer as a session of a run.

use crate::buffer::{Buffer, PANEL, panels};
use crate::convert::{Learning, affine, into_layer, layer};
use crate::denoise::{Denoiser, Purpose};
use crate::forward::{Forward, count, rows_of};
use crate::layer::Layer;
use crate::momentum::Momentum;
use crate::phases::{Clock, Unwatched};
use crate::session::{restored_meter, save_meter, stack_of};
use crate::velocity::{Inertia, VELOCITY};
use burn::tensor::Device;
use rectifier_data::{Batch, Examples, random::subseed};
use rectifier_infer::team::Team;
use rectifier_nn::{DenoisingAutoencoder, DenseStack, LayerCounts, Network, Scale, Unit};
use rectifier_train::{
    EVALUATION_BATCH, Evaluation, Pretrain, SessionState, StageContext, StageSession, Totals,
    TrainError, in_order,
};
use std::time::{Duration, Instant};

const DECODER: &str = "decoder";

/// Pre-training of one layer.
pub(crate) struct Pretraining<N, C> {
    network: N,
    /// The stack as it was when the stage began, the layer below scaled where the strategy asks for it.
    stack: DenseStack,
    net: Denoiser,
    team: Team,
    clock: C,
    stage: Pretrain,
    totals: Totals,
    bookkeeping: Duration,
}

impl<N: Network, C: Clock> Pretraining<N, C> {
    pub(crate) fn begin(
        network: N,
        stage: &Pretrain,
        (team, clock): (Team, C),
        context: &StageContext<'_>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        context.recipe.check_network(&network)?;
        let stack = scaled(stack_of(&network)?.clone(), stage, &team, context)?;
        let at = stage.layer - 1;
        // The decoder is drawn as Burn's engine draws it: the same seed, the same numbers.
        let drawn = DenoisingAutoencoder::new(
            stack.layers[at].clone(),
            stage.reconstruction,
            context.seed(),
            device,
        );
        let mut decoder = affine(&drawn.decoder)?;
        if let Some(bytes) = context.state.and_then(|state| state.get(DECODER)) {
            decoder = restored(&decoder, bytes)?;
        }
        let below: Vec<Layer> = stack.layers[..at]
            .iter()
            .map(layer)
            .collect::<Result<_, _>>()?;
        let tanh_below = at > 0 && stack.layers[at - 1].unit == Unit::Tanh;
        let encoder = (
            layer(&stack.layers[at])?,
            Learning::of_layer(&stack.layers[at]),
        );
        let mut net = Denoiser::new(below, encoder, decoder, stage.reconstruction, tanh_below);
        if let Some(momentum) = Momentum::of(stage.optimizer, 0.0)? {
            let mut inertia = Inertia::new(momentum, net.learners());
            if let Some(bytes) = context.state.and_then(|state| state.get(VELOCITY)) {
                inertia.read(bytes, [&mut net.encoder, &mut net.decoder])?;
            }
            net.inertia = Some(inertia);
        }
        Ok(Self {
            net,
            network,
            stack,
            team,
            clock,
            stage: stage.clone(),
            totals: restored_meter(context.state)?,
            bookkeeping: Duration::ZERO,
        })
    }

    /// Noise for `batch` examples.
    fn noise(&self, batch: usize, seed: u64) -> rectifier_nn::Noise {
        self.stage
            .corruption
            .draw(batch * self.net.encoder.weight.rows, seed)
    }
}

/// `stack` with the layer below the stage's divided by its largest activation over the training data, where the strategy asks
/// for it. A resumed stage finds the scale already folded in, and the stack is left as it is.
fn scaled(
    stack: DenseStack,
    stage: &Pretrain,
    team: &Team,
    context: &StageContext<'_>,
) -> Result<DenseStack, TrainError> {
    let at = stage.layer - 1;
    let scaling = stage.reconstruction.scaling(at, stack.layers[at].unit);
    let (Some(scale), None) = (scaling, context.state) else {
        return Ok(stack);
    };
    let below: Vec<Layer> = stack.layers[..at]
        .iter()
        .map(layer)
        .collect::<Result<_, _>>()?;
    let Some(top) = below.last() else {
        return Ok(stack);
    };
    // What the units make of their pre-activations is read off those; sign flips do not count: a magnitude is scaled.
    let threshold = stack.layers[at - 1].threshold as f32;
    let units = top.units();
    let mut peaks = vec![0f32; units];
    let train = context.train;
    let mut forward = Forward::new(train.width(), &below, EVALUATION_BATCH, team.pool.threads());
    in_order(train, |batch, _| {
        let activations = forward.run(team, &below, rows_of(batch), batch.len());
        // SAFETY: between jobs.
        let rows = unsafe { activations.to_rows() };
        for row in rows.chunks_exact(units.max(1)) {
            for (peak, z) in peaks.iter_mut().zip(row) {
                if *z > threshold {
                    *peak = peak.max(*z);
                }
            }
        }
        Ok(())
    })?;
    let divisors = match scale {
        Scale::PerUnit => peaks,
        Scale::Global => vec![peaks.into_iter().fold(0.0, f32::max); units],
    };
    // A unit that is always silent is left as it is.
    let divisor = |unit: usize| match divisors[unit] > 0.0 {
        true => divisors[unit],
        false => 1.0,
    };
    // SAFETY: between jobs.
    let (mut weight, mut bias) = unsafe {
        let bias = top.bias.as_slice()[..units].to_vec();
        (top.weight.to_rows(), bias)
    };
    for row in weight.chunks_exact_mut(units.max(1)).chain([&mut bias[..]]) {
        row.iter_mut()
            .enumerate()
            .for_each(|(unit, number)| *number /= divisor(unit));
    }
    let dims = [top.weight.rows, units];
    let divided = Layer::new(dims, &weight, &bias, top.activation.clone(), None);
    let mut stack = stack;
    stack.layers[at - 1] = into_layer(stack.layers[at - 1].clone(), &divided);
    Ok(stack)
}

/// A decoder of the shape of `like` with the numbers in `bytes`: weights row by row, then biases.
fn restored(like: &Layer, bytes: &[u8]) -> Result<Layer, TrainError> {
    let dims = [like.weight.rows, like.weight.columns];
    let split = dims[0] * dims[1];
    if bytes.len() != 4 * (split + dims[1]) {
        let reason = format!("{} bytes, {} expected", bytes.len(), 4 * (split + dims[1]));
        return Err(TrainError::state(DECODER, reason));
    }
    let (words, _) = bytes.as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    Ok(Layer::new(
        dims,
        &values[..split],
        &values[split..],
        like.activation.clone(),
        None,
    ))
}

impl<N: Network, C: Clock> StageSession<N> for Pretraining<N, C> {
    fn step(&mut self, batch: &Batch, rate: f64, noise: u64) -> Result<(), TrainError> {
        let start = Instant::now();
        let noise = self.noise(batch.len(), noise);
        self.bookkeeping += start.elapsed();
        let purpose = Purpose::Step {
            rate: rate as f32,
            penalty: self.stage.l1 as f32,
        };
        let seen = self
            .net
            .pass(&self.team, batch, &noise, purpose, &self.clock, &|_, _| {});
        self.totals.add(&seen);
        Ok(())
    }

    fn totals(&mut self) -> Result<Totals, TrainError> {
        Ok(std::mem::take(&mut self.totals))
    }

    fn zeros(&mut self) -> Result<Vec<f64>, TrainError> {
        Ok(vec![self.net.zeros()])
    }

    fn network(&self) -> N {
        let mut stack = self.stack.clone();
        let at = self.stage.layer - 1;
        let module = stack.layers[at].clone();
        stack.layers[at] = match &self.net.inertia {
            None => into_layer(module, &self.net.encoder),
            Some(inertia) => into_layer(module, &inertia.settled(&self.team, 0, &self.net.encoder)),
        };
        // `begin` has seen that the network has a stack, so it takes one back.
        self.network
            .clone()
            .with_dense_stack(stack)
            .unwrap_or_else(|_| self.network.clone())
    }

    fn evaluate(&mut self, examples: &dyn Examples, noise: u64) -> Result<Evaluation, TrainError> {
        let units = self.net.encoder.units();
        let mut active = Buffer::<u32>::zeros(panels(units) * PANEL);
        let mut totals = Totals::default();
        in_order(examples, |batch, start| {
            let noise = self.noise(batch.len(), subseed(noise, &[start as u64]));
            let team = &self.team;
            // SAFETY: each thread counts its own blocks.
            let each = |worker: crate::pool::Worker<'_>,
                        hidden: &crate::activations::Activations| unsafe {
                count(worker, hidden, &active);
            };
            let seen = self
                .net
                .pass(team, batch, &noise, Purpose::Measure, &Unwatched, &each);
            totals.add(&seen);
            Ok(())
        })?;
        let zeros = active.as_mut()[..units]
            .iter()
            .map(|count| totals.examples - u64::from(*count))
            .collect();
        Ok(Evaluation {
            examples: examples.len(),
            loss: totals.loss / examples.len().max(1) as f64,
            layers: vec![LayerCounts {
                examples: totals.examples,
                zeros,
            }],
            ..Evaluation::default()
        })
    }

    fn state(&self) -> Result<SessionState, TrainError> {
        let decoder = &self.net.decoder;
        // SAFETY: between jobs.
        let (weight, bias) = unsafe { (decoder.weight.to_rows(), decoder.bias.as_slice()) };
        let numbers = weight.iter().chain(&bias[..decoder.units()]);
        let bytes: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
        let mut state = SessionState::from([save_meter(&self.totals)?, (DECODER.into(), bytes)]);
        if let Some(inertia) = &self.net.inertia {
            let layers = [&self.net.encoder, &self.net.decoder];
            state.insert(VELOCITY.into(), inertia.write(layers));
        }
        Ok(state)
    }

    fn bookkeeping(&self) -> Duration {
        self.bookkeeping
    }
}
