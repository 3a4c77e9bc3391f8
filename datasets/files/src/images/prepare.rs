//! Pictures as numbers, and what is odd about them.

use std::path::Path;

use rectifier_data::{DataError, Hint, Pixels, Raster, listed, read_picture, read_whole};

use super::ImagesChoices;
use super::folder::Picture;
use super::store::Store;
use crate::path::content;

/// No picture file is larger: 64 MiB.
const LARGEST_FILE: u64 = 1 << 26;

pub(super) fn read(path: &Path) -> Result<Raster, DataError> {
    read_picture(&read_whole(path, LARGEST_FILE)?)
}

impl ImagesChoices {
    /// The pictures, prepared, and the class of each.
    pub(super) fn prepared(
        &self,
        pictures: &[Picture],
        pixels: &Pixels,
        odd: &mut Odd,
        progress: &mut dyn FnMut(),
    ) -> Result<(Store, Vec<u32>), DataError> {
        let mut store = Store::default();
        let mut labels = Vec::with_capacity(pictures.len());
        for picture in pictures {
            progress();
            match read(&picture.path).and_then(|raster| pixels.prepare(raster)) {
                Ok((numbers, hints)) => {
                    store.push(&numbers).ok_or_else(|| DataError::Memory {
                        what: format!("{} pictures of {} numbers", pictures.len(), numbers.len()),
                        bytes: 4 * pictures.len() as u128 * numbers.len() as u128,
                        cure: "make them smaller with --size".into(),
                    })?;
                    labels.push(picture.class);
                    odd.hints(&hints);
                }
                Err(error) if self.strict => {
                    return Err(match error {
                        DataError::Picture(problem) => content(&picture.path, problem),
                        error => error,
                    });
                }
                Err(error) => {
                    let name = picture
                        .path
                        .strip_prefix(&self.dir)
                        .unwrap_or(&picture.path);
                    odd.no_pictures.push(name.display().to_string());
                    odd.first.get_or_insert_with(|| error.to_string());
                }
            }
        }
        Ok((store, labels))
    }
}

/// What was odd, counted.
#[derive(Default)]
pub(super) struct Odd {
    pub no_pictures: Vec<String>,
    first: Option<String>,
    stretched: usize,
    transparent: usize,
}

impl Odd {
    fn hints(&mut self, hints: &[Hint]) {
        for hint in hints {
            match hint {
                Hint::Aspect { .. } => self.stretched += 1,
                Hint::NoGround => self.transparent += 1,
                _ => {}
            }
        }
    }

    pub fn warn(self, warnings: &mut Vec<String>) {
        if let Some(first) = self.first {
            warnings.push(format!(
                "{} files are left out: {}; the first: {first}",
                self.no_pictures.len(),
                listed(&self.no_pictures)
            ));
        }
        if self.stretched > 0 {
            warnings.push(format!(
                "{} pictures have another ratio of sides and are stretched: --resize crop cuts them instead",
                self.stretched
            ));
        }
        if self.transparent > 0 {
            warnings.push(format!(
                "{} pictures are transparent in places, where white is put: --ground black puts black",
                self.transparent
            ));
        }
    }
}
