//! A look at some pictures: how all are to be prepared.

use std::sync::Arc;

use rectifier_data::{Batch, DataError, Encoder, Examples, Pixels, border_of};

use super::folder::Folder;
use super::prepare::read;
use super::{Ground, ImagesChoices, LOOKED_AT};

/// Pictures of up to this size are taken as they are.
const SMALL: usize = 64;

/// What the folder holds, and how it is prepared, as far as a look at some pictures tells.
pub(crate) struct Looked {
    pub folder: Folder,
    pub pixels: Pixels,
    pub said: Vec<String>,
}

impl ImagesChoices {
    pub(super) fn look(&self) -> Result<Looked, DataError> {
        let folder = Folder::list(&self.dir, self.strict)?;
        let train = &folder.train;
        let step = train.len().div_ceil(LOOKED_AT).max(1);
        let mut sizes: Vec<((usize, usize), usize)> = Vec::new();
        let mut colours = false;
        for picture in train.iter().step_by(step) {
            let Ok(raster) = read(&picture.path) else {
                continue;
            };
            let size = (raster.width, raster.height);
            match sizes.iter_mut().find(|(one, _)| *one == size) {
                Some((_, count)) => *count += 1,
                None => sizes.push((size, 1)),
            }
            colours |= raster.has_colours();
        }
        let mut said = Vec::new();
        let (width, height) = match self.size {
            Some(size) => size,
            None => {
                // Of equally frequent ones the smallest.
                let most = sizes.iter().max_by_key(|((width, height), count)| {
                    (*count, std::cmp::Reverse((*width, *height)))
                });
                let size = match most {
                    Some(((width, height), _)) if *width <= SMALL && *height <= SMALL => {
                        (*width, *height)
                    }
                    _ => (32, 32),
                };
                said.push(format!(
                    "pictures are brought to {}x{} pixels: another size with --size",
                    size.0, size.1
                ));
                size
            }
        };
        let colour = self.colour.unwrap_or(colours);
        if self.colour.is_none() {
            said.push(match colour {
                true => "pictures are taken in colour: otherwise with --grey".into(),
                false => "pictures are taken in grey: otherwise with --colour".into(),
            });
        }
        let ground = self.ground.map(|ground| match ground {
            Ground::White => 1.0,
            Ground::Black => 0.0,
        });
        let pixels = Pixels::new(height, width, colour)?
            .with_resize(self.resize)
            .with_ground(ground);
        Ok(Looked {
            folder,
            pixels,
            said,
        })
    }
}

/// Whether the borders of training pictures are bright; `None` where they are neither bright nor dark.
pub(super) fn border(
    train: &Arc<dyn Examples>,
    pixels: &Pixels,
) -> Result<Option<bool>, DataError> {
    let mut batch = Batch::default();
    let step = train.len().div_ceil(LOOKED_AT).max(1);
    let some: Vec<usize> = (0..train.len()).step_by(step).collect();
    train.gather(&some, &mut batch)?;
    let borders = batch
        .inputs
        .chunks_exact(pixels.width().max(1))
        .map(|row| border_of(row, pixels));
    let mean = borders.sum::<f32>() / some.len().max(1) as f32;
    Ok(match mean {
        mean if mean < 0.25 => Some(false),
        mean if mean > 0.75 => Some(true),
        _ => None,
    })
}
