//! Tables in a page, between their marks.

use crate::error::CliError;
use std::path::Path;

/// What stands for a table of nothing.
pub const NOTHING: &str = "Nothing measured yet.";

/// A table of a page.
pub struct Block {
    /// What its marks say: `<!-- NAME -->` and `<!-- /NAME -->`.
    pub name: String,
    /// The table; none where there is no record to make it of.
    pub text: Option<String>,
}

/// Writes the tables of the records in `folder` into `page` between its marks. A page is written whole or not at all.
///
/// # Errors
/// [`CliError`] where the page cannot be read or written or has no marks, and where it has a table already that there is no
/// record for.
pub fn fill(page: &Path, folder: &Path, blocks: &[Block]) -> Result<(), CliError> {
    let old = std::fs::read_to_string(page).map_err(|source| CliError::io(page, source))?;
    let text = filled(&old, blocks).map_err(|problem| {
        CliError::Failed(match problem {
            Problem::NoMarks => format!(
                "{}: no `<!-- runs -->` and `<!-- /runs -->`, or marks of another table, to write between",
                page.display()
            ),
            Problem::NoRecords(name) => format!(
                "{}: no records for the table `{name}` that stands in {}, which stays as it is; \
                 give the folder that has them, or empty the page between the table's marks",
                folder.display(),
                page.display()
            ),
        })
    })?;
    if text != old {
        rectifier_nn::write_atomically(page, text.as_bytes())?;
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
enum Problem {
    NoMarks,
    NoRecords(String),
}

fn filled(text: &str, blocks: &[Block]) -> Result<String, Problem> {
    let mut page = text.to_string();
    let mut found = false;
    for Block { name, text } in blocks {
        let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
        let place = page.find(&open).zip(page.find(&close));
        let Some((from, to)) = place.filter(|(from, to)| from < to) else {
            continue;
        };
        found = true;
        let earlier = page[from + open.len()..to].trim();
        let block = match text {
            Some(text) => text,
            None if earlier.is_empty() || earlier == NOTHING => NOTHING,
            None => return Err(Problem::NoRecords(name.clone())),
        };
        page = format!("{}{open}\n{block}\n{}", &page[..from], &page[to..]);
    }
    found.then_some(page).ok_or(Problem::NoMarks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(runs: Option<&str>) -> [Block; 2] {
        [("runs", runs), ("bench", Some("times"))].map(|(name, text)| Block {
            name: name.into(),
            text: text.map(String::from),
        })
    }

    #[test]
    fn blocks_are_replaced_between_their_marks_only() {
        let text = "a\n<!-- runs -->\nold\n<!-- /runs -->\nb\n";
        assert_eq!(
            filled(text, &blocks(Some("new"))).as_deref(),
            Ok("a\n<!-- runs -->\nnew\n<!-- /runs -->\nb\n")
        );
        let wrong = "a\n<!-- /runs --><!-- runs -->";
        assert_eq!(filled(wrong, &blocks(Some("new"))), Err(Problem::NoMarks));
    }

    #[test]
    fn a_table_is_never_replaced_by_nothing() {
        let text = "<!-- bench -->\n<!-- /bench -->\n<!-- runs -->\n| old |\n<!-- /runs -->\n";
        assert_eq!(
            filled(text, &blocks(None)),
            Err(Problem::NoRecords("runs".into()))
        );
        for empty in ["", NOTHING] {
            let text = text.replace("| old |", empty);
            let page = filled(&text, &blocks(None)).unwrap_or_default();
            assert!(page.contains(NOTHING) && page.contains("times"), "{page}");
        }
    }
}
