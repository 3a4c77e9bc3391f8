//! Any images and labels in IDX files, given by path.

use super::{Loaded, sizes_of};
use crate::error::CliError;
use rectifier_data::{DataInfo, Examples, IdxPair, Split, Subset};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Reads images and labels. With test files the last sixth validates; without, the last sixth tests and the one
/// before it validates.
///
/// # Errors
/// [`CliError::Data`].
pub fn load(
    images: &Path,
    labels: &Path,
    test: Option<(&Path, &Path)>,
) -> Result<Loaded, CliError> {
    let whole: Arc<dyn Examples> = Arc::new(IdxPair::load(images, labels, None)?);
    let (len, sixth) = (whole.len(), whole.len() / 6);
    let part = |range: Range<usize>| -> Result<Arc<dyn Examples>, CliError> {
        Ok(Arc::new(Subset::range(whole.clone(), range)?))
    };
    let split = match test {
        Some((images, labels)) => {
            let test = IdxPair::load(images, labels, Some(whole.classes()))?;
            Split::new(
                part(0..len - sixth)?,
                part(len - sixth..len)?,
                Arc::new(test),
            )?
        }
        None => {
            let (first, second) = (len - 2 * sixth, len - sixth);
            Split::new(part(0..first)?, part(first..second)?, part(second..len)?)?
        }
    };
    Ok(Loaded {
        info: info(&split),
        split,
        warnings: Vec::new(),
        vocabulary: None,
    })
}

fn info(split: &Split) -> DataInfo {
    let classes = split.train.classes();
    DataInfo {
        name: "idx".into(),
        title: "images and labels from IDX files".into(),
        classes,
        class_names: (0..classes).map(|class| class.to_string()).collect(),
        shape: split.train.shape().to_vec(),
        sizes: sizes_of(split),
        licence: "that of the files".into(),
        citation: "that of the files".into(),
        source: "given by path".into(),
    }
}
