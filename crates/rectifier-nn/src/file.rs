//! Model files as Burn modules: safetensors with the network's card, or its description, in the header.

use crate::{DenseLayer, DenseStack, ModelBytes, ModelFileError, Unit};
use alloc::{format, string::String, vec::Vec};
use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use core::ops::Deref;
#[cfg(feature = "std")]
use {
    crate::{ModelCard, Network},
    alloc::collections::BTreeMap,
    alloc::string::ToString,
    burn::module::Module,
    burn_store::{ModuleSnapshot, SafetensorsStore},
    rectifier_model::Precision,
    rectifier_model::{CARD, Dtype, TensorView},
    std::io::Write,
    std::path::Path,
};

/// The metadata key that holds the network's description in a file without a card.
#[cfg(feature = "std")]
const NETWORK: &str = "network";

/// A model file in memory, its header checked: [`ModelBytes`], whose tensors become modules.
#[derive(Clone, Debug)]
pub struct ModelFile(ModelBytes<'static>);

impl Deref for ModelFile {
    type Target = ModelBytes<'static>;

    fn deref(&self) -> &ModelBytes<'static> {
        &self.0
    }
}

impl ModelFile {
    /// Checks `bytes`; `origin` names them in errors.
    ///
    /// # Errors
    /// As [`ModelBytes::from_bytes`].
    pub fn from_bytes(bytes: Vec<u8>, origin: &str) -> Result<Self, ModelFileError> {
        ModelBytes::from_bytes(bytes, origin).map(Self)
    }

    /// The dense stack in the file, on `device`.
    ///
    /// # Errors
    /// As [`DenseStack::from_model`].
    pub fn load_dense(&self, device: &Device) -> Result<DenseStack, ModelFileError> {
        DenseStack::from_model(&self.0, device)
    }
}

#[cfg(feature = "std")]
impl ModelFile {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// As [`ModelBytes::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        ModelBytes::open(path).map(Self)
    }

    /// The file's bytes for `network`, with `metadata` in the header; where neither it nor a card there describes the
    /// network, its description goes in by itself.
    ///
    /// # Errors
    /// [`ModelFileError::Format`] if the module's tensors cannot be written.
    pub fn encode<N: Network>(
        network: &N,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, ModelFileError> {
        let describe = network.describe();
        let mut metadata = metadata.clone();
        match network.dense_stack() {
            // A described network is its dense stack and nothing else, whatever it is wrapped in.
            Some(stack) if !describe.is_empty() => {
                if !metadata.contains_key(CARD) {
                    metadata.insert(NETWORK.into(), describe);
                }
                Self::encode_module(stack, &metadata)
            }
            _ => Self::encode_module(network, &metadata),
        }
    }

    /// The file's bytes for `network` with `card` in the header.
    ///
    /// # Errors
    /// [`ModelFileError::Mismatch`] where the card is that of another network; [`ModelFileError::Card`] where it contradicts
    /// itself; as [`encode`](Self::encode).
    pub fn encode_with_card<N: Network>(
        network: &N,
        card: &ModelCard,
    ) -> Result<Vec<u8>, ModelFileError> {
        let own = network.dense_stack().map(DenseStack::config);
        if own.as_ref() != Some(&card.network) || card.precision != Precision::F32 {
            return Err(ModelFileError::Mismatch {
                origin: "the model card".into(),
                reason: format!("it describes {:?} in {:?}", card.network, card.precision),
            });
        }
        Self::encode(network, &card.metadata()?)
    }

    fn encode_module<M: Module>(
        module: &M,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, ModelFileError> {
        let mut store = metadata
            .iter()
            .fold(SafetensorsStore::from_bytes(None), |store, (key, value)| {
                store.metadata(key, value)
            });
        module
            .save_into(&mut store)
            .and_then(|()| store.get_bytes())
            .map_err(|reason| ModelFileError::Format {
                origin: "the network".into(),
                reason: reason.to_string(),
            })
    }

    /// `module` with every parameter replaced by the file's.
    ///
    /// # Errors
    /// [`ModelFileError::Mismatch`] naming the first tensor that is missing, spare, of another shape or not `f32`;
    /// [`ModelFileError::NotFinite`].
    pub fn load_into<M: Module>(&self, mut module: M) -> Result<M, ModelFileError> {
        let expected: Vec<_> = module
            .collect(None, None, false)
            .into_iter()
            .map(|tensor| {
                let shape: Vec<usize> = tensor.shape.iter().copied().collect();
                (tensor.name.clone(), Dtype::F32, shape)
            })
            .collect();
        self.expect(&expected)?;
        self.check_finite()?;
        let tensors = expected
            .iter()
            .map(|(name, dtype, shape)| {
                let bytes = self.bytes(name, *dtype)?;
                Ok(TensorView::new(name.as_str(), *dtype, shape, bytes))
            })
            .collect::<Result<Vec<_>, ModelFileError>>()?;
        let bytes = rectifier_model::encode(&BTreeMap::new(), &tensors)?;
        let mut store = SafetensorsStore::from_bytes(Some(bytes));
        module
            .load_from(&mut store)
            .map_err(|reason| ModelFileError::Mismatch {
                origin: self.origin().into(),
                reason: reason.to_string(),
            })?;
        Ok(module)
    }
}

impl DenseStack {
    /// The dense stack in `model`, on `device`, in single precision: weights in bfloat16 or int8 become the numbers that they
    /// stand for (int8 rounds activations too, which is left to `rectifier-infer`). Nothing of the described size is allocated before the file is known to hold
    /// tensors of that size.
    ///
    /// # Errors
    /// [`ModelFileError::NoDescription`] where the file does not describe a network, [`ModelFileError::Mismatch`] where a scale
    /// is below 0, [`ModelFileError::NotFinite`] naming a tensor with a number that is none.
    pub fn from_model(model: &ModelBytes<'_>, device: &Device) -> Result<Self, ModelFileError> {
        let config = &model.card()?.network;
        let mut inputs = config.inputs;
        let mut layers = Vec::with_capacity(config.hidden.len());
        for (k, &units) in config.hidden.iter().enumerate() {
            let row = |part: &str, len: usize| -> Result<Param<Tensor<1>>, ModelFileError> {
                let values = model.floats(&format!("layers.{k}.{part}"))?;
                Ok(Param::from_data(TensorData::new(values, [len]), device))
            };
            layers.push(DenseLayer {
                weight: matrix(model, &format!("layers.{k}"), [inputs, units], device)?,
                bias: row("bias", units)?,
                slope: match config.unit {
                    Unit::ParametricLeaky { .. } => Some(row("slope", 1)?),
                    _ => None,
                },
                flips: match config.flips {
                    true => Some(row("flips", units)?.set_require_grad(false)),
                    false => None,
                },
                unit: config.unit,
                threshold: config.threshold,
            });
            inputs = units;
        }
        let bias = TensorData::new(model.floats("head.bias")?, [config.outputs]);
        let head = Linear {
            weight: matrix(model, "head", [inputs, config.outputs], device)?,
            bias: Some(Param::from_data(bias, device)),
        };
        Ok(Self { layers, head })
    }
}

fn matrix(
    model: &ModelBytes<'_>,
    layer: &str,
    dims: [usize; 2],
    device: &Device,
) -> Result<Param<Tensor<2>>, ModelFileError> {
    let data = TensorData::new(model.weights(layer)?, dims);
    Ok(Param::from_data(data, device))
}

#[cfg(feature = "std")]
impl DenseStack {
    /// Writes the network and its description to a safetensors file.
    ///
    /// # Errors
    /// [`ModelFileError`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ModelFileError> {
        write_atomically(path.as_ref(), &ModelFile::encode(self, &BTreeMap::new())?)
    }

    /// Reads a network that [`save`](Self::save) or `rectifier train` wrote.
    ///
    /// # Errors
    /// [`ModelFileError`].
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        ModelFile::open(path)?.load_dense(device)
    }
}

/// How the names of files in the making begin.
#[cfg(feature = "std")]
const PARTIAL: &str = ".partial-";

/// Removes what [`write_atomically`] left in `folder` where it was killed: files in the making that are a minute old and that
/// nobody has locked. What cannot be removed does no harm.
#[cfg(feature = "std")]
pub fn remove_partials(folder: &Path) {
    /// As long as the random end of a name of a temporary file.
    const RANDOM: usize = 6;
    const AGE: std::time::Duration = std::time::Duration::from_secs(60);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let own = |name: &str| name.strip_prefix(PARTIAL).map(str::len) == Some(RANDOM);
        if !name.to_str().is_some_and(own) {
            continue;
        }
        let modified = entry.metadata().ok().filter(|data| data.is_file());
        let modified = modified.and_then(|data| data.modified().ok());
        let old = modified.and_then(|time| time.elapsed().ok());
        let free = || std::fs::File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if old.is_some_and(|age| age > AGE) && free() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A file in the making. Its errors are the system's own, by number: a temporary name among them helps nobody.
#[cfg(feature = "std")]
fn partial(folder: &Path) -> std::io::Result<tempfile::NamedTempFile<std::fs::File>> {
    let create = |path: &Path| {
        let mut options = std::fs::File::options();
        options.write(true).create_new(true).open(path)
    };
    tempfile::Builder::new()
        .prefix(PARTIAL)
        .make_in(folder, create)
}

/// Whether [`write_atomically`] can make files in `folder`: one is made and removed.
///
/// # Errors
/// The system's.
#[cfg(feature = "std")]
pub fn takes_files(folder: &Path) -> std::io::Result<()> {
    partial(folder).map(drop)
}

/// Writes `bytes` to a temporary file beside `path`, syncs it, and renames it: the file is the old one or the new
/// one, never a part. A file in the making that a killed process left in the folder is removed after a minute.
///
/// # Errors
/// [`ModelFileError::Io`]; the old file, if any, is untouched then.
#[cfg(feature = "std")]
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ModelFileError> {
    let write = || -> std::io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        remove_partials(folder);
        let mut file = partial(folder)?;
        // Says that somebody writes it; not every file system can.
        #[cfg(unix)]
        let _ = file.as_file().try_lock();
        file.as_file_mut().write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source| ModelFileError::Io {
        path: path.into(),
        source,
    })
}

#[cfg(all(test, feature = "std"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{DenseStackConfig, Init};

    fn network() -> DenseStack {
        DenseStackConfig::new(5, [4, 3], Unit::ParametricLeaky { slope: 0.2 }, 2)
            .with_flips(true)
            .init(3, &Device::default())
            .unwrap()
    }

    #[test]
    fn a_saved_network_comes_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let network = network();
        network.save(&path).unwrap();
        let loaded = DenseStack::load(&path, &Device::default()).unwrap();
        assert_eq!(loaded.config(), network.config());
        let x = Tensor::<2>::full([1, 5], 0.7, &Device::default());
        let logits = |network: &DenseStack| network.forward(x.clone()).logits.into_data();
        assert_eq!(logits(&loaded), logits(&network));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_process_left_is_removed_and_what_another_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, age: u64| {
            let path = folder.path().join(name);
            let file = std::fs::File::create(&path).unwrap();
            let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
            file.set_modified(then).unwrap();
            (path, file)
        };
        let (left, _) = put(".partial-a1B2c3", 90);
        let (fresh, _) = put(".partial-a1B2c4", 5);
        let (busy, lock) = put(".partial-a1B2c5", 90);
        lock.try_lock().unwrap();
        // A name that a run's folder has for a purpose of its own.
        let (own, _) = put(".partial-previous", 90);
        write_atomically(&folder.path().join("page"), b"new").unwrap();
        assert!(!left.exists());
        assert!(fresh.exists() && busy.exists() && own.exists());
        drop(lock);
        write_atomically(&folder.path().join("page"), b"newer").unwrap();
        assert!(!busy.exists());
        assert_eq!(std::fs::read(folder.path().join("page")).unwrap(), b"newer");
    }

    #[test]
    fn the_described_tensors_are_those_of_the_module() {
        let network = network();
        let collected: BTreeMap<String, Vec<usize>> = network
            .collect(None, None, false)
            .into_iter()
            .map(|tensor| (tensor.name.clone(), tensor.shape.iter().copied().collect()))
            .collect();
        let described: BTreeMap<_, _> = network.config().tensors().into_iter().collect();
        assert_eq!(described, collected);
    }

    #[test]
    fn a_stack_and_any_module_are_read_alike_and_parameters_stay_trainable() {
        let network = network();
        let bytes = ModelFile::encode(&network, &BTreeMap::new()).unwrap();
        let file = ModelFile::from_bytes(bytes, "memory").unwrap();
        let device = Device::default();
        let stack = file.load_dense(&device).unwrap();
        let module = file
            .load_into(network.config().init(9, &device).unwrap())
            .unwrap();
        for (a, b) in stack.layers.iter().zip(&module.layers) {
            assert_eq!(a.weight.val().into_data(), b.weight.val().into_data());
            assert_eq!(a.weight.is_require_grad(), b.weight.is_require_grad());
            let grad =
                |layer: &DenseLayer| layer.flips.as_ref().map(|flips| flips.is_require_grad());
            assert_eq!(grad(a), grad(b));
            assert_eq!(grad(a), Some(false));
        }
    }

    #[test]
    fn a_card_takes_the_place_of_the_description() {
        let network = network();
        let mut card = ModelCard::new(network.config());
        card.classes = alloc::vec!["no".into(), "yes".into()];
        let bytes = ModelFile::encode_with_card(&network, &card).unwrap();
        let file = ModelFile::from_bytes(bytes, "memory").unwrap();
        assert_eq!(file.card().unwrap(), &card);
        assert!(file.metadata(NETWORK).is_none());
        file.load_dense(&Device::default()).unwrap();
        let other = ModelCard::new(DenseStackConfig::new(5, [4], Unit::Tanh, 2));
        assert!(ModelFile::encode_with_card(&network, &other).is_err());
    }

    #[test]
    fn weights_of_any_precision_become_single() {
        let device = Device::default();
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let mut card = ModelCard::new(DenseStackConfig::new(3, [2], Unit::Rectifier, 2));
            card.precision = precision;
            let tensors = card.tensors().into_iter().map(|(name, dtype, shape)| {
                let numbers = shape.iter().product();
                // 1.5, in int8 as three times a half.
                let bytes = match dtype {
                    Dtype::I8 => alloc::vec![3; numbers],
                    Dtype::Bf16 => 0x3fc0u16.to_le_bytes().repeat(numbers),
                    _ if name.ends_with("scale") => 0.5f32.to_le_bytes().repeat(numbers),
                    _ => 1.5f32.to_le_bytes().repeat(numbers),
                };
                TensorView::new(name, dtype, &shape, bytes)
            });
            let tensors: Vec<_> = tensors.collect();
            let bytes = rectifier_model::encode(&card.metadata().unwrap(), &tensors).unwrap();
            let network = ModelFile::from_bytes(bytes, "m")
                .unwrap()
                .load_dense(&device);
            let network = network.unwrap();
            for weight in [&network.layers[0].weight, &network.head.weight] {
                let weight = weight.val().into_data();
                assert!(
                    weight.iter::<f32>().all(|w| w == 1.5),
                    "{precision}: {weight}"
                );
            }
        }
    }

    #[test]
    fn a_network_that_diverged_is_not_loaded() {
        let mut network = network();
        network.head.weight = network.head.weight.map(|w| w / 0.0);
        let bytes = ModelFile::encode(&network, &BTreeMap::new()).unwrap();
        let file = ModelFile::from_bytes(bytes, "m").unwrap();
        for error in [
            file.load_dense(&Device::default()).unwrap_err(),
            file.load_into(network.clone()).unwrap_err(),
        ] {
            assert!(error.to_string().contains("`head.weight`"), "{error}");
        }
    }

    #[test]
    fn every_truncation_and_every_flipped_header_byte_is_an_error_or_the_same_shapes() {
        let bytes = ModelFile::encode(&network(), &BTreeMap::new()).unwrap();
        for len in 0..bytes.len() {
            let error = ModelFile::from_bytes(bytes[..len].to_vec(), "cut");
            assert!(matches!(error, Err(ModelFileError::Format { .. })), "{len}");
        }
        for at in 0..bytes.len().min(600) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x15;
            if let Ok(file) = ModelFile::from_bytes(bytes, "flipped") {
                let _ = file.load_dense(&Device::default());
            }
        }
    }

    #[test]
    fn claimed_sizes_beyond_the_file_are_refused_before_they_are_allocated() {
        let network = DenseStackConfig::new(2, [], Unit::Rectifier, 2)
            .init(1, &Device::default())
            .unwrap();
        let mut store = SafetensorsStore::from_bytes(None).metadata(
            NETWORK,
            r#"{"inputs":1000000000,"hidden":[1000000000],"unit":{"kind":"rectifier"},"outputs":2}"#,
        );
        network.save_into(&mut store).unwrap();
        let bytes = store.get_bytes().unwrap();
        let error = ModelFile::from_bytes(bytes, "hostile")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("hostile does not fit the network"),
            "{error}"
        );
    }

    #[test]
    fn another_shape_is_named() {
        let network = network();
        let file =
            ModelFile::from_bytes(ModelFile::encode(&network, &BTreeMap::new()).unwrap(), "m")
                .unwrap();
        let other = DenseStackConfig::new(5, [4, 9], Unit::ParametricLeaky { slope: 0.2 }, 2)
            .with_flips(true)
            .init(1, &Device::default())
            .unwrap();
        let error = file.load_into(other).unwrap_err().to_string();
        assert!(error.contains("expected [4, 9]"), "{error}");
    }
}
