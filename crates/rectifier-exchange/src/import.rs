//! What a reader is told beside the file.

use crate::{Activation, ExchangeError};
use rectifier_model::ModelFileError;
use std::io::Read;
use std::path::Path;

/// What a reader is told that a file may not say itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportOptions {
    /// The activation between the layers of a state dict, which does not say it; none is what the file's own metadata says.
    pub activation: Option<Activation>,
    /// The shape of one example, such as `[28, 28]`; none is what the file says, or a row of numbers.
    pub shape: Option<Vec<usize>>,
    /// What the least and the largest raw value (black and white, of pictures) are to the network; none is what the file says, or
    /// 0 and 1.
    pub range: Option<[f32; 2]>,
    /// What PyTorch calls `eps`: added to the variance of a batch normalization in a state dict, which does not say it.
    pub batch_norm_epsilon: f64,
}

impl Default for ImportOptions {
    /// Nothing known; PyTorch's default of 1e-5 for batch normalization.
    fn default() -> Self {
        Self {
            activation: None,
            shape: None,
            range: None,
            batch_norm_epsilon: 1e-5,
        }
    }
}

impl ImportOptions {
    /// Checks what can be checked without a file. Importing does it, too.
    ///
    /// # Errors
    /// [`ExchangeError::Range`].
    pub fn check(&self) -> Result<(), ExchangeError> {
        match self.range {
            Some([low, high]) if !(low.is_finite() && high.is_finite() && low < high) => {
                Err(ExchangeError::Range { low, high })
            }
            _ => Ok(()),
        }
    }
}

/// The first bytes of the file at `path`, up to `limit`, and its whole length; the path must name a regular file.
pub(crate) fn read(path: &Path, limit: u64) -> Result<(Vec<u8>, u64), ExchangeError> {
    let io = |source: std::io::Error| ExchangeError::Io {
        path: path.into(),
        source,
    };
    // Looked at before it is opened: opening a pipe would wait for a writer.
    let about = std::fs::metadata(path).map_err(io)?;
    if !about.is_file() {
        return Err(ExchangeError::NotAFile { path: path.into() });
    }
    let file = std::fs::File::open(path).map_err(io)?;
    let wanted = about.len().min(limit);
    let mut bytes = Vec::new();
    let room = usize::try_from(wanted).map(|wanted| bytes.try_reserve_exact(wanted));
    if !matches!(room, Ok(Ok(()))) {
        let source = std::io::Error::from(std::io::ErrorKind::OutOfMemory);
        return Err(io(source));
    }
    file.take(wanted).read_to_end(&mut bytes).map_err(io)?;
    Ok((bytes, about.len()))
}

/// The error of a card beside somebody's weights.
pub(crate) fn card_error(origin: &str, source: rectifier_model::CardError) -> ExchangeError {
    ExchangeError::Model(ModelFileError::Card {
        origin: origin.into(),
        source,
    })
}
