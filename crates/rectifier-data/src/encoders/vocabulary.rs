//! The words that have a column.

use std::collections::{HashMap, HashSet};

use crate::{DataError, MOST_COLUMNS, SparseRows, shortened, words};

mod files;

pub use files::TextForm;

/// The most bytes that the words of a vocabulary take: a model keeps them in its header, which has a limit.
const LARGEST_VOCABULARY: usize = 1 << 25;

/// The words that count, each with its column: the most frequent one has column 0.
///
/// ```
/// use rectifier_data::Vocabulary;
///
/// let vocabulary = Vocabulary::fit(["good food", "good place", "bad"], 2);
/// assert_eq!(vocabulary.words(), ["good", "bad"]);
/// assert_eq!(vocabulary.columns("Bad, bad and GOOD!"), [0, 1]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Vocabulary {
    words: Vec<String>,
    columns: HashMap<String, u32>,
    width: usize,
    form: Option<TextForm>,
}

impl Vocabulary {
    /// What [`Encoder::kind`](crate::Encoder::kind) says.
    pub const KIND: &'static str = "vocabulary";

    /// The `width` words (0 counts as 1) that most of `texts` have; of equally frequent ones, the first by alphabet.
    ///
    /// Where the texts have fewer words, the last columns stand for none: the width of the rows does not depend on
    /// the texts.
    pub fn fit<'a>(texts: impl IntoIterator<Item = &'a str>, width: usize) -> Self {
        let width = width.max(1);
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut seen: HashSet<String> = HashSet::new();
        for text in texts {
            seen.extend(words(text));
            for word in seen.drain() {
                *counts.entry(word).or_default() += 1;
            }
        }
        let mut ranked: Vec<(String, usize)> = counts.into_iter().collect();
        ranked.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        ranked.truncate(width);
        Self::of(ranked.into_iter().map(|(word, _)| word).collect(), width)
    }

    fn of(words: Vec<String>, width: usize) -> Self {
        let columns = words.iter().cloned().zip(0..).collect();
        Self {
            words,
            columns,
            width,
            form: None,
        }
    }

    /// The same vocabulary, which knows in what form its texts stood: files of texts are read by it.
    #[must_use]
    pub fn with_form(self, form: TextForm) -> Self {
        let form = Some(form);
        Self { form, ..self }
    }

    /// The form in which the texts of training stood, where it is known.
    pub fn form(&self) -> Option<&TextForm> {
        self.form.as_ref()
    }

    /// Checks that a model file can keep the words: it has room for 32 MiB of them.
    ///
    /// # Errors
    /// [`DataError::Encoder`] saying how many words there are.
    pub fn check_size(&self) -> Result<(), DataError> {
        let bytes: usize = self.words.iter().map(|word| word.len() + 1).sum();
        if bytes <= LARGEST_VOCABULARY {
            return Ok(());
        }
        Err(DataError::Encoder {
            kind: "a model file",
            given: "vocabulary of that size",
            cure: format!(
                "{} words take {bytes} bytes, the most is {LARGEST_VOCABULARY}: ask for fewer words",
                self.words.len()
            ),
        })
    }

    /// The words, column after column.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// How many columns a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The columns of the words that `text` has, rising, each once.
    pub fn columns(&self, text: &str) -> Vec<u32> {
        let mut columns: Vec<u32> = words(text)
            .filter_map(|word| self.columns.get(&word).copied())
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// The binary bag of words of every text: 1 at the columns of its words, 0 elsewhere.
    ///
    /// # Errors
    /// As [`SparseRows::push`]; none in practice.
    pub fn rows<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<SparseRows, DataError> {
        let mut rows = SparseRows::empty(self.width);
        let mut ones = Vec::new();
        for text in texts {
            let columns = self.columns(text);
            ones.resize(columns.len(), 1.0);
            rows.push(&columns, &ones)?;
        }
        Ok(rows)
    }

    /// The words one a line, after a line with the width (and the [`TextForm`] as JSON, where it is known): what a model file keeps.
    pub fn to_text(&self) -> String {
        let mut text = self.width.to_string();
        let form = self.form.as_ref();
        if let Some(form) = form.and_then(|form| serde_json::to_string(form).ok()) {
            text.push(' ');
            text.push_str(&form);
        }
        for word in &self.words {
            text.push('\n');
            text.push_str(word);
        }
        text
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    /// The line that is no word, or stands there twice, or is one too many.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let mut lines = text.split('\n');
        let first = lines.next().unwrap_or_default();
        let none = || {
            format!(
                "the vocabulary begins with {:?}, no number of columns",
                shortened(first)
            )
        };
        let (width, form) = match first.split_once(' ') {
            Some((width, form)) => (width, Some(serde_json::from_str(form).map_err(|_| none())?)),
            None => (first, None),
        };
        let width = width.parse::<u32>().map_err(|_| none())? as usize;
        if !(1..=MOST_COLUMNS).contains(&width) {
            return Err(none());
        }
        let list: Vec<String> = lines.map(String::from).collect();
        if list.len() > width {
            return Err(format!(
                "the vocabulary has {} words for {width} columns",
                list.len()
            ));
        }
        let mut seen = HashSet::new();
        for (column, word) in list.iter().enumerate() {
            if words(word).ne([word.clone()]) {
                return Err(format!(
                    "column {column} of the vocabulary is {word:?}, no word"
                ));
            }
            if !seen.insert(word) {
                return Err(format!("the vocabulary has {word:?} twice"));
            }
        }
        Ok(Self {
            form,
            ..Self::of(list, width)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Encoding;
    use proptest::prelude::*;

    const TEXTS: [&str; 4] = ["b a a a", "a c", "c b", "d"];

    #[test]
    fn frequency_counts_texts_and_ties_go_by_alphabet() {
        // a, b and c are in two texts each, although a stands there four times; d is in one.
        let words = |width| Vocabulary::fit(TEXTS, width).words().to_vec();
        assert_eq!(words(9), ["a", "b", "c", "d"]);
        assert_eq!(words(2), ["a", "b"]);
        assert_eq!(words(0), ["a"]);
    }

    #[test]
    fn rows_are_binary_and_as_wide_as_asked() {
        let vocabulary = Vocabulary::fit(TEXTS, 6);
        let rows = vocabulary.rows(["c a c x", "x"]).unwrap();
        assert_eq!(rows.width(), 6);
        assert_eq!(rows.row(0), Some((&[0, 2][..], &[1.0, 1.0][..])));
        assert_eq!(rows.row(1), Some((&[][..], &[][..])));
    }

    #[test]
    fn words_that_no_model_can_keep_are_refused() {
        let texts: Vec<String> = (0..1 << 20).map(|word| format!("{word:036}")).collect();
        let vocabulary = Vocabulary::fit(texts.iter().map(String::as_str), 1 << 20);
        let error = vocabulary.check_size().unwrap_err().to_string();
        assert!(error.contains("1048576 words take"), "{error}");
        assert!(Vocabulary::fit(TEXTS, 4).check_size().is_ok());
    }

    #[test]
    fn a_damaged_text_is_refused() {
        for (text, problem) in [
            ("", "no number of columns"),
            ("0", "no number of columns"),
            ("1\na\nb", "2 words for 1 columns"),
            ("2 x\na", "no number of columns"),
            ("1048577", "no number of columns"),
            ("2\na\na", "\"a\" twice"),
            ("2\nA", "no word"),
            ("2\na b", "no word"),
            ("2\n", "no word"),
        ] {
            let error = Vocabulary::from_text(text).unwrap_err();
            assert!(error.contains(problem), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_vocabulary_survives_its_text(texts in prop::collection::vec(".{0,30}", 0..8), width in 1usize..20) {
            let vocabulary = Vocabulary::fit(texts.iter().map(String::as_str), width);
            prop_assert_eq!(&Vocabulary::from_text(&vocabulary.to_text()).unwrap(), &vocabulary);
            let named = vocabulary.clone().with_form(TextForm {
                text: "a \"text\"\nof mine".into(),
                label: texts.first().cloned(),
                encoding: Encoding::Cp1252,
                markup: width % 2 == 0,
            });
            prop_assert_eq!(&Vocabulary::from_text(&named.to_text()).unwrap(), &named);
            for text in &texts {
                let columns = vocabulary.columns(text);
                prop_assert!(columns.is_sorted_by(|a, b| a < b));
                prop_assert!(columns.iter().all(|&column| (column as usize) < vocabulary.words().len()));
            }
        }

        #[test]
        fn any_text_is_a_vocabulary_or_an_error(text in "[0-9]{0,2}(\n.{0,4}){0,4}") {
            let _ = Vocabulary::from_text(&text);
        }
    }
}
