//! Which data a run is trained on, so that it never goes on with other data.

use crate::TrainError;
use rectifier_data::{Batch, Checksum, Examples, Split};
use serde::{Deserialize, Serialize};

/// What tells one data set's split from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFingerprint {
    /// What the data is called. Not compared: a set may be renamed.
    pub name: String,
    /// Examples of each part.
    pub sizes: PartSizes,
    /// SHA-256 over shapes, labels and inputs of all parts, as [`of_split`](Self::of_split) makes it.
    pub checksum: String,
    /// SHA-256 of what turns raw input into numbers (a vocabulary, a scaling), where there is such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder_checksum: Option<String>,
}

/// Examples of each part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSizes {
    /// To learn from.
    pub train: usize,
    /// To choose by.
    pub valid: usize,
    /// To report on.
    pub test: usize,
    /// What pre-training sees, where that is not `train`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlabelled: Option<usize>,
}

/// How many examples of a part are looked at where they are made on demand.
const SAMPLE: usize = 1024;
/// How many are gathered at a time.
const GATHERED: usize = 256;

impl DataFingerprint {
    /// The fingerprint of `split`: every example of resident parts; where the training part is a stream, which makes its
    /// examples on demand, 1024 examples of each part, evenly spaced. The same split always has the same.
    ///
    /// # Errors
    /// [`TrainError::Data`] for examples that cannot be read.
    pub fn of_split(name: impl Into<String>, split: &Split) -> Result<Self, TrainError> {
        let mut checksum = Checksum::new();
        let streamed = split.train.renewed(0).is_some();
        let parts = [
            ("train", Some(&split.train)),
            ("valid", Some(&split.valid)),
            ("test", Some(&split.test)),
            ("unlabelled", split.unlabelled.as_ref()),
        ];
        for (name, part) in parts {
            let Some(part) = part else { continue };
            checksum.update(name.as_bytes());
            add_part(&mut checksum, part.as_ref(), streamed)?;
        }
        Ok(Self {
            name: name.into(),
            sizes: PartSizes {
                train: split.train.len(),
                valid: split.valid.len(),
                test: split.test.len(),
                unlabelled: split.unlabelled.as_ref().map(|part| part.len()),
            },
            checksum: checksum.finish(),
            encoder_checksum: None,
        })
    }

    /// The fingerprint with that of `encoder`, all that turns raw input into numbers, as text.
    pub fn with_encoder(mut self, encoder: &str) -> Self {
        self.encoder_checksum = Some(sha256(encoder.as_bytes()));
        self
    }
}

/// The SHA-256 of `bytes` as hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut checksum = Checksum::new();
    checksum.update(bytes);
    checksum.finish()
}

fn add_part(checksum: &mut Checksum, part: &dyn Examples, sampled: bool) -> Result<(), TrainError> {
    let number = |checksum: &mut Checksum, value: usize| {
        checksum.update(&(value as u64).to_le_bytes());
    };
    for value in [part.len(), part.classes(), part.shape().len()] {
        number(checksum, value);
    }
    for &side in part.shape() {
        number(checksum, side);
    }
    let count = match sampled {
        true => part.len().min(SAMPLE),
        false => part.len(),
    };
    let mut batch = Batch::default();
    let mut bytes = Vec::new();
    for start in (0..count).step_by(GATHERED) {
        let indices: Vec<usize> = (start..count.min(start + GATHERED))
            .map(|place| place * part.len() / count)
            .collect();
        batch.clear();
        part.gather(&indices, &mut batch)?;
        bytes.clear();
        bytes.extend(batch.labels.iter().flat_map(|label| label.to_le_bytes()));
        match &batch.sparse {
            Some(rows) => {
                for (columns, values) in rows.iter() {
                    bytes.extend((columns.len() as u64).to_le_bytes());
                    bytes.extend(columns.iter().flat_map(|column| column.to_le_bytes()));
                    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                }
            }
            None => bytes.extend(batch.inputs.iter().flat_map(|value| value.to_le_bytes())),
        }
        checksum.update(&bytes);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_data::{Samples, SparseRows, SparseSamples};
    use std::sync::Arc;

    fn samples(change: Option<usize>) -> Arc<Samples> {
        let mut values: Vec<f32> = (0..600).map(|place| place as f32).collect();
        if let Some(place) = change {
            values[place] += 1.0;
        }
        let labels = (0..300).map(|place| place % 3).collect();
        Arc::new(Samples::from_f32(values, labels, &[2], 3).unwrap())
    }

    fn fingerprint(train: Arc<dyn Examples>, test: Arc<dyn Examples>) -> DataFingerprint {
        let split = Split::new(train, samples(None), test).unwrap();
        DataFingerprint::of_split("some", &split).unwrap()
    }

    #[test]
    fn one_number_in_one_example_is_noticed() {
        let of = |train, test| fingerprint(samples(train), samples(test)).checksum;
        assert_eq!(of(None, None), of(None, None));
        // The last batch is a short one.
        for place in [0, 257, 599] {
            assert_ne!(of(None, None), of(Some(place), None), "{place}");
            assert_ne!(of(None, None), of(None, Some(place)), "{place}");
        }
        assert_ne!(of(Some(1), None), of(None, Some(1)));
    }

    #[test]
    fn labels_sparse_rows_and_encoders_count() {
        let rows = |column: u32| {
            let mut rows = SparseRows::empty(5);
            rows.push(&[column], &[1.0]).unwrap();
            let rows: Arc<dyn Examples> = Arc::new(SparseSamples::new(rows, vec![1], 3).unwrap());
            let split = Split::new(rows.clone(), rows.clone(), rows).unwrap();
            DataFingerprint::of_split("words", &split).unwrap()
        };
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1).checksum, rows(2).checksum);
        let labelled = |label| {
            let one = Samples::from_f32(vec![0.0; 2], vec![label], &[2], 3).unwrap();
            fingerprint(Arc::new(one), samples(None)).checksum
        };
        assert_ne!(labelled(0), labelled(1));
        let encoded = |words: &str| rows(1).with_encoder(words).encoder_checksum;
        assert_ne!(encoded("a b"), encoded("b a"));
    }

    /// A stream: it can be renewed, and counts what is asked of it.
    struct Stream(std::sync::atomic::AtomicUsize);

    impl Examples for Stream {
        fn len(&self) -> usize {
            10_000_000
        }
        fn shape(&self) -> &[usize] {
            &[2]
        }
        fn classes(&self) -> usize {
            3
        }
        fn gather(
            &self,
            indices: &[usize],
            batch: &mut Batch,
        ) -> Result<(), rectifier_data::DataError> {
            self.0
                .fetch_add(indices.len(), std::sync::atomic::Ordering::Relaxed);
            batch.labels.extend(indices.iter().map(|_| 0));
            let rows = batch.dense_rows()?;
            rows.extend(indices.iter().flat_map(|&index| [index as f32, 0.0]));
            Ok(())
        }
        fn renewed(&self, _epoch: usize) -> Option<Arc<dyn Examples>> {
            Some(samples(None))
        }
    }

    #[test]
    fn of_a_stream_a_sample_is_enough() {
        let stream = Arc::new(Stream(0.into()));
        let first = fingerprint(stream.clone(), samples(None));
        assert_eq!(first.sizes.train, 10_000_000);
        assert_eq!(stream.0.load(std::sync::atomic::Ordering::Relaxed), SAMPLE);
        assert_eq!(first, fingerprint(stream, samples(None)));
    }
}
