//! A model file in memory.

use crate::header::PREFIX;
use crate::legacy::NETWORK;
use crate::{
    CARD, CardError, DenseStackConfig, Dtype, Header, ModelCard, ModelFileError, TensorInfo, legacy,
};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A model file in memory, checked: the header against the length of the bytes, and where it describes a network, the
/// description against the tensors and the card.
#[derive(Clone, Debug)]
pub struct ModelBytes<'a> {
    origin: String,
    body: Cow<'a, [u8]>,
    header: Header,
    card: Option<ModelCard>,
}

#[cfg(feature = "std")]
impl ModelBytes<'static> {
    /// Reads and checks the file at `path`. The header is read and held against the file's length, and the description
    /// against the header, before room is made for the tensors.
    ///
    /// # Errors
    /// [`ModelFileError::Io`], [`ModelFileError::NotAFile`], and as [`from_bytes`](Self::from_bytes).
    pub fn open(path: impl AsRef<std::path::Path>) -> Result<Self, ModelFileError> {
        use std::io::Read;
        let path = path.as_ref();
        let io = |source: std::io::Error| ModelFileError::Io {
            path: path.into(),
            source,
        };
        // Looked at before it is opened: opening a pipe would wait for a writer.
        let about = std::fs::metadata(path).map_err(io)?;
        if !about.is_file() {
            return Err(ModelFileError::NotAFile { path: path.into() });
        }
        let origin = path.display().to_string();
        let format = |reason: String| ModelFileError::Format {
            origin: origin.clone(),
            reason,
        };
        let mut file = std::fs::File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut prefix = [0; PREFIX];
        if length < PREFIX as u64 {
            return Err(format(format!("it has {length} bytes")));
        }
        file.read_exact(&mut prefix).map_err(io)?;
        let header = Header::length(prefix, length).map_err(format)?;
        let mut json = alloc::vec![0; header];
        file.read_exact(&mut json).map_err(io)?;
        let rest = length - (PREFIX + header) as u64;
        let header = Header::parse(&json, rest).map_err(format)?;
        drop(json);
        let mut model = Self::described(origin.clone(), header)?;
        let mut body = Vec::new();
        body.try_reserve_exact(model.header.body)
            .map_err(|_| format(format!("there is no memory for its {rest} bytes")))?;
        file.take(rest).read_to_end(&mut body).map_err(io)?;
        if body.len() != model.header.body {
            return Err(format("it became shorter while it was read".into()));
        }
        model.body = Cow::Owned(body);
        Ok(model)
    }
}

impl<'a> ModelBytes<'a> {
    /// Checks `bytes`; `origin` names them in errors. Borrowed bytes are not copied.
    ///
    /// # Errors
    /// [`ModelFileError::Format`] for bytes that are no whole safetensors file; where they describe a network,
    /// [`ModelFileError::NoDescription`] or [`ModelFileError::Network`] for a description that says nothing,
    /// [`ModelFileError::Mismatch`] for tensors that are not its own, [`ModelFileError::Card`] for a card that contradicts
    /// it.
    pub fn from_bytes(
        bytes: impl Into<Cow<'a, [u8]>>,
        origin: &str,
    ) -> Result<Self, ModelFileError> {
        let bytes = bytes.into();
        let format = |reason: String| ModelFileError::Format {
            origin: origin.into(),
            reason,
        };
        let prefix = bytes.first_chunk::<PREFIX>().copied();
        let prefix = prefix.ok_or_else(|| format(format!("it has {} bytes", bytes.len())))?;
        let length = Header::length(prefix, bytes.len() as u64).map_err(format)?;
        let start = PREFIX + length;
        let rest = (bytes.len() - start) as u64;
        let header = Header::parse(&bytes[PREFIX..start], rest).map_err(format)?;
        let mut model = Self::described(origin.into(), header)?;
        model.body = match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..]),
            Cow::Owned(mut bytes) => {
                bytes.drain(..start);
                Cow::Owned(bytes)
            }
        };
        Ok(model)
    }

    /// A model without its tensors' bytes, its description checked.
    fn described(origin: String, header: Header) -> Result<Self, ModelFileError> {
        let mut model = Self {
            origin,
            body: Cow::Borrowed(&[]),
            header,
            card: None,
        };
        model.card = model.read_card()?;
        if let Some(card) = &model.card {
            model.expect(&card.tensors())?;
        }
        Ok(model)
    }

    fn read_card(&self) -> Result<Option<ModelCard>, ModelFileError> {
        let wrong = |source: CardError| ModelFileError::Card {
            origin: self.origin.clone(),
            source,
        };
        let card = if let Some(text) = self.metadata(CARD) {
            ModelCard::from_json(text).map_err(wrong)?
        } else if let Some(text) = self.metadata(NETWORK) {
            let config: DenseStackConfig = serde_json::from_str(text)
                .map_err(|reason| self.no_description(reason.to_string()))?;
            self.valid(&config)?;
            legacy::card(&self.header.metadata, config).map_err(wrong)?
        } else {
            return Ok(None);
        };
        self.valid(&card.network)?;
        card.check().map_err(wrong)?;
        Ok(Some(card))
    }

    fn valid(&self, config: &DenseStackConfig) -> Result<(), ModelFileError> {
        config.validate().map_err(|source| ModelFileError::Network {
            origin: self.origin.clone(),
            source,
        })
    }

    fn no_description(&self, reason: String) -> ModelFileError {
        ModelFileError::NoDescription {
            origin: self.origin.clone(),
            reason,
        }
    }

    /// Where the bytes came from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What the header says under `key`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.header.metadata.get(key).map(String::as_str)
    }

    /// All that the header says.
    pub fn all_metadata(&self) -> &BTreeMap<String, String> {
        &self.header.metadata
    }

    /// The tensors by name.
    pub fn tensors(&self) -> &BTreeMap<String, TensorInfo> {
        &self.header.tensors
    }

    /// What the file says of itself; files from before there were cards have one too, made of their loose keys.
    ///
    /// # Errors
    /// [`ModelFileError::NoDescription`] for a file that does not describe its network.
    pub fn card(&self) -> Result<&ModelCard, ModelFileError> {
        self.card
            .as_ref()
            .ok_or_else(|| self.no_description(format!("no `{CARD}` in its metadata")))
    }

    /// The description of the dense stack in the file.
    ///
    /// # Errors
    /// As [`card`](Self::card).
    pub fn dense_config(&self) -> Result<DenseStackConfig, ModelFileError> {
        Ok(self.card()?.network.clone())
    }

    /// Checks that the file holds exactly the `expected` tensors (names, types, shapes).
    ///
    /// # Errors
    /// [`ModelFileError::Mismatch`] naming the first that is missing, of another type or shape, or spare.
    pub fn expect(&self, expected: &[(String, Dtype, Vec<usize>)]) -> Result<(), ModelFileError> {
        for (name, dtype, shape) in expected {
            let Some(found) = self.header.tensors.get(name) else {
                return Err(self.mismatch(format!("it has no tensor `{name}`")));
            };
            if found.dtype != *dtype {
                return Err(self.mismatch(format!("`{name}` is {}, expected {dtype}", found.dtype)));
            }
            if found.shape != *shape {
                return Err(
                    self.mismatch(format!("`{name}` is {:?}, expected {shape:?}", found.shape))
                );
            }
        }
        // Names in `expected` are distinct, so that equal counts leave nothing spare.
        if expected.len() == self.header.tensors.len() {
            return Ok(());
        }
        let known = |name: &String| expected.iter().any(|(known, _, _)| known == name);
        match self.header.tensors.keys().find(|name| !known(name)) {
            Some(spare) => Err(self.mismatch(format!("the network has no tensor `{spare}`"))),
            None => Ok(()),
        }
    }

    fn mismatch(&self, reason: String) -> ModelFileError {
        ModelFileError::Mismatch {
            origin: self.origin.clone(),
            reason,
        }
    }

    /// The bytes of tensor `name`, which must be of `dtype`.
    ///
    /// # Errors
    /// [`ModelFileError::Mismatch`] for a tensor that is not there or of another type.
    pub fn bytes(&self, name: &str, dtype: Dtype) -> Result<&[u8], ModelFileError> {
        let Some(info) = self.header.tensors.get(name) else {
            return Err(self.mismatch(format!("it has no tensor `{name}`")));
        };
        if info.dtype != dtype {
            return Err(self.mismatch(format!("`{name}` is {}, expected {dtype}", info.dtype)));
        }
        let [start, end] = info.offsets;
        Ok(self.body.get(start..end).unwrap_or_default())
    }

    /// The numbers of tensor `name`, row-major, every one of them finite; those in bfloat16 become the same numbers in f32.
    ///
    /// # Errors
    /// [`ModelFileError::Mismatch`] for a tensor that is not there or neither F32 nor BF16, [`ModelFileError::NotFinite`] for
    /// one with an infinite number or one that is none.
    pub fn floats(&self, name: &str) -> Result<Vec<f32>, ModelFileError> {
        let info = self.header.tensors.get(name);
        if info.is_some_and(|info| info.dtype == Dtype::Bf16) {
            let (numbers, _) = self.bytes(name, Dtype::Bf16)?.as_chunks::<2>();
            // A bfloat16 is the upper half of an f32.
            let wide = |half: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*half)) << 16);
            return self.finite(name, numbers.iter().map(wide));
        }
        let (numbers, _) = self.bytes(name, Dtype::F32)?.as_chunks::<4>();
        self.finite(
            name,
            numbers.iter().map(|number| f32::from_le_bytes(*number)),
        )
    }

    fn finite(
        &self,
        tensor: &str,
        numbers: impl ExactSizeIterator<Item = f32>,
    ) -> Result<Vec<f32>, ModelFileError> {
        let mut floats = Vec::with_capacity(numbers.len());
        for value in numbers {
            if !value.is_finite() {
                return Err(ModelFileError::NotFinite {
                    origin: self.origin.clone(),
                    tensor: tensor.into(),
                    place: floats.len(),
                    value,
                });
            }
            floats.push(value);
        }
        Ok(floats)
    }

    /// The weights of `layer`, `layers.{k}` or `head`, as numbers `[inputs, units]`, row-major: of int8 each integer times its
    /// unit's scale.
    ///
    /// # Errors
    /// As [`floats`](Self::floats); [`ModelFileError::Mismatch`] for a scale below 0.
    pub fn weights(&self, layer: &str) -> Result<Vec<f32>, ModelFileError> {
        let name = format!("{layer}.weight");
        let info = self.header.tensors.get(&name);
        if info.is_none_or(|info| info.dtype != Dtype::I8) {
            return self.floats(&name);
        }
        let scales = self.floats(&format!("{layer}.weight_scale"))?;
        if let Some(bad) = scales.iter().find(|scale| **scale < 0.0) {
            return Err(self.mismatch(format!(
                "`{layer}.weight_scale` holds {bad}, and each is to be at least 0"
            )));
        }
        let integers = self.bytes(&name, Dtype::I8)?.iter();
        let weights = integers.zip(scales.iter().cycle());
        // At most 127 times a scale: what leaves the floats is named as any other number that is none.
        let weights: Vec<f32> = weights
            .map(|(integer, scale)| f32::from(i8::from_le_bytes([*integer])) * scale)
            .collect();
        self.finite(&name, weights.into_iter())
    }

    /// Checks that every tensor of floats holds finite numbers alone.
    ///
    /// # Errors
    /// As [`floats`](Self::floats).
    pub fn check_finite(&self) -> Result<(), ModelFileError> {
        for (name, info) in &self.header.tensors {
            if matches!(info.dtype, Dtype::F32 | Dtype::Bf16) {
                self.floats(name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Precision, TensorView, Unit, encode};
    use alloc::vec;

    fn tensors(config: &DenseStackConfig, value: f32) -> Vec<TensorView<'static>> {
        let one = |(name, shape): (String, Vec<usize>)| {
            let bytes = value.to_le_bytes().repeat(shape.iter().product());
            TensorView::f32(name, &shape, bytes)
        };
        config.tensors().into_iter().map(one).collect()
    }

    fn config() -> DenseStackConfig {
        DenseStackConfig::new(6, [4, 3], Unit::ParametricLeaky { slope: 0.2 }, 2).with_flips(true)
    }

    fn legacy(extra: &[(&str, &str)]) -> Vec<u8> {
        let text = serde_json::to_string(&config()).unwrap();
        let mut metadata = BTreeMap::from([("network".to_string(), text)]);
        metadata.extend(extra.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        encode(&metadata, &tensors(&config(), 0.5)).unwrap()
    }

    #[test]
    fn a_file_with_a_card_and_one_with_loose_keys_are_read_alike() {
        let mut card = ModelCard::new(config());
        card.data.shape = vec![2, 3];
        let new = encode(&card.metadata().unwrap(), &tensors(&config(), 0.5)).unwrap();
        let old = legacy(&[("shape", "[2,3]")]);
        for bytes in [&new, &old] {
            let file = ModelBytes::from_bytes(bytes, "memory").unwrap();
            assert_eq!(*file.card().unwrap(), card);
            assert_eq!(file.dense_config().unwrap(), config());
            assert_eq!(file.floats("head.bias").unwrap(), [0.5, 0.5]);
        }
    }

    #[test]
    fn every_truncation_is_an_error_and_no_flipped_byte_panics() {
        let bytes = legacy(&[]);
        for len in 0..bytes.len() {
            assert!(
                ModelBytes::from_bytes(&bytes[..len], "cut").is_err(),
                "{len}"
            );
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x15;
            if let Ok(file) = ModelBytes::from_bytes(bytes, "flipped") {
                for name in file.tensors().keys() {
                    let _ = file.floats(name);
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_when_it_is_read() {
        let open = |bytes: Vec<u8>| ModelBytes::from_bytes(bytes, "m").unwrap_err().to_string();
        assert!(open(legacy(&[("shape", "[10,10]")])).contains("[10, 10]"));
        let huge = r#"{"inputs":1000000000,"hidden":[1000000000],"unit":{"kind":"rectifier"},"outputs":2}"#;
        let metadata = BTreeMap::from([("network".to_string(), huge.to_string())]);
        let error = open(encode(&metadata, &tensors(&config(), 0.5)).unwrap());
        assert!(error.contains("m does not fit the network"), "{error}");
        let mut half = tensors(&config(), 0.5);
        half[0].dtype = Dtype::F16;
        half[0].bytes = vec![0; half[0].bytes.len() / 2].into();
        let error = open(encode(&ModelCard::new(config()).metadata().unwrap(), &half).unwrap());
        assert!(
            error.contains("`layers.0.weight` is F16, expected F32"),
            "{error}"
        );
        let mut spare = tensors(&config(), 0.5);
        spare.push(TensorView::f32("spare", &[1], vec![0; 4]));
        let error = open(encode(&ModelCard::new(config()).metadata().unwrap(), &spare).unwrap());
        assert!(error.contains("no tensor `spare`"), "{error}");
        spare.swap_remove(0);
        let error = open(encode(&ModelCard::new(config()).metadata().unwrap(), &spare).unwrap());
        assert!(
            error.contains("it has no tensor `layers.0.weight`"),
            "{error}"
        );
        let metadata = BTreeMap::from([("network".to_string(), "{".to_string())]);
        assert!(open(encode(&metadata, &tensors(&config(), 0.5)).unwrap()).contains("describe"));
    }

    #[test]
    fn weights_in_bf16_and_int8_are_the_numbers_that_they_stand_for() {
        let mut card = ModelCard::new(DenseStackConfig::new(2, [], Unit::Rectifier, 2));
        card.precision = Precision::Bf16;
        // 1, -0.5, 3 and 2^-126, the least normal number.
        let halves = [0x3f80u16, 0xbf00, 0x4040, 0x0080].map(u16::to_le_bytes);
        let bias = [0.1f32, 0.2].map(f32::to_le_bytes);
        let bias = || TensorView::f32("head.bias", &[2], bias.as_flattened().to_vec());
        let weight = TensorView::new("head.weight", Dtype::Bf16, &[2, 2], halves.as_flattened());
        let bytes = encode(&card.metadata().unwrap(), &[weight.clone(), bias()]).unwrap();
        let file = ModelBytes::from_bytes(&bytes, "m").unwrap();
        let wanted = [1.0, -0.5, 3.0, f32::MIN_POSITIVE];
        assert_eq!(file.weights("head").unwrap(), wanted);
        assert_eq!(file.floats("head.bias").unwrap(), [0.1, 0.2]);
        // Infinity is found in bfloat16 too.
        let infinite = [0x3f80u16, 0x7f80, 0x4040, 0x0080].map(u16::to_le_bytes);
        let weight = TensorView::new("head.weight", Dtype::Bf16, &[2, 2], infinite.as_flattened());
        let bytes = encode(&card.metadata().unwrap(), &[weight, bias()]).unwrap();
        let error = ModelBytes::from_bytes(&bytes, "m").unwrap().check_finite();
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("`head.weight`") && error.contains("place 1"),
            "{error}"
        );

        card.precision = Precision::Int8;
        let scaled = |scales: [f32; 2]| {
            let scales = scales.map(f32::to_le_bytes);
            let one = 1f32.to_le_bytes();
            let tensors = [
                TensorView::new("head.weight", Dtype::I8, &[2, 2], vec![1u8, 0x81, 127, 0]),
                TensorView::f32("head.weight_scale", &[2], scales.as_flattened().to_vec()),
                bias(),
                TensorView::f32("head.input_scale", &[1], one.to_vec()),
                TensorView::f32("head.input_offset", &[1], one.to_vec()),
            ];
            encode(&card.metadata().unwrap(), &tensors).unwrap()
        };
        let bytes = scaled([0.5, 2.0]);
        let file = ModelBytes::from_bytes(&bytes, "m").unwrap();
        assert_eq!(file.weights("head").unwrap(), [0.5, -254.0, 63.5, 0.0]);
        for (scales, word) in [
            ([0.5, -1.0], "weight_scale"),
            ([1.0, f32::MAX], "`head.weight`"),
        ] {
            let bytes = scaled(scales);
            let file = ModelBytes::from_bytes(&bytes, "m").unwrap();
            let error = file.weights("head").unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn weights_that_are_no_numbers_are_named() {
        for value in [f32::NAN, f32::INFINITY] {
            let metadata = ModelCard::new(config()).metadata().unwrap();
            let mut tensors = tensors(&config(), 0.5);
            tensors[1].bytes.to_mut()[8..12].copy_from_slice(&value.to_le_bytes());
            let bytes = encode(&metadata, &tensors).unwrap();
            let file = ModelBytes::from_bytes(bytes, "m").unwrap();
            let error = file.check_finite().unwrap_err().to_string();
            assert!(
                error.contains("`layers.0.bias`") && error.contains("place 2"),
                "{error}"
            );
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn files_are_read_and_what_is_no_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        std::fs::write(&path, legacy(&[])).unwrap();
        let file = ModelBytes::open(&path).unwrap();
        assert_eq!(file.floats("head.bias").unwrap(), [0.5, 0.5]);
        let wrong = ModelBytes::open(folder.path()).unwrap_err();
        assert!(matches!(wrong, ModelFileError::NotAFile { .. }), "{wrong}");
        let missing = ModelBytes::open(folder.path().join("none")).unwrap_err();
        assert!(matches!(missing, ModelFileError::Io { .. }), "{missing}");
        for (name, bytes) in [
            ("empty", &[][..]),
            ("short", &[1, 0, 0][..]),
            ("claim", &[0xff; 16][..]),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let wrong = ModelBytes::open(&path).unwrap_err();
            assert!(
                matches!(wrong, ModelFileError::Format { .. }),
                "{name}: {wrong}"
            );
        }
        // A file of which most is a hole, larger than memory: refused for its sizes, not read.
        let hole = folder.path().join("hole");
        std::fs::write(&hole, legacy(&[])).unwrap();
        std::fs::OpenOptions::new()
            .write(true)
            .open(&hole)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        assert!(ModelBytes::open(&hole).is_err());
    }
}
