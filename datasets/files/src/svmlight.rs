//! Sparse rows of one's own, in the format of SVMlight and LIBSVM.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rectifier_data::{
    DataError, Encoder, Indices, Inputs, OptionKind, OptionSpec, Options, Progress, Sizes,
    SparseRows, SparseSamples,
};
use serde::{Deserialize, Serialize};

use crate::own::{Choices, Made, data_set};
use crate::parts::{Parts, TestFile};
use crate::path::{
    DATA_SEED, as_text, content, first_seed, given, is_default, is_first_seed, path, required,
};

mod rows;
use rows::{encoded, read_file};

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
    )
    .of_encoder(),
    DATA_SEED,
];

/// Sparse rows: `--data svmlight --file F`. Rows stay sparse to the first layer.
///
/// Labels are any numbers, and the classes are named as they are written. Columns go to 2^22; those that the training
/// part has not are left out of the other parts.
#[derive(Clone, Copy, Debug)]
pub struct Svmlight;

data_set!(Svmlight, SvmlightChoices);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SvmlightChoices {
    #[serde(with = "as_text")]
    file: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "is_default")]
    zero_based: bool,
    #[serde(default = "first_seed", skip_serializing_if = "is_first_seed")]
    data_seed: u64,
}

/// What the files hold.
pub(crate) struct Read {
    parts: Parts<SparseRows>,
    zero_based: bool,
    warnings: Vec<String>,
}

impl Choices for SvmlightChoices {
    const NAME: &'static str = "svmlight";
    const OPTIONS: &'static [OptionSpec] = &OPTIONS;
    const INPUTS: (Inputs, (f32, f32)) = (Inputs::Sparse, (f32::MIN, f32::MAX));
    type Read = Read;

    fn open(options: &Options) -> Result<Self, DataError> {
        Ok(Self {
            file: required(
                path(options, "file")?,
                "file",
                "a file of rows `label index:value ..`",
            )?,
            test_file: None,
            zero_based: false,
            data_seed: first_seed(),
        })
    }

    fn with(mut self, options: &Options) -> Result<Self, DataError> {
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
        Ok(self)
    }

    fn place(&self) -> &Path {
        &self.file
    }

    fn describe(&self) -> String {
        format!("svmlight, {}", self.file.display())
    }

    fn title(&self) -> String {
        format!("sparse rows in {}", self.file.display())
    }

    fn read(&self) -> Result<Read, DataError> {
        let file = &self.file;
        let mut written = HashMap::new();
        let whole = read_file(file, &mut written)?;
        let zero_based = self.zero_based || whole.rows.columns().contains(&0);
        let classes = whole
            .labels
            .finish()
            .map_err(|problem| content(file, problem))?;
        let mut warnings = whole.warnings;
        let test = match &self.test_file {
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
                warnings.extend(test.warnings);
                Some(TestFile {
                    path,
                    rows: test.rows,
                    labels: test.labels,
                    nothing: "it has no row",
                })
            }
        };
        let whole = (&**file, whole.rows);
        Ok(Read {
            parts: Parts::draw(whole, classes, test, self.data_seed, &mut warnings)?,
            zero_based,
            warnings,
        })
    }

    fn class_names(read: &Read) -> &[String] {
        &read.parts.class_names
    }

    fn outline(&self, read: &Read) -> Result<(Vec<usize>, Sizes), DataError> {
        Ok((vec![fitted(read).width()], read.parts.sizes()))
    }

    fn load(
        &self,
        read: &Read,
        encoder: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Made, DataError> {
        let indices = match encoder {
            Some(encoder) => given(encoder, Indices::KIND, Indices::from_text)?,
            None => fitted(read),
        };
        let classes = read.parts.class_names.len();
        let mut unknown = 0;
        let split = read.parts.split(|rows, labels, path| {
            let (rows, more) = encoded(rows, &indices, path)?;
            unknown += more;
            Ok(Arc::new(SparseSamples::new(rows, labels, classes)?))
        })?;
        let mut warnings = read.warnings.clone();
        if unknown > 0 {
            warnings.push(format!(
                "{unknown} numbers stand in columns that the training part has not: they are left out"
            ));
        }
        Ok(Made {
            split,
            encoder: Arc::new(indices),
            warnings,
        })
    }
}

/// The columns that the training part has.
fn fitted(read: &Read) -> Indices {
    let base = u32::from(!read.zero_based);
    let (rows, train) = (&read.parts.whole, &read.parts.indices.train);
    let rows = train.iter().filter_map(|&row| rows.row(row));
    Indices::fit(
        rows.flat_map(|(columns, _)| columns.iter().map(|column| column - base)),
        read.zero_based,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rectifier_data::{Batch, DataSet, Loaded, Locator, no_progress};

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
