//! From bytes to text: two encodings, and everything else refused.

use serde::{Deserialize, Serialize};

/// How the bytes of a file stand for characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// ISO 8859-1: every byte is the character of its own number. Any bytes can be read so, right or wrong.
    Latin1,
}

impl std::str::FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "utf8" => Ok(Self::Utf8),
            "latin1" => Ok(Self::Latin1),
            _ => Err(format!("`{name}` is none of {}", Self::NAMES.join(", "))),
        }
    }
}

impl Encoding {
    /// What options call the encodings.
    pub const NAMES: &'static [&'static str] = &["utf8", "latin1"];

    /// The text that `bytes` stand for.
    ///
    /// # Errors
    /// For UTF-8: where the first byte that does not fit is, or that the file is UTF-16, and what to do.
    pub fn decode(self, bytes: Vec<u8>) -> Result<String, String> {
        match self {
            Self::Latin1 => Ok(bytes.into_iter().map(char::from).collect()),
            Self::Utf8 => utf8(bytes),
        }
    }
}

fn utf8(mut bytes: Vec<u8>) -> Result<String, String> {
    const CURE: &str = "convert it to UTF-8, or name the encoding latin1 if it is that";
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(format!(
            "it begins with the byte order mark of UTF-16: {CURE}"
        ));
    }
    if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        bytes.drain(..3);
    }
    if let Some(place) = bytes.iter().position(|&byte| byte == 0) {
        return Err(format!(
            "byte {place} is zero, which no text has (UTF-16 without a mark, or no text at all): {CURE}"
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..place]
            .iter()
            .filter(|&&byte| byte == b'\n');
        format!(
            "it is not UTF-8 (byte {place}, line {}): {CURE}",
            line.count() + 1
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_are_dropped_and_other_encodings_refused() {
        let utf8 = |bytes: &[u8]| Encoding::Utf8.decode(bytes.to_vec());
        assert_eq!(utf8(b"\xEF\xBB\xBFa\xC3\xA9").unwrap(), "a\u{e9}");
        let error = utf8(b"fine\ncaf\xE9").unwrap_err();
        assert!(error.contains("byte 8, line 2"), "{error}");
        assert!(utf8(b"\xFF\xFEa\0").unwrap_err().contains("UTF-16"));
        assert!(utf8(b"a\0b\0").unwrap_err().contains("byte 1 is zero"));
        let latin = Encoding::Latin1.decode(b"caf\xE9".to_vec());
        assert_eq!(latin.unwrap(), "caf\u{e9}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Encoding::Utf8.decode(bytes.clone());
            prop_assert_eq!(Encoding::Latin1.decode(bytes.clone()).unwrap().chars().count(), bytes.len());
        }
    }
}
