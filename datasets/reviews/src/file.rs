//! Text files of reviews: a CSV table or JSON lines.

use std::fs;
use std::path::{Path, PathBuf};

use rectifier_data::DataError;

use crate::quotes::broken_quotes;
use crate::stars::{parse_stars, shortened, whole_stars};
use crate::{Encoding, Reviews};

/// A text longer than this many bytes is no review.
const LONGEST_TEXT: usize = 1 << 20;
/// A file longer than this is not read.
const LONGEST_FILE: u64 = 1 << 31;

/// A file of reviews, and where text and stars stand in it.
///
/// JSON lines (one object a line) where the first character is `{`; otherwise a CSV table whose first row names the
/// columns. Stars are read as by [`parse_stars`]; a review whose stars are empty (in JSON also missing or null) is an
/// unlabelled text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewFile {
    /// The file.
    pub path: PathBuf,
    /// The name of the column, or field, that holds the text.
    pub text: String,
    /// The name of the column, or field, that holds the stars.
    pub stars: String,
    /// How its bytes stand for characters.
    pub encoding: Encoding,
}

impl ReviewFile {
    /// A UTF-8 file with columns `text` and `stars`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            text: "text".into(),
            stars: "stars".into(),
            encoding: Encoding::Utf8,
        }
    }

    /// Reads and checks the reviews.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Content`] naming the line that is wrong, and how.
    pub fn read(&self) -> Result<Reviews, DataError> {
        self.read_bytes(bytes(&self.path)?)
    }

    /// As [`read`](Self::read), of bytes that were read already; the path is for errors alone.
    ///
    /// # Errors
    /// [`DataError::Content`], as there.
    pub fn read_bytes(&self, bytes: Vec<u8>) -> Result<Reviews, DataError> {
        let wrong = |problem| DataError::Content {
            path: self.path.clone(),
            problem,
        };
        let text = self.encoding.decode(bytes).map_err(wrong)?;
        let (rated, unlabelled) = self.parse(&text).map_err(wrong)?;
        Reviews::rated(rated, unlabelled, &self.path)
    }

    fn parse(&self, text: &str) -> Result<Texts, String> {
        match text.trim_start().chars().next() {
            None => Err("it is empty: give a file with reviews".into()),
            Some('{') => self.lines(text),
            Some(_) => self.table(text),
        }
    }

    fn table(&self, text: &str) -> Result<Texts, String> {
        if let Some(problem) = broken_quotes(text) {
            return Err(problem);
        }
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?;
        let find = |name: &str| {
            header
                .iter()
                .position(|field| field.trim() == name)
                .ok_or_else(|| {
                    let names: Vec<String> = header
                        .iter()
                        .map(|name| format!("{:?}", shortened(name)))
                        .collect();
                    format!(
                        "it has no column {name:?}: its first row has {}",
                        names.join(", ")
                    )
                })
        };
        let (text_at, stars_at) = (find(&self.text)?, find(&self.stars)?);
        let mut texts = Texts::default();
        let mut record = csv::StringRecord::new();
        while reader
            .read_record(&mut record)
            .map_err(|error| error.to_string())?
        {
            let line = record.position().map_or(0, csv::Position::line);
            let text = record.get(text_at).unwrap_or_default();
            let stars = record.get(stars_at).unwrap_or_default();
            let stars = match stars.trim().is_empty() {
                true => None,
                false => {
                    Some(parse_stars(stars).map_err(|problem| format!("line {line}: {problem}"))?)
                }
            };
            add(&mut texts, text, stars).map_err(|problem| format!("line {line}: {problem}"))?;
        }
        Ok(texts)
    }

    fn lines(&self, text: &str) -> Result<Texts, String> {
        use serde_json::{Map, Value};
        let mut texts = Texts::default();
        for (place, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let mut read = || -> Result<(), String> {
                let object: Map<String, Value> = serde_json::from_str(line)
                    .map_err(|error| format!("no JSON object: {error}"))?;
                let text = match object.get(&self.text) {
                    Some(Value::String(text)) => text,
                    Some(_) => return Err(format!("field {:?} is no string", self.text)),
                    None => return Err(format!("there is no field {:?}", self.text)),
                };
                let stars = match object.get(&self.stars) {
                    None | Some(Value::Null) => None,
                    Some(Value::String(stars)) if stars.trim().is_empty() => None,
                    Some(Value::String(stars)) => Some(parse_stars(stars)?),
                    Some(Value::Number(stars)) => {
                        Some(whole_stars(stars.as_f64().unwrap_or(f64::NAN))?)
                    }
                    Some(_) => return Err(format!("field {:?} is no number", self.stars)),
                };
                add(&mut texts, text, stars)
            };
            read().map_err(|problem| format!("line {}: {problem}", place + 1))?;
        }
        Ok(texts)
    }
}

/// Texts with stars, and texts without.
type Texts = (Vec<(String, u8)>, Vec<String>);

fn add((rated, unlabelled): &mut Texts, text: &str, stars: Option<u8>) -> Result<(), String> {
    if text.len() > LONGEST_TEXT {
        return Err(format!(
            "a text of {} bytes, which begins {:?}: the most a review has is {LONGEST_TEXT}",
            text.len(),
            shortened(text)
        ));
    }
    match stars {
        Some(stars) => rated.push((text.to_owned(), stars)),
        None => unlabelled.push(text.to_owned()),
    }
    Ok(())
}

/// The bytes of a file that is not too large to be one of reviews.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let io = |source| DataError::io(path, source);
    let length = fs::metadata(path).map_err(io)?.len();
    if length > LONGEST_FILE {
        return Err(DataError::Content {
            path: path.to_path_buf(),
            problem: format!(
                "{length} bytes are more than the {LONGEST_FILE} that are read: split it"
            ),
        });
    }
    fs::read(path).map_err(io)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn file() -> ReviewFile {
        ReviewFile::new("reviews")
    }

    fn parse(text: &str) -> Result<Texts, String> {
        file().parse(text)
    }

    #[test]
    fn tables_and_lines_hold_the_same_reviews() {
        let table = "id,stars,text\n1,5,\"good, \"\"really\"\"\nso\"\n2,2.5,bad\n3,,no stars\n";
        let lines = "{\"text\": \"good, \\\"really\\\"\\nso\", \"stars\": 5}\n\n{\"stars\": \"2.5\", \"text\": \"bad\"}\n{\"text\": \"no stars\", \"stars\": null}";
        let expected = (
            vec![
                ("good, \"really\"\nso".to_string(), 5),
                ("bad".to_string(), 2),
            ],
            vec!["no stars".to_string()],
        );
        assert_eq!(parse(table).unwrap(), expected);
        assert_eq!(parse(lines).unwrap(), expected);
    }

    #[test]
    fn wrong_files_are_refused_with_the_line() {
        let long = format!("text,stars\n{},5\n", "x".repeat(LONGEST_TEXT + 1));
        let cases: &[(&str, &str)] = &[
            ("", "it is empty"),
            (" \n \n", "it is empty"),
            (
                "a,b\nc,5\n",
                "no column \"text\": its first row has \"a\", \"b\"",
            ),
            (
                "text,stars\nfine,5\nbad,6\n",
                "line 3: 6 stars: they go from 1 to 5",
            ),
            (
                "text,stars\nfine,5\nbad,five\n",
                "line 3: \"five\" is no number",
            ),
            ("text,stars\nfine,5\nbad\n", "line: 3"),
            ("text,stars\n\"open,5\nfine,5\n", "line 2: a quote opens"),
            (&long, "line 2: a text of 1048577 bytes"),
            ("{\"text\": 5}", "line 1: field \"text\" is no string"),
            (
                "{\"text\": \"a\", \"stars\": 5}\n{\"review\": \"b\"}",
                "line 2: there is no field \"text\"",
            ),
            ("{\"text\": \"a\", \"stars\": 0}", "line 1: 0 stars"),
            ("{\"text\": \"a\", \"stars\": []}", "is no number"),
            ("{\"text\": \"a\"", "line 1: no JSON object"),
            ("{\"text\": \"a\"}\n[1]", "line 2: no JSON object"),
        ];
        for (text, problem) in cases {
            let error = parse(text).unwrap_err();
            assert!(error.contains(problem), "{problem:?} in {error:?}");
        }
        let deep = "{\"text\":".repeat(100_000);
        assert!(parse(&deep).unwrap_err().contains("recursion"));
    }

    #[test]
    fn reviews_without_any_stars_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.csv");
        for (bytes, problem) in [
            (
                &b"text,stars\na,\n"[..],
                "no review with stars is in it (1 without)",
            ),
            (b"text,stars\n", "(0 without)"),
            (
                b"text,stars\ncaf\xE9,5\n",
                "it is not UTF-8 (byte 14, line 2)",
            ),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = ReviewFile::new(&path).read().unwrap_err().to_string();
            assert!(
                error.contains(problem) && error.contains("none.csv"),
                "{error}"
            );
        }
        let latin = ReviewFile {
            encoding: Encoding::Latin1,
            ..ReviewFile::new(&path)
        };
        assert_eq!(latin.read().unwrap().reviews()[0].text, "caf\u{e9}");
        let absent = ReviewFile::new(folder.path().join("absent.csv"));
        assert!(matches!(absent.read(), Err(DataError::Io { .. })));
        assert!(ReviewFile::new(folder.path()).read().is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_reviews_or_an_error(text in "(text,stars\n|\\{\"text\":)?[a\",{}:\n0-9.]{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read(reviews in prop::collection::vec((".{0,20}", 1u8..=5), 1..8)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["text", "stars"]).unwrap();
            let mut lines = String::new();
            for (text, stars) in &reviews {
                writer.write_record([text, &stars.to_string()]).unwrap();
                lines += &serde_json::json!({"text": text, "stars": stars}).to_string();
                lines.push('\n');
            }
            let table = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(&parse(&table).unwrap().0, &reviews);
            prop_assert_eq!(&parse(&lines).unwrap().0, &reviews);
        }
    }
}
