//! Labelled images from two IDX files.

use std::path::Path;

use crate::gunzip::PADDED;
use crate::{DataError, IdxHeader, Samples, read_idx};

/// Images and their labels in two IDX files.
#[derive(Clone, Copy, Debug)]
pub struct IdxPair;

impl IdxPair {
    /// Reads both files as examples of `[height, width]`, byte `b` as `b / 255`.
    ///
    /// The labels must be below `classes`; without it there are as many classes as the largest label tells.
    ///
    /// # Errors
    /// As [`read_images`](crate::read_images) and [`read_labels`](crate::read_labels); [`DataError::Pair`] where the
    /// counts differ; [`DataError::InFile`] naming the file for a wrong label and a wrong shape.
    pub fn load(
        images_path: &Path,
        labels_path: &Path,
        classes: Option<usize>,
    ) -> Result<Samples, DataError> {
        Self::load_warned(images_path, labels_path, classes).map(|(samples, _)| samples)
    }

    /// As [`load`](Self::load), with what to tell the user about the files.
    ///
    /// # Errors
    /// As there.
    pub fn load_warned(
        images_path: &Path,
        labels_path: &Path,
        classes: Option<usize>,
    ) -> Result<(Samples, Vec<String>), DataError> {
        let images = read_idx(images_path, 3)?;
        let labels = read_idx(labels_path, 1)?;
        let padded = [(images_path, images.padded), (labels_path, labels.padded)];
        let padded = padded.into_iter().filter(|(_, padded)| *padded);
        let warnings = padded.map(|(path, _)| format!("{}: {PADDED}", path.display()));
        let labels = labels.bytes;
        let (count, shape) = images.dims.split_first().unwrap_or((&0, &[]));
        if *count != labels.len() {
            return Err(DataError::Pair {
                images_path: images_path.to_path_buf(),
                labels_path: labels_path.to_path_buf(),
                images: *count,
                labels: labels.len(),
            });
        }
        let largest = labels.iter().max();
        let classes = classes.unwrap_or_else(|| largest.map_or(0, |&label| usize::from(label) + 1));
        let labels = labels.into_iter().map(u32::from).collect();
        let samples = Samples::from_bytes(images.bytes, labels, shape, classes);
        let samples = samples.map_err(|error| DataError::InFile {
            path: match error {
                DataError::Label { .. } => labels_path.to_path_buf(),
                _ => images_path.to_path_buf(),
            },
            source: Box::new(error),
        })?;
        Ok((samples, warnings.collect()))
    }

    /// The shape and the number of the images, from the headers of both files alone: `([height, width], count)`.
    ///
    /// # Errors
    /// As [`IdxHeader::read`]; [`DataError::Pair`] where the counts differ.
    pub fn header(
        images_path: &Path,
        labels_path: &Path,
    ) -> Result<(Vec<usize>, usize), DataError> {
        let images = IdxHeader::read(images_path, 3)?.dims;
        let labels = IdxHeader::read(labels_path, 1)?.dims;
        match (images.as_slice(), labels.as_slice()) {
            ([count, shape @ ..], [labels]) if count == labels => Ok((shape.to_vec(), *count)),
            (images, labels) => Err(DataError::Pair {
                images_path: images_path.to_path_buf(),
                labels_path: labels_path.to_path_buf(),
                images: images.first().copied().unwrap_or_default(),
                labels: labels.first().copied().unwrap_or_default(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::idx::writing::{gzip, idx};
    use crate::{Batch, Examples, IdxProblem};

    #[test]
    fn pairs_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let images = put("images", &gzip(&idx(&[2, 1, 3], &[0, 51, 255, 1, 2, 3])));
        let labels = put("labels.gz", &idx(&[2], &[4, 1]));
        let set = IdxPair::load(&images, &labels, Some(5)).unwrap();
        let mut batch = Batch::default();
        set.gather(&[0], &mut batch).unwrap();
        assert_eq!((batch.inputs, batch.labels), (vec![0.0, 0.2, 1.0], vec![4]));
        assert_eq!((set.shape(), set.classes()), (&[1, 3][..], 5));
        assert_eq!(IdxPair::load(&images, &labels, None).unwrap().classes(), 5);
        let load = |labels, classes| IdxPair::load(&images, labels, classes).unwrap_err();
        let error = load(&labels, Some(4)).to_string();
        assert!(
            error.starts_with(&labels.display().to_string()) && error.contains("label 4"),
            "{error}"
        );
        let header = IdxPair::header(&images, &labels).unwrap();
        assert_eq!(header, (vec![1, 3], 2));
        let padded = put("padded", &[gzip(&idx(&[2], &[4, 1])), vec![0; 9]].concat());
        let (_, warnings) = IdxPair::load_warned(&images, &padded, None).unwrap();
        assert!(warnings.len() == 1 && warnings[0].contains("padded: zeros follow"));
        let three = put("three", &idx(&[3], &[0, 0, 0]));
        assert!(matches!(
            load(&three, None),
            DataError::Pair {
                images: 2,
                labels: 3,
                ..
            }
        ));
        let error = load(&images, None);
        let DataError::Idx { path, problem } = error else {
            panic!("{error}")
        };
        assert_eq!(
            (path, problem),
            (
                images.clone(),
                IdxProblem::Rank {
                    expected: 1,
                    found: 3
                }
            )
        );
        assert!(matches!(
            load(&folder.path().join("absent"), None),
            DataError::Io { .. }
        ));
    }
}
