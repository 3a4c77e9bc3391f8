//! Plain descent in one pass over the weights.

use crate::Optimizer;
use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::store::RecordError;
use burn::tensor::{Bytes, Device, Tensor};

/// `w - g`, where the learning rate is in the gradient already.
///
/// Burn's own `Sgd` multiplies every gradient by the rate and subtracts the product: two passes over memory as large as
/// the weights, at small batches a fifth of the whole step. Multiplying the cost by the rate before its gradient is taken
/// moves that product from millions of numbers to one.
#[derive(Clone)]
struct Descent;

impl burn::optim::Optimizer for Descent {
    type State<const D: usize> = ();

    fn step<const D: usize>(
        &self,
        _rate: f64,
        weight: Tensor<D>,
        step: Tensor<D>,
        _state: Option<()>,
    ) -> (Tensor<D>, Option<()>) {
        (weight - step, None)
    }

    fn to_device<const D: usize>(_state: (), _device: &Device) {}
}

/// What turns the gradients of a cost into new weights.
pub(crate) struct Update {
    optimizer: ModuleOptimizer,
    plain: bool,
}

impl Update {
    pub(crate) fn new(kind: Optimizer) -> Self {
        let plain = kind == Optimizer::Sgd;
        let optimizer = match plain {
            true => ModuleOptimizer::from(Descent),
            false => kind.init(),
        };
        Self { optimizer, plain }
    }

    /// The optimizer with the state in `bytes`.
    ///
    /// # Errors
    /// [`RecordError`] for another optimizer's state.
    pub(crate) fn restored(self, bytes: Vec<u8>) -> Result<Self, RecordError> {
        Ok(Self {
            optimizer: self.optimizer.from_bytes(Bytes::from_bytes_vec(bytes))?,
            plain: self.plain,
        })
    }

    /// The optimizer's state.
    ///
    /// # Errors
    /// [`RecordError`].
    pub(crate) fn state(&self) -> Result<Vec<u8>, RecordError> {
        Ok(self.optimizer.into_bytes()?.to_vec())
    }

    /// `module` after a step down `cost`, `[1]`, at `rate`.
    pub(crate) fn step<M: Module>(&mut self, module: &M, cost: Tensor<1>, rate: f64) -> M {
        let cost = if self.plain { cost * rate } else { cost };
        let gradients = GradientsParams::from_grads(cost.backward(), module);
        // A clone: the new weights take the gradients' memory, and the old weights' is free for the next gradients. Moved
        // in, the weights would be changed where they are and all gradients freed at once at the end of the heap, which
        // glibc then gives back to the system (see `keep_freed` in the command).
        self.optimizer.step(rate, module.clone(), gradients)
    }
}
