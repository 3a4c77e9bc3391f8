//! A trained network with all that its file says: its plan, its encoder, its classes; and its data.

use crate::plan::objective;
use crate::{CatalogError, DataSpec, Plan, set};
use burn::tensor::Device;
use rectifier_data::{Encoder, Loaded, Locator, Options, Progress, Rescaled, decode_encoder};
use rectifier_nn::{DenseStack, EncoderText, ModelCard, ModelFile};
use rectifier_train::Objective;
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

    /// What the file says of itself.
    ///
    /// # Errors
    /// [`CatalogError::ModelFile`] for a file without a description of its network.
    pub fn card(&self) -> Result<&ModelCard, CatalogError> {
        Ok(self.file.card()?)
    }

    /// The plan it was trained by.
    pub fn plan(&self) -> Option<Plan> {
        let plan = &self.file.card().ok()?.plan;
        Plan::parse(&plan.to_string()).ok()
    }

    /// What turns raw input into its numbers, where it was trained on such.
    ///
    /// # Errors
    /// [`CatalogError::Encoder`] for one that is damaged, or another model's.
    pub fn encoder(&self) -> Result<Option<Arc<dyn Encoder>>, CatalogError> {
        let card = self.file.card()?;
        let Some(EncoderText { kind, text }) = &card.encoder else {
            return Ok(None);
        };
        let wrong = |reason: String| CatalogError::Encoder {
            path: self.path.clone(),
            reason,
        };
        let encoder = decode_encoder(kind, text).map_err(|error| wrong(error.to_string()))?;
        let inputs = card.network.inputs;
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
    /// [`CatalogError::NoPlan`] where neither says; [`CatalogError::Encoded`] for an option that the model's encoder has decided;
    /// [`CatalogError::Meaning`] for data that means something else than
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
        let card = self.file.card()?;
        let trained_for = plan.as_ref().map(|_| card.objective);
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
        let encoder = self.encoder()?;
        if encoder.is_some() {
            check_encoding(&data, options)?;
        }
        let mut loaded = data.load(locator, encoder.as_ref(), progress)?;
        check_fit(card, &data, &loaded, plan.is_some())?;
        // A network from elsewhere takes the same pictures in a range of its own; what was trained here must fit as it is.
        let (low, high) = data.nature().range;
        let (from, to) = ([low, high], card.data.range);
        let finite = |[low, high]: [f32; 2]| (high - low).is_finite();
        if plan.is_none() && from != to && finite(from) && finite(to) {
            loaded.split = Rescaled::split(&loaded.split, from, to);
        }
        Ok(OnData {
            network,
            objective: trained_for.unwrap_or_else(|| objective(&data)),
            data,
            loaded,
        })
    }
}

/// That no option says how raw input becomes numbers, where the model's own encoder does.
fn check_encoding(data: &DataSpec, options: &Options) -> Result<(), CatalogError> {
    let specs = set(data.name()).map_or(&[][..], |set| set.options());
    match specs
        .iter()
        .find(|spec| spec.encodes && options.names().any(|name| name == spec.name))
    {
        Some(spec) => Err(CatalogError::Encoded {
            option: spec.name.into(),
        }),
        None => Ok(()),
    }
}

/// Whether numbers and classes of the data are what the model was trained on: by meaning, not by counts alone.
fn check_fit(
    card: &ModelCard,
    data: &DataSpec,
    loaded: &Loaded,
    known: bool,
) -> Result<(), CatalogError> {
    let (config, width) = (&card.network, loaded.split.test.width());
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
    let (own, theirs) = (&card.classes, &loaded.info.class_names);
    let mut numbers = theirs.iter().enumerate();
    let numbered = numbers.all(|(class, name)| *name == class.to_string());
    if !own.is_empty() && !own.starts_with(theirs) && !numbered {
        let first = |names: &[String]| names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        return Err(differ(
            format!("{} classes ({}, ..)", own.len(), first(own)),
            format!(
                "{} has {} ({}, ..)",
                data.name(),
                theirs.len(),
                first(theirs)
            ),
        ));
    }
    let (low, high) = data.nature().range;
    if known && loaded.encoder.is_none() && card.data.range != [low, high] {
        let [from, to] = card.data.range;
        return Err(differ(
            format!("numbers from {from} to {to}"),
            format!("{} has numbers from {low} to {high}", data.name()),
        ));
    }
    Ok(())
}
