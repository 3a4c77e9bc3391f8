//! Fine-tuning as a session of a run.

use crate::convert::{Learning, into_stack, layers, learning};
use crate::forward::{Forward, evaluate, rows_of};
use crate::momentum::Momentum;
use crate::phases::Clock;
use crate::session::{restored_meter, save_meter, stack_of};
use crate::supervised::{Lesson, Supervised};
use crate::thinning::Thinning;
use crate::velocity::{Inertia, VELOCITY, settled};
use rectifier_data::{Batch, Examples};
use rectifier_infer::team::Team;
use rectifier_nn::Network;
use rectifier_train::{
    Dropout, EVALUATION_BATCH, Evaluation, FineTune, Objective, SessionState, StageContext,
    StageSession, Totals, TrainError,
};
use std::time::{Duration, Instant};

/// Fine-tuning of the whole stack.
pub(crate) struct FineTuning<N, C> {
    network: N,
    net: Supervised,
    team: Team,
    clock: C,
    dropout: Dropout,
    objective: Objective,
    totals: Totals,
    forward: Option<Forward>,
    bookkeeping: Duration,
}

impl<N: Network, C: Clock> FineTuning<N, C> {
    pub(crate) fn begin(
        network: N,
        stage: &FineTune,
        team: Team,
        context: &StageContext<'_>,
        clock: C,
    ) -> Result<Self, TrainError> {
        context.recipe.check_network(&network)?;
        let stack = stack_of(&network)?;
        let mut learning = learning(stack);
        for layer in &stage.frozen {
            // Counted from 1.
            if let Some(learning) = layer.checked_sub(1).and_then(|k| learning.get_mut(k)) {
                *learning = Learning::NONE;
            }
        }
        let hidden = 0..stack.layers.len();
        let penalties = hidden.map(|layer| stage.l1.coefficient(layer) as f32);
        let mut net = Supervised::new(layers(stack)?, learning, penalties.collect());
        let units = stack.layers.iter().map(|layer| layer.dims()[1]);
        net.thinning = Thinning::of(stage.dropout, units);
        if let Some(momentum) = Momentum::of(stage.optimizer, stage.weight_decay)? {
            let mut inertia = Inertia::new(momentum, net.learners());
            if let Some(bytes) = context.state.and_then(|state| state.get(VELOCITY)) {
                inertia.read(bytes, &mut net.layers)?;
            }
            net.inertia = Some(inertia);
        }
        Ok(Self {
            net,
            network,
            team,
            clock,
            dropout: stage.dropout,
            objective: context.objective(),
            totals: restored_meter(context.state)?,
            forward: None,
            bookkeeping: Duration::ZERO,
        })
    }
}

impl<N: Network, C: Clock> StageSession<N> for FineTuning<N, C> {
    fn step(&mut self, batch: &Batch, rate: f64, noise: u64) -> Result<(), TrainError> {
        let start = Instant::now();
        let thinned = self.dropout.of_inputs(batch, noise)?;
        let batch = thinned.as_ref().unwrap_or(batch);
        self.bookkeeping += start.elapsed();
        let lesson = Lesson {
            rows: rows_of(batch),
            labels: &batch.labels,
            rate: rate as f32,
            noise,
        };
        self.net
            .step(&self.team, lesson, &self.clock, &mut self.totals);
        Ok(())
    }

    fn totals(&mut self) -> Result<Totals, TrainError> {
        Ok(std::mem::take(&mut self.totals))
    }

    fn zeros(&mut self) -> Result<Vec<f64>, TrainError> {
        let start = Instant::now();
        let zeros = self.net.zeros();
        self.bookkeeping += start.elapsed();
        Ok(zeros)
    }

    fn network(&self) -> N {
        let layers = settled(self.net.inertia.as_ref(), &self.team, &self.net.layers);
        let rebuilt = self
            .network
            .dense_stack()
            .map(|stack| into_stack(stack.clone(), &layers));
        // `begin` has seen that the network has a stack, so it takes one back.
        rebuilt
            .and_then(|stack| self.network.clone().with_dense_stack(stack).ok())
            .unwrap_or_else(|| self.network.clone())
    }

    fn evaluate(&mut self, examples: &dyn Examples, _noise: u64) -> Result<Evaluation, TrainError> {
        if let Some(inertia) = &mut self.net.inertia {
            inertia.settle(&self.team, &self.net.layers);
        }
        let threads = self.team.pool.threads();
        let mut forward = match self.forward.take() {
            Some(forward) if forward.fits(EVALUATION_BATCH, threads) => forward,
            _ => Forward::new(
                examples.width(),
                &self.net.layers,
                EVALUATION_BATCH,
                threads,
            ),
        };
        let evaluation = evaluate(
            &mut forward,
            &self.team,
            &self.net.layers,
            examples,
            self.objective,
        );
        self.forward = Some(forward);
        evaluation
    }

    fn state(&self) -> Result<SessionState, TrainError> {
        let mut state = SessionState::from([save_meter(&self.totals)?]);
        if let Some(inertia) = &self.net.inertia {
            state.insert(VELOCITY.into(), inertia.write(&self.net.layers));
        }
        Ok(state)
    }

    fn bookkeeping(&self) -> Duration {
        self.bookkeeping
    }
}
