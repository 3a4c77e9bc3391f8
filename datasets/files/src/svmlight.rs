//! Sparse rows of one's own, in the format of SVMlight and LIBSVM.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rectifier_data::{
    Availability, DataError, DataInfo, DataSet, Encoder, Examples, Indices, Inputs, LARGEST_INDEX,
    Labels as LabelKind, Loaded, Locator, Nature, OptionKind, OptionSpec, Options, Progress,
    Shares, Sizes, Source, SparseRows, SparseSamples, SplitIndices, Supply, SvmlightReader,
};
use serde::{Deserialize, Serialize};

use crate::classes::{Labels, absent};
use crate::path::{
    DATA_SEED, as_text, availability, content, first_seed, given, info, is_default, is_first_seed,
    once, path, read_plan, required, split, to_plan,
};

const NAME: &str = "svmlight";
/// The most numbers that are not 0, of a file.
const MOST_NUMBERS: usize = 1 << 30;

const OPTIONS: [OptionSpec; 4] = [
    OptionSpec::new(
        "file",
        "FILE",
        "The file of examples, plain or gzip.",
        OptionKind::Path,
    ),
    OptionSpec::new(
        "test-file",
        "FILE",
        "The test part [drawn from the file].",
        OptionKind::Path,
    ),
    OptionSpec::new(
        "zero-based",
        "",
        "Columns are numbered from 0 [so, if a column 0 is in the file, else from 1].",
        OptionKind::Switch,
    ),
    DATA_SEED,
];

/// Sparse rows: `--data svmlight --file F`. Rows stay sparse to the first layer.
///
/// Labels are any numbers, and the classes are named as they are written. Columns go to 2^22; those that the training
/// part has not are left out of the other parts.
#[derive(Clone, Copy, Debug)]
pub struct Svmlight;

impl DataSet for Svmlight {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        let file = required(
            path(options, "file")?,
            "file",
            "a file of rows `label index:value ..`",
        )?;
        let choices = Choices {
            file,
            test_file: None,
            zero_based: false,
            data_seed: first_seed(),
        };
        choices.with(options)
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        read_plan::<Choices>(NAME, plan).map(|choices| Ok(choices?.source()))
    }

    fn stands_alone(&self) -> bool {
        false
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    #[serde(with = "as_text")]
    file: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "is_default")]
    zero_based: bool,
    #[serde(default = "first_seed", skip_serializing_if = "is_first_seed")]
    data_seed: u64,
}

impl Choices {
    fn with(mut self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        if let Some(file) = path(options, "file")? {
            self.file = file;
        }
        if let Some(file) = path(options, "test-file")? {
            self.test_file = Some(file);
        }
        self.zero_based |= options.switch("zero-based");
        if let Some(seed) = options.seed("data-seed")? {
            self.data_seed = seed;
        }
        Ok(self.source())
    }

    fn source(self) -> Box<dyn Source> {
        Box::new(SvmlightSource {
            choices: self,
            read: OnceLock::new(),
        })
    }
}

struct SvmlightSource {
    choices: Choices,
    read: OnceLock<Read>,
}

/// What the files hold.
struct Read {
    rows: SparseRows,
    labels: Vec<u32>,
    class_names: Vec<String>,
    parts: SplitIndices,
    test: Option<(SparseRows, Vec<u32>)>,
    zero_based: bool,
    warnings: Vec<String>,
}

/// Rows with columns as a file numbers them.
struct File {
    rows: SparseRows,
    labels: Labels,
    warnings: Vec<String>,
}

fn read_file(path: &Path, written: &mut HashMap<u64, String>) -> Result<File, DataError> {
    let mut reader = SvmlightReader::open(path)?;
    let mut rows = SparseRows::empty(LARGEST_INDEX as usize + 1);
    let mut labels = Labels::default();
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    while let Some(row) = reader.next_row()? {
        columns.clear();
        values.clear();
        columns.extend(row.pairs.iter().map(|pair| pair.0));
        values.extend(row.pairs.iter().map(|pair| pair.1));
        rows.push(&columns, &values)?;
        let line = row.line;
        // `+1`, `1` and `1.0` are one class, named as it is first written; adding 0 makes -0 the same as 0.
        let number = row.label.parse::<f64>().unwrap_or_default() + 0.0;
        let name = written
            .entry(number.to_bits())
            .or_insert_with(|| row.label.to_owned());
        labels
            .push(name)
            .map_err(|problem| content(path, format!("line {line}: {problem}")))?;
        if rows.columns().len() > MOST_NUMBERS {
            return Err(content(
                path,
                format!("line {line}: more than {MOST_NUMBERS} numbers are not 0: give fewer rows"),
            ));
        }
    }
    let mut warnings = Vec::new();
    if reader.queries() > 0 {
        warnings.push(format!(
            "{}: {} rows have a qid, which is passed over",
            path.display(),
            reader.queries()
        ));
    }
    warnings.extend(reader.lines().warning());
    Ok(File {
        rows,
        labels,
        warnings,
    })
}

impl SvmlightSource {
    fn read(&self) -> Result<&Read, DataError> {
        once(&self.read, || self.read_files())
    }

    fn read_files(&self) -> Result<Read, DataError> {
        let Choices {
            file,
            test_file,
            data_seed,
            ..
        } = &self.choices;
        let mut written = HashMap::new();
        let mut whole = read_file(file, &mut written)?;
        let zero_based = self.choices.zero_based || whole.rows.columns().contains(&0);
        let classes = whole
            .labels
            .finish()
            .map_err(|problem| content(file, problem))?;
        let mut warnings = std::mem::take(&mut whole.warnings);
        let shares = match test_file {
            Some(_) => Shares::TEST_GIVEN,
            None => Shares::default(),
        };
        let parts = SplitIndices::stratified(&classes.of, shares, *data_seed)?;
        let test = match test_file {
            None => None,
            Some(path) => {
                let test = read_file(path, &mut written)?;
                if !zero_based && test.rows.columns().contains(&0) {
                    return Err(content(
                        path,
                        format!(
                            "it has a column 0, which {} has not: if both number columns from 0, say --zero-based",
                            file.display()
                        ),
                    ));
                }
                if test.labels.len() == 0 {
                    return Err(content(path, "it has no row"));
                }
                let labels = test
                    .labels
                    .finish_as(&classes.names)
                    .map_err(|problem| content(path, problem))?;
                warnings.extend(test.warnings);
                warnings.extend(absent("test", &labels, &classes.names));
                Some((test.rows, labels))
            }
        };
        Ok(Read {
            rows: whole.rows,
            labels: classes.of,
            class_names: classes.names,
            parts,
            test,
            zero_based,
            warnings,
        })
    }

    fn fitted(read: &Read) -> Indices {
        let base = u32::from(!read.zero_based);
        let rows = read
            .parts
            .train
            .iter()
            .filter_map(|&row| read.rows.row(row));
        Indices::fit(
            rows.flat_map(|(columns, _)| columns.iter().map(|column| column - base)),
            read.zero_based,
        )
    }

    fn info_of(&self, read: &Read, width: usize) -> DataInfo {
        info(
            NAME,
            format!("sparse rows in {}", self.choices.file.display()),
            read.class_names.clone(),
            vec![width],
            Sizes {
                train: read.parts.train.len(),
                valid: read.parts.valid.len(),
                test: read
                    .test
                    .as_ref()
                    .map_or(read.parts.test.len(), |test| test.1.len()),
            },
            &self.choices.file,
        )
    }
}

/// The rows with the columns that training saw; how many numbers were in others, and the first of those columns.
fn encoded(
    rows: &SparseRows,
    indices: &Indices,
    path: &Path,
) -> Result<(SparseRows, usize), DataError> {
    let mut kept = SparseRows::empty(indices.width());
    let mut unknown = 0;
    let (mut pairs, mut hints) = (Vec::new(), Vec::new());
    for (columns, values) in rows.iter() {
        pairs.clear();
        pairs.extend(columns.iter().copied().zip(values.iter().copied()));
        let row = indices
            .row(&pairs, &mut hints)
            .map_err(|problem| content(path, problem))?;
        hints.clear();
        unknown += pairs.len() - row.len();
        let (columns, values): (Vec<u32>, Vec<f32>) = row.into_iter().unzip();
        kept.push(&columns, &values)?;
    }
    Ok((kept, unknown))
}

impl Source for SvmlightSource {
    fn name(&self) -> &'static str {
        NAME
    }

    fn to_plan(&self) -> serde_json::Value {
        to_plan(NAME, &self.choices)
    }

    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        self.choices.clone().with(options)
    }

    fn describe(&self) -> String {
        format!("svmlight, {}", self.choices.file.display())
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Files,
            inputs: Inputs::Sparse,
            labels: LabelKind::Classes,
            range: (f32::MIN, f32::MAX),
        }
    }

    fn find(&self, _: &Locator) -> Result<Availability, DataError> {
        Ok(availability(&self.choices.file))
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        let read = self.read()?;
        Ok(self.info_of(read, Self::fitted(read).width()))
    }

    fn load(
        &self,
        _: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let read = self.read()?;
        let indices = match encoder {
            Some(encoder) => given(encoder, Indices::KIND, Indices::from_text)?,
            None => Self::fitted(read),
        };
        let classes = read.class_names.len();
        let mut warnings = read.warnings.clone();
        let (rows, mut unknown) = encoded(&read.rows, &indices, &self.choices.file)?;
        let whole: Arc<dyn Examples> =
            Arc::new(SparseSamples::new(rows, read.labels.clone(), classes)?);
        let test: Option<Arc<dyn Examples>> = match (&read.test, &self.choices.test_file) {
            (Some((rows, labels)), Some(path)) => {
                let (rows, more) = encoded(rows, &indices, path)?;
                unknown += more;
                Some(Arc::new(SparseSamples::new(rows, labels.clone(), classes)?))
            }
            _ => None,
        };
        if unknown > 0 {
            warnings.push(format!(
                "{unknown} numbers stand in columns that the training part has not: they are left out"
            ));
        }
        Ok(Loaded {
            info: self.info_of(read, indices.width()),
            split: split(whole, &read.parts, test)?,
            warnings,
            encoder: Some(Arc::new(indices)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rectifier_data::{Batch, no_progress};

    fn load(files: &[(&str, &str)], zero_based: bool) -> Result<Loaded, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new();
        for (option, text) in files {
            let path = folder.path().join(option);
            std::fs::write(&path, text).unwrap();
            options = options.with(*option, path.display().to_string());
        }
        if zero_based {
            options = options.with("zero-based", "true");
        }
        Svmlight
            .open(&options)?
            .load(&Locator::default(), None, &mut no_progress)
    }

    fn rows(count: usize) -> String {
        (0..count)
            .map(|row| format!("{} 1:1 {}:0.5\n", ["+1", "-1", "1.0"][row % 3], row + 2))
            .collect()
    }

    #[test]
    fn rows_stay_sparse_and_classes_are_named_as_written() {
        let loaded = load(&[("file", &rows(60))], false).unwrap();
        assert_eq!(loaded.info.class_names, ["-1", "+1"]);
        assert!(loaded.split.train.is_sparse());
        assert_eq!(
            loaded.info.sizes,
            Sizes {
                train: 40,
                valid: 10,
                test: 10
            }
        );
        // Every row has a column of its own: those of other parts are left out, one each.
        assert!(
            loaded.warnings[0].starts_with("20 numbers stand in columns"),
            "{:?}",
            loaded.warnings
        );
        let mut batch = Batch::default();
        loaded.split.test.gather(&[0], &mut batch).unwrap();
        assert_eq!(
            batch.sparse.unwrap().row(0).unwrap(),
            (&[0][..], &[1.0][..])
        );
        let zero = load(&[("file", &rows(60))], true).unwrap();
        assert_eq!(zero.info.shape[0], loaded.info.shape[0] + 1);
    }

    #[test]
    fn test_files_are_held_against_the_training_data() {
        let loaded = load(
            &[("file", &rows(60)), ("test-file", "1 1:5 4000000:1\n")],
            false,
        )
        .unwrap();
        assert_eq!(
            loaded.info.sizes,
            Sizes {
                train: 50,
                valid: 10,
                test: 1
            }
        );
        assert!(
            loaded
                .warnings
                .iter()
                .any(|warning| warning.contains("no example of \"-1\""))
        );
        for (test, problem) in [
            ("3 1:1\n", "have not: \"3\""),
            ("1 0:1\n", "--zero-based"),
            ("\n", "it has no row"),
            ("1 9223372036854775808:1\n", "line 1: the index"),
        ] {
            let error = load(&[("file", &rows(60)), ("test-file", test)], false)
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains(problem), "{error}");
        }
        for (file, problem) in [
            (String::new(), "no example has a label"),
            ("1 1:1\n".repeat(60), "nothing to tell apart"),
            (
                (0..60).map(|row| format!("{row}.5 1:1\n")).collect(),
                "real numbers",
            ),
            (
                (0..2000).map(|row| format!("{row} 1:1\n")).collect(),
                "line 1001: there are more than 1000",
            ),
        ] {
            let error = load(&[("file", &file)], false).err().unwrap().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn a_networks_encoder_keeps_the_width() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, rows(60)).unwrap();
        let source = Svmlight
            .open(&Options::new().with("file", path.display().to_string()))
            .unwrap();
        let plan = source.to_plan();
        assert_eq!(plan["set"], "svmlight");
        let again = Svmlight.read_plan(&plan).unwrap().unwrap();
        assert_eq!(again.to_plan(), plan);
        let small: Arc<dyn Encoder> = Arc::new(Indices::fit([0, 6], false));
        let loaded = again
            .load(&Locator::default(), Some(&small), &mut no_progress)
            .unwrap();
        assert_eq!(loaded.split.train.width(), 7);
        let other: Arc<dyn Encoder> = Arc::new(rectifier_data::Vocabulary::fit(["a"], 2));
        let error = again
            .load(&Locator::default(), Some(&other), &mut no_progress)
            .err()
            .unwrap();
        assert!(error.to_string().contains("vocabulary"), "{error}");
        assert!(Svmlight.open(&Options::new()).is_err());
        assert!(
            Svmlight
                .read_plan(&serde_json::json!({"set": "mnist"}))
                .is_none()
        );
        let bad = serde_json::json!({"set": "svmlight", "file": "x", "more": 1});
        assert!(matches!(
            Svmlight.read_plan(&bad),
            Some(Err(DataError::Plan { .. }))
        ));
    }
}
