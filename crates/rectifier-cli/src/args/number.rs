//! Numbers as options take them, and what is wanted where they take them not.

use std::num::IntErrorKind;
use std::str::FromStr;

/// A whole number of `what`, as a [`FromStr`] of clap says it: what is wanted, and not what a parser met.
fn whole<N: FromStr<Err = std::num::ParseIntError>>(text: &str, what: &str) -> Result<N, String> {
    text.parse()
        .map_err(|error: std::num::ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => format!("`{text}` is too large for a number of {what}"),
            _ => format!("`{text}` is no number of {what}: write a whole number, at least 1"),
        })
}

/// How many of `what`, at least one.
pub fn some(what: &'static str) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync {
    move |text| match whole(text, what)? {
        0 => Err(format!("0 {what}: write a whole number, at least 1")),
        number => Ok(number),
    }
}

/// `predict --words`: 0 names none.
pub fn words(text: &str) -> Result<usize, String> {
    whole(text, "words")
}

/// Any number; what uses it says which are too small or too large.
pub fn real(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no number: write one such as 0.1 or 1e-3"))
}

/// `--tolerance`.
pub fn at_least_0(text: &str) -> Result<f64, String> {
    match real(text)? {
        number if number >= 0.0 => Ok(number),
        _ => Err(format!("`{text}` is below 0: write a number of at least 0")),
    }
}

/// `--seconds` of a measurement, of which there are many in a row.
pub fn seconds(text: &str) -> Result<f64, String> {
    const MOST: f64 = 3600.0;
    match real(text)? {
        seconds if seconds > 0.0 && seconds <= MOST => Ok(seconds),
        _ => Err(format!(
            "`{text}` seconds: write a number above 0 and at most {MOST}"
        )),
    }
}

/// `--epochs`, `--patience`, `--pretrain-epochs`.
pub fn epochs(text: &str) -> Result<usize, String> {
    whole(text, "epochs")
}

/// `--batch`.
pub fn examples(text: &str) -> Result<usize, String> {
    whole(text, "examples")
}

/// `--rounds`.
pub fn rounds(text: &str) -> Result<usize, String> {
    const MOST: usize = 1000;
    match some("rounds")(text)? {
        rounds if rounds <= MOST => Ok(rounds),
        _ => Err(format!("`{text}` rounds: write at most {MOST}")),
    }
}

/// `--jobs`.
pub fn cells(text: &str) -> Result<usize, String> {
    whole(text, "cells")
}

/// `--seed`.
pub fn seed(text: &str) -> Result<u64, String> {
    let most = u64::MAX;
    text.parse()
        .map_err(|_| format!("`{text}` is no seed: write a whole number from 0 to {most}"))
}

/// `--threads`: more than a few a core would only wait for each other at barriers, and a thousand of them stand still.
pub fn threads(text: &str) -> Result<usize, String> {
    /// Threads a core.
    const EACH: usize = 8;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = EACH * cores.max(2);
    match text.parse() {
        Ok(threads) if (1..=most).contains(&threads) => Ok(threads),
        _ => Err(format!(
            "`{text}` threads on {cores} cores: there must be at least 1 and at most {most}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_said() {
        assert_eq!(epochs("3"), Ok(3));
        // What 0 means depends on the option, and is said where it is used.
        assert_eq!(examples("0"), Ok(0));
        for text in ["-1", "1.5", "", "many", "1e3"] {
            let error = epochs(text).err().unwrap_or_default();
            assert!(error.contains("a whole number, at least 1"), "{error}");
            let error = seed(text).err().unwrap_or_default();
            assert!(error.contains("from 0 to 18446744073709551615"), "{error}");
        }
        let huge = "99999999999999999999";
        assert!(rounds(huge).is_err_and(|error| error.contains("too large")));
        assert!(rounds("1001").is_err() && rounds("0").is_err() && some("rows")("0").is_err());
        for text in ["0", "-1", "nan", "1e300", "inf", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!((seconds("0.5"), at_least_0("0")), (Ok(0.5), Ok(0.0)));
        assert!(at_least_0("nan").is_err() && at_least_0("-1").is_err());
        assert!(seed(huge).is_err() && cells("x").is_err());
        for text in ["0", "-1", "1000000"] {
            let error = threads(text).err().unwrap_or_default();
            assert!(error.contains("at least 1 and at most"), "{error}");
        }
        assert_eq!(threads("2"), Ok(2));
    }
}
