//! Names and texts of a user's files in messages: never more of them than a person reads.

/// The most names in a list.
const MOST: usize = 12;
/// The most characters of a text.
const LONGEST: usize = 40;

/// The beginning of a text that may be long.
///
/// ```
/// assert_eq!(rectifier_data::shortened("short"), "short");
/// assert_eq!(rectifier_data::shortened(&"x".repeat(99)).len(), 42);
/// ```
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push_str("..");
    }
    short
}

/// Names in quotes, one after another; of many, the first twelve and how many more there are.
///
/// ```
/// assert_eq!(rectifier_data::listed(["a", "b"]), r#""a", "b""#);
/// ```
pub fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut list = String::new();
    let mut count = 0usize;
    for name in names {
        count += 1;
        if count <= MOST {
            if count > 1 {
                list.push_str(", ");
            }
            list.push_str(&format!("{:?}", shortened(name.as_ref())));
        }
    }
    match count {
        0 => "none".into(),
        1..=MOST => list,
        _ => format!("{list} and {} more", count - MOST),
    }
}

/// Words as a sentence has them, with `last` before the last one; `none` where there are none. All of them: for names that the
/// program itself gives.
///
/// ```
/// assert_eq!(rectifier_data::joined(["a", "b", "c"], "or"), "a, b or c");
/// ```
pub fn joined<S: AsRef<str>>(words: impl IntoIterator<Item = S>, last: &str) -> String {
    let words: Vec<S> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => "none".into(),
        [word] => (*word).into(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_bounded() {
        assert_eq!(listed([""; 0]), "none");
        let many: Vec<String> = (0..1_000_000).map(|name| name.to_string()).collect();
        let list = listed(&many);
        assert!(list.ends_with("\"11\" and 999988 more"), "{list}");
        assert!(listed([&"\u{1f600}".repeat(1 << 20)]).len() < 200);
    }
}
