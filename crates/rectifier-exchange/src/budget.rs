//! How many numbers a file may become: views of one storage, and tensors used twice, could be more than any memory holds.

/// Weights may be shared between layers, but a network has at most so many times the bytes that its file holds.
const SHARING: u64 = 8;
/// A file of nearly nothing may still hold a small network.
const LEAST: u64 = 1 << 20;

/// What is left to be made of a file.
#[derive(Debug)]
pub(crate) struct Budget(u64);

impl Budget {
    /// Of a file, or files, of so many bytes.
    pub(crate) fn of(bytes: u64) -> Self {
        Self(bytes.saturating_mul(SHARING).max(LEAST))
    }

    /// Another file of so many bytes belongs to it.
    pub(crate) fn grow(&mut self, bytes: u64) {
        self.0 = self.0.saturating_add(bytes.saturating_mul(SHARING));
    }

    /// Takes room for numbers of `shape`, `size` bytes each; says how many numbers they are.
    ///
    /// # Errors
    /// Why not, in words.
    pub(crate) fn take(&mut self, shape: &[usize], size: usize) -> Result<usize, String> {
        let numbers = shape
            .iter()
            .try_fold(1usize, |n, axis| n.checked_mul(*axis));
        let bytes = numbers.and_then(|numbers| numbers.checked_mul(size));
        match (numbers, bytes.map(|bytes| bytes as u64)) {
            (Some(numbers), Some(bytes)) if bytes <= self.0 => {
                self.0 -= bytes;
                Ok(numbers)
            }
            _ => Err(format!(
                "its shape {shape:?} asks for more numbers than the whole file holds"
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_file_could_hold_is_refused() {
        let mut budget = Budget::of(1 << 20);
        assert_eq!(budget.take(&[1 << 10, 1 << 10], 4).unwrap(), 1 << 20);
        assert_eq!(budget.take(&[], 4).unwrap(), 1);
        assert!(budget.take(&[1 << 20], 8).unwrap_err().contains("1048576"));
        budget.grow(1 << 20);
        assert!(budget.take(&[1 << 20], 8).is_ok());
        assert!(budget.take(&[usize::MAX, 3], 1).is_err());
        assert!(budget.take(&[usize::MAX], 1).is_err());
    }
}
