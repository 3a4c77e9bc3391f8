//! Texts, records and files of them, prepared by a vocabulary.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Vocabulary;
use crate::{
    Cell, DataError, Encoder, Encoding, Entry, Hint, Raw, Records, Row, read_whole, shortened,
    without_markup,
};

/// No file of one text is larger: 64 MiB.
const LARGEST_TEXT: u64 = 1 << 26;

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

impl TextForm {
    /// Whether `text` begins as a table or JSON lines with the column of texts do.
    fn heads(&self, text: &str) -> bool {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default().trim();
        let mut cells = first.split([',', ';', '\t']);
        let names = |cell: &str| cell.trim().trim_matches('"') == self.text;
        let json = first.starts_with('{') && first.contains(&format!("\"{}\"", self.text));
        lines.next().is_some() && (json || cells.any(names))
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
                let records = form.as_ref().is_some_and(|form| form.heads(&text));
                Ok(vec![Entry {
                    place: path.display().to_string(),
                    row: Ok(self.row(&text)),
                    label: None,
                    hints: records.then_some(Hint::OneText).into_iter().collect(),
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

    const TEXTS: [&str; 4] = ["b a a a", "a c", "c b", "d"];

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
        // A table under another name is one text, which is said.
        for (text, records) in [
            ("stars,review\n5,a\n", true),
            ("{\"review\":\"a\"}\n{\"review\":\"b\"}\n", true),
            ("a review\nof c\n", false),
            ("review", false),
        ] {
            let entries = formed.encode_file(&put("rows.txt", text)).unwrap();
            let wanted: &[Hint] = if records { &[Hint::OneText] } else { &[] };
            assert_eq!(entries[0].hints, wanted, "{text}");
        }
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
}
