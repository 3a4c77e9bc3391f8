//! The encoders there are, and how one is read from what a model keeps.

mod tokens;
mod vocabulary;

pub use tokens::words;
pub use vocabulary::Vocabulary;
