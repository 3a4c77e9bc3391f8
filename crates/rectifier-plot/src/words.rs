//! Numbers as people read them.

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

/// Percentages without decimals, separated by spaces.
pub fn percents(shares: &[f64]) -> String {
    let words: Vec<String> = shares
        .iter()
        .map(|share| format!("{:.0}%", 100.0 * share))
        .collect();
    words.join(" ")
}

/// A share at a tick of an axis: a percentage without needless zeros.
pub fn percent_tick(share: f64) -> String {
    format!("{}%", number((share * 1e6).round() / 1e4))
}

/// What an error is called: `error` for a share of wrong answers, `RMSE` for stars.
pub fn error_name(is_share: bool) -> &'static str {
    match is_share {
        true => "error",
        false => "RMSE",
    }
}

/// An error: a percentage, or an RMSE in stars.
pub fn error(value: f64, is_share: bool) -> String {
    match is_share {
        true => percent(value),
        false => format!("{value:.4}"),
    }
}

/// Four significant digits, without needless zeros.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..7).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.*}", (3 - magnitude).max(0) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// A whole number with its thousands apart.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Seconds as people say them.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{:.1} s", seconds.max(0.0)),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// Thousands as k, millions as M.
///
/// ```
/// let said = [10.0, 16e3, 250e3, 1e6].map(rectifier_plot::words::compact);
/// assert_eq!(said, ["10", "16k", "250k", "1M"]);
/// ```
pub fn compact(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{}M", value / 1e6),
        size if size >= 1e3 => format!("{}k", value / 1e3),
        _ => format!("{value}"),
    }
}

/// `1 epoch`, `3 epochs`.
pub fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", thousands(number as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages() {
        assert_eq!(percents(&[0.5, 0.834]), "50% 83%");
        assert_eq!(percent_tick(0.025), "2.5%");
        assert_eq!(
            (error(0.0143, true), error(0.98765, false)),
            ("1.43%".into(), "0.9877".into())
        );
    }

    #[test]
    fn numbers_are_short() {
        let shown: Vec<String> = [0.0, 0.1, 1.0 / 3.0, 1234.5, 1e6, 2e-7, -0.25, f64::NAN]
            .map(number)
            .to_vec();
        let expected = [
            "0", "0.1", "0.3333", "1234", "1000000", "2.00e-7", "-0.25", "NaN",
        ];
        assert_eq!(shown, expected);
        assert_eq!(thousands(1_797_010), "1\u{202f}797\u{202f}010");
        assert_eq!(
            (percent(0.0347), count(1, "epoch")),
            ("3.47%".into(), "1 epoch".into())
        );
        let spoken = [0.2, 61.0, 3725.0].map(duration);
        assert_eq!(spoken, ["0.2 s", "1 min 01 s", "1 h 02 min"]);
    }
}
