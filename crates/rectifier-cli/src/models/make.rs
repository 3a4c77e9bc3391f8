//! `models make`: the registry and its files, from what an experiment kept.

use super::list::size;
use super::measure::{data_of, in_int8, is_same_error};
use super::speed::speed;
use crate::args::MakeArgs;
use crate::error::CliError;
use crate::output::{error_of, note, say, write_file};
use rectifier_catalog::Trained;
use rectifier_data::{Options, sha256_hex};
use rectifier_experiments::experiments::MODEL;
use rectifier_experiments::statistics::mean;
use rectifier_experiments::{CellStage, KeptModel, Record, Records, SweepFolder};
use rectifier_infer::SparseNetwork;
use rectifier_nn::{Figures, ModelBytes, ModelFile, Precision, Unit};
use rectifier_sparse::evaluate;
use rectifier_train::Evaluation;
use rectifier_zoo::{
    DataTerms, Entry, Logits, Measured, PRETRAINED, Row, StoredFile, Zoo, filters, fits,
    picture_path, weights_sha256, with_card,
};
use std::path::Path;

/// How much a test error may rise by rounding: 0.05 points, of an RMSE 0.0005.
const ROOM: f64 = 0.0005;

/// Makes every network that was kept and is asked for: its file, its logits, its place in the registry. The registry is
/// written after each.
///
/// # Errors
/// [`CliError`]; what was made before stays.
pub fn make(args: &MakeArgs) -> Result<(), CliError> {
    let (Some(parent), Some(name)) = (args.from.parent(), args.from.file_name()) else {
        let text = format!(
            "--from {}: this is no experiment's folder",
            args.from.display()
        );
        return Err(CliError::Usage(text));
    };
    let folder = SweepFolder::of(parent, &name.to_string_lossy());
    let kept = folder.kept()?;
    if kept.is_empty() {
        return Err(CliError::Failed(format!(
            "{}: no weights are kept there: run the experiment first",
            folder.models_path().display()
        )));
    }
    let records = folder.records()?;
    let mut zoo = match args.registry.is_file() {
        true => Zoo::read(&args.registry)?,
        false => Zoo::default(),
    };
    let mut asked = Vec::new();
    for kept in &kept {
        let record = records.get(&kept.cell).ok_or_else(|| {
            CliError::Failed(format!(
                "{}: there is no record of cell {}, whose weights these are",
                kept.weights.display(),
                kept.cell
            ))
        })?;
        let name = name_of(kept, record);
        if fits(&args.pattern, &name) {
            asked.push((name, kept, record));
        }
    }
    if asked.is_empty() {
        return Err(CliError::Usage(format!(
            "{}: nothing that was kept is called so",
            args.pattern
        )));
    }
    if let Some((name, _)) =
        (args.precision.iter()).find(|(wish, _)| asked.iter().all(|(name, _, _)| name != wish))
    {
        let names: Vec<&str> = asked.iter().map(|(name, _, _)| name.as_str()).collect();
        return Err(CliError::Usage(format!(
            "--precision {name}: no such network is made, but {}",
            names.join(", ")
        )));
    }
    for (name, kept, record) in &asked {
        let entry = Making { args, name }.make(kept, record, &records)?;
        zoo = zoo.with(entry);
        write_file(&args.registry, zoo.to_text()?.as_bytes())?;
        say(name);
    }
    embed(args, &zoo)
}

/// What the label says; else the data set, and what the weights are kept as.
fn name_of(kept: &KeptModel, record: &Record) -> String {
    match record.labels.text(MODEL) {
        Some(name) => name.into(),
        None => format!("{}/{}", record.plan.data.name(), kept.name.to_lowercase()),
    }
}

/// One network in the making.
struct Making<'a> {
    args: &'a MakeArgs,
    name: &'a str,
}

/// A network in the form it is kept in.
struct Form {
    precision: Precision,
    bytes: Vec<u8>,
    test: Evaluation,
    valid: f64,
}

impl Making<'_> {
    fn make(
        &self,
        kept: &KeptModel,
        record: &Record,
        records: &Records,
    ) -> Result<Entry, CliError> {
        let name = self.name;
        let wrong = |text: String| CliError::Failed(format!("{name}: {text}"));
        let summary = record
            .summary()
            .ok_or_else(|| wrong("its run has no result".into()))?;
        let trained = Trained {
            file: ModelFile::open(&kept.weights)?,
            path: kept.weights.clone(),
            run: None,
        };
        let card = trained.card()?.clone();
        if card.precision != Precision::F32 {
            return Err(wrong(format!(
                "its weights are kept in {}, not in f32",
                card.precision
            )));
        }
        let opened = data_of(
            &trained,
            None,
            &Options::new(),
            &self.args.place.locator(),
            self.args.quiet,
        )?;
        let split = &opened.loaded.split;
        let measured = |network: &SparseNetwork| -> Result<(Evaluation, f64), CliError> {
            let test = evaluate(network, split.test.as_ref(), opened.objective)?;
            let valid = evaluate(network, split.valid.as_ref(), opened.objective)?;
            Ok((test, valid.error().unwrap_or(f64::NAN)))
        };
        let plain = SparseNetwork::from_model(&trained.file)?;
        let (test, valid) = measured(&plain)?;
        let f32_error = test.error().unwrap_or(f64::NAN);
        if !is_same_error(&test, summary.test_error, opened.objective) {
            return Err(wrong(format!(
                "its record tells a test error of {}, and {f32_error} is measured: is the data the same?",
                summary.test_error
            )));
        }
        let mut form = Form {
            precision: Precision::F32,
            bytes: std::fs::read(&kept.weights)
                .map_err(|source| CliError::io(&kept.weights, source))?,
            test,
            valid,
        };
        for precision in self.candidates(&card.network.unit) {
            let network = match precision {
                Precision::F32 => break,
                Precision::Bf16 => plain.clone().in_bf16(),
                Precision::Int8 => match in_int8(plain.clone(), split.train.as_ref()) {
                    Err(CliError::Infer(error)) if self.wish().is_none() => {
                        self.note(&format!("  {precision}: {error}"));
                        continue;
                    }
                    network => network?,
                },
            };
            let (test, valid) = measured(&network)?;
            let error = test.error().unwrap_or(f64::NAN);
            self.note(&format!(
                "  {precision}: {} {}, in f32 {}",
                error_of(opened.objective, 0.0).0,
                error_of(opened.objective, error).1,
                error_of(opened.objective, f32_error).1
            ));
            if error <= f32_error + ROOM + 1e-12 || self.wish() == Some(precision) {
                let mut card = card.clone().in_precision(precision);
                card.figures = Figures {
                    test_error: test.error(),
                    interval: test.interval().map(|(low, high)| [low, high]),
                    test_loss: Some(test.loss),
                    valid_error: Some(valid),
                    zeros: test.zeros(),
                    dead: test.layers.iter().map(|layer| layer.dead()).collect(),
                    ..card.figures
                };
                let bytes = network.to_bytes()?;
                let model = ModelBytes::from_bytes(&bytes, name)?;
                form = Form {
                    precision,
                    bytes: with_card(&model, &card)?,
                    test,
                    valid,
                };
                break;
            }
        }
        let stem = name.replace('/', "-");
        let home = match card.network.unit == Unit::Rectifier {
            true => "deep-rectifier",
            false => "baselines",
        };
        let model = ModelBytes::from_bytes(&form.bytes, name)?;
        let logits = Logits::of(name, &sha256_hex(&form.bytes), &model)?.to_text()?;
        let file = self.write(&format!("{home}/weights/{stem}.safetensors"), &form.bytes)?;
        let logits = self.write(
            &format!("{home}/weights/{stem}.logits.json"),
            logits.as_bytes(),
        )?;
        self.note(&format!(
            "  {} in {}, {}",
            size(file.bytes),
            form.precision,
            file.path
        ));
        let picture = filters(&model)?;
        if let Some(png) = &picture {
            self.write(&picture_path(name), png)?;
        }
        let speed = match self.args.speed {
            true => {
                let kept = SparseNetwork::from_model(&model)?;
                Some(speed(&kept, &plain, &model, split.test.as_ref())?)
            }
            false => None,
        };
        let info = &opened.loaded.info;
        Ok(Entry {
            name: name.into(),
            task: info.title.clone(),
            objective: opened.objective,
            parameters: card.network.parameters(),
            network: card.network,
            classes: card.classes,
            data: card.data,
            encoder: card.encoder.map(|encoder| encoder.kind),
            precision: form.precision,
            file,
            logits,
            weights_sha256: weights_sha256(&trained.file)?,
            figures: Measured {
                test_error: form.test.error().unwrap_or(f64::NAN),
                interval: form.test.interval().map(|(low, high)| [low, high]),
                test_examples: form.test.examples,
                f32_error,
                valid_error: form.valid,
                zeros: form.test.zeros(),
                dead: form.test.layers.iter().map(|layer| layer.dead()).collect(),
            },
            row: row_of(record, records)?,
            plan: card.plan,
            minutes: card.provenance.seconds.unwrap_or(summary.seconds) / 60.0,
            provenance: card.provenance,
            speed,
            picture: picture.is_some(),
            licence: env!("CARGO_PKG_LICENSE").into(),
            data_terms: DataTerms {
                licence: info.licence.clone(),
                citation: info.citation.clone(),
            },
        })
    }

    /// The precision that is asked for.
    fn wish(&self) -> Option<Precision> {
        let wishes = &self.args.precision;
        let own = wishes.iter().find(|(name, _)| name == self.name);
        own.map(|(_, precision)| Precision::from(*precision))
    }

    /// The precisions to try, the smallest first.
    fn candidates(&self, unit: &Unit) -> Vec<Precision> {
        match self.wish() {
            Some(wish) => vec![wish],
            None if *unit == Unit::Rectifier => vec![Precision::Int8, Precision::Bf16],
            None => vec![Precision::Bf16],
        }
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<StoredFile, CliError> {
        write_file(&self.args.into.join(path), bytes)?;
        Ok(StoredFile {
            path: path.into(),
            bytes: bytes.len() as u64,
            sha256: sha256_hex(bytes),
        })
    }

    fn note(&self, line: &str) {
        if !self.args.quiet {
            note(line);
        }
    }
}

/// The runs of the same plan, whatever their seed.
fn row_of(record: &Record, records: &Records) -> Result<Row, CliError> {
    let mut errors = Vec::new();
    for other in records
        .iter()
        .filter(|other| other.stage == CellStage::Final)
    {
        let mut plan = other.plan.clone();
        plan.recipe.seed = record.plan.recipe.seed;
        if plan == record.plan && other.engine == record.engine {
            errors.extend(other.error());
        }
    }
    let failed = |error: &dyn std::fmt::Display| CliError::Failed(error.to_string());
    let row = mean(&errors, 0.95).map_err(|error| failed(&error))?;
    Ok(Row {
        runs: row.count,
        seed: record.plan.recipe.seed,
        mean: row.mean,
        interval: row.interval.map(|interval| [interval.low, interval.high]),
    })
}

/// Lays the files that the crate of the registry can hold in itself beside it, where the registry lies in a crate.
fn embed(args: &MakeArgs, zoo: &Zoo) -> Result<(), CliError> {
    let home = args.registry.parent().unwrap_or(Path::new("."));
    if !home.join("Cargo.toml").is_file() {
        return Ok(());
    }
    let folder = home.join("weights");
    for entry in PRETRAINED.iter().filter_map(|name| zoo.get(name).ok()) {
        for file in [&entry.file, &entry.logits] {
            std::fs::create_dir_all(&folder).map_err(|source| CliError::io(&folder, source))?;
            let from = args.into.join(&file.path);
            let to = folder.join(from.file_name().unwrap_or_default());
            lay(&from, &to).map_err(|source| CliError::io(&to, source))?;
        }
    }
    Ok(())
}

/// A link from `to` to `from`, both in one checkout, or a copy where there are no links.
fn lay(from: &Path, to: &Path) -> std::io::Result<()> {
    let _ = std::fs::remove_file(to);
    #[cfg(unix)]
    if let (Ok(from), Some(Ok(home))) = (from.canonicalize(), to.parent().map(Path::canonicalize)) {
        let shared = home
            .components()
            .zip(from.components())
            .take_while(|(a, b)| a == b)
            .count();
        let up = home.components().skip(shared).map(|_| "..");
        let way: std::path::PathBuf = up.collect();
        let way = way.join(
            from.components()
                .skip(shared)
                .collect::<std::path::PathBuf>(),
        );
        return std::os::unix::fs::symlink(way, to);
    }
    std::fs::copy(from, to).map(|_| ())
}
