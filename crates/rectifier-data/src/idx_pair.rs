//! Labelled images from two IDX files.

use std::path::Path;

use crate::{DataError, Samples, read_images, read_labels};

/// Images and their labels in two IDX files.
#[derive(Clone, Copy, Debug)]
pub struct IdxPair;

impl IdxPair {
    /// Reads both files as examples of `[height, width]`, byte `b` as `b / 255`.
    ///
    /// The labels must be below `classes`; without it there are as many classes as the largest label tells.
    ///
    /// # Errors
    /// As [`read_images`] and [`read_labels`]; [`DataError::Pair`] where the counts differ; [`DataError::Label`],
    /// [`DataError::Shape`].
    pub fn load(
        images_path: &Path,
        labels_path: &Path,
        classes: Option<usize>,
    ) -> Result<Samples, DataError> {
        let images = read_images(images_path)?;
        let labels = read_labels(labels_path)?;
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
        Samples::from_bytes(images.bytes, labels, shape, classes)
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
        assert!(matches!(
            load(&labels, Some(4)),
            DataError::Label {
                example: 0,
                label: 4,
                classes: 4
            }
        ));
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
