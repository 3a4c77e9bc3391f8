//! A network's weights in other forms, and the checksum that tells weights apart whatever file they are in.

use crate::ZooError;
use rectifier_data::Checksum;
use rectifier_model::{ModelBytes, ModelCard, Precision, TensorView, encode};
#[cfg(feature = "burn")]
use {
    burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    burn::tensor::Tensor,
    burn_store::{BurnpackStore, ModuleSnapshot},
    rectifier_data::random::subseed,
    rectifier_model::CARD,
    rectifier_nn::DenseStack,
};

/// The model file in single precision, with the numbers that its weights stand for; one that is in single precision already
/// keeps its numbers.
///
/// # Errors
/// [`ZooError::Model`] for a file that does not describe its network, or with weights that are no numbers.
pub fn in_f32(model: &ModelBytes<'_>) -> Result<Vec<u8>, ZooError> {
    let mut card = model.card()?.clone();
    card.precision = Precision::F32;
    let mut tensors = Vec::new();
    for (name, _, shape) in card.tensors() {
        let numbers = match name.strip_suffix(".weight") {
            Some(layer) => model.weights(layer)?,
            None => model.floats(&name)?,
        };
        tensors.push(TensorView::of_numbers(name, &shape, &numbers));
    }
    Ok(encode(&card.metadata()?, &tensors)?)
}

/// The model file with another card; its tensors stay as they are.
///
/// # Errors
/// [`ZooError::Model`] for a card of another network or precision, or one that contradicts itself.
pub fn with_card(model: &ModelBytes<'_>, card: &ModelCard) -> Result<Vec<u8>, ZooError> {
    model.expect(&card.tensors())?;
    let mut tensors = Vec::new();
    for (name, info) in model.tensors() {
        let bytes = model.bytes(name, info.dtype)?;
        tensors.push(TensorView::new(
            name.as_str(),
            info.dtype,
            &info.shape,
            bytes,
        ));
    }
    Ok(encode(&card.metadata()?, &tensors)?)
}

/// The SHA-256 of a model's tensors alone (names, types, shapes, numbers, in the order of the names), 64 hexadecimal digits: two
/// trainings that came to the same weights have the same, whatever their headers tell of times and machines.
///
/// # Errors
/// [`ZooError::Model`].
pub fn weights_sha256(model: &ModelBytes<'_>) -> Result<String, ZooError> {
    let mut checksum = Checksum::new();
    for (name, info) in model.tensors() {
        // Lengths go first, so that no two lists of tensors make the same bytes.
        checksum.update(&(name.len() as u64).to_le_bytes());
        checksum.update(name.as_bytes());
        let dtype = info.dtype.to_string();
        checksum.update(&(dtype.len() as u64).to_le_bytes());
        checksum.update(dtype.as_bytes());
        checksum.update(&(info.shape.len() as u64).to_le_bytes());
        for side in &info.shape {
            checksum.update(&(*side as u64).to_le_bytes());
        }
        checksum.update(model.bytes(name, info.dtype)?);
    }
    Ok(checksum.finish())
}

/// The SHA-256 of a module's parameters, in its order.
#[cfg(feature = "burn")]
struct Digest(Checksum);

#[cfg(feature = "burn")]
impl ModuleVisitor for Digest {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.update(param.val().into_data().bytes());
    }
}

/// Gives parameters identities that follow from the network and their place in it, instead of those that Burn draws anew in
/// every run of a program and keeps in the file: the same network makes the same file, and two networks, whose gradients Burn
/// tells apart by these, stay apart when they are loaded into one module.
#[cfg(feature = "burn")]
struct Identities {
    network: u64,
    place: u64,
}

#[cfg(feature = "burn")]
impl Identities {
    fn of(network: &DenseStack) -> Self {
        let mut digest = Digest(Checksum::new());
        network.visit(&mut digest);
        let hex = digest.0.finish();
        let first = hex.get(..16).map(|part| u64::from_str_radix(part, 16));
        Self {
            network: first.and_then(Result::ok).unwrap_or_default(),
            place: 0,
        }
    }
}

#[cfg(feature = "burn")]
impl ModuleMapper for Identities {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.place += 1;
        let id = ParamId::from(subseed(self.network, &[self.place]));
        let (_, value, mapper) = param.consume();
        Param::from_mapped_value(id, value, mapper)
    }
}

/// The network as a Burnpack file, the format of Burn's own `BurnpackStore`, with its card in the metadata. The same network
/// makes the same bytes.
///
/// # Errors
/// [`ZooError::Form`] where the tensors cannot be written; [`ZooError::Model`] for a card that is no JSON.
#[cfg(feature = "burn")]
pub fn burnpack(network: &DenseStack, card: &ModelCard) -> Result<Vec<u8>, ZooError> {
    let refused = |reason: String| ZooError::Form {
        origin: "the network".into(),
        reason,
    };
    let mut card = card.clone();
    (card.network, card.precision) = (network.config(), Precision::F32);
    let metadata = card.metadata()?;
    let text = metadata.get(CARD).cloned().unwrap_or_default();
    let mut store = BurnpackStore::from_bytes(None).metadata(CARD, text);
    let named = network.clone().map(&mut Identities::of(network));
    named
        .save_into(&mut store)
        .map_err(|error| refused(error.to_string()))?;
    let bytes = store
        .get_bytes()
        .map_err(|error| refused(error.to_string()))?;
    Ok(bytes.to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;
    use rectifier_infer::{Rows, SparseNetwork};
    use rectifier_model::{DenseStackConfig, Unit};

    /// A small network with fixed weights.
    pub(crate) fn model(precision: Precision) -> ModelBytes<'static> {
        let mut card = ModelCard::new(DenseStackConfig::new(5, [6, 4], Unit::Rectifier, 3));
        card.data.name = "points".into();
        let mut count = 0u64;
        let mut draw = || {
            count += 1;
            (rectifier_data::random::mix(count) >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let tensors = card.tensors().into_iter().map(|(name, _, shape)| {
            let numbers: usize = shape.iter().product();
            let numbers: Vec<f32> = (0..numbers).map(|_| draw()).collect();
            TensorView::of_numbers(name, &shape, &numbers)
        });
        let tensors: Vec<_> = tensors.collect();
        let bytes = encode(&card.metadata().unwrap(), &tensors).unwrap();
        let network = SparseNetwork::from_bytes(&bytes).unwrap();
        let bytes = match precision {
            Precision::F32 => bytes,
            Precision::Bf16 => network.in_bf16().to_bytes().unwrap(),
            Precision::Int8 => {
                let examples: Vec<f32> = (0..500).map(|k| (k % 17) as f32 / 16.0).collect();
                let network = network.in_int8(Rows::Dense(&examples)).unwrap();
                network.to_bytes().unwrap()
            }
        };
        ModelBytes::from_bytes(bytes, "points/small").unwrap()
    }

    #[test]
    fn single_precision_has_the_numbers_that_the_weights_stand_for() {
        let plain = model(Precision::F32);
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let model = model(precision);
            let wide = ModelBytes::from_bytes(in_f32(&model).unwrap(), "wide").unwrap();
            assert_eq!(wide.card().unwrap().precision, Precision::F32);
            for layer in ["layers.0", "layers.1", "head"] {
                assert_eq!(wide.weights(layer).unwrap(), model.weights(layer).unwrap());
            }
            let same = weights_sha256(&wide).unwrap() == weights_sha256(&plain).unwrap();
            assert_eq!(same, precision == Precision::F32);
        }
    }

    #[test]
    fn the_checksum_is_of_the_weights_alone() {
        let plain = model(Precision::F32);
        let sum = weights_sha256(&plain).unwrap();
        let mut card = plain.card().unwrap().clone();
        card.provenance.seconds = Some(7.0);
        let told = ModelBytes::from_bytes(with_card(&plain, &card).unwrap(), "told").unwrap();
        assert_eq!(told.card().unwrap(), &card);
        assert_eq!(weights_sha256(&told).unwrap(), sum);
        card.precision = Precision::Int8;
        assert!(with_card(&plain, &card).is_err());
        card.precision = Precision::F32;
        let tensors = |flip: bool| -> Vec<TensorView<'static>> {
            let all = plain.tensors().iter();
            let all = all.map(|(name, info)| {
                let mut bytes = plain.bytes(name, info.dtype).unwrap().to_vec();
                if flip && name == "head.bias" {
                    bytes[1] ^= 1;
                }
                TensorView::new(name.clone(), info.dtype, &info.shape, bytes)
            });
            all.collect()
        };
        for flip in [false, true] {
            let bytes = encode(&card.metadata().unwrap(), &tensors(flip)).unwrap();
            let other = ModelBytes::from_bytes(bytes, "other").unwrap();
            assert_eq!(weights_sha256(&other).unwrap() != sum, flip);
        }
    }
}
