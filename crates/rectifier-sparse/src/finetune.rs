//! Fine-tuning as a session of a run.

use crate::convert::{into_stack, layers, learning};
use crate::forward::{Forward, evaluate, rows_of};
use crate::session::{restored_meter, save_meter, stack_of};
use crate::supervised::Supervised;
use rectifier_data::{Batch, Examples};
use rectifier_infer::team::Team;
use rectifier_nn::Network;
use rectifier_train::{
    EVALUATION_BATCH, Evaluation, FineTune, Objective, SessionState, StageContext, StageSession,
    Totals, TrainError,
};
use std::time::{Duration, Instant};

/// Fine-tuning of the whole stack.
pub(crate) struct FineTuning<N> {
    network: N,
    net: Supervised,
    team: Team,
    penalties: Vec<f32>,
    objective: Objective,
    totals: Totals,
    forward: Option<Forward>,
    bookkeeping: Duration,
}

impl<N: Network> FineTuning<N> {
    pub(crate) fn begin(
        network: N,
        stage: &FineTune,
        team: Team,
        context: &StageContext<'_>,
    ) -> Result<Self, TrainError> {
        let stack = stack_of(&network)?;
        let hidden = stack.layers.len();
        Ok(Self {
            net: Supervised::new(layers(stack)?, learning(stack)),
            network,
            team,
            penalties: (0..hidden)
                .map(|layer| stage.l1.coefficient(layer) as f32)
                .collect(),
            objective: context.objective(),
            totals: restored_meter(context.state)?,
            forward: None,
            bookkeeping: Duration::ZERO,
        })
    }
}

impl<N: Network> StageSession<N> for FineTuning<N> {
    fn step(&mut self, batch: &Batch, rate: f64, _noise: u64) -> Result<(), TrainError> {
        let rows = (rows_of(batch), batch.labels.as_slice());
        let team = &self.team;
        self.net.step(
            &team.pool,
            &team.kernels,
            rows,
            rate as f32,
            &self.penalties,
            &mut self.totals,
        );
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
        let rebuilt = self
            .network
            .dense_stack()
            .map(|stack| into_stack(stack.clone(), &self.net.layers));
        // `begin` has seen that the network has a stack, so it takes one back.
        rebuilt
            .and_then(|stack| self.network.clone().with_dense_stack(stack).ok())
            .unwrap_or_else(|| self.network.clone())
    }

    fn evaluate(&mut self, examples: &dyn Examples, _noise: u64) -> Result<Evaluation, TrainError> {
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
        Ok(SessionState::from([save_meter(&self.totals)?]))
    }

    fn bookkeeping(&self) -> Duration {
        self.bookkeeping
    }
}
