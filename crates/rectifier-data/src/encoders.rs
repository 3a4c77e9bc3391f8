//! The encoders there are, and how one is read from what a model keeps.

mod columns;
mod indices;
mod markup;
mod pixels;
mod tokens;
mod vocabulary;

pub use columns::{Columns, MOST_WORDS, Value, is_missing, number_of};
pub use indices::Indices;
pub use markup::without_markup;
pub use pixels::{Pixels, Resize, border_of};
pub use tokens::words;
pub use vocabulary::{TextForm, Vocabulary};

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
        Pixels::KIND => Ok(Arc::new(Pixels::from_text(text).map_err(wrong)?)),
        Columns::KIND => Ok(Arc::new(Columns::from_text(text).map_err(wrong)?)),
        Indices::KIND => Ok(Arc::new(Indices::from_text(text).map_err(wrong)?)),
        _ => Err(wrong("this version knows no encoder of that kind".into())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_kind_is_made_from_its_text() {
        let encoders: [Arc<dyn Encoder>; 4] = [
            Arc::new(Vocabulary::fit(["a b"], 5)),
            Arc::new(Pixels::new(4, 5, true).unwrap()),
            Arc::new(Columns::fit(&["x".into()], 1, |_, _| Value::Number(1.0)).unwrap()),
            Arc::new(Indices::fit([3], true)),
        ];
        for encoder in encoders {
            let decoded = decode_encoder(encoder.kind(), &encoder.to_text()).unwrap();
            assert_eq!(decoded.to_text(), encoder.to_text());
            assert_eq!(decoded.width(), encoder.width());
            assert!(decode_encoder(encoder.kind(), "x").is_err());
        }
        let error = decode_encoder("other", "").err().unwrap().to_string();
        assert!(error.contains("\"other\""), "{error}");
    }
}
