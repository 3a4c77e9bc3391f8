//! From bytes to text: three encodings, and everything else refused.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the bytes of a file stand for characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// ISO 8859-1: every byte is the character of its own number. The bytes 80 to 9F, which stand for control characters
    /// there, are refused: a file that has them is most likely Windows-1252.
    Latin1,
    /// Windows-1252, the encoding of western Windows: as ISO 8859-1, with quotes, dashes and others at 80 to 9F.
    Cp1252,
}

/// The characters of the bytes 80 to 9F in Windows-1252, as in the table `windows-1252` of the WHATWG encoding standard,
/// save the five that Windows leaves open: those are 0 here.
const CP1252: [u16; 32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC,
    0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
];

impl Encoding {
    /// The names of all, as options take them.
    pub const NAMES: [&'static str; 3] = ["utf8", "latin1", "cp1252"];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Latin1 => "latin1",
            Self::Cp1252 => "cp1252",
        }
    }

    /// The text that `bytes` stand for.
    ///
    /// # Errors
    /// Where the first byte that does not fit is, or that the file is UTF-16, and what to do.
    pub fn decode(self, bytes: Vec<u8>) -> Result<String, String> {
        let mut text = String::with_capacity(bytes.len());
        let mut first = true;
        for (place, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
            self.decode_line(&mut line.to_vec(), first, &mut text)
                .map_err(|problem| format!("line {}: {problem}", place + 1))?;
            first = false;
        }
        Ok(text)
    }

    /// Appends the text that the bytes of a line stand for; of the `first` line, less a byte order mark.
    pub(crate) fn decode_line(
        self,
        bytes: &mut Vec<u8>,
        first: bool,
        text: &mut String,
    ) -> Result<(), String> {
        // No text in one byte a character begins so.
        if first && (bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])) {
            return Err("it is UTF-16, as its byte order mark says: save it as UTF-8".into());
        }
        match self {
            Self::Utf8 => utf8(bytes, first, text),
            Self::Latin1 | Self::Cp1252 => {
                for (place, &byte) in bytes.iter().enumerate() {
                    text.push(
                        self.one_byte(byte)
                            .map_err(|why| format!("byte {place} of it is {byte:02X}, {why}"))?,
                    );
                }
                Ok(())
            }
        }
    }

    fn one_byte(self, byte: u8) -> Result<char, &'static str> {
        match (self, byte) {
            (Self::Latin1, 0x80..=0x9F) => Err(
                "which is no character in latin1: the file is most likely Windows-1252: name the encoding cp1252",
            ),
            (Self::Cp1252, 0x80..=0x9F) => {
                let code = CP1252[usize::from(byte - 0x80)];
                char::from_u32(u32::from(code))
                    .filter(|_| code != 0)
                    .ok_or("which is no character in cp1252: convert the file to UTF-8")
            }
            _ => Ok(char::from(byte)),
        }
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Utf8, Self::Latin1, Self::Cp1252]
            .into_iter()
            .find(|encoding| encoding.name() == name)
            .ok_or_else(|| format!("{name:?} is none of {}", Self::NAMES.join(", ")))
    }
}

fn utf8(bytes: &mut Vec<u8>, first: bool, text: &mut String) -> Result<(), String> {
    if first && bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        bytes.drain(..3);
    }
    if let Some(place) = bytes.iter().position(|&byte| byte == 0) {
        return Err(format!(
            "it holds a zero byte at {place}, which no text has: if it is UTF-16 without a mark, save it as UTF-8"
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(line) => {
            text.push_str(line);
            Ok(())
        }
        Err(error) => Err(format!(
            "it is not UTF-8 (byte {}): save it as UTF-8, or name its --encoding in training, latin1 or cp1252 (Windows)",
            error.valid_up_to()
        )),
    }
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
        assert!(
            error.contains("line 2: it is not UTF-8 (byte 3)"),
            "{error}"
        );
        for encoding in [Encoding::Utf8, Encoding::Latin1, Encoding::Cp1252] {
            let error = encoding.decode(b"\xFF\xFEa\0".to_vec()).unwrap_err();
            assert!(
                error.contains("it is UTF-16") && error.ends_with("save it as UTF-8"),
                "{error}"
            );
        }
        assert!(utf8(b"a\0b\0").unwrap_err().contains("zero byte at 1"));
        let latin = Encoding::Latin1.decode(b"caf\xE9".to_vec());
        assert_eq!(latin.unwrap(), "caf\u{e9}");
    }

    #[test]
    fn the_windows_quotes_are_offered_under_latin1_and_read_under_cp1252() {
        let bytes = b"ok\ndidn\x92t \x80 5".to_vec();
        let error = Encoding::Latin1.decode(bytes.clone()).unwrap_err();
        assert!(
            error.contains("line 2: byte 4 of it is 92") && error.contains("cp1252"),
            "{error}"
        );
        assert_eq!(
            Encoding::Cp1252.decode(bytes).unwrap(),
            "ok\ndidn\u{2019}t \u{20ac} 5"
        );
        let error = Encoding::Cp1252.decode(vec![0x81]).unwrap_err();
        assert!(
            error.contains("81, which is no character in cp1252"),
            "{error}"
        );
        for name in Encoding::NAMES {
            assert_eq!(name.parse::<Encoding>().unwrap().name(), name);
        }
        assert!(
            "ascii"
                .parse::<Encoding>()
                .unwrap_err()
                .contains("utf8, latin1, cp1252")
        );
        // Records keep the name that they had before.
        assert_eq!(serde_json::to_string(&Encoding::Utf8).unwrap(), "\"utf8\"");
    }

    proptest! {
        #[test]
        fn any_bytes_are_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            for encoding in [Encoding::Utf8, Encoding::Latin1, Encoding::Cp1252] {
                let single = encoding != Encoding::Utf8;
                if let Ok(text) = encoding.decode(bytes.clone()) {
                    prop_assert!(!single || text.chars().count() == bytes.len());
                }
            }
        }
    }
}
