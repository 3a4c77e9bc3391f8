//! `rectifier predict`.

use crate::args::PredictArgs;
use crate::destination::Destination;
use crate::error::CliError;
use crate::models::trained;
use crate::output::{note, percent, say};
use crate::predict_text::{expected_stars, predict_texts};
use crate::predictor::Predictor;
use rectifier_catalog::Trained;
use rectifier_data::{Batch, Encoder, Entry, Pixels, Row, SparseRows, Vocabulary};
use rectifier_nn::{ModelCard, Objective};
use rectifier_train::EVALUATION_BATCH;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// So many hints are told on standard error: a file of rows may have one a row.
const HINTS_TOLD: usize = 20;

/// Tells the class of each example of each file, or what there is to tell of each text. A file that cannot be read is
/// told, and the others go on.
///
/// # Errors
/// [`CliError`] for input that the model cannot take; [`CliError::Failed`] at the end where some could not be read.
pub fn predict(args: &PredictArgs) -> Result<(), CliError> {
    let trained = trained(&args.model, false)?;
    let read = args.inputs.iter().chain([&trained.path]);
    let csv = Destination::of("--csv", args.csv.as_deref(), read)?;
    let predictor = Predictor::open(&trained, args.device.as_deref())?;
    let card = trained.card()?;
    if !args.text.is_empty() {
        return predict_texts(args, &trained, &predictor);
    }
    let inputs = Inputs::of(&trained, args)?;
    let mut sheet = csv.as_ref().map(|_| csv_head(card));
    let (mut failed, mut hints) = (0usize, 0usize);
    for path in &args.inputs {
        let entries = match inputs.entries(path) {
            Ok(entries) => entries,
            Err(error) => {
                note(&format!("error: {error}"));
                failed += 1;
                continue;
            }
        };
        for entries in entries.chunks(EVALUATION_BATCH) {
            let mut answers = predictor
                .probabilities(&batch_of(entries, card)?)?
                .into_iter();
            for entry in entries {
                if let Err(reason) = &entry.row {
                    note(&format!("error: {}: {reason}", entry.place));
                    failed += 1;
                    continue;
                }
                for hint in &entry.hints {
                    hints += 1;
                    if hints <= HINTS_TOLD {
                        note(&format!("hint: {}: {hint}", entry.place));
                    }
                }
                let answer = Answer {
                    entry,
                    probabilities: answers.next().unwrap_or_default(),
                    card,
                };
                match &mut sheet {
                    Some(sheet) => sheet.push_str(&answer.csv()),
                    None if args.json => say(&answer.json(args.top).to_string()),
                    None => say(&answer.text(args.top)),
                }
            }
        }
    }
    if let (Some(csv), Some(sheet)) = (&csv, &sheet) {
        csv.write(sheet.as_bytes())?;
        say(&csv.path().display().to_string());
    }
    if hints > HINTS_TOLD {
        note(&format!(
            "hint: {} more hints are not told here; --json has those of every input",
            hints - HINTS_TOLD
        ));
    }
    match failed {
        0 => Ok(()),
        1 => Err(CliError::Failed("1 input could not be read".into())),
        failed => Err(CliError::Failed(format!(
            "{failed} inputs could not be read"
        ))),
    }
}

/// What reads the model's inputs.
struct Inputs {
    encoder: Arc<dyn Encoder>,
    /// Whether the inputs are no pictures that anybody could draw: then only raw numbers are read.
    raw: bool,
}

impl Inputs {
    fn of(trained: &Trained, args: &PredictArgs) -> Result<Self, CliError> {
        let card = trained.card()?;
        let [low, high] = card.data.range;
        let (encoder, raw) = match trained.encoder()? {
            Some(encoder) if encoder.kind() == Pixels::KIND => {
                let pixels = Pixels::from_text(&encoder.to_text()).map_err(CliError::Failed)?;
                (pixels, false)
            }
            Some(encoder) => return Self::other(encoder, args),
            None => {
                let (pixels, raw) = match *card.data.shape.as_slice() {
                    [height, width] => (Pixels::new(height, width, false)?, false),
                    [3, height, width] => (Pixels::new(height, width, true)?, false),
                    _ => (Pixels::new(1, card.network.inputs, false)?, true),
                };
                // The project's grey sets are light ink on dark ground.
                let dark = (card.data.shape.len() == 2).then_some(false);
                (
                    pixels.with_range((low, high))?.with_bright_border(dark),
                    raw,
                )
            }
        };
        let invert = encoder.is_inverted() != args.invert;
        Ok(Self {
            encoder: Arc::new(encoder.with_invert(invert)),
            raw,
        })
    }

    fn other(encoder: Arc<dyn Encoder>, args: &PredictArgs) -> Result<Self, CliError> {
        if args.invert {
            return Err(CliError::Usage(
                "--invert is for pictures, and this model takes none".into(),
            ));
        }
        let pictures = args.inputs.iter().find(|path| {
            let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
            ["png", "jpg", "jpeg"].iter().any(|known| ending == *known)
        });
        match pictures {
            Some(path) if encoder.kind() == Vocabulary::KIND => Err(CliError::Usage(format!(
                "{}: this model was trained on text: give --text \"..\" or files of texts instead of images",
                path.display()
            ))),
            _ => Ok(Self {
                encoder,
                raw: false,
            }),
        }
    }

    fn entries(&self, path: &Path) -> Result<Vec<Entry>, CliError> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if self.raw && !["f32", "raw", "u8"].iter().any(|known| ending == *known) {
            return Err(CliError::Failed(format!(
                "{}: this network takes no single picture: give its numbers, 32-bit little-endian in a file .f32, or one \
                 byte each in a file .raw",
                path.display()
            )));
        }
        Ok(self.encoder.encode_file(path)?)
    }
}

/// Every entry that has a row, in order.
fn batch_of(entries: &[Entry], card: &ModelCard) -> Result<Batch, CliError> {
    let mut batch = Batch::default();
    for row in entries.iter().filter_map(|entry| entry.row.as_ref().ok()) {
        match row {
            Row::Dense(numbers) => batch.inputs.extend_from_slice(numbers),
            Row::Sparse(pairs) => {
                let (columns, values): (Vec<u32>, Vec<f32>) = pairs.iter().copied().unzip();
                batch
                    .sparse
                    .get_or_insert_with(|| SparseRows::empty(card.network.inputs))
                    .push(&columns, &values)?;
            }
        }
        batch.labels.push(0);
    }
    Ok(batch)
}

/// What the network says of an example.
struct Answer<'a> {
    entry: &'a Entry,
    probabilities: Vec<f32>,
    card: &'a ModelCard,
}

impl Answer<'_> {
    fn ranked(&self, top: usize) -> Vec<(usize, f32)> {
        let mut ranked: Vec<_> = self.probabilities.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.truncate(top);
        ranked
    }

    fn stars(&self) -> Option<f64> {
        let rating = self.card.objective == Objective::ExpectedRating;
        rating.then(|| expected_stars(&self.probabilities))
    }

    fn text(&self, top: usize) -> String {
        let ranked = self.ranked(top).into_iter();
        let classes: Vec<String> = ranked
            .map(|(class, p)| format!("{} {}", self.card.class(class), percent(f64::from(p))))
            .collect();
        let stars = self.stars().map(|stars| format!("{stars:.2} stars  "));
        format!(
            "{}: {}{}",
            self.entry.place,
            stars.unwrap_or_default(),
            classes.join("  ")
        )
    }

    fn json(&self, top: usize) -> Value {
        let ranked = self.ranked(top).into_iter();
        let classes: Vec<_> = ranked
            .map(|(class, p)| json!({"class": class, "name": self.card.class(class), "probability": p}))
            .collect();
        let hints: Vec<String> = self.entry.hints.iter().map(ToString::to_string).collect();
        let mut value = json!({"input": self.entry.place, "classes": classes});
        if let Some(stars) = self.stars() {
            value["stars"] = stars.into();
        }
        if let Some(label) = &self.entry.label {
            value["label"] = label.as_str().into();
        }
        if !hints.is_empty() {
            value["hints"] = hints.into();
        }
        value
    }

    fn csv(&self) -> String {
        let best = self.ranked(1).first().copied().unwrap_or_default();
        let mut cells = vec![quoted(&self.entry.place), quoted(&self.card.class(best.0))];
        cells.push(best.1.to_string());
        cells.extend(self.stars().map(|stars| format!("{stars:.4}")));
        cells.extend(self.probabilities.iter().map(f32::to_string));
        cells.join(",") + "\n"
    }
}

/// The first line of the table: a column for each class behind the best one.
fn csv_head(card: &ModelCard) -> String {
    let mut cells = vec!["input".to_string(), "class".into(), "probability".into()];
    if card.objective == Objective::ExpectedRating {
        cells.push("stars".into());
    }
    cells.extend(
        (0..card.network.outputs).map(|class| quoted(&format!("p({})", card.class(class)))),
    );
    cells.join(",") + "\n"
}

/// A cell of a CSV table.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}
