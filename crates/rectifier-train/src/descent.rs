//! Plain descent in one pass over the weights.

use crate::engine::SessionState;
use crate::{Optimizer, TrainError};
use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device, Tensor};

/// `w - g`, where the learning rate is in the gradient already; with a decay, `w (1 - rate decay) - g`.
///
/// Burn's own `Sgd` multiplies every gradient by the rate and subtracts the product: two passes over memory as large as
/// the weights, at small batches a fifth of the whole step. Multiplying the cost by the rate before its gradient is taken
/// moves that product from millions of numbers to one.
#[derive(Clone)]
struct Descent {
    decay: f64,
}

impl burn::optim::Optimizer for Descent {
    type State<const D: usize> = ();

    fn step<const D: usize>(
        &self,
        rate: f64,
        weight: Tensor<D>,
        step: Tensor<D>,
        _state: Option<()>,
    ) -> (Tensor<D>, Option<()>) {
        match self.decay {
            0.0 => (weight - step, None),
            decay => (weight * (1.0 - rate * decay) - step, None),
        }
    }

    fn to_device<const D: usize>(_state: (), _device: &Device) {}
}

/// The gradient of `factor` times `cost`, `[1]`, in the parameters of `module`.
pub(crate) fn gradients<M: Module>(
    module: &M,
    cost: Tensor<1>,
    factor: Option<f64>,
) -> GradientsParams {
    let cost = match factor {
        Some(factor) => cost * factor,
        None => cost,
    };
    GradientsParams::from_grads(cost.backward(), module)
}

/// What turns the gradients of a cost into new weights.
pub(crate) struct Update {
    optimizer: ModuleOptimizer,
    plain: bool,
}

const OPTIMIZER: &str = "optimizer";

impl Update {
    /// The optimizer of this kind, which adds `decay` times the parameter to every gradient.
    pub(crate) fn new(kind: Optimizer, decay: f64) -> Self {
        let plain = kind == Optimizer::Sgd;
        let optimizer = match plain {
            true => ModuleOptimizer::from(Descent { decay }),
            false => kind.init_with_decay(decay),
        };
        Self { optimizer, plain }
    }

    /// The optimizer as it was when a session's `state` was taken.
    ///
    /// # Errors
    /// [`TrainError::State`] for another optimizer's state.
    pub(crate) fn restored(self, state: Option<&SessionState>) -> Result<Self, TrainError> {
        let Some(bytes) = state.and_then(|state| state.get(OPTIMIZER)) else {
            return Ok(self);
        };
        let bytes = Bytes::from_bytes_vec(bytes.clone());
        let optimizer = self.optimizer.from_bytes(bytes);
        Ok(Self {
            optimizer: optimizer.map_err(|error| TrainError::state(OPTIMIZER, error))?,
            plain: self.plain,
        })
    }

    /// The optimizer's state and its name in a session's.
    ///
    /// # Errors
    /// [`TrainError::State`].
    pub(crate) fn state(&self) -> Result<(&'static str, Vec<u8>), TrainError> {
        let bytes = self.optimizer.into_bytes();
        let bytes = bytes.map_err(|error| TrainError::state(OPTIMIZER, error))?;
        Ok((OPTIMIZER, bytes.to_vec()))
    }

    /// What a cost is multiplied by before its gradient is taken for a step at `rate`; `None` for nothing.
    pub(crate) fn factor(&self, rate: f64) -> Option<f64> {
        self.plain.then_some(rate)
    }

    /// `module` after a step at `rate` down the cost whose `gradients`, times the [`factor`](Self::factor), these are.
    pub(crate) fn step<M: Module>(
        &mut self,
        module: &M,
        gradients: GradientsParams,
        rate: f64,
    ) -> M {
        // A clone: the new weights take the gradients' memory, and the old weights' is free for the next gradients. Moved
        // in, the weights would be changed where they are and all gradients freed at once at the end of the heap, which
        // glibc then gives back to the system (see `keep_freed` in the command).
        self.optimizer.step(rate, module.clone(), gradients)
    }
}
