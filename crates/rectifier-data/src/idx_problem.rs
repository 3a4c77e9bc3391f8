//! What can be wrong with an IDX file.

/// What is wrong with an IDX file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdxProblem {
    /// There is nothing in it.
    #[error("the file is empty: copy or fetch it again")]
    Empty,
    /// It ends inside its header.
    #[error(
        "the file ends after {found} of the {expected} bytes of its header: copy or fetch it again"
    )]
    ShortHeader {
        /// The length of the header.
        expected: usize,
        /// How much of it is there.
        found: usize,
    },
    /// It is something else.
    #[error(
        "not an IDX file: it begins with {found:02x?}, not with 00 00 08 and the number of dimensions"
    )]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// It holds numbers of another type.
    #[error(
        "an IDX file of {name} numbers (type {code:#04x}): only unsigned bytes (type 0x08) are read here"
    )]
    Type {
        /// The code of the type.
        code: u8,
        /// What it stands for.
        name: &'static str,
    },
    /// It has another number of dimensions.
    #[error(
        "the file has {found} dimensions where {expected} were expected (3 for images, 1 for labels)"
    )]
    Rank {
        /// The number that was expected.
        expected: usize,
        /// The number it has.
        found: usize,
    },
    /// Its header claims more than can be.
    #[error(
        "the header claims dimensions {dims:?}, more than a file of {bytes} bytes can hold: copy or fetch it again"
    )]
    Claims {
        /// The dimensions.
        dims: Vec<u32>,
        /// The length of the file, packed or not.
        bytes: u64,
    },
    /// It ends too early.
    #[error(
        "the file holds {found} of the {expected} numbers its header claims: copy or fetch it again"
    )]
    Truncated {
        /// How many the header claims.
        expected: usize,
        /// How many are there.
        found: usize,
    },
    /// It goes on after its end.
    #[error(
        "the file goes on after the {expected} numbers its header claims: copy or fetch it again"
    )]
    Trailing {
        /// How many the header claims.
        expected: usize,
    },
    /// Its gzip stream is damaged.
    #[error(
        "the gzip stream is damaged or cut off after {unpacked} unpacked bytes ({reason}): copy or fetch it again"
    )]
    Gzip {
        /// How many bytes came out.
        unpacked: usize,
        /// What the decoder said.
        reason: String,
    },
}
