//! `rectifier data check`: whether a set is what it is said to be.

use crate::args::DataArgs;
use crate::error::CliError;
use crate::output::{note, say};
use crate::progress;
use rectifier_catalog::{DataSpec, standing_alone, test_in_training};
use rectifier_data::{Availability, Batch, Examples, Split, class_counts, listed};

/// The numbers of at most so many examples of a part are looked at; generated parts may have no end.
const LOOKED_AT: usize = 60_000;

/// Checks every named set that is on this machine.
///
/// # Errors
/// [`CliError`] of the first set that is not as it should be.
pub fn check_all(data: &DataArgs) -> Result<(), CliError> {
    for set in standing_alone() {
        let set = DataSpec::named(set.name())?;
        match set.find(&data.locator())? {
            Availability::Generated | Availability::Partial { .. } | Availability::Here(_) => {
                check(set.name(), &set, data)?;
            }
            Availability::Fetchable | Availability::Missing { .. } => {
                note(&format!("{}: not on this machine, skipped", set.name()));
            }
        }
    }
    Ok(())
}

/// What there is to say of a test part that is the training part, or some of it.
///
/// # Errors
/// [`CliError`] of reading examples.
pub fn shared(set: &DataSpec, split: &Split) -> Result<Option<String>, CliError> {
    let (seen, of) = (test_in_training(set, split)?, split.test.len());
    Ok((seen > 0).then(|| {
        format!(
            "{seen} of {of} test examples stand in the training part, too: the error on them is no test error; give a file \
             of others, or none to have the test part drawn"
        )
    }))
}

/// Checks the files of a set by their checksums where those are known, then the sizes, labels and numbers of its parts.
///
/// # Errors
/// [`CliError`] naming the first thing that is not as it should be.
pub fn check(name: &str, set: &DataSpec, data: &DataArgs) -> Result<(), CliError> {
    if let Availability::Here(path) = set.find(&data.locator())? {
        say(&format!("{name}: {}", path.display()));
    }
    let loaded = set.load(&data.locator(), None, &mut progress::bar(false))?;
    let shared = shared(set, &loaded.split)?;
    let mut found = 0;
    for warning in loaded.warnings.iter().chain(&shared) {
        found += 1;
        note(&format!("warning: {warning}"));
    }
    let info = &loaded.info;
    let split = &loaded.split;
    for (part, examples, size) in [
        ("train", &split.train, info.sizes.train),
        ("valid", &split.valid, info.sizes.valid),
        ("test", &split.test, info.sizes.test),
    ] {
        let wrong = |what: String| Err(CliError::Failed(format!("{name}: the {part} part {what}")));
        if examples.len() != size {
            return wrong(format!("has {} examples, not {size}", examples.len()));
        }
        if examples.shape() != info.shape || examples.classes() != info.classes {
            return wrong(format!(
                "has shape {:?} and {} classes, not {:?} and {}",
                examples.shape(),
                examples.classes(),
                info.shape,
                info.classes
            ));
        }
        let counts = class_counts(examples.as_ref())?;
        let absent = info.class_names.iter().zip(&counts);
        let absent: Vec<&String> = absent
            .filter(|(_, count)| **count == 0)
            .map(|(name, _)| name)
            .collect();
        if !absent.is_empty() {
            found += 1;
            note(&format!(
                "warning: the {part} part has no example of class {}",
                listed(absent)
            ));
        }
        let numbers = Numbers::of(examples.as_ref())?;
        let (lowest, highest) = set.nature().range;
        if !(numbers.lowest >= lowest && numbers.highest <= highest) {
            return wrong(format!(
                "holds numbers from {} to {}, not from {lowest} to {highest}",
                numbers.lowest, numbers.highest
            ));
        }
        let (fewest, most) = (counts.iter().min(), counts.iter().max());
        let looked_at = match examples.len() > LOOKED_AT {
            true => format!(" (of the first {LOOKED_AT})"),
            false => String::new(),
        };
        say(&format!(
            "{part:<5} {:>6} examples of {:?}, {} classes with {} to {} examples each, mean {:.4}, deviation {:.4}{looked_at}",
            examples.len(),
            examples.shape(),
            counts.len(),
            fewest.unwrap_or(&0),
            most.unwrap_or(&0),
            numbers.mean,
            numbers.deviation,
        ));
    }
    let verdict = match found {
        0 => "every file, label and number is as it should be".to_string(),
        1 => "every number is as it should be; there is 1 warning above".to_string(),
        found => format!("every number is as it should be; there are {found} warnings above"),
    };
    say(&format!("{name}: {verdict}"));
    Ok(())
}

/// What the inputs of a part are like.
struct Numbers {
    lowest: f32,
    highest: f32,
    mean: f64,
    deviation: f64,
}

impl Numbers {
    fn of(examples: &dyn Examples) -> Result<Self, CliError> {
        let (mut lowest, mut highest) = (f32::INFINITY, f32::NEG_INFINITY);
        let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
        let mut batch = Batch::default();
        let end = examples.len().min(LOOKED_AT);
        for start in (0..end).step_by(256) {
            let indices: Vec<usize> = (start..end.min(start + 256)).collect();
            batch.clear();
            examples.gather(&indices, &mut batch)?;
            let numbers = (batch.len() * batch.width()) as f64;
            // Sparse rows count with their zeros.
            let (listed, zero) = match &batch.sparse {
                Some(rows) => (
                    rows.values(),
                    ((rows.values().len() as f64) < numbers).then_some(&0.0),
                ),
                None => (&batch.inputs[..], None),
            };
            for &number in listed.iter().chain(zero) {
                // What is no number is lower and higher than any.
                if number.is_nan() {
                    (lowest, highest) = (f32::NEG_INFINITY, f32::INFINITY);
                }
                lowest = lowest.min(number);
                highest = highest.max(number);
                sum += f64::from(number);
                squares += f64::from(number).powi(2);
            }
            count += numbers;
        }
        let mean = sum / f64::max(count, 1.0);
        Ok(Self {
            lowest,
            highest,
            mean,
            deviation: (squares / f64::max(count, 1.0) - mean * mean)
                .max(0.0)
                .sqrt(),
        })
    }
}
