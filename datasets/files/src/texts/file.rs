//! The texts of a file with their classes.

use std::path::Path;

use rectifier_data::{Cell, DataError, Encoding, Records, shortened, without_markup};

use crate::classes::Labels;
use crate::path::content;

/// A longer text is none that somebody wrote: 1 MiB.
const LONGEST_TEXT: usize = 1 << 20;

/// The texts of a file, less their markup.
#[derive(Default)]
pub(super) struct File {
    pub texts: Vec<String>,
    pub labels: Labels,
    pub unlabelled: Vec<String>,
    pub marked: usize,
    empty: usize,
    warning: Option<String>,
}

impl File {
    /// Reads the texts of `path` and their classes from these columns.
    pub fn read(
        path: &Path,
        [text_column, class_column]: [&str; 2],
        encoding: Encoding,
    ) -> Result<Self, DataError> {
        let mut records = Records::open(path, encoding, &[text_column, class_column])?;
        let mut file = Self::default();
        while let Some(record) = records.next_record()? {
            let line = record.line;
            let wrong = |problem: String| content(path, format!("line {line}: {problem}"));
            let mut cells = record.cells.into_iter();
            let text = match cells.next() {
                Some(Cell::Text(text)) => text,
                Some(Cell::Missing) | None => String::new(),
                Some(_) => return Err(wrong(format!("{:?} is no text", shortened(text_column)))),
            };
            if text.len() > LONGEST_TEXT {
                return Err(wrong(format!(
                    "a text of {} bytes, which begins {:?}: the most is {LONGEST_TEXT}",
                    text.len(),
                    shortened(&text)
                )));
            }
            let label = match cells.next() {
                Some(Cell::Text(label)) => label.trim().to_owned(),
                Some(Cell::Number(label)) => label.to_string(),
                Some(Cell::Missing) | None => String::new(),
                Some(Cell::Other) => {
                    return Err(wrong(format!(
                        "{:?} is neither a text nor a number",
                        shortened(class_column)
                    )));
                }
            };
            file.empty += usize::from(text.trim().is_empty());
            let text = match without_markup(&text) {
                std::borrow::Cow::Borrowed(_) => text,
                std::borrow::Cow::Owned(clean) => {
                    file.marked += 1;
                    clean
                }
            };
            match label.is_empty() {
                true => file.unlabelled.push(text),
                false => {
                    file.labels.push(&label).map_err(|problem| {
                        wrong(format!("column {:?}: {problem}", shortened(class_column)))
                    })?;
                    file.texts.push(text);
                }
            }
        }
        file.warning = records.lines().warning();
        let all = file.texts.len() + file.unlabelled.len();
        if file.empty > 0 && 2 * file.empty >= all {
            return Err(content(
                path,
                format!(
                    "{} of {all} texts are empty: is {:?} the column of texts?",
                    file.empty,
                    shortened(text_column)
                ),
            ));
        }
        Ok(file)
    }

    /// Tells what is odd.
    pub fn warn(&self, path: &Path, warnings: &mut Vec<String>) {
        if self.marked > 0 {
            warnings.push(format!(
                "{}: markup such as <br /> or &amp; was taken out of {} texts",
                path.display(),
                self.marked
            ));
        }
        if self.empty > 0 {
            warnings.push(format!(
                "{}: {} texts are empty",
                path.display(),
                self.empty
            ));
        }
        warnings.extend(self.warning.clone());
    }
}
