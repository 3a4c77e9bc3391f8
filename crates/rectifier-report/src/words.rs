//! Numbers as people read them.

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

/// An error: a percentage, or an RMSE in stars.
pub(crate) fn error(value: f64, is_share: bool) -> String {
    match is_share {
        true => percent(value),
        false => format!("{value:.4}"),
    }
}

/// Four significant digits, without needless zeros.
pub(crate) fn number(value: f64) -> String {
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
pub(crate) fn thousands(value: u64) -> String {
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
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{:.1} s", seconds.max(0.0)),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// `one epoch`, `3 epochs`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", thousands(number as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
