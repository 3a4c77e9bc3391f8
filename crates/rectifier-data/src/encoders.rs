//! The encoders there are, and how one is read from what a model keeps.

mod tokens;
mod vocabulary;

pub use tokens::words;
pub use vocabulary::Vocabulary;

use crate::{DataError, Encoder};
use std::sync::Arc;

/// The encoder that [`Encoder::kind`] and [`Encoder::to_text`] described.
///
/// # Errors
/// [`DataError::Described`] for a kind that this version does not know, and for a text that describes none.
pub fn decode_encoder(kind: &str, text: &str) -> Result<Arc<dyn Encoder>, DataError> {
    let wrong = |problem| DataError::Described {
        kind: kind.into(),
        problem,
    };
    match kind {
        Vocabulary::KIND => Ok(Arc::new(Vocabulary::from_text(text).map_err(wrong)?)),
        _ => Err(wrong("this version knows no encoder of that kind".into())),
    }
}
