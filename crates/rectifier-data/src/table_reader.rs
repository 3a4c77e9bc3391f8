//! Tables in files of text: fields between commas, semicolons or tabs, quoted where need be (RFC 4180).

use std::collections::HashSet;
use std::path::Path;

use crate::{DataError, Encoding, LONGEST_LINE, Lines, listed, shortened};

/// The most columns of a table.
pub const MOST_COLUMNS: usize = 1 << 20;

/// A table whose first row names its columns, row by row.
///
/// Fields stand between commas, semicolons or tabs: whichever the first row has most of outside of quotes. A quote opens
/// a field at its beginning; inside, `""` is a quote, and lines may end. Empty lines are passed over.
#[derive(Debug)]
pub struct TableReader {
    lines: Lines,
    delimiter: u8,
    header: Vec<String>,
    fields: Vec<String>,
}

/// A row of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TableRow<'a> {
    /// The number of the line on which it begins, from 1, as an editor shows it.
    pub line: usize,
    /// One field a column.
    pub fields: &'a [String],
}

impl TableReader {
    /// The table in a file, plain or gzip.
    ///
    /// # Errors
    /// As [`of`](Self::of), and [`Lines::open`].
    pub fn open(path: &Path, encoding: Encoding) -> Result<Self, DataError> {
        Self::of(Lines::open(path, encoding)?)
    }

    /// The table in these lines.
    ///
    /// # Errors
    /// As [`Lines::next_line`]; [`DataError::Content`] where there is no row, where quotes are broken, and where two
    /// columns have one name.
    pub fn of(mut lines: Lines) -> Result<Self, DataError> {
        let Some(first) = next_filled(&mut lines)? else {
            return Err(lines.wrong("it is empty: give a table whose first row names its columns"));
        };
        let delimiter = delimiter(first);
        lines.again();
        let mut fields = Vec::new();
        let count = match read_row(&mut lines, delimiter, &mut fields)? {
            Some((_, count)) => count,
            None => 0,
        };
        let header: Vec<String> = fields[..count]
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        if count > MOST_COLUMNS {
            return Err(lines.wrong(format!(
                "its first row has {count} columns: at most {MOST_COLUMNS} are read"
            )));
        }
        let mut seen = HashSet::new();
        if let Some(name) = header.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(lines.wrong(format!(
                "two columns are named {:?}: give each a name of its own",
                shortened(name)
            )));
        }
        Ok(Self {
            lines,
            delimiter,
            header,
            fields,
        })
    }

    /// The names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// What stands between fields.
    pub fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// Where the column of this name is.
    ///
    /// # Errors
    /// [`DataError::Content`] listing the columns there are.
    pub fn column(&self, name: &str) -> Result<usize, DataError> {
        let place = self.header.iter().position(|column| column == name.trim());
        place.ok_or_else(|| {
            self.lines.wrong(format!(
                "it has no column {:?}: its first row has {}",
                shortened(name),
                listed(&self.header)
            ))
        })
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// As [`Lines::next_line`]; [`DataError::Content`] naming the line, for a row that has not one field a column, and
    /// for broken quotes.
    pub fn next_row(&mut self) -> Result<Option<TableRow<'_>>, DataError> {
        let Some((line, count)) = read_row(&mut self.lines, self.delimiter, &mut self.fields)?
        else {
            return Ok(None);
        };
        if count != self.header.len() {
            return Err(self.lines.wrong(format!(
                "line {line} has {count} fields, but the first row names {} columns: every row must have one a column",
                self.header.len()
            )));
        }
        Ok(Some(TableRow {
            line,
            fields: &self.fields[..count],
        }))
    }

    /// The lines that the table is read from.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }
}

/// The next line that is not empty.
pub(crate) fn next_filled(lines: &mut Lines) -> Result<Option<&str>, DataError> {
    while let Some(line) = lines.next_line()? {
        if !line.trim().is_empty() {
            lines.again();
            return lines.next_line();
        }
    }
    Ok(None)
}

/// Of the characters that may stand between fields, the one that `header` has most of; a comma where it has none.
fn delimiter(header: &str) -> u8 {
    let mut counts = [(b',', 0usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header.bytes() {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(one, _)| *one == byte && !quoted) {
            *count += 1;
        }
    }
    // Of several that are largest, `max_by_key` takes the last.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(byte, _)| *byte)
}

/// Where in a row reading is.
#[derive(Clone, Copy, PartialEq)]
enum At {
    /// At the beginning of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// Inside quotes that were opened on this line.
    Quoted(usize),
    /// Behind a closing quote.
    Closed,
}

/// Reads a row into the first of `fields`; says on which line it begins and how many fields it has.
fn read_row(
    lines: &mut Lines,
    delimiter: u8,
    fields: &mut Vec<String>,
) -> Result<Option<(usize, usize)>, DataError> {
    let mut row = Fields {
        all: fields,
        count: 0,
        at: At::Start,
    };
    let (mut begun, mut bytes) = (0, 0usize);
    loop {
        let number = lines.line() + 1;
        let Some(line) = lines.next_line()? else {
            return match row.at {
                At::Quoted(opened) => Err(lines.wrong(format!(
                    "line {opened}: a quote opens a field here and is never closed: close it, or fetch the whole file"
                ))),
                _ => Ok(None),
            };
        };
        let content = line.trim_end_matches(['\r', '\n']);
        if begun == 0 {
            if content.is_empty() {
                continue;
            }
            begun = number;
            row.next();
        }
        bytes += line.len();
        if bytes > LONGEST_LINE {
            return Err(lines.wrong(format!(
                "the row that begins on line {begun} has more than {LONGEST_LINE} bytes: is a quote not closed?"
            )));
        }
        if row.take(content, delimiter, number).is_err() {
            return Err(lines.wrong(format!(
                "line {number}: text follows a closing quote: a quote inside a quoted field is written twice"
            )));
        }
        if !matches!(row.at, At::Quoted(_)) {
            return Ok(Some((begun, row.count)));
        }
        // Inside quotes the end of a line is content, too.
        let end = &line[content.len()..];
        row.push(end);
    }
}

/// The fields of a row that is being read.
struct Fields<'a> {
    all: &'a mut Vec<String>,
    count: usize,
    at: At,
}

/// Text behind a closing quote.
struct Broken;

impl Fields<'_> {
    /// Begins a field.
    fn next(&mut self) {
        match self.all.get_mut(self.count) {
            Some(field) => field.clear(),
            None => self.all.push(String::new()),
        }
        self.count += 1;
        self.at = At::Start;
    }

    fn push(&mut self, text: &str) {
        if let Some(field) = self.all.get_mut(self.count - 1) {
            field.push_str(text);
        }
    }

    /// Takes line `number`, less its end.
    fn take(&mut self, line: &str, delimiter: u8, number: usize) -> Result<(), Broken> {
        let bytes = line.as_bytes();
        // Everything between two places where something happens is taken at once.
        let mut place = 0;
        while place < bytes.len() {
            let stop = |byte: &u8| *byte == b'"' || (*byte == delimiter);
            match self.at {
                At::Quoted(opened) => {
                    let rest = &line[place..];
                    let end = rest.find('"');
                    self.push(&rest[..end.unwrap_or(rest.len())]);
                    let Some(end) = end else { return Ok(()) };
                    place += end + 1;
                    self.at = match bytes.get(place) {
                        Some(b'"') => {
                            self.push("\"");
                            place += 1;
                            At::Quoted(opened)
                        }
                        _ => At::Closed,
                    };
                }
                _ if bytes[place] == delimiter => {
                    self.next();
                    place += 1;
                }
                At::Closed => return Err(Broken),
                At::Start if bytes[place] == b'"' => {
                    self.at = At::Quoted(number);
                    place += 1;
                }
                At::Start | At::Plain => {
                    // A quote here is content: the field did not begin with it.
                    let rest = &bytes[place + 1..];
                    let end = rest
                        .iter()
                        .position(stop)
                        .map_or(bytes.len(), |end| place + 1 + end);
                    self.push(&line[place..end]);
                    self.at = At::Plain;
                    place = end;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn table(text: &str) -> Result<TableReader, DataError> {
        let bytes = Cursor::new(text.as_bytes().to_vec());
        TableReader::of(Lines::of(bytes, Path::new("t"), Encoding::Utf8)?)
    }

    type Rows = Vec<(usize, Vec<String>)>;

    fn rows(text: &str) -> Result<Rows, DataError> {
        let mut table = table(text)?;
        let mut rows = Vec::new();
        while let Some(row) = table.next_row()? {
            rows.push((row.line, row.fields.to_vec()));
        }
        Ok(rows)
    }

    fn row(line: usize, fields: &[&str]) -> (usize, Vec<String>) {
        (line, fields.iter().map(|&field| field.into()).collect())
    }

    #[test]
    fn rows_know_the_line_that_an_editor_shows() {
        let text = "\u{feff}a,b\r\n1,\"x\r\ny\"\"\"\r\n\r\n,5\" pipe\r\n\"\",\"3\"";
        let expected = [
            row(2, &["1", "x\r\ny\""]),
            row(5, &["", "5\" pipe"]),
            row(6, &["", "3"]),
        ];
        assert_eq!(rows(text).unwrap(), expected);
        assert_eq!(rows("a\n\n\n1\n").unwrap(), [row(4, &["1"])]);
        assert_eq!(rows("a,b\n").unwrap(), []);
    }

    #[test]
    fn the_header_tells_what_stands_between_fields() {
        for (text, delimiter, columns) in [
            ("a,b;c,d\n", ',', 3),
            ("a;b,c;d\n", ';', 3),
            ("\"a;;;b\"\tc\n", '\t', 2),
            ("a\n", ',', 1),
        ] {
            let table = table(text).unwrap();
            assert_eq!(
                (table.delimiter(), table.header().len()),
                (delimiter, columns)
            );
        }
        assert_eq!(rows("a;b\n1,5;2\n").unwrap(), [row(2, &["1,5", "2"])]);
        let table = table(" a , \"b c\"\n").unwrap();
        assert_eq!(table.column("a").unwrap(), 0);
        let error = table.column("nope").unwrap_err().to_string();
        assert!(
            error.contains("no column \"nope\": its first row has \"a\", \"\\\"b c\\\"\""),
            "{error}"
        );
    }

    #[test]
    fn broken_tables_are_placed() {
        for (text, problem) in [
            ("", "it is empty"),
            ("\n \n", "it is empty"),
            (
                "a,b\n1,2\n\n3\n",
                "line 4 has 1 fields, but the first row names 2 columns",
            ),
            ("a,b\r\n1,2,3\r\n", "line 2 has 3 fields"),
            (
                "a,b\n\"x\ny\",1\n\"2,3\n",
                "line 4: a quote opens a field here and is never closed",
            ),
            ("a,b\n1,2\n\"x\n,3\n", "line 3: a quote opens"),
            ("a\n\"b\"c\n", "line 2: text follows a closing quote"),
            ("a,b, a\n", "two columns are named \"a\""),
        ] {
            let error = rows(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text:?}: {error}");
        }
        let wide: String = (0..2_000_000).map(|_| ",").collect();
        assert!(rows(&wide).unwrap_err().to_string().len() < 300);
    }

    proptest! {
        #[test]
        fn any_text_is_a_table_or_an_error(text in "[a\",;\t\r\n]{0,40}") {
            if let Ok(rows) = rows(&text) {
                let lines = text.replace("\r\n", "\n").replace('\r', "\n").lines().count();
                prop_assert!(rows.iter().all(|(line, _)| *line <= lines));
            }
        }

        #[test]
        fn what_is_written_is_read(
            rows_in in prop::collection::vec(prop::collection::vec("[a\",\n\r ;]{0,6}", 3), 0..6),
        ) {
            let mut text = String::from("x,y,z\n");
            for fields in &rows_in {
                let quoted = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
                text += &quoted.collect::<Vec<_>>().join(",");
                text.push('\n');
            }
            let found: Vec<_> = rows(&text).unwrap().into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(found, rows_in);
        }
    }
}
