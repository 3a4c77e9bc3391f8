//! The tensors of a model that do not depend on its input.

use super::external::{External, Place};
use super::proto::{BFLOAT16, BOOL, DOUBLE, EXTERNAL, Entry, FLOAT, FLOAT16, INT64, Tensor};
use crate::ExchangeError;
use crate::budget::Budget;
use crate::numbers::{floats, transposed};
use bytes::Bytes;
use prost::Message;
use rectifier_model::Dtype;
use std::collections::{HashMap, HashSet};

/// A tensor of numbers.
pub(super) struct Numbers {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// The constants by the names of the values they are.
pub(super) struct Constants<'a> {
    origin: &'a str,
    external: &'a External<'a>,
    /// As they lie in the file, and whether they are turned; decoded when they are used.
    tensors: HashMap<String, (Bytes, bool)>,
    budget: Budget,
    /// Other files that were found.
    files: HashSet<String>,
}

impl<'a> Constants<'a> {
    pub(super) fn new(origin: &'a str, external: &'a External<'a>, length: u64) -> Self {
        Self {
            origin,
            external,
            tensors: HashMap::new(),
            budget: Budget::of(length),
            files: HashSet::new(),
        }
    }

    pub(super) fn add(&mut self, name: String, tensor: Bytes) {
        self.tensors.insert(name, (tensor, false));
    }

    /// `name` is what `source` is, turned if `turned`; says whether `source` is a constant.
    pub(super) fn alias(&mut self, name: &str, source: &str, turned: bool) -> bool {
        let Some((tensor, old)) = self.tensors.get(source) else {
            return false;
        };
        let alias = (tensor.clone(), *old != turned);
        self.tensors.insert(name.into(), alias);
        true
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn refuse(&self, name: &str, reason: impl Into<String>) -> ExchangeError {
        ExchangeError::layer(self.origin, &format!("tensor `{name}`"), reason)
    }

    /// Shape, number type and bytes of constant `name`, and whether it is to be turned.
    fn bytes(&mut self, name: &str) -> Result<(Vec<usize>, Dtype, Vec<u8>, bool), ExchangeError> {
        let Some((encoded, turned)) = self.tensors.get(name) else {
            return Err(self.refuse(name, "it is no constant, and should be one"));
        };
        let turned = *turned;
        let tensor = Tensor::decode(encoded.clone());
        let tensor = tensor.map_err(|error| self.refuse(name, error.to_string()))?;
        let shape: Result<Vec<usize>, _> = tensor
            .dims
            .iter()
            .map(|axis| usize::try_from(*axis))
            .collect();
        let shape =
            shape.map_err(|_| self.refuse(name, format!("its shape is {:?}", tensor.dims)))?;
        let dtype = match tensor.data_type {
            Some(FLOAT) => Dtype::F32,
            Some(FLOAT16) => Dtype::F16,
            Some(BFLOAT16) => Dtype::Bf16,
            Some(DOUBLE) => Dtype::F64,
            Some(INT64) => Dtype::I64,
            Some(BOOL) => Dtype::Bool,
            other => {
                let reason = format!(
                    "its numbers are of type {}, which is not read",
                    other.unwrap_or(0)
                );
                return Err(self.refuse(name, reason));
            }
        };
        if tensor.data_location == Some(EXTERNAL) {
            let bytes = self.outside(name, &tensor, &shape, dtype)?;
            return Ok((shape, dtype, bytes, turned));
        }
        let taken = self.budget.take(&shape, dtype.size().max(4));
        let numbers = taken.map_err(|reason| self.refuse(name, reason))?;
        let bytes = match tensor.raw_data {
            Some(raw) => raw.to_vec(),
            None => fields(&tensor, dtype),
        };
        if Some(bytes.len()) != numbers.checked_mul(dtype.size()) {
            let reason = format!(
                "its shape {shape:?} takes {numbers} numbers of type {dtype}, and it has {} bytes",
                bytes.len()
            );
            return Err(self.refuse(name, reason));
        }
        Ok((shape, dtype, bytes, turned))
    }

    /// The bytes of a tensor that lie in another file.
    fn outside(
        &mut self,
        name: &str,
        tensor: &Tensor,
        shape: &[usize],
        dtype: Dtype,
    ) -> Result<Vec<u8>, ExchangeError> {
        let entries: Result<Vec<Entry>, _> = tensor
            .external_data
            .iter()
            .take(16)
            .map(|entry| Entry::decode(entry.clone()))
            .collect();
        let entries = entries.map_err(|error| self.refuse(name, error.to_string()))?;
        let place = Place::of(&entries).map_err(|reason| self.refuse(name, reason))?;
        let refuse = |reason: String| ExchangeError::External {
            origin: self.origin.into(),
            tensor: name.into(),
            location: place.location.clone(),
            reason,
        };
        let (_, length) = self.external.find(&place.location).map_err(refuse)?;
        if self.files.insert(place.location.clone()) {
            self.budget.grow(length);
        }
        let numbers = self
            .budget
            .take(shape, dtype.size().max(4))
            .map_err(refuse)?;
        let wanted = numbers.saturating_mul(dtype.size());
        self.external.read(&place, wanted).map_err(refuse)
    }

    /// The numbers of constant `name`.
    ///
    /// # Errors
    /// [`ExchangeError::Layer`] naming a tensor that is none, or whose bytes are not those of its shape;
    /// [`ExchangeError::External`] for one in a file that is not read.
    pub(super) fn floats(&mut self, name: &str) -> Result<Numbers, ExchangeError> {
        let (mut shape, dtype, bytes, turned) = self.bytes(name)?;
        let values = floats(dtype, &bytes);
        let mut values = values.ok_or_else(|| {
            self.refuse(
                name,
                format!("its numbers are {dtype}, and weights are floating-point"),
            )
        })?;
        if turned {
            let &[rows, columns] = shape.as_slice() else {
                let reason = format!("a shape of {shape:?} is not transposed here");
                return Err(self.refuse(name, reason));
            };
            values = transposed([rows, columns], &values);
            shape = vec![columns, rows];
        }
        Ok(Numbers { shape, values })
    }

    /// The one number that constant `name` is.
    ///
    /// # Errors
    /// As [`floats`](Self::floats); also for more numbers.
    pub(super) fn scalar(&mut self, name: &str) -> Result<f32, ExchangeError> {
        let numbers = self.floats(name)?;
        match numbers.values.as_slice() {
            [one] => Ok(*one),
            _ => Err(self.refuse(
                name,
                format!(
                    "one number is taken here, and it has the shape {:?}",
                    numbers.shape
                ),
            )),
        }
    }

    /// The integers of constant `name`.
    ///
    /// # Errors
    /// As [`floats`](Self::floats).
    pub(super) fn integers(&mut self, name: &str) -> Result<Vec<i64>, ExchangeError> {
        let (_, dtype, bytes, _) = self.bytes(name)?;
        match dtype {
            Dtype::I64 => Ok(bytes
                .as_chunks::<8>()
                .0
                .iter()
                .map(|b| i64::from_le_bytes(*b))
                .collect()),
            other => Err(self.refuse(
                name,
                format!("its numbers are {other}, and integers are expected"),
            )),
        }
    }

    /// Whether constant `name` is a single false.
    ///
    /// # Errors
    /// As [`floats`](Self::floats).
    pub(super) fn is_false(&mut self, name: &str) -> Result<bool, ExchangeError> {
        let (_, dtype, bytes, _) = self.bytes(name)?;
        Ok(dtype == Dtype::Bool && bytes == [0])
    }
}

/// The little-endian bytes of numbers that lie in a field for their type.
fn fields(tensor: &Tensor, dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::F32 => tensor
            .float_data
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
        Dtype::F64 => tensor
            .double_data
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
        Dtype::I64 => tensor
            .int64_data
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
        Dtype::F16 | Dtype::Bf16 => {
            let halves = tensor.int32_data.iter();
            halves.flat_map(|n| (*n as u16).to_le_bytes()).collect()
        }
        Dtype::Bool => tensor.int32_data.iter().map(|n| *n as u8).collect(),
        Dtype::U8 | Dtype::I8 | Dtype::U16 | Dtype::I16 | Dtype::U32 | Dtype::I32 | Dtype::U64 => {
            Vec::new()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(tensor: Tensor) -> Result<Numbers, String> {
        let mut constants = Constants::new("m", &External::Nowhere, 0);
        constants.add("w".into(), tensor.encode_to_vec().into());
        constants.floats("w").map_err(|error| error.to_string())
    }

    fn tensor(data_type: i32, dims: &[i64]) -> Tensor {
        Tensor {
            dims: dims.to_vec(),
            data_type: Some(data_type),
            ..Tensor::default()
        }
    }

    #[test]
    fn numbers_lie_raw_or_in_the_field_of_their_type() {
        let halves = Tensor {
            int32_data: vec![0x3e00, 0xc000],
            ..tensor(FLOAT16, &[2])
        };
        assert_eq!(read(halves).unwrap().values, [1.5, -2.0]);
        let doubles = Tensor {
            double_data: vec![1.5, -2.0],
            ..tensor(DOUBLE, &[1, 2])
        };
        assert_eq!(read(doubles).unwrap().shape, [1, 2]);
        let raw = Tensor {
            raw_data: Some(vec![0xc0, 0x3f, 0, 0xc0].into()),
            ..tensor(BFLOAT16, &[2])
        };
        assert_eq!(read(raw).unwrap().values, [1.5, -2.0]);
        let floats = Tensor {
            float_data: vec![3.0],
            ..tensor(FLOAT, &[])
        };
        assert_eq!(read(floats).unwrap().values, [3.0]);
    }

    #[test]
    fn shapes_that_are_not_the_bytes_are_refused() {
        for (dims, word) in [
            (&[3i64][..], "takes 3 numbers"),
            (&[-1], "[-1]"),
            (&[1 << 40, 1 << 40], "more numbers"),
            (&[1 << 40], "more numbers"),
        ] {
            let raw = Tensor {
                raw_data: Some(vec![0; 8].into()),
                ..tensor(FLOAT, dims)
            };
            let error = read(raw).err().unwrap();
            assert!(
                error.contains("m: tensor `w`") && error.contains(word),
                "{error}"
            );
        }
        assert!(read(tensor(8, &[0])).err().unwrap().contains("type 8"));
        assert!(read(tensor(INT64, &[0])).err().unwrap().contains("I64"));
    }

    #[test]
    fn other_names_and_transposes_are_seen_through() {
        let mut constants = Constants::new("m", &External::Nowhere, 0);
        let w = Tensor {
            float_data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            ..tensor(FLOAT, &[2, 3])
        };
        constants.add("w".into(), w.encode_to_vec().into());
        assert!(constants.alias("t", "w", true));
        assert!(constants.alias("back", "t", true));
        assert!(!constants.alias("x", "y", false));
        let turned = constants.floats("t").unwrap();
        assert_eq!(
            (turned.shape, turned.values),
            (vec![3, 2], vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0])
        );
        assert_eq!(constants.floats("back").unwrap().shape, [2, 3]);
        assert!(constants.scalar("w").is_err());
        assert!(constants.integers("w").is_err());
        assert!(!constants.is_false("w").unwrap());
    }
}
