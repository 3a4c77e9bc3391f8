//! What both kinds of session need: sums that outlast an interruption, and the stack that they train.

use rectifier_nn::{DenseStack, Network};
use rectifier_train::{SessionState, Totals, TrainError};

/// Where a session keeps the sums that were not read yet.
const METER: &str = "meter";

/// The sums that were not read yet, for a checkpoint.
///
/// # Errors
/// None that is known; of the encoding.
pub(crate) fn save_meter(totals: &Totals) -> Result<(String, Vec<u8>), TrainError> {
    let bytes = serde_json::to_vec(totals).map_err(|error| TrainError::state(METER, error))?;
    Ok((METER.into(), bytes))
}

/// The sums that a checkpoint holds.
///
/// # Errors
/// [`TrainError::State`] for one that is damaged.
pub(crate) fn restored_meter(state: Option<&SessionState>) -> Result<Totals, TrainError> {
    match state.and_then(|state| state.get(METER)) {
        Some(bytes) => {
            serde_json::from_slice(bytes).map_err(|error| TrainError::state(METER, error))
        }
        None => Ok(Totals::default()),
    }
}

/// The stack of a network; the engine lets no other pass.
///
/// # Errors
/// [`TrainError::NoStack`] for a network without one.
pub(crate) fn stack_of<N: Network>(network: &N) -> Result<&DenseStack, TrainError> {
    network.dense_stack().ok_or(TrainError::NoStack)
}
