//! What looks wrong with a split before anything is trained on it.

use crate::{Notice, Recipe, TrainError};
use rectifier_data::{Batch, Examples, Split, class_counts};

/// How many examples of a part are looked at for what their inputs hold.
const LOOKED_AT: usize = 512;

/// What a user should know of `split` before training: classes that no example has, parts of one class, rows that are 0
/// throughout, inputs that are no numbers. Labels are all counted where that is cheap (not of streams); of the inputs,
/// 512 examples a part are looked at, evenly spaced. A run does not ask by itself: whoever launches it does, once.
///
/// # Errors
/// [`TrainError::Data`] for examples that cannot be read.
pub fn check_split(split: &Split) -> Result<Vec<Notice>, TrainError> {
    let mut notices = Vec::new();
    let streamed = split.train.renewed(0).is_some();
    let parts = [
        ("training", Some(&split.train), true),
        ("validation", Some(&split.valid), true),
        ("test", Some(&split.test), true),
        ("unlabelled", split.unlabelled.as_ref(), false),
    ];
    for (part, examples, labelled) in parts {
        let Some(examples) = examples.filter(|examples| !examples.is_empty()) else {
            continue;
        };
        if labelled && !streamed {
            notices.extend(check_classes(part, examples.as_ref())?);
        }
        notices.extend(check_inputs(part, examples.as_ref())?);
    }
    Ok(notices)
}

fn check_classes(
    part: &'static str,
    examples: &dyn Examples,
) -> Result<Option<Notice>, TrainError> {
    let counts = class_counts(examples)?;
    let of = |wanted: bool| -> Vec<usize> {
        let classes = counts.iter().enumerate();
        let found = classes.filter(|(_, count)| (**count > 0) == wanted);
        found.map(|(class, _)| class).collect()
    };
    let (there, classes) = (of(true), of(false));
    Ok(match (there.as_slice(), counts.len()) {
        ([class], 2..) => Some(Notice::OneClass {
            part,
            class: *class,
        }),
        (_, of) if !classes.is_empty() => Some(Notice::ClassesMissing { part, classes, of }),
        _ => None,
    })
}

fn check_inputs(part: &'static str, examples: &dyn Examples) -> Result<Option<Notice>, TrainError> {
    let of = examples.len().min(LOOKED_AT);
    let mut empty = 0;
    let mut batch = Batch::default();
    for place in 0..of {
        let example = place * examples.len() / of;
        batch.clear();
        examples.gather(&[example], &mut batch)?;
        let values = match &batch.sparse {
            Some(rows) => rows.values(),
            None => &batch.inputs,
        };
        if values.iter().any(|value| !value.is_finite()) {
            return Ok(Some(Notice::NotFinite { part, example }));
        }
        empty += usize::from(values.iter().all(|value| *value == 0.0));
    }
    Ok((2 * empty >= of).then_some(Notice::EmptyRows { part, empty, of }))
}

/// Stages of `recipe` whose epochs are single steps, because their part of `split` has fewer examples than a batch.
pub(crate) fn check_batches(recipe: &Recipe, split: &Split) -> Option<Notice> {
    let short = recipe.stages.iter().find_map(|stage| {
        let examples = stage.examples(split).len();
        (examples < stage.batch()).then(|| (examples, stage.batch()))
    });
    short.map(|(examples, batch)| Notice::ShortOfABatch {
        part: "training",
        examples,
        batch,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_data::{Samples, SparseRows, SparseSamples};
    use std::sync::Arc;

    fn part(labels: &[u32], value: f32) -> Arc<dyn Examples> {
        let values = vec![value; 2 * labels.len()];
        Arc::new(Samples::from_f32(values, labels.to_vec(), &[2], 3).unwrap())
    }

    fn found(
        train: Arc<dyn Examples>,
        valid: Arc<dyn Examples>,
        test: Arc<dyn Examples>,
    ) -> Vec<Notice> {
        check_split(&Split::new(train, valid, test).unwrap()).unwrap()
    }

    #[test]
    fn a_sound_split_is_silent() {
        let sound = || part(&[0, 1, 2, 2], 0.5);
        assert_eq!(found(sound(), sound(), sound()), []);
    }

    #[test]
    fn each_oddity_is_named_with_its_part() {
        let notices = found(
            part(&[0, 2], 0.5),
            part(&[1, 1], 0.5),
            part(&[0, 1, 2], 0.0),
        );
        let wanted = [
            Notice::ClassesMissing {
                part: "training",
                classes: vec![1],
                of: 3,
            },
            Notice::OneClass {
                part: "validation",
                class: 1,
            },
            Notice::EmptyRows {
                part: "test",
                empty: 3,
                of: 3,
            },
        ];
        assert_eq!(notices, wanted);
        let sound = || part(&[0, 1, 2], 0.5);
        let notices = found(sound(), part(&[0, 1, 2], f32::NAN), sound());
        let wanted = Notice::NotFinite {
            part: "validation",
            example: 0,
        };
        assert_eq!(notices, [wanted]);
    }

    #[test]
    fn empty_sparse_rows_are_seen_and_unlabelled_classes_are_not() {
        let mut rows = SparseRows::empty(2);
        for _ in 0..3 {
            rows.push(&[], &[]).unwrap();
        }
        let words = SparseSamples::new(rows, vec![0, 0, 0], 3).unwrap();
        let sound = || part(&[0, 1, 2], 0.5);
        let split = Split::new(sound(), sound(), sound()).unwrap();
        let split = split.with_unlabelled(Arc::new(words)).unwrap();
        let wanted = Notice::EmptyRows {
            part: "unlabelled",
            empty: 3,
            of: 3,
        };
        assert_eq!(check_split(&split).unwrap(), [wanted]);
    }
}
