//! Model files: safetensors with the network's description and whatever else is worth knowing in the header.

use crate::{DenseStack, DenseStackConfig, Network, NetworkError};
use burn::module::Module;
use burn::tensor::Device;
use burn_store::{ModuleSnapshot, SafetensorsStore};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The metadata key that holds the network's description.
const NETWORK: &str = "network";

/// A model file that cannot be read, written or fitted. The text names the file, the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// The file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are no safetensors file: truncated, a foreign format, or sizes that do not add up.
    #[error("{origin} is not a whole safetensors file ({reason}): train or copy it again")]
    Format {
        /// Where the bytes came from.
        origin: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The header does not say which network the weights belong to.
    #[error(
        "{origin} does not describe its network ({reason}): give the network, or use a file that `rectifier train` wrote"
    )]
    NoDescription {
        /// Where the bytes came from.
        origin: String,
        /// What is missing or wrong.
        reason: String,
    },
    /// The tensors are not those of the network.
    #[error("{origin} does not fit the network: {reason}")]
    Mismatch {
        /// Where the bytes came from.
        origin: String,
        /// The first tensor that differs, and how.
        reason: String,
    },
    /// The description is one no network can be made from.
    #[error("{origin}: {source}")]
    Network {
        /// Where the bytes came from.
        origin: String,
        /// What is wrong with the description.
        source: NetworkError,
    },
}

/// A model file in memory, its header checked.
#[derive(Clone, Debug)]
pub struct ModelFile {
    origin: String,
    bytes: Vec<u8>,
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, (Dtype, Vec<usize>)>,
}

impl ModelFile {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`ModelFileError::Io`], or [`ModelFileError::Format`] for bytes that are not a whole safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| ModelFileError::Io {
            path: path.into(),
            source,
        })?;
        Self::from_bytes(bytes, &path.display().to_string())
    }

    /// Checks `bytes`; `origin` names them in errors.
    ///
    /// # Errors
    /// [`ModelFileError::Format`].
    pub fn from_bytes(bytes: Vec<u8>, origin: &str) -> Result<Self, ModelFileError> {
        let format = |reason: safetensors::SafeTensorError| ModelFileError::Format {
            origin: origin.into(),
            reason: reason.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
        let body = SafeTensors::deserialize(&bytes).map_err(format)?;
        let tensors = body
            .iter()
            .map(|(name, view)| (name.to_string(), (view.dtype(), view.shape().to_vec())))
            .collect();
        let metadata = header
            .metadata()
            .iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Ok(Self {
            origin: origin.into(),
            bytes,
            metadata,
            tensors,
        })
    }

    /// The file's bytes for `network`, with `metadata` in the header; a network's description goes in by itself.
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
                metadata.insert(NETWORK.into(), describe);
                Self::encode_module(stack, &metadata)
            }
            _ => Self::encode_module(network, &metadata),
        }
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

    /// What the header says under `key`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// All that the header says.
    pub fn all_metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The description of the dense stack in the file.
    ///
    /// # Errors
    /// [`ModelFileError::NoDescription`] or [`ModelFileError::Network`].
    pub fn dense_config(&self) -> Result<DenseStackConfig, ModelFileError> {
        let no_description = |reason: String| ModelFileError::NoDescription {
            origin: self.origin.clone(),
            reason,
        };
        let text = self
            .metadata(NETWORK)
            .ok_or_else(|| no_description(format!("no `{NETWORK}` in its metadata")))?;
        let config: DenseStackConfig =
            serde_json::from_str(text).map_err(|reason| no_description(reason.to_string()))?;
        config
            .validate()
            .map_err(|source| ModelFileError::Network {
                origin: self.origin.clone(),
                source,
            })?;
        Ok(config)
    }

    /// The dense stack in the file, on `device`.
    ///
    /// # Errors
    /// As [`dense_config`](Self::dense_config) and [`load_into`](Self::load_into).
    pub fn load_dense(&self, device: &Device) -> Result<DenseStack, ModelFileError> {
        let config = self.dense_config()?;
        // Nothing of the described size is allocated before the file is known to hold tensors of that size.
        self.check(&expected_shapes(&config))?;
        let network = config
            .init(0, device)
            .map_err(|source| ModelFileError::Network {
                origin: self.origin.clone(),
                source,
            })?;
        self.load_into(network)
    }

    /// `module` with every parameter replaced by the file's.
    ///
    /// # Errors
    /// [`ModelFileError::Mismatch`] naming the first tensor that is missing, spare, of another shape or not `f32`.
    pub fn load_into<M: Module>(&self, mut module: M) -> Result<M, ModelFileError> {
        let expected = module
            .collect(None, None, false)
            .into_iter()
            .map(|tensor| (tensor.name.clone(), tensor.shape.iter().copied().collect()))
            .collect();
        self.check(&expected)?;
        let mut store = SafetensorsStore::from_bytes(Some(self.bytes.clone()));
        module
            .load_from(&mut store)
            .map_err(|reason| self.mismatch(reason.to_string()))?;
        Ok(module)
    }

    fn check(&self, expected: &BTreeMap<String, Vec<usize>>) -> Result<(), ModelFileError> {
        for (name, shape) in expected {
            match self.tensors.get(name) {
                None => return Err(self.mismatch(format!("it has no tensor `{name}`"))),
                Some((_, found)) if found != shape => {
                    return Err(self.mismatch(format!("`{name}` is {found:?}, expected {shape:?}")));
                }
                Some((dtype, _)) if *dtype != Dtype::F32 => {
                    return Err(self.mismatch(format!("`{name}` is {dtype:?}, expected F32")));
                }
                Some(_) => {}
            }
        }
        match self
            .tensors
            .keys()
            .find(|name| !expected.contains_key(*name))
        {
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
}

/// Names and shapes of the parameters of the stack that `config` describes.
fn expected_shapes(config: &DenseStackConfig) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = BTreeMap::new();
    let mut fan_in = config.inputs;
    for (layer, &units) in config.hidden.iter().enumerate() {
        shapes.insert(format!("layers.{layer}.weight"), vec![fan_in, units]);
        shapes.insert(format!("layers.{layer}.bias"), vec![units]);
        if config.flips {
            shapes.insert(format!("layers.{layer}.flips"), vec![units]);
        }
        if matches!(config.unit, crate::Unit::ParametricLeaky { .. }) {
            shapes.insert(format!("layers.{layer}.slope"), vec![1]);
        }
        fan_in = units;
    }
    shapes.insert("head.weight".into(), vec![fan_in, config.outputs]);
    shapes.insert("head.bias".into(), vec![config.outputs]);
    shapes
}

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

/// Writes `bytes` to a temporary file beside `path`, syncs it, and renames it: the file is the old one or the new
/// one, never a part.
///
/// # Errors
/// [`ModelFileError::Io`]; the old file, if any, is untouched then.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ModelFileError> {
    let write = || -> std::io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".partial-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source| ModelFileError::Io {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Unit;
    use burn::tensor::Tensor;

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

    #[test]
    fn expected_shapes_are_those_of_the_module() {
        let network = network();
        let collected: BTreeMap<String, Vec<usize>> = network
            .collect(None, None, false)
            .into_iter()
            .map(|tensor| (tensor.name.clone(), tensor.shape.iter().copied().collect()))
            .collect();
        assert_eq!(expected_shapes(&network.config()), collected);
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
        let file = ModelFile::from_bytes(store.get_bytes().unwrap(), "hostile").unwrap();
        let error = file.load_dense(&Device::default()).unwrap_err().to_string();
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
        assert!(
            error.contains("expected [9]") || error.contains("expected [9, 2]"),
            "{error}"
        );
    }
}
