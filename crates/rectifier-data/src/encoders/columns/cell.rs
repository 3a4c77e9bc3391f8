//! Cells of a table: numbers, words, or nothing.

/// A cell of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Missing,
    /// A finite number.
    Number(f64),
    /// A word.
    Word(&'a str),
}

impl Value<'_> {
    /// The number, where it is one.
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Missing | Self::Word(_) => None,
        }
    }
}

/// Whether a cell says that there is nothing in it: empty, `NA`, `N/A`, `NaN`, `null`, `None` (in any case), or `?`.
pub fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty()
        || cell == "?"
        || ["na", "n/a", "nan", "null", "none"]
            .iter()
            .any(|none| cell.eq_ignore_ascii_case(none))
}

/// The finite number that a cell is; where `decimal_comma`, a lone comma in it stands for a point.
pub fn number_of(cell: &str, decimal_comma: bool) -> Option<f64> {
    let cell = cell.trim();
    let number = match decimal_comma && cell.contains(',') && !cell.contains('.') {
        true => cell.replacen(',', ".", 1).parse::<f64>(),
        false => cell.parse::<f64>(),
    };
    number.ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbers_words_or_missing() {
        for missing in ["", " ", "NA", "n/a", "NaN", "NULL", "None", "?"] {
            assert!(is_missing(missing), "{missing}");
        }
        assert!(!is_missing("0") && !is_missing("nano"));
        for (cell, comma, number) in [
            ("1.5", false, Some(1.5)),
            (" -2e3 ", false, Some(-2000.0)),
            ("1,5", false, None),
            ("1,5", true, Some(1.5)),
            ("1.5", true, Some(1.5)),
            ("1.000,5", true, None),
            ("inf", false, None),
            ("1e999", false, None),
            ("x", false, None),
        ] {
            assert_eq!(number_of(cell, comma), number, "{cell}");
        }
    }
}
