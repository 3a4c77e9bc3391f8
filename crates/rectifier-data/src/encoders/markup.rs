//! Texts that were cut out of web pages: tags and escaped characters.

use std::borrow::Cow;

/// Tags that may stand in a text; anything else between angle brackets is content.
const TAGS: [&str; 18] = [
    "a", "b", "br", "div", "em", "font", "h1", "h2", "h3", "hr", "i", "li", "ol", "p", "span",
    "strong", "u", "ul",
];
/// The longest tag, in bytes.
const LONGEST_TAG: usize = 500;
/// Characters that are escaped by name (HTML 4.01, section 24, the usual ones).
const NAMED: [(&str, char); 14] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("rsquo", '\u{2019}'),
    ("lsquo", '\u{2018}'),
    ("ldquo", '\u{201c}'),
    ("rdquo", '\u{201d}'),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("hellip", '\u{2026}'),
    ("eacute", '\u{e9}'),
];

/// The text with spaces for its HTML tags (`<br />`) and characters for what is escaped (`&amp;`, `&#39;`); borrowed where
/// there are none.
///
/// ```
/// assert_eq!(rectifier_data::without_markup("fish &amp; chips<br />I <3 it"), "fish & chips I <3 it");
/// ```
pub fn without_markup(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut kept = 0;
    let mut place = 0;
    while let Some(found) = text[place..].find(['<', '&']) {
        let start = place + found;
        let rest = &text[start..];
        let markup = match rest.starts_with('<') {
            true => tag(rest).map(|length| (length, ' ')),
            false => escaped(rest),
        };
        match markup {
            Some((length, character)) => {
                clean.push_str(&text[kept..start]);
                clean.push(character);
                place = start + length;
                kept = place;
            }
            None => place = start + 1,
        }
    }
    match kept {
        0 => Cow::Borrowed(text),
        _ => {
            clean.push_str(&text[kept..]);
            Cow::Owned(clean)
        }
    }
}

/// The length of the tag that `text` begins with.
fn tag(text: &str) -> Option<usize> {
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (name, rest) = name.split_at(end);
    if !TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name)) {
        return None;
    }
    if !rest.starts_with([' ', '\t', '\n', '\r', '/', '>']) {
        return None;
    }
    let head = text.as_bytes();
    let end = head[..head.len().min(LONGEST_TAG)]
        .iter()
        .position(|&byte| byte == b'>')?;
    Some(end + 1)
}

/// The length of the escaped character that `text` begins with, and the character.
fn escaped(text: &str) -> Option<(usize, char)> {
    let head = text.as_bytes();
    let end = head[..head.len().min(12)]
        .iter()
        .position(|&byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|character| !character.is_control())?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((end + 1, character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_become_spaces_and_escapes_characters() {
        for (text, clean) in [
            ("a<br>b<BR/>c<br />d", "a b c d"),
            ("<p class=\"x\">a</p>", " a "),
            (
                "&lt;b&gt; &quot;&#39;&#x2019;&nbsp;&eacute;",
                "<b> \"'\u{2019} \u{e9}",
            ),
            ("&amp;amp;", "&amp;"),
        ] {
            assert_eq!(without_markup(text), clean);
        }
        for text in [
            "I <3 it",
            "a < b > c",
            "<bread>",
            "<br",
            "AT&T;",
            "&;",
            "&#0;",
            "&#xD800;",
            "x && y",
            "a&ampb",
            "",
        ] {
            assert!(matches!(without_markup(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_cleaned(text in "([<>&;#/br0-9x \u{e9}]|&amp;|<br/>){0,30}") {
            let clean = without_markup(&text);
            prop_assert!(clean.len() <= text.len());
        }
    }
}
