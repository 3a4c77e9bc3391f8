//! The mapping file of EMNIST: which character each label stands for.

use crate::CLASSES;

/// The class of each label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping(Vec<u32>);

impl Mapping {
    /// That of `byclass`: digits, capitals, small letters, in the order of our classes.
    pub fn by_class() -> Self {
        Self((0..CLASSES as u32).collect())
    }

    /// The class of a label; `None` for one that the mapping does not know.
    pub fn class(&self, label: u8) -> Option<u32> {
        self.0.get(usize::from(label)).copied()
    }

    /// Reads a mapping: the official text, a line `LABEL CODE` for each label, or JSON, `{"mapping": [CODE, ...]}` with or
    /// without its braces. A code is that of a digit or an English letter in ASCII.
    ///
    /// # Errors
    /// What is wrong, where, and what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.len() > 1 << 16 {
            return Err(
                "more than 64 KiB: a mapping has 62 lines; use emnist-byclass-mapping.txt".into(),
            );
        }
        let codes = match text.starts_with(['{', '"']) {
            true => Self::json(text)?,
            false => Self::lines(text)?,
        };
        if codes.len() != CLASSES {
            return Err(format!(
                "{} labels, where byclass has {CLASSES}: use emnist-byclass-mapping.txt",
                codes.len()
            ));
        }
        let mut classes = Vec::with_capacity(CLASSES);
        for (label, code) in codes.into_iter().enumerate() {
            let class = class_of_code(code).ok_or_else(|| {
                format!("label {label} has code {code}, which is no digit and no English letter")
            })?;
            if let Some(other) = classes.iter().position(|&known| known == class) {
                return Err(format!("labels {other} and {label} both have code {code}"));
            }
            classes.push(class);
        }
        Ok(Self(classes))
    }

    fn json(text: &str) -> Result<Vec<u64>, String> {
        let whole = match text.starts_with('{') {
            true => text.to_owned(),
            false => format!("{{{text}}}"),
        };
        let value: serde_json::Value =
            serde_json::from_str(&whole).map_err(|error| format!("not JSON: {error}"))?;
        let codes = value.get("mapping").and_then(|codes| codes.as_array());
        let codes = codes.ok_or("no list named `mapping`")?;
        let code = |(label, code): (usize, &serde_json::Value)| {
            code.as_u64()
                .ok_or_else(|| format!("label {label} has {code}, which is no code"))
        };
        codes.iter().enumerate().map(code).collect()
    }

    fn lines(text: &str) -> Result<Vec<u64>, String> {
        let mut codes = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let numbers = match words[..] {
                [] => continue,
                [label, code] => label.parse::<usize>().ok().zip(code.parse::<u64>().ok()),
                _ => None,
            };
            match numbers {
                Some((label, code)) if label == codes.len() => codes.push(code),
                _ => {
                    let shown: String = line.chars().take(40).collect();
                    return Err(format!(
                        "line {} is `{shown}`, where label {} and its code are expected, such as `0 48`",
                        number + 1,
                        codes.len()
                    ));
                }
            }
        }
        Ok(codes)
    }
}

/// The class of an ASCII code.
fn class_of_code(code: u64) -> Option<u32> {
    let byte = u8::try_from(code).ok()?;
    let name = byte.is_ascii().then(|| char::from(byte))?;
    let class = rectifier_glyphs::CLASS_NAMES
        .iter()
        .position(|&known| known == name)?;
    u32::try_from(class).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn codes() -> Vec<u64> {
        rectifier_glyphs::CLASS_NAMES
            .iter()
            .map(|&name| name as u64)
            .collect()
    }

    fn text(codes: &[u64]) -> String {
        let lines = codes.iter().enumerate();
        lines
            .map(|(label, code)| format!("{label} {code}\n"))
            .collect()
    }

    #[test]
    fn all_three_forms_are_read() {
        let list: Vec<String> = codes().iter().map(u64::to_string).collect();
        let inner = format!("\"mapping\":[{}]\n", list.join(","));
        for form in [
            text(&codes()),
            inner.clone(),
            format!("{{{inner}}}"),
            text(&codes()).replace('\n', "\r\n"),
        ] {
            assert_eq!(
                Mapping::parse(&form).unwrap(),
                Mapping::by_class(),
                "{form}"
            );
        }
    }

    #[test]
    fn every_problem_is_named() {
        let changed = |label: usize, code: u64| {
            let mut codes = codes();
            codes[label] = code;
            text(&codes)
        };
        for (form, problem) in [
            (String::new(), "0 labels, where byclass has 62"),
            ("0 48\n2 49\n".into(), "line 2 is `2 49`, where label 1"),
            ("0 48 66\n".into(), "line 1 is `0 48 66`"),
            ("zero 48\n".into(), "line 1"),
            (changed(5, 64), "label 5 has code 64"),
            (changed(5, 1 << 40), "label 5 has code 1099511627776"),
            (changed(5, 48), "labels 0 and 5 both have code 48"),
            ("{\"mapping\":[1,".into(), "not JSON"),
            ("{\"mapping\":7}".into(), "no list named `mapping`"),
            ("{\"mapping\":[-1]}".into(), "label 0 has -1"),
            ("0 48\n".repeat(20_000), "more than 64 KiB"),
        ] {
            let error = Mapping::parse(&form).unwrap_err();
            assert!(error.contains(problem), "{problem:?} in {error:?}");
        }
    }

    proptest! {
        #[test]
        fn any_order_of_the_codes_is_read(seed in any::<u64>()) {
            let order = rectifier_data::random::Permutation::new(CLASSES, seed);
            let shuffled: Vec<u64> = (0..CLASSES).map(|i| codes()[order.get(i).unwrap()]).collect();
            let mapping = Mapping::parse(&text(&shuffled)).unwrap();
            for label in 0..CLASSES {
                prop_assert_eq!(mapping.class(label as u8), order.get(label).map(|class| class as u32));
            }
            prop_assert_eq!(mapping.class(62), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = Mapping::parse(&text);
            let _ = Mapping::parse(&format!("{{\"mapping\":{text}"));
        }

        /// A whole file with some bytes changed: either it still is a bijection, or it is refused.
        #[test]
        fn mutated_files_are_read_or_refused(
            json in any::<bool>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let list: Vec<String> = codes().iter().map(u64::to_string).collect();
            let whole = if json { format!("{{\"mapping\":[{}]}}", list.join(",")) } else { text(&codes()) };
            let mut bytes = whole.into_bytes();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Ok(mapping) = Mapping::parse(&String::from_utf8_lossy(&bytes)) {
                let mut classes = mapping.0;
                classes.sort_unstable();
                prop_assert_eq!(classes, (0..CLASSES as u32).collect::<Vec<_>>());
            }
        }
    }
}
