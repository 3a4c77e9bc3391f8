//! Sparse rows as SVMlight and LIBSVM write them: `label index:value index:value # comment`.

use std::path::Path;

use crate::{DataError, Encoding, Lines, shortened};

/// The largest index that is read: 2^22. A network's first layer has weights for every column up to the largest.
pub const LARGEST_INDEX: u32 = 1 << 22;

/// The rows of a file, in order.
///
/// A row is a label, then `index:value` for the columns that are not 0, with rising indices; what follows `#` is a
/// comment. A `qid:` is passed over, and counted. Empty lines and lines of comment are no rows.
#[derive(Debug)]
pub struct SvmlightReader {
    lines: Lines,
    label: String,
    pairs: Vec<(u32, f32)>,
    queries: usize,
    unlabelled: bool,
}

/// A row as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SvmlightRow<'a> {
    /// The number of its line, from 1.
    pub line: usize,
    /// Its label, which is a finite number, as it is written; empty where it has none and needs none.
    pub label: &'a str,
    /// Rising indices, as they are written, and values that are finite and not 0.
    pub pairs: &'a [(u32, f32)],
}

impl SvmlightReader {
    /// The rows of a file, plain or gzip.
    ///
    /// # Errors
    /// As [`Lines::open`].
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self::of(Lines::open(path, Encoding::Utf8)?))
    }

    /// The rows in these lines.
    pub fn of(lines: Lines) -> Self {
        Self {
            lines,
            label: String::new(),
            pairs: Vec::new(),
            queries: 0,
            unlabelled: false,
        }
    }

    /// The same rows, each with a label or without one.
    pub fn with_unlabelled(mut self) -> Self {
        self.unlabelled = true;
        self
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// As [`Lines::next_line`]; [`DataError::Content`] naming the line that is no row, and why.
    pub fn next_row(&mut self) -> Result<Option<SvmlightRow<'_>>, DataError> {
        loop {
            let Some(line) = self.lines.next_line()? else {
                return Ok(None);
            };
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            self.label.clear();
            self.pairs.clear();
            let mut words = content.split_ascii_whitespace().peekable();
            let labelled = !self.unlabelled || words.peek().is_none_or(|word| !word.contains(':'));
            let label = match labelled {
                true => label(words.next().unwrap_or_default(), &mut self.label),
                false => Ok(()),
            };
            let parsed = label.and_then(|()| parse(words, &mut self.pairs, &mut self.queries));
            if let Err(problem) = parsed {
                let line = self.lines.line();
                return Err(self.lines.wrong(format!("line {line}: {problem}")));
            }
            break;
        }
        Ok(Some(SvmlightRow {
            line: self.lines.line(),
            label: &self.label,
            pairs: &self.pairs,
        }))
    }

    /// How many rows so far had a `qid:`.
    pub fn queries(&self) -> usize {
        self.queries
    }

    /// The lines that the rows are read from.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }
}

fn label(first: &str, label: &mut String) -> Result<(), String> {
    if first.contains(',') {
        return Err(format!(
            "the label {:?} names several classes: a row has one",
            shortened(first)
        ));
    }
    if !first.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(format!(
            "the label {:?} is no number: a row begins with its label",
            shortened(first)
        ));
    }
    label.push_str(first);
    Ok(())
}

fn parse<'a>(
    words: impl Iterator<Item = &'a str>,
    pairs: &mut Vec<(u32, f32)>,
    queries: &mut usize,
) -> Result<(), String> {
    let mut last = None;
    for word in words {
        let Some((index, value)) = word.split_once(':') else {
            return Err(format!("{:?} is no index:value", shortened(word)));
        };
        if index == "qid" {
            *queries += 1;
            continue;
        }
        let number = index
            .parse::<u32>()
            .ok()
            .filter(|&index| index <= LARGEST_INDEX);
        let Some(number) = number else {
            return Err(match index.parse::<u128>() {
                Ok(_) => format!("the index {index} is too large: indices go to {LARGEST_INDEX}"),
                Err(_) => format!(
                    "{:?} is no index: indices are whole numbers from 0",
                    shortened(index)
                ),
            });
        };
        if let Some(last) = last.filter(|&last| last >= number) {
            return Err(format!(
                "the index {number} stands after {last}: indices must rise"
            ));
        }
        last = Some(number);
        // By way of the larger type: the nearest number of what is written, not an overflow.
        let parsed = value.parse::<f64>().map(|value| value as f32);
        match parsed {
            Ok(0.0) => {}
            Ok(value) if value.is_finite() => pairs.push((number, value)),
            _ => {
                return Err(format!(
                    "the index {number} has the value {:?}: values are finite numbers",
                    shortened(value)
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::idx::writing::gzip;
    use proptest::prelude::*;
    use std::io::Cursor;

    type Rows = Vec<(usize, String, Vec<(u32, f32)>)>;

    fn rows(bytes: &[u8]) -> Result<(Rows, usize), DataError> {
        let lines = Lines::of(Cursor::new(bytes.to_vec()), Path::new("s"), Encoding::Utf8)?;
        let mut reader = SvmlightReader::of(lines);
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row()? {
            rows.push((row.line, row.label.to_owned(), row.pairs.to_vec()));
        }
        Ok((rows, reader.queries()))
    }

    #[test]
    fn rows_are_read_with_comments_and_queries() {
        let text = b"# made by hand\r\n+1 qid:3 1:0.5 7:-2e1 # a comment 9:9\r\n\r\n-1 0:0 4194304:1\n2.5\n";
        let expected = vec![
            (2, "+1".into(), vec![(1, 0.5), (7, -20.0)]),
            (4, "-1".into(), vec![(4_194_304, 1.0)]),
            (5, "2.5".into(), vec![]),
        ];
        assert_eq!(rows(text).unwrap(), (expected.clone(), 1));
        assert_eq!(rows(&gzip(text)).unwrap().0, expected);
    }

    #[test]
    fn a_row_to_be_predicted_needs_no_label() {
        let text = b"1:0.5 7:2\n-1 3:1\nqid:4 2:1\n";
        let lines = || Lines::of(Cursor::new(text), Path::new("f"), Encoding::Utf8).unwrap();
        let mut reader = SvmlightReader::of(lines()).with_unlabelled();
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row().unwrap() {
            rows.push((row.label.to_owned(), row.pairs.to_vec()));
        }
        let expected: [(String, Vec<(u32, f32)>); 3] = [
            (String::new(), vec![(1, 0.5), (7, 2.0)]),
            ("-1".into(), vec![(3, 1.0)]),
            (String::new(), vec![(2, 1.0)]),
        ];
        assert_eq!(rows, expected);
        let error = SvmlightReader::of(lines())
            .next_row()
            .unwrap_err()
            .to_string();
        assert!(error.contains("a row begins with its label"), "{error}");
    }

    #[test]
    fn what_is_no_row_is_placed() {
        for (row, problem) in [
            (
                "1 9223372036854775808:1",
                "line 2: the index 9223372036854775808 is too large: indices go to 4194304",
            ),
            ("1 4194305:1", "too large"),
            ("1 -1:1", "\"-1\" is no index"),
            ("1 1.5:1", "is no index"),
            ("1 3:1 2:1", "the index 2 stands after 3: indices must rise"),
            ("1 3:1 3:1", "must rise"),
            ("1 3:NaN", "the index 3 has the value \"NaN\""),
            ("1 3:1e999", "values are finite"),
            ("1 3:", "values are finite"),
            ("1 3", "\"3\" is no index:value"),
            ("nan 3:1", "the label \"nan\" is no number"),
            ("good 3:1", "a row begins with its label"),
            ("1,2 3:1", "names several classes"),
        ] {
            let error = rows(format!("1 1:1\n{row}\n").as_bytes())
                .unwrap_err()
                .to_string();
            assert!(error.contains(problem), "{row}: {error}");
        }
        let long = format!("1 {}", "x".repeat(1 << 20));
        assert!(rows(long.as_bytes()).unwrap_err().to_string().len() < 200);
    }

    proptest! {
        #[test]
        fn any_text_is_rows_or_an_error(text in "[-+0-9.:# \nqidena,]{0,60}") {
            if let Ok((rows, _)) = rows(text.as_bytes()) {
                for (_, _, pairs) in rows {
                    prop_assert!(pairs.is_sorted_by(|a, b| a.0 < b.0));
                    prop_assert!(pairs.iter().all(|pair| pair.1.is_finite() && pair.1 != 0.0));
                }
            }
        }
    }
}
