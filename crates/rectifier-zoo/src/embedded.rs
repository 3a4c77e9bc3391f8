//! Weights in the program itself.

/// The networks whose weights the feature `pretrained` puts into the program.
pub const PRETRAINED: [&str; 2] = ["mnist/rectifier-3x1000", "mnist/rectifier-tiny"];

/// Files by name.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The bytes of the file of this name, unchecked.
pub(crate) fn embedded(file: &str) -> Option<&'static [u8]> {
    let found = FILES.iter().find(|(name, _)| *name == file);
    found.map(|(_, bytes)| *bytes)
}
