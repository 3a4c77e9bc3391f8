//! `rectifier predict --text`: stars or class of a text, and the words that weighed most.
//!
//! The weight of a word is what the prediction loses when the word is left out of the text (occlusion): expected stars,
//! or the probability of the predicted class. It is an answer of the whole network, not of a linear picture of it.

use crate::args::PredictArgs;
use crate::error::CliError;
use crate::output::{percent, say};
use crate::predictor::Predictor;
use rectifier_catalog::Trained;
use rectifier_data::{Batch, SparseRows, Vocabulary, words};
use rectifier_nn::ModelCard;
use rectifier_train::{EVALUATION_BATCH, Objective};
use serde_json::json;
use std::collections::BTreeSet;

/// Tells what the network makes of each text.
///
/// # Errors
/// [`CliError`] for a model that was not trained on text.
pub fn predict_texts(
    args: &PredictArgs,
    trained: &Trained,
    predictor: &Predictor,
) -> Result<(), CliError> {
    let encoder = trained.encoder()?;
    let Some(encoder) = encoder.filter(|encoder| encoder.kind() == Vocabulary::KIND) else {
        return Err(CliError::Usage(format!(
            "{} keeps no vocabulary, it was not trained on text: give files of what it was trained on",
            trained.path.display()
        )));
    };
    let vocabulary = Vocabulary::from_text(&encoder.to_text()).map_err(CliError::Failed)?;
    let card = trained.card()?;
    let rating = card.objective == Objective::ExpectedRating;
    for text in &args.text {
        let read = Reading::of(text, predictor, &vocabulary, rating)?;
        let line = match args.json {
            true => read.json(text, card, args).to_string(),
            false => read.text(card, args),
        };
        say(&line);
    }
    Ok(())
}

/// What the network makes of a text.
struct Reading {
    /// P(class | text).
    probabilities: Vec<f32>,
    /// The expected number of stars, where classes are stars.
    stars: Option<f64>,
    /// Every known word and its weight, the heaviest first.
    weights: Vec<(String, f64)>,
    /// Different words that have no column.
    unknown: Vec<String>,
}

impl Reading {
    fn of(
        text: &str,
        predictor: &Predictor,
        vocabulary: &Vocabulary,
        rating: bool,
    ) -> Result<Self, CliError> {
        let width = vocabulary.width();
        let columns = vocabulary.columns(text);
        let whole = probabilities(predictor, width, std::slice::from_ref(&columns))?;
        let whole = whole.into_iter().next().unwrap_or_default();
        let winner = (0..whole.len()).max_by(|&a, &b| whole[a].total_cmp(&whole[b]));
        let told = |probabilities: &[f32]| match rating {
            true => expected_stars(probabilities),
            false => winner.map_or(0.0, |class| f64::from(probabilities[class])),
        };
        let without = |left_out: usize| -> Vec<u32> {
            let others = columns
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != left_out);
            others.map(|(_, &column)| column).collect()
        };
        let occluded: Vec<Vec<u32>> = (0..columns.len()).map(without).collect();
        let mut weights = Vec::with_capacity(columns.len());
        let occluded = probabilities(predictor, width, &occluded)?;
        for (&column, occluded) in columns.iter().zip(&occluded) {
            let word = vocabulary.words()[column as usize].clone();
            weights.push((word, told(&whole) - told(occluded)));
        }
        weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let known = |word: &String| weights.iter().any(|(known, _)| known == word);
        let unknown: BTreeSet<String> = words(text).filter(|word| !known(word)).collect();
        Ok(Self {
            stars: rating.then(|| expected_stars(&whole)),
            probabilities: whole,
            unknown: unknown.into_iter().collect(),
            weights,
        })
    }

    fn ranked(&self, card: &ModelCard, args: &PredictArgs) -> Vec<(usize, String, f32)> {
        let classes = self.probabilities.iter().enumerate();
        let mut ranked: Vec<_> = classes
            .map(|(class, &p)| (class, card.class(class), p))
            .collect();
        ranked.sort_by(|a, b| b.2.total_cmp(&a.2));
        ranked.truncate(args.top);
        ranked
    }

    fn json(&self, text: &str, card: &ModelCard, args: &PredictArgs) -> serde_json::Value {
        let ranked = self.ranked(card, args).into_iter();
        let classes: Vec<_> = ranked
            .map(|(class, name, p)| json!({"class": class, "name": name, "probability": p}))
            .collect();
        let weights = self.weights.iter().take(args.words);
        let words: Vec<_> = weights
            .map(|(word, weight)| json!({"word": word, "weight": weight}))
            .collect();
        let mut value =
            json!({"text": text, "classes": classes, "words": words, "unknown": self.unknown});
        if let Some(stars) = self.stars {
            value["stars"] = stars.into();
        }
        value
    }

    fn text(&self, card: &ModelCard, args: &PredictArgs) -> String {
        let ranked = self.ranked(card, args).into_iter();
        let unit = if self.stars.is_some() { " stars" } else { "" };
        let classes: Vec<String> = ranked
            .map(|(_, name, p)| format!("{name}{unit} {}", percent(f64::from(p))))
            .collect();
        let mut text = match self.stars {
            Some(stars) => format!("{stars:.2} stars  ({})", classes.join("  ")),
            None => classes.join("  "),
        };
        let weights = self.weights.iter().take(args.words);
        let words: Vec<String> = weights
            .map(|(word, weight)| format!("{word} {weight:+.2}"))
            .collect();
        if self.weights.is_empty() {
            text.push_str(
                "\n  no word of it is known: this is what the network says of an empty text",
            );
        } else if !words.is_empty() {
            text.push_str(&format!("\n  weighed most  {}", words.join("  ")));
        }
        if !self.unknown.is_empty() {
            text.push_str(&format!("\n  unknown       {}", self.unknown.join(" ")));
        }
        text
    }
}

/// sum over k of k P(k), where class 0 is one star.
pub fn expected_stars(probabilities: &[f32]) -> f64 {
    let stars = (1..).zip(probabilities);
    stars.map(|(star, &p)| f64::from(star) * f64::from(p)).sum()
}

/// P(class | bag) of every bag of words.
fn probabilities(
    predictor: &Predictor,
    width: usize,
    bags: &[Vec<u32>],
) -> Result<Vec<Vec<f32>>, CliError> {
    let mut all = Vec::with_capacity(bags.len());
    for bags in bags.chunks(EVALUATION_BATCH) {
        let mut rows = SparseRows::empty(width);
        for columns in bags {
            rows.push(columns, &vec![1.0; columns.len()])?;
        }
        let batch = Batch {
            labels: vec![0; bags.len()],
            sparse: Some(rows),
            ..Batch::default()
        };
        all.extend(predictor.probabilities(&batch)?);
    }
    Ok(all)
}
