//! What counts as stars, and how halves are rounded.

use rectifier_data::shortened;

/// The most stars a review gives; the fewest are one.
pub const STARS: usize = 5;

/// Reads a number of stars, as whole stars from 1 to [`STARS`].
///
/// Half stars go to the even one of their two neighbours: 1.5 and 2.5 are read as 2, 3.5 and 4.5 as 4. Rounded so,
/// halves raise the mean as often as they lower it.
///
/// # Errors
/// What is wrong with `text`: not a number, not in steps of a half, or out of range.
pub fn parse_stars(text: &str) -> Result<u8, String> {
    let text = text.trim();
    let number: f64 = text
        .parse()
        .map_err(|_| format!("{:?} is no number of stars", shortened(text)))?;
    whole_stars(number)
}

/// As [`parse_stars`], of a number.
pub(crate) fn whole_stars(number: f64) -> Result<u8, String> {
    let in_range = (1.0..=STARS as f64).contains(&number);
    if !in_range || (2.0 * number).fract() != 0.0 {
        return Err(format!(
            "{number} stars: they go from 1 to {STARS} in steps of a half"
        ));
    }
    Ok(number.round_ties_even() as u8)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_go_to_even_stars() {
        let cases = [
            ("1", 1),
            ("1.5", 2),
            ("2.5", 2),
            (" 3.0 ", 3),
            ("3.5", 4),
            ("4.5", 4),
            ("5", 5),
        ];
        for (text, stars) in cases {
            assert_eq!(parse_stars(text), Ok(stars), "{text}");
        }
    }

    #[test]
    fn what_are_no_stars_is_named() {
        for (text, problem) in [
            ("0.5", "0.5 stars: they go from 1 to 5"),
            ("5.5", "from 1 to 5"),
            ("-1", "from 1 to 5"),
            ("3.7", "steps of a half"),
            ("NaN", "from 1 to 5"),
            ("inf", "from 1 to 5"),
            ("good", "\"good\" is no number of stars"),
            ("", "no number"),
        ] {
            let error = parse_stars(text).unwrap_err();
            assert!(error.contains(problem), "{text:?}: {error}");
        }
        assert!(parse_stars(&"x".repeat(1 << 20)).unwrap_err().len() < 100);
    }

    proptest! {
        #[test]
        fn any_text_is_stars_or_an_error(text in ".{0,12}") {
            if let Ok(stars) = parse_stars(&text) {
                prop_assert!((1..=5).contains(&stars));
            }
        }
    }
}
