//! The records of a batch file: one byte of label, then 3,072 bytes of pixels, channel by channel, row by row.

use std::io::{self, Read};

use crate::files::{CLASS_NAMES, SIDE};

/// How many bytes the pixels of a record have.
pub(crate) const PIXELS: usize = 3 * SIDE * SIDE;
/// How many bytes a record has: a label and the pixels.
pub const RECORD: usize = 1 + PIXELS;

/// Images and labels, as a batch file holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The pixels, 3,072 bytes an image.
    pub pixels: Vec<u8>,
    /// One class an image, below 10.
    pub labels: Vec<u32>,
}

/// What is wrong with the records of a batch file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordProblem {
    /// There are fewer than expected.
    #[error(
        "it ends after {found} of {expected} bytes ({RECORD} a record): copy, unpack or fetch it again"
    )]
    Short {
        /// How many bytes there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// There are more than expected.
    #[error(
        "it goes on after {expected} bytes ({RECORD} a record): it is not a batch of CIFAR-10's binary version"
    )]
    Long {
        /// How many bytes there should be.
        expected: u64,
    },
    /// A label is none of the ten classes.
    #[error(
        "record {record} has label {label}, where CIFAR-10 has 0 to 9: it is not a batch of the binary version"
    )]
    Label {
        /// The position of the record in its file.
        record: usize,
        /// Its label.
        label: u8,
    },
}

/// A problem with the records, or with reading them.
#[derive(Debug)]
pub(crate) enum Trouble {
    Io(io::Error),
    Records(RecordProblem),
}

impl Records {
    /// With room for `count` records.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self {
            pixels: Vec::with_capacity(count * PIXELS),
            labels: Vec::with_capacity(count),
        }
    }

    /// The `count` records that `bytes` are.
    ///
    /// # Errors
    /// [`RecordProblem`].
    pub fn parse(bytes: &[u8], count: usize) -> Result<Self, RecordProblem> {
        let mut records = Self::default();
        match records.append(bytes, count) {
            Ok(()) => Ok(records),
            Err(Trouble::Records(problem)) => Err(problem),
            // A slice has no other trouble than its end, and that is told apart.
            Err(Trouble::Io(_)) => Err(RecordProblem::Short {
                expected: (count as u64).saturating_mul(RECORD as u64),
                found: bytes.len() as u64,
            }),
        }
    }

    /// Reads `count` records and the end of `reader`, in one copy. After an error some may have been appended.
    pub(crate) fn append(&mut self, mut reader: impl Read, count: usize) -> Result<(), Trouble> {
        let expected = (count as u64).saturating_mul(RECORD as u64);
        for record in 0..count {
            let mut label = [0];
            let mut read = fill(&mut reader, &mut label)?;
            let start = self.pixels.len();
            if read == 1 {
                // Grows with what arrives: `count` is a claim, too.
                self.pixels.resize(start + PIXELS, 0);
                read += fill(&mut reader, &mut self.pixels[start..])?;
            }
            if read < RECORD {
                self.pixels.truncate(start);
                let found = (record * RECORD + read) as u64;
                return Err(Trouble::Records(RecordProblem::Short { expected, found }));
            }
            let [label] = label;
            if usize::from(label) >= CLASS_NAMES.len() {
                self.pixels.truncate(start);
                return Err(Trouble::Records(RecordProblem::Label { record, label }));
            }
            self.labels.push(u32::from(label));
        }
        match fill(&mut reader, &mut [0])? {
            0 => Ok(()),
            _ => Err(Trouble::Records(RecordProblem::Long { expected })),
        }
    }
}

/// Reads until `buffer` is full or the source ends; says how much was read.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Trouble> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Trouble::Io(error)),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Records whose pixels tell where they stand: no plane of a colour is as another.
    fn file(labels: &[u8]) -> Vec<u8> {
        let pixel =
            |record: usize, place: usize| (record * 7 + place + 50 * (place / (SIDE * SIDE))) as u8;
        let record = |(record, &label): (usize, &u8)| {
            std::iter::once(label).chain((0..PIXELS).map(move |place| pixel(record, place)))
        };
        labels.iter().enumerate().flat_map(record).collect()
    }

    #[test]
    fn a_record_is_a_label_and_its_pixels() {
        let records = Records::parse(&file(&[9, 0, 4]), 3).unwrap();
        assert_eq!(records.labels, [9, 0, 4]);
        assert_eq!(records.pixels.len(), 3 * PIXELS);
        assert_eq!(records.pixels[PIXELS..PIXELS + 3], [7, 8, 9]);
        // Red, green, blue of the same place, 50 apart.
        let plane = PIXELS / 3;
        let colours = [0, 1, 2].map(|colour| records.pixels[PIXELS + colour * plane]);
        assert_eq!(colours, [7, 57, 107]);
    }

    #[test]
    fn every_problem_is_named() {
        use RecordProblem::{Label, Long, Short};
        let whole = file(&[1, 2]);
        let expected = 2 * RECORD as u64;
        let cases = [
            (vec![], Short { expected, found: 0 }),
            (whole[..1].to_vec(), Short { expected, found: 1 }),
            (
                whole[..RECORD + 5].to_vec(),
                Short {
                    expected,
                    found: RECORD as u64 + 5,
                },
            ),
            ([&whole[..], &[3]].concat(), Long { expected }),
            (
                file(&[1, 10]),
                Label {
                    record: 1,
                    label: 10,
                },
            ),
        ];
        for (bytes, problem) in cases {
            assert_eq!(Records::parse(&bytes, 2), Err(problem));
        }
        // A claim of more than memory has is refused by what is there.
        let problem = Records::parse(&whole, usize::MAX).unwrap_err();
        assert!(matches!(problem, Short { .. }), "{problem}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_records_or_refused(
            labels in prop::collection::vec(0u8..12, 0..5),
            cut in 0usize..4 * RECORD,
            count in 0usize..6,
        ) {
            let mut bytes = file(&labels);
            bytes.truncate(cut);
            let good = bytes.len() == count * RECORD && labels[..count].iter().all(|&label| label < 10);
            match Records::parse(&bytes, count) {
                Ok(records) => {
                    prop_assert!(good);
                    prop_assert_eq!(records.pixels.len(), count * PIXELS);
                    prop_assert_eq!(records.labels.len(), count);
                }
                Err(problem) => prop_assert!(!good, "{problem}"),
            }
        }
    }
}
