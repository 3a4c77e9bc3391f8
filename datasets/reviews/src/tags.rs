//! The loose tags of the Amazon files: lines that look like XML and are not.

use rectifier_data::shortened;

use crate::stars::parse_stars;

/// A review as it stands in such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tagged {
    /// The line its `<review>` is on, from 1.
    pub line: usize,
    /// Title and text, a line break between them.
    pub text: String,
    /// Whole stars.
    pub stars: u8,
}

/// A text longer than this many bytes is no review.
const LONGEST: usize = 1 << 20;

/// The reviews in `text`.
///
/// A tag stands alone on its line. Between `<review>` and `</review>` lie fields, each between `<name>` and `</name>`;
/// of these `rating`, `title` and `review_text` are read. Anything else on a line is content, whatever brackets it has.
///
/// # Errors
/// The line where a review is broken, and how.
pub(crate) fn parse(text: &str) -> Result<Vec<Tagged>, String> {
    let mut reviews = Vec::new();
    let mut open: Option<Open> = None;
    for (place, line) in text.lines().enumerate() {
        let number = place + 1;
        let trimmed = line.trim();
        match (&mut open, trimmed) {
            (None, "<review>") => open = Some(Open::new(number)),
            // One of the files has a root element around its reviews.
            (None, "" | "<data>" | "</data>") => {}
            (None, other) => {
                return Err(format!(
                    "line {number}: {:?} stands outside of a review",
                    shortened(other)
                ));
            }
            (Some(review), "<review>" | "</review>") if review.field.is_some() => {
                return Err(review.unclosed(number));
            }
            (Some(review), "<review>") => return Err(review.unfinished()),
            (Some(_), "</review>") => {
                if let Some(review) = open.take() {
                    reviews.push(review.close()?);
                }
            }
            (Some(review), trimmed) => review.take(line, trimmed)?,
        }
    }
    match open {
        Some(review) => Err(review.unfinished()),
        None => Ok(reviews),
    }
}

/// A review whose end is not reached yet.
struct Open {
    line: usize,
    /// The field the lines belong to.
    field: Option<String>,
    rating: String,
    title: String,
    text: Option<String>,
}

impl Open {
    fn new(line: usize) -> Self {
        Self {
            line,
            field: None,
            rating: String::new(),
            title: String::new(),
            text: None,
        }
    }

    fn unfinished(&self) -> String {
        format!(
            "line {}: the review that begins here has no </review>: the file is cut off or damaged",
            self.line
        )
    }

    fn unclosed(&self, line: usize) -> String {
        format!(
            "line {line}: a review begins or ends inside the field {:?} of the review of line {}",
            self.field.as_deref().unwrap_or_default(),
            self.line
        )
    }

    fn take(&mut self, line: &str, trimmed: &str) -> Result<(), String> {
        let Some(field) = &self.field else {
            // Between fields: only an opening tag matters.
            self.field = name(trimmed).map(String::from);
            if self.field.as_deref() == Some("review_text") {
                self.text.get_or_insert_default();
            }
            return Ok(());
        };
        let closing = trimmed
            .strip_prefix("</")
            .and_then(|rest| rest.strip_suffix('>'));
        if closing == Some(field) {
            self.field = None;
            return Ok(());
        }
        let content = match (field.as_str(), &mut self.text) {
            ("review_text", Some(text)) => text,
            ("title", _) => &mut self.title,
            ("rating", _) => &mut self.rating,
            _ => return Ok(()),
        };
        if content.len() + line.len() > LONGEST {
            return Err(format!(
                "the review of line {} has more than {LONGEST} bytes in one field",
                self.line
            ));
        }
        content.push_str(line);
        content.push('\n');
        Ok(())
    }

    fn close(self) -> Result<Tagged, String> {
        let line = self.line;
        let Some(text) = &self.text else {
            return Err(format!("the review of line {line} has no review_text"));
        };
        let stars = parse_stars(&self.rating)
            .map_err(|problem| format!("the review of line {line}: {problem}"))?;
        Ok(Tagged {
            line,
            text: format!("{}\n{}", self.title.trim(), text.trim()),
            stars,
        })
    }
}

/// The name in an opening tag that stands alone.
fn name(trimmed: &str) -> Option<&str> {
    let name = trimmed.strip_prefix('<')?.strip_suffix('>')?;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const ONE: &str = "<review>\n<unique_id>\nbooks:1\n</unique_id>\n<rating>\n4.0\n</rating>\n<title>\nFine <b>\n</title>\n<review_text>\nI & you <3\n<title>\n\nend\n</review_text>\n</review>\n";

    #[test]
    fn fields_are_read_and_loose_brackets_are_content() {
        let expected = Tagged {
            line: 1,
            text: "Fine <b>\nI & you <3\n<title>\n\nend".into(),
            stars: 4,
        };
        assert_eq!(parse(ONE).unwrap(), std::slice::from_ref(&expected));
        let two = parse(&format!("<data>\n{ONE}\n{ONE}</data>\n")).unwrap();
        assert_eq!((two[0].line, two[1].line), (2, 20));
        assert_eq!(two[1].text, expected.text);
        assert_eq!(parse(" \n").unwrap(), []);
    }

    #[test]
    fn broken_reviews_are_placed() {
        let cases = [
            (
                ONE.replace("</review>", ""),
                "line 1: the review that begins here has no </review>",
            ),
            (
                ONE.replace("</review_text>\n", ""),
                "inside the field \"review_text\" of the review of line 1",
            ),
            (format!("{ONE}stray\n"), "line 18: \"stray\" stands outside"),
            (ONE.replace("4.0", "9"), "the review of line 1: 9 stars"),
            (
                ONE.replace("<rating>\n4.0\n</rating>\n", ""),
                "no number of stars",
            ),
            (ONE.replace("review_text", "body"), "has no review_text"),
            (
                ONE.replace("<title>\nFine", "<review>\nFine"),
                "has no </review>",
            ),
            (
                ONE.replace("end", &"x".repeat(LONGEST)),
                "more than 1048576 bytes",
            ),
        ];
        for (text, problem) in cases {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(problem), "{problem:?} in {error:?}");
        }
        for cut in 1..ONE.len() - 1 {
            assert!(parse(&ONE[..cut]).is_err(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn any_lines_are_reviews_or_an_error(lines in prop::collection::vec(
            "<review>|</review>|<rating>|</rating>|<review_text>|</review_text>|[1-9a<>/ ]{0,4}", 0..24,
        )) {
            let _ = parse(&lines.join("\n"));
        }
    }
}
