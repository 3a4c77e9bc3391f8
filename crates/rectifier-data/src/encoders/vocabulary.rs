//! The words that have a column.

use std::collections::{HashMap, HashSet};

use std::path::Path;

use crate::{DataError, Encoder, Entry, Raw, Row, SparseRows, words};

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
    column: Option<String>,
}

impl Vocabulary {
    /// What [`Encoder::kind`] says.
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
            column: None,
        }
    }

    /// The same vocabulary, which knows the name of the column, or field, that its texts stood in: files of texts are
    /// read by it.
    #[must_use]
    pub fn with_column(self, name: impl Into<String>) -> Self {
        Self {
            column: Some(name.into()),
            ..self
        }
    }

    /// The name of the column, or field, that the texts stood in.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
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

    /// The words one a line, after a line with the width (and the name of the column as a JSON string, where it is
    /// known): what a model file keeps.
    pub fn to_text(&self) -> String {
        let mut text = self.width.to_string();
        if let Some(column) = &self.column {
            text.push(' ');
            text.push_str(&serde_json::Value::from(column.as_str()).to_string());
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
            let start: String = first.chars().take(40).collect();
            format!("the vocabulary begins with {start:?}, no number of columns")
        };
        let (width, column) = match first.split_once(' ') {
            Some((width, column)) => (
                width,
                Some(serde_json::from_str::<String>(column).map_err(|_| none())?),
            ),
            None => (first, None),
        };
        let width = width.parse::<u32>().map_err(|_| none())? as usize;
        if width == 0 {
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
            column,
            ..Self::of(list, width)
        })
    }
}

impl Encoder for Vocabulary {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn width(&self) -> usize {
        self.width
    }

    fn encode(&self, raw: Raw<'_>) -> Result<Row, DataError> {
        let text = match (raw, &self.column) {
            (Raw::Text(text), _) => text,
            (Raw::Record(cells), Some(column)) => {
                let found = cells.iter().find(|(name, _)| name == column);
                let Some((_, text)) = found else {
                    return Err(self.takes_no("record without its column", || {
                        format!("give the text in a column {column:?}")
                    }));
                };
                text
            }
            (Raw::Record(_), None) => {
                return Err(self.takes_no("record", || "give the text alone".into()));
            }
            (Raw::Picture(_), _) => {
                return Err(self.takes_no("picture", || "give a text".into()));
            }
            (Raw::Sparse(_), _) => {
                return Err(self.takes_no("row of numbers", || "give a text".into()));
            }
        };
        let ones = self.columns(text).into_iter().map(|column| (column, 1.0));
        Ok(Row::Sparse(ones.collect()))
    }

    fn encode_file(&self, path: &Path) -> Result<Vec<Entry>, DataError> {
        let bytes = std::fs::read(path).map_err(|source| DataError::io(path, source))?;
        let text = String::from_utf8(bytes).map_err(|error| DataError::Content {
            path: path.to_path_buf(),
            problem: format!(
                "it is not UTF-8 (byte {}): convert it",
                error.utf8_error().valid_up_to()
            ),
        })?;
        Ok(vec![Entry {
            place: path.display().to_string(),
            row: self
                .encode(Raw::Text(&text))
                .map_err(|error| error.to_string()),
            label: None,
        }])
    }

    fn to_text(&self) -> String {
        self.to_text()
    }

    fn column_name(&self, column: usize) -> Option<String> {
        self.words.get(column).cloned()
    }
}

impl Vocabulary {
    fn takes_no(&self, given: &'static str, cure: impl Fn() -> String) -> DataError {
        DataError::Encoder {
            kind: "a vocabulary",
            given,
            cure: cure(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
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
    fn a_damaged_text_is_refused() {
        for (text, problem) in [
            ("", "no number of columns"),
            ("0", "no number of columns"),
            ("1\na\nb", "2 words for 1 columns"),
            ("2 x\na", "no number of columns"),
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
            let named = vocabulary.clone().with_column("a \"text\"\nof mine");
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
