//! Words of a text.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest word that counts, in characters; longer runs are no words.
const LONGEST: usize = 40;

/// The words of `text`, in order, lower case.
///
/// A word is a longest run of letters and digits, which may have apostrophes inside: `Don't` is `don't`, `'good'` is
/// `good`, `4-star` is `4` and `star`. The typographic apostrophe counts as the plain one. Runs of more than 40
/// characters are left out.
///
/// Texts are taken in normal form C (Unicode annex 15): a letter followed by its accent is the accented letter. Marks
/// that stay apart, such as the vowel signs of Devanagari, belong to the run; soft hyphens and joiners, which are not
/// seen, are left out of it.
///
/// ```
/// let words: Vec<String> = rectifier_data::words("It wasn\u{2019}t GOOD, 'just' 4-star cafe\u{301}.").collect();
/// assert_eq!(words, ["it", "wasn't", "good", "just", "4", "star", "caf\u{e9}"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let text = match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().filter(|&c| !is_unseen(c)).collect()),
    };
    let words: Vec<String> = text
        .split(|c: char| !is_inside(c))
        .map(|run| run.trim_matches(is_apostrophe))
        .map(|run| run.trim_start_matches(|c| is_mark(c) || is_apostrophe(c)))
        .filter(|run| !run.is_empty())
        .map(lower)
        .filter(|word| word.chars().nth(LONGEST).is_none())
        .collect();
    words.into_iter()
}

fn is_apostrophe(c: char) -> bool {
    c == '\'' || c == '\u{2019}'
}

/// A mark that stays apart from its letter. What chooses a look (variation selectors) and what encloses (the keycap of an
/// emoji) belongs to signs, not to letters.
fn is_mark(c: char) -> bool {
    let of_signs = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{20dd}'..='\u{20e4}' | '\u{488}' | '\u{489}');
    is_combining_mark(c) && !of_signs
}

/// Soft hyphen, zero-width joiner and non-joiner, word joiner.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}')
}

fn is_inside(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || is_apostrophe(c) || is_mark(c)
}

fn lower(run: &str) -> String {
    if run.is_ascii() {
        return run.to_ascii_lowercase();
    }
    let plain = |c: char| if is_apostrophe(c) { '\'' } else { c };
    // A dotted capital I becomes an i and a dot by itself, which would be another word.
    let letters = run.chars().flat_map(|c| match c {
        '\u{130}' => 'i'.to_lowercase(),
        c => c.to_lowercase(),
    });
    letters.map(plain).nfc().collect()
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

    #[test]
    fn composed_and_decomposed_texts_have_the_same_words() {
        assert_eq!(
            list("cafe\u{301} re\u{301}sume\u{301}"),
            list("caf\u{e9} r\u{e9}sum\u{e9}")
        );
        let hindi = "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}";
        assert_eq!(list(hindi), [hindi]);
        assert_eq!(list("deli\u{ad}cious"), ["delicious"]);
        assert_eq!(
            list("5\u{fe0f}\u{20e3} 4\u{2b50}\u{fe0f}ok"),
            ["5", "4", "ok"]
        );
        assert_eq!(
            list("\u{301} \u{301}a x\u{301}\u{302}"),
            ["a", "x\u{301}\u{302}"]
        );
    }

    /// The words as they were told apart before texts were normalized: what committed results were trained on.
    fn before(text: &str) -> Vec<String> {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '\'';
        text.split(|c| !inside(c))
            .map(|run| run.trim_matches('\''))
            .filter(|run| !run.is_empty() && run.len() <= LONGEST)
            .map(str::to_ascii_lowercase)
            .collect()
    }

    proptest! {
        #[test]
        fn words_of_plain_texts_are_what_they_were(text in "[ -~\n]{0,80}", long in "[aB' ]{0,90}") {
            prop_assert_eq!(list(&text), before(&text));
            prop_assert_eq!(list(&long), before(&long));
        }

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
