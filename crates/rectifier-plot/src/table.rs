//! Tables as Markdown and as CSV.

/// On which side the cells of a column stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Left, as words do.
    #[default]
    Left,
    /// Right, as numbers do.
    Right,
}

/// A table: a header, and rows below each other.
///
/// ```
/// use rectifier_plot::Table;
///
/// let mut table = Table::new(["record", "error"]).right(1);
/// table.push(["mnist|small", "1.43%"]);
/// assert_eq!(table.markdown(), "| record | error |\n|---|---:|\n| mnist\\|small | 1.43% |");
/// assert_eq!(table.csv(), "record,error\nmnist|small,1.43%\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    header: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows, its columns left-aligned.
    pub fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let header = header.into_iter().map(|name| (name.into(), Align::Left));
        Self {
            header: header.collect(),
            rows: Vec::new(),
        }
    }

    /// With the column at `place` (from 0) right-aligned, and with those after it too.
    pub fn right(mut self, place: usize) -> Self {
        for (_, align) in self.header.iter_mut().skip(place) {
            *align = Align::Right;
        }
        self
    }

    /// With the column at `place` (from 0) aligned so; a column that is not there stays away.
    pub fn aligned(mut self, place: usize, align: Align) -> Self {
        if let Some(column) = self.header.get_mut(place) {
            column.1 = align;
        }
        self
    }

    /// Adds a row. A shorter one ends in empty cells; the cells of a longer one stand in columns without a name.
    pub fn push(&mut self, row: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn columns(&self) -> usize {
        let longest = self.rows.iter().map(Vec::len).max();
        self.header.len().max(longest.unwrap_or(0))
    }

    /// The table in Markdown, without a line end after its last row. Bars, backslashes and line ends in cells are written
    /// so that they stay in them; other Markdown is left as it is.
    pub fn markdown(&self) -> String {
        let columns = self.columns();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut text = String::from("|");
            let mut empty = std::iter::repeat("");
            for cell in cells.chain(&mut empty).take(columns) {
                text.push_str(&format!(" {} |", escaped(cell)));
            }
            text
        };
        let mut lines = vec![line(&mut self.header.iter().map(|(name, _)| name.as_str()))];
        let rule = (0..columns).map(|place| match self.header.get(place) {
            Some((_, Align::Right)) => "---:|",
            _ => "---|",
        });
        lines.push(format!("|{}", rule.collect::<String>()));
        for row in &self.rows {
            lines.push(line(&mut row.iter().map(String::as_str)));
        }
        lines.join("\n")
    }

    /// The table as comma-separated values with a header (RFC 4180, but for line ends of one character).
    pub fn csv(&self) -> String {
        let columns = self.columns();
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        let names = self.header.iter().map(|(name, _)| name.as_str());
        let rows = self
            .rows
            .iter()
            .map(|row| row.iter().map(String::as_str).collect());
        let lines = std::iter::once(names.collect::<Vec<&str>>()).chain(rows);
        for mut line in lines {
            line.resize(columns, "");
            // Memory takes every row, and all rows are of one length.
            if writer.write_record(line).is_err() {
                break;
            }
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// A cell of Markdown.
fn escaped(cell: &str) -> String {
    let cell = cell.replace('\\', "\\\\").replace('|', "\\|");
    let lines: Vec<&str> = cell.lines().map(str::trim).collect();
    lines.join("<br>")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The cells of a line of Markdown, as GitHub parts them.
    fn parted(line: &str) -> Vec<String> {
        let (mut cells, mut cell, mut rest) = (Vec::new(), String::new(), line.chars().skip(1));
        while let Some(c) = rest.next() {
            match c {
                '\\' => cell.extend(rest.next()),
                '|' => cells.push(std::mem::take(&mut cell).trim().to_string()),
                c => cell.push(c),
            }
        }
        cells
    }

    proptest! {
        #[test]
        fn cells_come_back(rows in prop::collection::vec(prop::collection::vec("[ -~]{0,12}", 3), 0..6)) {
            let mut table = Table::new(["a", "b|", "c\"\\"]);
            rows.iter().for_each(|row| table.push(row));
            let text = table.markdown();
            let lines: Vec<Vec<String>> = text.lines().map(parted).collect();
            prop_assert_eq!(lines.len(), rows.len() + 2);
            prop_assert_eq!(&lines[0], &["a", "b|", "c\"\\"]);
            for (line, row) in lines[2..].iter().zip(&rows) {
                let row: Vec<&str> = row.iter().map(|cell| cell.trim()).collect();
                prop_assert_eq!(line, &row);
            }
            let csv = table.csv();
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let read: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(String::from).collect())
                .collect();
            prop_assert_eq!(read, rows);
        }
    }

    #[test]
    fn columns_are_aligned_and_rows_of_any_length_are_whole() {
        let mut table = Table::new(["a", "b"])
            .aligned(1, Align::Right)
            .aligned(7, Align::Right);
        table.push(["1"]);
        table.push(["1", "2", "3"]);
        table.push(["one\ntwo", "", ""]);
        assert_eq!(
            table.markdown(),
            "| a | b |  |\n|---|---:|---|\n| 1 |  |  |\n| 1 | 2 | 3 |\n| one<br>two |  |  |"
        );
        assert_eq!(table.csv(), "a,b,\n1,,\n1,2,3\n\"one\ntwo\",,\n");
        assert_eq!((table.len(), table.is_empty()), (3, false));
        let right = Table::new(["a", "b", "c"]).right(1);
        assert_eq!(right.markdown(), "| a | b | c |\n|---|---:|---:|");
        assert_eq!(
            (right.csv(), Table::default().markdown()),
            ("a,b,c\n".into(), "|\n|".into())
        );
    }
}
