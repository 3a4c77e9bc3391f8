//! Words of a text.

/// The longest word that counts, in characters; longer runs are no words.
const LONGEST: usize = 40;

/// The words of `text`, in order, lower case.
///
/// A word is a longest run of letters and digits, which may have apostrophes inside: `Don't` is `don't`, `'good'` is
/// `good`, `4-star` is `4` and `star`. The typographic apostrophe counts as the plain one. Runs of more than 40
/// characters are left out.
///
/// ```
/// let words: Vec<String> = rectifier_data::words("It wasn\u{2019}t GOOD, 'just' 4-star.").collect();
/// assert_eq!(words, ["it", "wasn't", "good", "just", "4", "star"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !is_inside(c))
        .map(|run| run.trim_matches(is_apostrophe))
        .filter(|run| !run.is_empty() && run.chars().nth(LONGEST).is_none())
        .map(lower)
}

fn is_apostrophe(c: char) -> bool {
    c == '\'' || c == '\u{2019}'
}

fn is_inside(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || is_apostrophe(c)
}

fn lower(run: &str) -> String {
    let plain = |c: char| if is_apostrophe(c) { '\'' } else { c };
    // A dotted capital I becomes an i and a dot by itself, which is no letter.
    let letters = run
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|&c| is_inside(c));
    letters.map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(list("Food: great!!  5/5"), ["food", "great", "5", "5"]);
        assert_eq!(
            list("''tis \u{2018}the\u{2019} season'"),
            ["tis", "the", "season"]
        );
        assert_eq!(list("\u{130}zmir"), ["izmir"]);
        assert_eq!(list("caf\u{c9} \u{fffd}l"), ["caf\u{e9}", "l"]);
        assert_eq!(list(""), [""; 0]);
        assert_eq!(list("' '' \u{1f600}"), [""; 0]);
        let long = "a".repeat(LONGEST);
        assert_eq!(list(&format!("{long} {long}a")), [long]);
    }

    proptest! {
        #[test]
        fn words_of_any_text_hold_no_space_and_are_their_own_words(text in ".{0,80}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty());
                prop_assert!(!word.contains(char::is_whitespace));
                prop_assert_eq!(list(&word), [word.clone()]);
            }
        }
    }
}
