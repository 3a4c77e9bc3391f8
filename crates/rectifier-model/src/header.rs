//! The header of a safetensors file: which tensors it holds, of which type and shape, and what else it says.
//!
//! The format: eight bytes with the header's length (little-endian), the header as JSON, then the tensors' bytes, one
//! after the other without gaps.

use crate::ModelFileError;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::{format, string::String, vec::Vec};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The longest header that is read or written, in bytes: room for a vocabulary of more than a million words.
pub const HEADER_LIMIT: usize = 32 << 20;
/// The bytes before the header that hold its length.
pub(crate) const PREFIX: usize = 8;
/// The key of the header that holds texts instead of a tensor.
const METADATA: &str = "__metadata__";

/// The number type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Dtype {
    Bool,
    U8,
    I8,
    U16,
    I16,
    F16,
    Bf16,
    U32,
    I32,
    F32,
    U64,
    I64,
    F64,
}

impl Dtype {
    /// Bytes a number.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

impl core::fmt::Display for Dtype {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Bool => "BOOL",
            Self::U8 => "U8",
            Self::I8 => "I8",
            Self::U16 => "U16",
            Self::I16 => "I16",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::U32 => "U32",
            Self::I32 => "I32",
            Self::F32 => "F32",
            Self::U64 => "U64",
            Self::I64 => "I64",
            Self::F64 => "F64",
        })
    }
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorInfo {
    /// Its number type.
    pub dtype: Dtype,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
    /// Where its bytes begin and end behind the header.
    #[serde(rename = "data_offsets")]
    pub offsets: [usize; 2],
}

/// What a file's header says, checked: sizes fit shapes and types, and the tensors fill the file without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Texts by key.
    pub metadata: BTreeMap<String, String>,
    /// Tensors by name.
    pub tensors: BTreeMap<String, TensorInfo>,
    /// Bytes of all tensors together.
    pub body: usize,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a header that lists tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == METADATA {
                        header.metadata = map.next_value()?;
                        continue;
                    }
                    let tensor: TensorInfo = map
                        .next_value()
                        .map_err(|error| A::Error::custom(format!("tensor `{key}`: {error}")))?;
                    header.tensors.insert(key, tensor);
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl Header {
    /// The length of the header that the first bytes of a file of `length` bytes tell.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn length(prefix: [u8; PREFIX], length: u64) -> Result<usize, String> {
        let claimed = u64::from_le_bytes(prefix);
        if claimed > HEADER_LIMIT as u64 {
            return Err(format!(
                "its header claims {claimed} bytes, more than the {HEADER_LIMIT} that are read"
            ));
        }
        if claimed > length.saturating_sub(PREFIX as u64) {
            return Err(format!(
                "its header claims {claimed} bytes, and the file has {length}"
            ));
        }
        usize::try_from(claimed).map_err(|_| format!("its header claims {claimed} bytes"))
    }

    /// Reads a header's JSON and holds it against the `body` bytes of tensors that follow.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(json: &[u8], body: u64) -> Result<Self, String> {
        let mut header: Self =
            serde_json::from_slice(json).map_err(|error| format!("its header: {error}"))?;
        let mut spans = Vec::with_capacity(header.tensors.len());
        for (name, tensor) in &header.tensors {
            let numbers = tensor
                .shape
                .iter()
                .try_fold(1usize, |n, d| n.checked_mul(*d));
            let bytes = numbers.and_then(|numbers| numbers.checked_mul(tensor.dtype.size()));
            let [start, end] = tensor.offsets;
            if bytes.is_none() || end.checked_sub(start) != bytes {
                return Err(format!(
                    "tensor `{name}` of shape {:?} and type {} cannot lie from {start} to {end}",
                    tensor.shape, tensor.dtype
                ));
            }
            spans.push((start, end, name));
        }
        spans.sort();
        let mut at = 0;
        for (start, end, name) in spans {
            if start != at {
                return Err(format!(
                    "tensor `{name}` starts at {start}, where {at} bytes lie before it"
                ));
            }
            at = end;
        }
        if at as u64 != body {
            return Err(format!(
                "its tensors take {at} bytes, and {body} follow the header"
            ));
        }
        header.body = at;
        Ok(header)
    }
}

/// A tensor to write.
#[derive(Clone, Debug)]
pub struct TensorView<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its number type.
    pub dtype: Dtype,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
    /// Its numbers, little-endian.
    pub bytes: Cow<'a, [u8]>,
}

impl<'a> TensorView<'a> {
    /// A tensor of `f32`.
    pub fn f32(
        name: impl Into<Cow<'a, str>>,
        shape: &[usize],
        bytes: impl Into<Cow<'a, [u8]>>,
    ) -> Self {
        Self::new(name, Dtype::F32, shape, bytes)
    }

    /// A tensor of `f32` with these numbers.
    pub fn of_numbers(name: impl Into<Cow<'a, str>>, shape: &[usize], numbers: &[f32]) -> Self {
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        Self::f32(name, shape, bytes)
    }

    /// A tensor of `dtype`.
    pub fn new(
        name: impl Into<Cow<'a, str>>,
        dtype: Dtype,
        shape: &[usize],
        bytes: impl Into<Cow<'a, [u8]>>,
    ) -> Self {
        Self {
            name: name.into(),
            dtype,
            shape: shape.to_vec(),
            bytes: bytes.into(),
        }
    }
}

/// The bytes of a safetensors file with `metadata` in its header and `tensors`, which it stores with the widest numbers
/// first, so that each lies aligned.
///
/// # Errors
/// [`ModelFileError::Format`] for a tensor whose bytes do not fit its shape, for a name given twice, and for a header that
/// would be longer than [`HEADER_LIMIT`].
pub fn encode(
    metadata: &BTreeMap<String, String>,
    tensors: &[TensorView<'_>],
) -> Result<Vec<u8>, ModelFileError> {
    let refuse = |reason: String| ModelFileError::Format {
        origin: "the network".into(),
        reason,
    };
    let mut order: Vec<&TensorView<'_>> = tensors.iter().collect();
    order.sort_by(|a, b| {
        let wider = b.dtype.size().cmp(&a.dtype.size());
        wider.then_with(|| a.name.cmp(&b.name))
    });
    let mut header = serde_json::Map::new();
    let json = |error: serde_json::Error| refuse(format!("{error}"));
    header.insert(
        METADATA.into(),
        serde_json::to_value(metadata).map_err(json)?,
    );
    let mut at = 0;
    for tensor in &order {
        let end = at + tensor.bytes.len();
        let info = TensorInfo {
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            offsets: [at, end],
        };
        let info = serde_json::to_value(info).map_err(json)?;
        if header
            .insert(tensor.name.clone().into_owned(), info)
            .is_some()
        {
            return Err(refuse(format!("two tensors are called `{}`", tensor.name)));
        }
        at = end;
    }
    let mut text = serde_json::to_vec(&header).map_err(json)?;
    // The tensors begin aligned.
    text.resize(text.len().next_multiple_of(PREFIX), b' ');
    if text.len() > HEADER_LIMIT {
        return Err(refuse(format!(
            "its header would take {} bytes, more than the {HEADER_LIMIT} that are read: fewer words",
            text.len()
        )));
    }
    Header::parse(&text, at as u64).map_err(refuse)?;
    let mut bytes = Vec::with_capacity(PREFIX + text.len() + at);
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&text);
    for tensor in order {
        bytes.extend_from_slice(&tensor.bytes);
    }
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn parse(json: &str, body: u64) -> Result<Header, String> {
        Header::parse(json.as_bytes(), body)
    }

    #[test]
    fn sizes_are_held_against_the_file_before_anything_is_made_of_them() {
        let one = |dtype: &str, shape: &str, offsets: &str| {
            format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        assert!(parse(&one("F32", "[2,3]", "[0,24]"), 24).is_ok());
        for (json, body, word) in [
            (one("F32", "[2,3]", "[0,20]"), 20, "cannot lie"),
            (one("F32", "[2,3]", "[0,24]"), 25, "follow the header"),
            (one("F32", "[2,3]", "[4,28]"), 28, "starts at 4"),
            (
                one("F32", "[4294967296,4294967296,4294967296]", "[0,24]"),
                24,
                "cannot lie",
            ),
            (one("F32", "[2]", "[8,0]"), 8, "cannot lie"),
            (one("F8_E4M3", "[2]", "[0,2]"), 2, "F8_E4M3"),
            (one("F32", "[-2]", "[0,8]"), 8, "tensor `w`"),
            ("[]".into(), 0, "a header that lists tensors"),
        ] {
            let error = parse(&json, body).unwrap_err();
            assert!(error.contains(word), "{json}: {error}");
        }
        let limit = Header::length((u64::MAX / 2).to_le_bytes(), u64::MAX).unwrap_err();
        assert!(limit.contains("more than"), "{limit}");
        let short = Header::length(100u64.to_le_bytes(), 50).unwrap_err();
        assert!(short.contains("the file has 50"), "{short}");
    }

    #[test]
    fn overlapping_tensors_are_refused() {
        let json = r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#;
        assert!(parse(json, 6).is_err());
    }

    #[test]
    fn what_cannot_be_read_back_is_not_written() {
        let wrong = TensorView::f32("w", &[3], vec![0; 8]);
        assert!(encode(&BTreeMap::new(), &[wrong]).is_err());
        let twice = TensorView::f32("w", &[2], vec![0; 8]);
        assert!(encode(&BTreeMap::new(), &[twice.clone(), twice]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_header_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300), body in any::<u64>()) {
            let _ = Header::parse(&bytes, body);
        }

        #[test]
        fn what_is_written_is_read(lengths in proptest::collection::vec(0usize..9, 0..6), text in ".{0,40}") {
            let tensors: Vec<_> = lengths.iter().enumerate().map(|(k, len)| match k % 2 {
                0 => TensorView::new(format!("t{k}"), Dtype::I8, &[*len], vec![k as u8; *len]),
                _ => TensorView::f32(format!("t{k}"), &[*len, 2], vec![k as u8; 8 * *len]),
            }).collect();
            let metadata = BTreeMap::from([("note".into(), text)]);
            let bytes = encode(&metadata, &tensors).unwrap();
            let length = Header::length(bytes[..8].try_into().unwrap(), bytes.len() as u64).unwrap();
            prop_assert!(length.is_multiple_of(8));
            let header = Header::parse(&bytes[8..8 + length], (bytes.len() - 8 - length) as u64).unwrap();
            prop_assert_eq!(&header.metadata, &metadata);
            for tensor in &tensors {
                let [start, end] = header.tensors[&*tensor.name].offsets;
                prop_assert_eq!(&bytes[8 + length + start..8 + length + end], &*tensor.bytes);
            }
        }
    }
}
