//! The words that have a column.

use std::collections::{HashMap, HashSet};

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    Cell, DataError, Encoder, Encoding, Entry, MOST_COLUMNS, Raw, Records, Row, SparseRows,
    read_whole, shortened, without_markup, words,
};

/// No file of one text is larger: 64 MiB.
const LARGEST_TEXT: u64 = 1 << 26;
/// The most bytes that the words of a vocabulary take: a model keeps them in its header, which has a limit.
const LARGEST_VOCABULARY: usize = 1 << 25;

/// The form in which the texts of training stood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextForm {
    /// The name of the column, or field, of texts.
    pub text: String,
    /// The name of that of classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How bytes stand for characters.
    #[serde(default, skip_serializing_if = "is_default")]
    pub encoding: Encoding,
    /// Whether markup was taken out ([`without_markup`]).
    #[serde(default, skip_serializing_if = "is_default")]
    pub markup: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

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

impl Encoder for Vocabulary {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn width(&self) -> usize {
        self.width
    }

    fn encode(&self, raw: Raw<'_>) -> Result<Row, DataError> {
        let text = match (raw, &self.form) {
            (Raw::Text(text), _) => text,
            (Raw::Record(cells), Some(form)) => {
                let found = cells.iter().find(|(name, _)| *name == form.text);
                let Some((_, text)) = found else {
                    return Err(takes_no(
                        "record without its column",
                        format!("give the text in a column {:?}", form.text),
                    ));
                };
                text
            }
            (Raw::Record(_), None) => return Err(takes_no("record", "give the text alone".into())),
            (Raw::Picture(_), _) => return Err(takes_no("picture", "give a text".into())),
            (Raw::Sparse(_), _) => return Err(takes_no("row of numbers", "give a text".into())),
        };
        Ok(self.row(text))
    }

    /// The texts of a table (`.csv`, `.tsv`) or of JSON lines (`.jsonl`, `.ndjson`, `.json`), plain or gzip (`.gz`); any
    /// other file is one text.
    fn encode_file(&self, path: &Path) -> Result<Vec<Entry>, DataError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let records = [".csv", ".tsv", ".jsonl", ".ndjson", ".json"];
        let wrong = |problem: String| DataError::Content {
            path: path.to_path_buf(),
            problem,
        };
        match &self.form {
            Some(form) if records.iter().any(|ending| name.ends_with(ending)) => {
                self.encode_records(path, form)
            }
            None if records.iter().any(|ending| name.ends_with(ending)) => Err(wrong(
                "the model does not say which column holds the text: give one text a file".into(),
            )),
            form => {
                let encoding = form.as_ref().map_or(Encoding::Utf8, |form| form.encoding);
                let text = encoding
                    .decode(read_whole(path, LARGEST_TEXT)?)
                    .map_err(wrong)?;
                Ok(vec![Entry {
                    place: path.display().to_string(),
                    row: Ok(self.row(&text)),
                    label: None,
                    hints: Vec::new(),
                }])
            }
        }
    }

    fn to_text(&self) -> String {
        self.to_text()
    }

    fn column_name(&self, column: usize) -> Option<String> {
        self.words.get(column).cloned()
    }
}

impl Vocabulary {
    /// The row of a text as people bring it.
    fn row(&self, text: &str) -> Row {
        let markup = self.form.as_ref().is_some_and(|form| form.markup);
        let columns = match markup {
            true => self.columns(&without_markup(text)),
            false => self.columns(text),
        };
        Row::Sparse(columns.into_iter().map(|column| (column, 1.0)).collect())
    }

    fn encode_records(&self, path: &Path, form: &TextForm) -> Result<Vec<Entry>, DataError> {
        let both: Vec<&str> = [form.text.as_str()]
            .into_iter()
            .chain(form.label.as_deref())
            .collect();
        // What is to be predicted may have no column of classes.
        let mut records = match Records::open(path, form.encoding, &both) {
            Err(DataError::Content { .. }) => Records::open(path, form.encoding, &both[..1])?,
            records => records?,
        };
        let mut entries = Vec::new();
        while let Some(record) = records.next_record()? {
            let label = match record.cells.get(1) {
                Some(Cell::Text(label)) => Some(label.trim().to_owned()),
                Some(Cell::Number(label)) => Some(label.to_string()),
                _ => None,
            };
            entries.push(Entry {
                place: format!("{}, line {}", path.display(), record.line),
                row: match &record.cells[0] {
                    Cell::Text(text) => Ok(self.row(text)),
                    _ => Err(format!("{:?} holds no text", shortened(&form.text))),
                },
                label: label.filter(|label| !label.is_empty()),
                hints: Vec::new(),
            });
        }
        Ok(entries)
    }
}

fn takes_no(given: &'static str, cure: String) -> DataError {
    DataError::Encoder {
        kind: "a vocabulary",
        given,
        cure,
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
    fn files_are_one_text_or_records_by_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let plain = Vocabulary::fit(TEXTS, 4);
        let form = TextForm {
            text: "review".into(),
            label: Some("stars".into()),
            markup: true,
            ..TextForm::default()
        };
        let formed = plain.clone().with_form(form);
        let row = |columns: &[u32]| {
            Ok(Row::Sparse(
                columns.iter().map(|&column| (column, 1.0)).collect(),
            ))
        };
        let entries = plain.encode_file(&put("a.txt", "a,\nb<d>")).unwrap();
        assert_eq!((entries.len(), &entries[0].row), (1, &row(&[0, 1, 3])));
        assert!(plain.encode_file(&put("a.csv", "review\na\n")).is_err());
        let table = put("b.csv", "stars,review\n5,a&amp;b\n,<b>d</b>\n");
        let lines = put(
            "b.jsonl",
            "{\"review\":\"a&amp;b\",\"stars\":5}\n{\"review\":\"<b>d</b>\"}\n",
        );
        for path in [table, lines] {
            let entries = formed.encode_file(&path).unwrap();
            assert_eq!(
                [&entries[0].row, &entries[1].row],
                [&row(&[0, 1]), &row(&[3])]
            );
            assert_eq!(
                (entries[0].label.as_deref(), &entries[1].label),
                (Some("5"), &None)
            );
        }
        let entries = formed.encode_file(&put("c.csv", "review\nc\n")).unwrap();
        assert_eq!(entries[0].row, row(&[2]));
        assert!(entries[0].place.ends_with("c.csv, line 2"));
        let cells = [("review".to_string(), "c".to_string())];
        assert_eq!(
            formed.encode(Raw::Record(&cells)).unwrap(),
            Row::Sparse(vec![(2, 1.0)])
        );
        assert!(plain.encode(Raw::Record(&cells)).is_err());
        assert!(plain.encode(Raw::Picture(b"")).is_err());
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
