//! A trained network with all that its file says: its plan, its encoder, its classes; and its data.

use crate::plan::objective;
use crate::{CatalogError, DataSpec, Plan};
use burn::tensor::Device;
use rectifier_data::{Encoder, Labels, Loaded, Locator, Options, Progress, decode_encoder};
use rectifier_nn::{DenseStack, ModelFile};
use rectifier_train::{Objective, Summary};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A model file, and the run it lies in if there is one.
pub struct Trained {
    /// The file.
    pub file: ModelFile,
    /// Where it is.
    pub path: PathBuf,
    /// Its run folder.
    pub run: Option<PathBuf>,
}

/// A model with the data that it is looked at on.
pub struct OnData {
    /// The network.
    pub network: DenseStack,
    /// The data's choices.
    pub data: DataSpec,
    /// The data.
    pub loaded: Loaded,
    /// What it was trained for.
    pub objective: Objective,
}

impl Trained {
    /// The model of a run folder or a model file.
    ///
    /// # Errors
    /// [`CatalogError::NoModel`] for a run without one; [`CatalogError::ModelFile`].
    pub fn find(path: &Path) -> Result<Self, CatalogError> {
        let (file, run) = match path.is_dir() {
            true => (path.join("model.safetensors"), Some(path.to_path_buf())),
            false => {
                let folder = path.parent().map(Path::to_path_buf);
                (
                    path.to_path_buf(),
                    folder.filter(|folder| folder.join("recipe.json").is_file()),
                )
            }
        };
        if run.is_some() && !file.is_file() {
            return Err(CatalogError::NoModel { run: path.into() });
        }
        Ok(Self {
            file: ModelFile::open(&file)?,
            path: file,
            run,
        })
    }

    /// The plan it was trained by.
    pub fn plan(&self) -> Option<Plan> {
        Plan::parse(self.file.metadata("recipe")?).ok()
    }

    /// What came of its training, where the file says so.
    pub fn summary(&self) -> Option<Summary> {
        serde_json::from_str(self.file.metadata("summary")?).ok()
    }

    /// The names of its classes; none where the file does not say.
    pub fn classes(&self) -> Vec<String> {
        let text = self.file.metadata("classes");
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// What it was trained for.
    pub fn objective(&self) -> Objective {
        self.plan()
            .map_or(Objective::Classification, |plan| plan.recipe.objective)
    }

    /// What turns raw input into its numbers, where it was trained on such.
    ///
    /// # Errors
    /// [`CatalogError::Encoder`] for one that is damaged, or another model's.
    pub fn encoder(&self) -> Result<Option<Arc<dyn Encoder>>, CatalogError> {
        let (kind, text) = match (
            self.file.metadata("encoder_kind"),
            self.file.metadata("encoder"),
            self.file.metadata("vocabulary"),
        ) {
            (Some(kind), Some(text), _) => (kind, text),
            (_, _, Some(text)) => ("vocabulary", text),
            _ => return Ok(None),
        };
        let wrong = |reason: String| CatalogError::Encoder {
            path: self.path.clone(),
            reason,
        };
        let encoder = decode_encoder(kind, text).map_err(|error| wrong(error.to_string()))?;
        let inputs = self.file.dense_config()?.inputs;
        if encoder.width() != inputs {
            return Err(wrong(format!(
                "its {kind} has {} columns, its network {inputs} inputs: one of them is another model's",
                encoder.width()
            )));
        }
        Ok(Some(encoder))
    }

    /// The network on `device`, and its data: what `data` names, else what it was trained on, with what `options` change.
    ///
    /// # Errors
    /// [`CatalogError::NoPlan`] where neither says; [`CatalogError::Meaning`] for data that means something else than
    /// what it was trained on; [`CatalogError`] of reading it.
    pub fn on_data(
        &self,
        data: Option<&str>,
        options: &Options,
        threshold: Option<f64>,
        (locator, device): (&Locator, &Device),
        progress: &mut Progress<'_>,
    ) -> Result<OnData, CatalogError> {
        let plan = self.plan();
        let data = match (data, &plan) {
            (Some(name), _) => DataSpec::open(name, options)?,
            (None, Some(plan)) => plan.data.changed(options)?,
            (None, None) => DataSpec::implied(options)?.ok_or_else(|| CatalogError::NoPlan {
                path: self.path.clone(),
            })?,
        };
        let trained_for = plan.as_ref().map(|plan| plan.recipe.objective);
        if let Some(trained_for) = trained_for
            && trained_for != objective(&data)
        {
            let meaning = |objective| match objective {
                Objective::ExpectedRating => "stars",
                Objective::Classification => "classes",
            };
            return Err(CatalogError::Meaning {
                model: meaning(trained_for).into(),
                data: format!("{} has {}", data.name(), meaning(objective(&data))),
            });
        }
        let mut network = self.file.load_dense(device)?;
        if let Some(threshold) = threshold {
            network = network.with_threshold(threshold)?;
        }
        let loaded = data.load(locator, self.encoder()?.as_ref(), progress)?;
        self.check_fit(&network, &data, &loaded, plan.as_ref())?;
        Ok(OnData {
            network,
            objective: trained_for.unwrap_or_else(|| objective(&data)),
            data,
            loaded,
        })
    }

    /// Whether numbers and classes of the data are what the model was trained on: by meaning, not by counts alone.
    fn check_fit(
        &self,
        network: &DenseStack,
        data: &DataSpec,
        loaded: &Loaded,
        plan: Option<&Plan>,
    ) -> Result<(), CatalogError> {
        let (config, width) = (network.config(), loaded.split.test.width());
        let classes = loaded.split.test.classes();
        if config.inputs != width || config.outputs < classes {
            return Err(CatalogError::Size {
                inputs: config.inputs,
                outputs: config.outputs,
                data: data.name().into(),
                width,
                classes,
            });
        }
        let differ = |model: String, data: String| CatalogError::Meaning { model, data };
        let (own, theirs) = (self.classes(), &loaded.info.class_names);
        let same_names = own.len() <= theirs.len() || theirs.iter().all(|name| own.contains(name));
        let numbered = |names: &[String]| {
            names
                .iter()
                .enumerate()
                .all(|(k, name)| *name == k.to_string())
        };
        if !own.is_empty() && !(same_names && own.starts_with(theirs)) && !numbered(theirs) {
            let first =
                |names: &[String]| names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
            return Err(differ(
                format!("{} classes ({}, ..)", own.len(), first(&own)),
                format!(
                    "{} has {} ({}, ..)",
                    data.name(),
                    theirs.len(),
                    first(theirs)
                ),
            ));
        }
        if let Some(plan) = plan
            && plan.data.nature().range != data.nature().range
            && data.nature().labels == Labels::Classes
        {
            let range = |(low, high): (f32, f32)| format!("numbers from {low} to {high}");
            return Err(differ(
                range(plan.data.nature().range),
                format!("{} has {}", data.name(), range(data.nature().range)),
            ));
        }
        Ok(())
    }
}
