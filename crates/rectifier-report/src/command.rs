//! The exact command behind a run, written down while it starts.

use rectifier_train::TrainError;
use std::path::Path;

/// The file of a run folder with one command a line: the one that made it, then those that went on with it.
pub const COMMAND_FILE: &str = "command.txt";

/// `words` as one line that a shell reads as the same words.
///
/// ```
/// assert_eq!(rectifier_report::shell_line(["rectifier", "train", "--out", "my run"]),
///     "rectifier train --out 'my run'");
/// ```
pub fn shell_line<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| quoted(word.as_ref()))
        .collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,:=@%+-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    if !word.chars().any(char::is_control) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    // A line break would end the command's line: POSIX 2024's quotes say it without one.
    let mut text = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    text.push_str(&format!("\\{byte:03o}"));
                }
            }
            c => text.push(c),
        }
    }
    text.push('\'');
    text
}

/// The commands of the run in the folder at `path`, none where none were written down.
///
/// # Errors
/// [`TrainError::Io`] for a file that is there and cannot be read.
pub fn read_commands(path: &Path) -> Result<Vec<String>, TrainError> {
    let path = path.join(COMMAND_FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(TrainError::Io { path, source }),
    };
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(str::to_string).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_train::RunFolder;

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

    #[test]
    fn commands_add_up() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        assert!(read_commands(&path).unwrap().is_empty());
        let folder = RunFolder::create(&path).unwrap();
        folder.record_command("rectifier train").unwrap();
        folder
            .record_command("rectifier train --resume run")
            .unwrap();
        let commands = ["rectifier train", "rectifier train --resume run"];
        assert_eq!(read_commands(&path).unwrap(), commands);
    }
}
