//! Text files of reviews: a CSV table or JSON lines.

use std::borrow::Cow;
use std::path::PathBuf;

use rectifier_data::{
    Cell, DataError, Lines, Record, Records, TextForm, shortened, without_markup,
};

use crate::stars::{parse_stars, whole_stars};
use crate::{Encoding, Reviews};

/// A text longer than this many bytes is no review.
const LONGEST_TEXT: usize = 1 << 20;

/// A file of reviews, and where text and stars stand in it.
///
/// JSON lines (one object a line) where the first character is `{`; otherwise a table whose first row names the columns
/// ([`TableReader`](rectifier_data::TableReader)); plain or gzip. Stars are read as by [`parse_stars`]; a review whose stars are empty (in JSON also missing or null) is an
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

    /// Reads and checks the reviews. HTML markup is taken out of their texts ([`without_markup`]).
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Content`] naming the line that is wrong, and how.
    pub fn read(&self) -> Result<Reviews, DataError> {
        self.reviews(Lines::open(&self.path, self.encoding)?, true)
    }

    /// As [`read`](Self::read), with the texts as they are.
    pub(crate) fn read_as_it_is(&self) -> Result<Reviews, DataError> {
        self.reviews(Lines::open(&self.path, self.encoding)?, false)
    }

    /// As [`read`](Self::read), of bytes that were read already; the path is for errors alone.
    ///
    /// # Errors
    /// [`DataError::Content`], as there.
    pub fn read_bytes(&self, bytes: Vec<u8>) -> Result<Reviews, DataError> {
        let lines = Lines::of(std::io::Cursor::new(bytes), &self.path, self.encoding)?;
        self.reviews(lines, true)
    }

    fn reviews(&self, lines: Lines, clean: bool) -> Result<Reviews, DataError> {
        let mut texts = self.texts(lines)?;
        let mut warnings = Vec::from_iter(texts.warning.take());
        let mut marked = 0;
        if clean {
            let rated = texts.rated.iter_mut().map(|(text, _)| text);
            for text in rated.chain(&mut texts.unlabelled) {
                if let Cow::Owned(plain) = without_markup(text) {
                    *text = plain;
                    marked += 1;
                }
            }
        }
        let place = self.path.display();
        if marked > 0 {
            warnings.push(format!(
                "{place}: markup such as <br /> or &amp; was taken out of {marked} texts"
            ));
        }
        if texts.empty > 0 {
            warnings.push(format!("{place}: {} texts are empty", texts.empty));
        }
        let reviews = Reviews::rated(texts.rated, texts.unlabelled, &self.path)?;
        let reviews = reviews.with_warnings(warnings);
        Ok(match clean {
            true => reviews.with_form(TextForm {
                text: self.text.clone(),
                label: Some(self.stars.clone()),
                encoding: self.encoding,
                markup: marked > 0,
            }),
            false => reviews,
        })
    }

    fn texts(&self, lines: Lines) -> Result<Texts, DataError> {
        let mut records = Records::of(lines, &[&self.text, &self.stars])?;
        let mut texts = Texts::default();
        while let Some(record) = records.next_record()? {
            let line = record.line;
            self.add(&mut texts, record)
                .map_err(|problem| records.lines().wrong(format!("line {line}: {problem}")))?;
        }
        texts.warning = records.lines().warning();
        let all = texts.rated.len() + texts.unlabelled.len();
        if texts.empty > 0 && 2 * texts.empty >= all {
            return Err(records.lines().wrong(format!(
                "{} of {all} texts are empty: is {:?} the column of texts?",
                texts.empty,
                shortened(&self.text)
            )));
        }
        Ok(texts)
    }

    fn add(&self, texts: &mut Texts, record: Record) -> Result<(), String> {
        let mut cells = record.cells.into_iter();
        let Some(Cell::Text(text)) = cells.next() else {
            return Err(format!("field {:?} is no string", shortened(&self.text)));
        };
        let stars = match cells.next() {
            None | Some(Cell::Missing) => None,
            Some(Cell::Text(stars)) if stars.trim().is_empty() => None,
            Some(Cell::Text(stars)) => Some(parse_stars(&stars)?),
            Some(Cell::Number(stars)) => Some(whole_stars(stars.as_f64().unwrap_or(f64::NAN))?),
            Some(Cell::Other) => {
                return Err(format!("field {:?} is no number", shortened(&self.stars)));
            }
        };
        if text.len() > LONGEST_TEXT {
            return Err(format!(
                "a text of {} bytes, which begins {:?}: the most a review has is {LONGEST_TEXT}",
                text.len(),
                shortened(&text)
            ));
        }
        texts.empty += usize::from(text.trim().is_empty());
        match stars {
            Some(stars) => texts.rated.push((text, stars)),
            None => texts.unlabelled.push(text),
        }
        Ok(())
    }
}

/// Texts with stars, and texts without.
#[derive(Debug, Default)]
struct Texts {
    rated: Vec<(String, u8)>,
    unlabelled: Vec<String>,
    empty: usize,
    warning: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn file() -> ReviewFile {
        ReviewFile::new("reviews")
    }

    type Rated = (Vec<(String, u8)>, Vec<String>);

    fn parse(text: &str) -> Result<Rated, String> {
        let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
        let lines = Lines::of(bytes, &file().path, Encoding::Utf8).unwrap();
        let texts = file().texts(lines).map_err(|error| error.to_string())?;
        Ok((texts.rated, texts.unlabelled))
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
                "text,stars\r\nfine,5\r\n\r\nbad,five\r\n",
                "line 4: \"five\" is no number",
            ),
            ("text,stars\nfine,5\n\nbad\n", "line 4 has 1 fields"),
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
            ("[{\"text\": \"a\"}]", "one object a line"),
            ("text,stars,stars\n", "two columns are named \"stars\""),
            (
                "{\"text\":\"a\",\"stars\":1,\"stars\":2}",
                "line 1: two fields are named \"stars\"",
            ),
            (
                "text,stars\n,5\n,4\nx,3\n",
                "2 of 3 texts are empty: is \"text\" the column",
            ),
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
                "line 2: it is not UTF-8 (byte 3)",
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
        std::fs::write(&path, "text,stars\n5 &lt; 6<br />ok,5\n,4\nfine,3\n").unwrap();
        let reviews = ReviewFile::new(&path).read().unwrap();
        assert_eq!(reviews.reviews()[0].text, "5 < 6 ok");
        let warnings = reviews.warnings().join("\n");
        assert!(
            warnings.contains("taken out of 1 texts") && warnings.contains("1 texts are empty")
        );
        let whole = ReviewFile::new(&path).read_as_it_is().unwrap();
        assert_eq!(whole.reviews()[0].text, "5 &lt; 6<br />ok");
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
        fn what_is_written_is_read(reviews in prop::collection::vec(("[^\u{0}]{1,20}", 1u8..=5), 1..8)) {
            // Texts that are all empty are a wrong column.
            prop_assume!(reviews.iter().any(|(text, _)| !text.trim().is_empty()));
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
