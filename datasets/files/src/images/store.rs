//! Prepared pictures in memory: a byte a number as long as that is exact.

use rectifier_data::{DataError, Samples, unit_table};

/// Numbers from 0 to 1.
pub(super) enum Store {
    Bytes(Vec<u8>),
    Numbers(Vec<f32>),
}

impl Default for Store {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl Store {
    /// Appends a picture; `None` where memory does not suffice.
    pub fn push(&mut self, numbers: &[f32]) -> Option<()> {
        let table = unit_table();
        if let Self::Bytes(bytes) = self {
            bytes.try_reserve(numbers.len()).ok()?;
            let before = bytes.len();
            let exact = numbers.iter().all(|&number| {
                let byte = (number * 255.0).round() as u8;
                bytes.push(byte);
                table[usize::from(byte)] == number
            });
            if exact {
                return Some(());
            }
            bytes.truncate(before);
            let mut all = Vec::new();
            all.try_reserve(before + numbers.len()).ok()?;
            all.extend(bytes.iter().map(|&byte| table[usize::from(byte)]));
            *self = Self::Numbers(all);
        }
        if let Self::Numbers(all) = self {
            all.try_reserve(numbers.len()).ok()?;
            all.extend_from_slice(numbers);
        }
        Some(())
    }

    pub fn samples(
        self,
        labels: Vec<u32>,
        shape: &[usize],
        classes: usize,
    ) -> Result<Samples, DataError> {
        match self {
            Self::Bytes(bytes) => Samples::from_bytes(bytes, labels, shape, classes),
            Self::Numbers(numbers) => Samples::from_f32(numbers, labels, shape, classes),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rectifier_data::{Batch, Examples, Storage};

    #[test]
    fn bytes_are_kept_as_long_as_they_are_exact() {
        let exact: Vec<f32> = (0..=255u8).map(|byte| f32::from(byte) / 255.0).collect();
        let mut store = Store::default();
        store.push(&exact).unwrap();
        store.push(&exact).unwrap();
        assert!(matches!(&store, Store::Bytes(bytes) if bytes.len() == 512));
        let mut other = exact.clone();
        other[7] += 1e-4;
        store.push(&other).unwrap();
        store.push(&exact).unwrap();
        let samples = store.samples(vec![0, 1, 0, 1], &[16, 16], 2).unwrap();
        assert!(matches!(samples.storage(), Storage::F32(_)));
        let mut batch = Batch::default();
        samples.gather(&[0, 1, 2, 3], &mut batch).unwrap();
        assert_eq!(
            batch.inputs,
            [exact.clone(), exact.clone(), other, exact].concat()
        );
    }
}
