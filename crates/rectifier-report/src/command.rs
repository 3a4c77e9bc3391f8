//! Commands as a shell reads them.

use std::ffi::OsStr;

/// `words` as one line that a shell reads as the same words.
///
/// ```
/// assert_eq!(rectifier_report::shell_line(["rectifier", "train", "--out", "my run"]),
///     "rectifier train --out 'my run'");
/// ```
pub fn shell_line<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| shell_word(word.as_ref()))
        .collect();
    words.join(" ")
}

/// A word as a shell takes it, whatever its bytes are: a path need not be text.
///
/// ```
/// assert_eq!(rectifier_report::shell_word("it's".as_ref()), r"'it'\''s'");
/// ```
pub fn shell_word(word: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,:=@%+-".contains(c);
    match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => return text.into(),
        Some(text) if !text.chars().any(char::is_control) => {
            return format!("'{}'", text.replace('\'', r"'\''"));
        }
        Some(_) | None => {}
    }
    // A line break would end the command's line: POSIX 2024's quotes say it without one, and bytes that are no text too.
    let mut text = String::from("$'");
    for chunk in word.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => text.extend(['\\', c]),
                c if c.is_control() => octal(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => text.push(c),
            }
        }
        octal(&mut text, chunk.invalid());
    }
    text.push('\'');
    text
}

fn octal(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push_str(&format!("\\{byte:03o}"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_same_words() {
        let words = [
            "plain",
            "two words",
            "",
            "it's",
            "$HOME `date` \"x\" \\ * ~ #",
            "line\nbreak\tand 'quote' \\",
            "größe",
            "\u{85}",
            "--a=b,c:d@e%f+g",
        ];
        let line = shell_line(words);
        assert!(!line.contains('\n'));
        let script = format!("printf '%s\\0' {line}");
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let found: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
        assert_eq!(found, words);
    }

    #[cfg(unix)]
    #[test]
    fn words_of_any_bytes_can_be_typed() {
        use std::os::unix::ffi::OsStrExt;
        let word = OsStr::from_bytes(b"r\xff'n");
        assert_eq!(shell_word(word), r"$'r\377\'n'");
    }
}
