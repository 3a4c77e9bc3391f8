//! A file that could not be had, and how to put it there by hand.

use std::fmt;
use std::path::PathBuf;

use crate::remote::{Remote, address};
use crate::variable::DATA_VARIABLE;

/// A file that is neither on this machine nor could be fetched: everything needed to put it there by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The data set.
    pub set: String,
    /// The file, in each form that would do.
    pub forms: Vec<Form>,
    /// Where it was looked for.
    pub looked_at: Vec<PathBuf>,
    /// Every mirror that was tried.
    pub attempts: Vec<Attempt>,
    /// Why no mirror was tried.
    pub not_fetched: Option<String>,
    /// A folder to put the file into.
    pub by_hand: Option<PathBuf>,
}

/// One form of a file that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The file's name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// Where it can be had.
    pub addresses: Vec<String>,
}

impl From<&Remote<'_>> for Form {
    fn from(remote: &Remote<'_>) -> Self {
        let addresses = remote.mirrors.iter();
        Self {
            file: remote.file.to_owned(),
            bytes: remote.bytes,
            sha256: remote.sha256.to_owned(),
            addresses: addresses
                .map(|mirror| address(mirror, remote.file))
                .collect(),
        }
    }
}

/// A mirror that was tried in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address of the file there.
    pub address: String,
    /// Why the file did not come from there.
    pub why: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data set {}: ", self.set)?;
        for (place, form) in self.forms.iter().enumerate() {
            let or = if place > 0 { " or " } else { "" };
            let Form {
                file,
                bytes,
                sha256,
                ..
            } = form;
            write!(f, "{or}{file} ({bytes} bytes, SHA-256 {sha256})")?;
        }
        write!(f, " is missing")?;
        for path in &self.looked_at {
            write!(f, "\n  not at {}", path.display())?;
        }
        for Attempt { address, why } in &self.attempts {
            write!(f, "\n  not from {address}: {why}")?;
        }
        if let Some(why) = &self.not_fetched {
            write!(f, "\n  not fetched: {why}")?;
        }
        match &self.by_hand {
            Some(folder) => write!(f, "\n  by hand: put it into {}", folder.display())?,
            None => write!(
                f,
                "\n  by hand: put it into a folder, and name that with --data-dir or {DATA_VARIABLE}"
            )?,
        }
        for address in self.forms.iter().flat_map(|form| &form.addresses) {
            write!(f, "\n    from {address}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_tells_everything_needed_to_get_the_file_by_hand() {
        let remote = Remote {
            file: "a.gz",
            sha256: "00ff",
            bytes: 7,
            mirrors: &["https://one.example/x", "https://two.example/"],
        };
        let missing = Missing {
            set: "letters".into(),
            forms: vec![Form::from(&remote)],
            looked_at: vec!["/data/letters/a.gz".into()],
            attempts: vec![Attempt {
                address: address(remote.mirrors[0], remote.file),
                why: "HTTP status 404".into(),
            }],
            not_fetched: None,
            by_hand: Some("/data/letters".into()),
        };
        let expected = "\
data set letters: a.gz (7 bytes, SHA-256 00ff) is missing
  not at /data/letters/a.gz
  not from https://one.example/x/a.gz: HTTP status 404
  by hand: put it into /data/letters
    from https://one.example/x/a.gz
    from https://two.example/a.gz";
        assert_eq!(missing.to_string(), expected);
    }
}
