//! Tables of one's own: numbers and words in columns, one of which is the class.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rectifier_data::{
    Availability, Columns, DataError, DataInfo, DataSet, Encoder, Examples, Hint, Inputs,
    Labels as LabelKind, Loaded, Locator, Nature, OptionKind, OptionSpec, Options, Progress,
    Samples, Shares, Sizes, Source, SplitIndices, Supply, listed, shortened,
};
use serde::{Deserialize, Serialize};

use crate::classes::absent;
use crate::path::{
    DATA_SEED, as_text, availability, content, first_seed, given, info, is_default, is_first_seed,
    once, path, read_plan, required, split, to_plan,
};

mod cells;
use cells::{Cells, Wanted};

const NAME: &str = "table";
/// The most numbers of all rows together: 8 GiB of them.
const MOST_NUMBERS: usize = 1 << 31;

const OPTIONS: [OptionSpec; 6] = [
    OptionSpec::new(
        "file",
        "FILE",
        "The CSV file, plain or gzip; its first row has the columns.",
        OptionKind::Path,
    ),
    OptionSpec::new(
        "target",
        "COLUMN",
        "The column that holds the class.",
        OptionKind::Text,
    )
    .implying(),
    OptionSpec::new(
        "test-file",
        "FILE",
        "The test part [drawn from the file].",
        OptionKind::Path,
    ),
    OptionSpec::new(
        "drop",
        "COLUMNS",
        "Columns to leave out, with commas between them [none].",
        OptionKind::Text,
    ),
    OptionSpec::new(
        "word-columns",
        "COLUMNS",
        "Columns whose numbers are names, such as postal codes, with commas between them [none].",
        OptionKind::Text,
    ),
    DATA_SEED,
];

/// A table: `--data table --file F.csv --target COLUMN`.
///
/// Columns of numbers are standardized, columns of words one-hot ([`Columns`]); a column is one of numbers if all that is
/// in it, in whatever part, is a number. Rows without a class are left out.
#[derive(Clone, Copy, Debug)]
pub struct Table;

impl DataSet for Table {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        let choices = Choices {
            file: required(path(options, "file")?, "file", "a CSV file")?,
            target: required(
                options.text("target"),
                "target",
                "the column that holds the class",
            )?
            .into(),
            test_file: None,
            drop: Vec::new(),
            word_columns: Vec::new(),
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
    target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "is_default")]
    drop: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    word_columns: Vec<String>,
    #[serde(default = "first_seed", skip_serializing_if = "is_first_seed")]
    data_seed: u64,
}

impl Choices {
    fn with(mut self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        if let Some(file) = path(options, "file")? {
            self.file = file;
        }
        if let Some(target) = options.text("target") {
            self.target = target.into();
        }
        if let Some(file) = path(options, "test-file")? {
            self.test_file = Some(file);
        }
        let list = |text: &str| text.split(',').map(|name| name.trim().to_owned()).collect();
        if let Some(names) = options.text("drop") {
            self.drop = list(names);
        }
        if let Some(names) = options.text("word-columns") {
            self.word_columns = list(names);
        }
        if let Some(seed) = options.seed("data-seed")? {
            self.data_seed = seed;
        }
        Ok(self.source())
    }

    fn source(self) -> Box<dyn Source> {
        Box::new(TableSource {
            choices: self,
            read: OnceLock::new(),
        })
    }
}

struct TableSource {
    choices: Choices,
    read: OnceLock<Read>,
}

/// What the files hold.
struct Read {
    cells: Cells,
    labels: Vec<u32>,
    class_names: Vec<String>,
    parts: SplitIndices,
    test: Option<(Cells, Vec<u32>)>,
    columns: Columns,
    warnings: Vec<String>,
}

impl TableSource {
    fn read(&self) -> Result<&Read, DataError> {
        once(&self.read, || self.read_files())
    }

    fn read_files(&self) -> Result<Read, DataError> {
        let Choices {
            file,
            target,
            test_file,
            drop,
            word_columns,
            data_seed,
        } = &self.choices;
        let wanted = Wanted {
            target,
            drop,
            words: word_columns,
            columns: None,
        };
        let mut cells = Cells::read(file, wanted)?;
        let mut test = None;
        if let Some(path) = test_file {
            let wanted = Wanted {
                columns: Some(&cells.names),
                ..wanted
            };
            test = Some(Cells::read(path, wanted)?);
        }
        cells.check_kinds(file, test.as_ref())?;
        let mut warnings = std::mem::take(&mut cells.warnings);
        let labels = std::mem::take(&mut cells.labels);
        let classes = labels.finish().map_err(|problem| {
            content(file, format!("column {:?}: {problem}", shortened(target)))
        })?;
        let shares = match test {
            Some(_) => Shares::TEST_GIVEN,
            None => Shares::default(),
        };
        let parts = SplitIndices::stratified(&classes.of, shares, *data_seed)?;
        let test = match (test, test_file) {
            (Some(mut test), Some(path)) => {
                let labels = std::mem::take(&mut test.labels);
                if labels.len() == 0 {
                    return Err(content(path, "it has no row with a class"));
                }
                let labels = labels
                    .finish_as(&classes.names)
                    .map_err(|problem| content(path, problem))?;
                warnings.append(&mut test.warnings);
                warnings.extend(absent("test", &labels, &classes.names));
                Some((test, labels))
            }
            _ => None,
        };
        let train = &parts.train;
        let columns = Columns::fit(&cells.names, train.len(), |row, column| {
            cells.cell(train[row], column)
        });
        let columns = columns.map_err(|error| match error {
            DataError::Shape { .. } => content(
                file,
                format!(
                    "beside {:?} no column holds anything to learn from",
                    shortened(target)
                ),
            ),
            error => DataError::InFile {
                path: file.clone(),
                source: Box::new(error),
            },
        })?;
        let columns = columns
            .with_target(target)
            .with_decimal_comma(cells.decimal_comma);
        let constant: Vec<&str> = columns.constant().collect();
        if !constant.is_empty() {
            warnings.push(format!(
                "columns that are the same in every training row: {}",
                listed(constant)
            ));
        }
        Ok(Read {
            cells,
            labels: classes.of,
            class_names: classes.names,
            parts,
            test,
            columns,
            warnings,
        })
    }

    fn info_of(&self, read: &Read, width: usize) -> DataInfo {
        info(
            NAME,
            format!(
                "{} of the rows of {}",
                self.choices.target,
                self.choices.file.display()
            ),
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

/// What is odd about the rows of a file, counted.
#[derive(Default)]
struct Odd {
    words: usize,
    columns: std::collections::BTreeSet<String>,
    missing: usize,
}

impl Odd {
    fn add(&mut self, hints: &mut Vec<Hint>) {
        for hint in hints.drain(..) {
            match hint {
                Hint::UnknownWord { column, .. } => {
                    self.words += 1;
                    self.columns.insert(column);
                }
                Hint::MissingNumber { .. } => self.missing += 1,
                _ => {}
            }
        }
    }

    fn warn(self, warnings: &mut Vec<String>) {
        if self.words > 0 {
            warnings.push(format!(
                "{} words that the training part has not count as none, in {}",
                self.words,
                listed(&self.columns)
            ));
        }
        if self.missing > 0 {
            warnings.push(format!(
                "{} numbers are missing in columns where the training part has none missing: the mean stands for them",
                self.missing
            ));
        }
    }
}

/// The rows of `cells` as `columns` prepares them.
fn encoded(
    cells: &Cells,
    labels: &[u32],
    classes: usize,
    columns: &Columns,
    path: &Path,
    odd: &mut Odd,
) -> Result<Arc<dyn Examples>, DataError> {
    let total = labels.len().saturating_mul(columns.width());
    if total > MOST_NUMBERS {
        return Err(DataError::Memory {
            what: format!("{} rows of {} numbers", labels.len(), columns.width()),
            bytes: 4 * total as u128,
            cure: "drop the columns with the most words, or give fewer rows".into(),
        });
    }
    let places: Vec<usize> = columns
        .names()
        .map(|name| {
            let place = cells.names.iter().position(|column| column == name);
            place.ok_or_else(|| {
                content(
                    path,
                    format!(
                        "it has no column {:?}, which the network takes: it has {}",
                        shortened(name),
                        listed(&cells.names)
                    ),
                )
            })
        })
        .collect::<Result<_, _>>()?;
    let mut numbers = Vec::with_capacity(total);
    let mut hints = Vec::new();
    for row in 0..labels.len() {
        columns
            .row(
                |column| cells.cell(row, places[column]),
                &mut numbers,
                &mut hints,
            )
            .map_err(|problem| content(path, format!("line {}: {problem}", cells.lines[row])))?;
        odd.add(&mut hints);
    }
    let samples = Samples::from_f32(numbers, labels.to_vec(), &[columns.width()], classes)?;
    Ok(Arc::new(samples))
}

impl Source for TableSource {
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
        format!(
            "table, {} of {}",
            self.choices.target,
            self.choices.file.display()
        )
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Files,
            inputs: Inputs::Columns,
            labels: LabelKind::Classes,
            range: (f32::MIN, f32::MAX),
        }
    }

    fn find(&self, _: &Locator) -> Result<Availability, DataError> {
        Ok(availability(&self.choices.file))
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        let read = self.read()?;
        Ok(self.info_of(read, read.columns.width()))
    }

    fn load(
        &self,
        _: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let read = self.read()?;
        let columns = match encoder {
            Some(encoder) => given(encoder, Columns::KIND, Columns::from_text)?,
            None => read.columns.clone(),
        };
        let classes = read.class_names.len();
        let mut warnings = read.warnings.clone();
        let mut odd = Odd::default();
        let whole = encoded(
            &read.cells,
            &read.labels,
            classes,
            &columns,
            &self.choices.file,
            &mut odd,
        )?;
        let test = match (&read.test, &self.choices.test_file) {
            (Some((cells, labels)), Some(path)) => {
                Some(encoded(cells, labels, classes, &columns, path, &mut odd)?)
            }
            _ => None,
        };
        odd.warn(&mut warnings);
        Ok(Loaded {
            info: self.info_of(read, columns.width()),
            split: split(whole, &read.parts, test)?,
            warnings,
            encoder: Some(Arc::new(columns)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rectifier_data::{Batch, Raw, no_progress};

    fn source(
        file: &str,
        test: Option<&str>,
        more: &[(&str, &str)],
    ) -> (tempfile::TempDir, Box<dyn Source>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.csv");
        std::fs::write(&path, file).unwrap();
        let mut options = Options::new()
            .with("file", path.display().to_string())
            .with("target", "class");
        if let Some(test) = test {
            let path = folder.path().join("t.csv");
            std::fs::write(&path, test).unwrap();
            options = options.with("test-file", path.display().to_string());
        }
        for (name, value) in more {
            options = options.with(*name, *value);
        }
        (folder, Table.open(&options).unwrap())
    }

    fn load(file: &str, test: Option<&str>, more: &[(&str, &str)]) -> Result<Loaded, DataError> {
        let (_folder, source) = source(file, test, more);
        source.load(&Locator::default(), None, &mut no_progress)
    }

    /// 60 rows: a number, a word, a number with gaps, the class.
    fn rows(delimiter: char) -> String {
        let mut text = String::from("size;colour;gap;class\r\n");
        for row in 0..60 {
            let gap = if row % 5 == 0 {
                "NA".into()
            } else {
                row.to_string()
            };
            text += &format!(
                "{row}.5;{};{gap};{}\r\n",
                ["red", "blue"][row % 2],
                ["no", "yes"][row / 30]
            );
        }
        text.replace(';', &delimiter.to_string())
    }

    #[test]
    fn columns_are_fitted_on_the_training_part() {
        for delimiter in [';', ',', '\t'] {
            let loaded = load(&rows(delimiter), None, &[]).unwrap();
            assert_eq!(
                loaded.info.sizes,
                Sizes {
                    train: 40,
                    valid: 10,
                    test: 10
                }
            );
            assert_eq!(
                (loaded.info.shape, loaded.info.class_names),
                (vec![5], vec!["no".into(), "yes".into()])
            );
            assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
            let mut batch = Batch::default();
            let train: Vec<usize> = (0..40).collect();
            loaded.split.train.gather(&train, &mut batch).unwrap();
            let sizes: Vec<f64> = batch
                .inputs
                .chunks(5)
                .map(|row| f64::from(row[0]))
                .collect();
            let mean = sizes.iter().sum::<f64>() / 40.0;
            let square = sizes.iter().map(|size| size * size).sum::<f64>() / 40.0;
            assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_encoder_prepares_what_the_file_holds_as_training_saw_it() {
        let (folder, source) = source(&rows(','), None, &[]);
        let loaded = source
            .load(&Locator::default(), None, &mut no_progress)
            .unwrap();
        let encoder = loaded.encoder.unwrap();
        let entries = encoder.encode_file(&folder.path().join("f.csv")).unwrap();
        let mut batch = Batch::default();
        loaded.split.test.gather(&[0], &mut batch).unwrap();
        let found = entries
            .iter()
            .filter(|entry| entry.row.as_ref().unwrap().to_dense(5) == batch.inputs);
        assert_eq!(found.count(), 1);
        assert_eq!(entries[59].label.as_deref(), Some("yes"));
        // The network's encoder prepares another file with the columns in another order.
        let other = "class,gap,colour,size\nyes,1,red,1\nno,2,blue,2\n".to_owned()
            + &"yes,1,green,1\nno,2,blue,2\n".repeat(20);
        std::fs::write(folder.path().join("f.csv"), other).unwrap();
        let again = Table.read_plan(&source.to_plan()).unwrap().unwrap();
        let loaded = again
            .load(&Locator::default(), Some(&encoder), &mut no_progress)
            .unwrap();
        assert_eq!(loaded.split.train.width(), 5);
        assert!(
            loaded
                .warnings
                .iter()
                .any(|warning| warning.contains("20 words") && warning.contains("colour"))
        );
        assert!(encoder.encode(Raw::Text("x")).is_err());
    }

    #[test]
    fn what_is_odd_is_said() {
        let file = rows(',').replace("colour", "same").replace("red", "blue");
        let test = "class,gap,same,size\nyes,3,blue,1\nyes,,pink,\n,,blue,2\n";
        let loaded = load(&file, Some(test), &[]).unwrap();
        assert_eq!(loaded.info.sizes.test, 2);
        let all = loaded.warnings.join("\n");
        for part in [
            "the same in every training row: \"same\"",
            "no example of \"no\"",
            "1 rows without a class are left out, the first on line 4",
            "1 words that the training part has not count as none, in \"same\"",
            "1 numbers are missing",
        ] {
            assert!(all.contains(part), "{part:?} in {all}");
        }
        let loaded = load(&rows(','), None, &[("drop", "colour, gap")]).unwrap();
        assert_eq!(loaded.info.shape, [1]);
        let commas = rows(';').replace(".5", ",5");
        assert_eq!(load(&commas, None, &[]).unwrap().info.shape, [5]);
        let words = load(
            &rows(','),
            None,
            &[("word-columns", "size"), ("drop", "gap")],
        )
        .unwrap();
        assert_eq!(words.info.shape, [42]);
    }

    #[test]
    fn wrong_tables_are_refused_with_the_cure() {
        let many = |cell: &dyn Fn(usize) -> String| -> String {
            "a,class\n".to_owned()
                + &(0..2000)
                    .map(|row| format!("{row},{}\n", cell(row)))
                    .collect::<String>()
        };
        let texts = "a,class\n".to_owned()
            + &(0..1200)
                .map(|row| format!("t{row},{}\n", row % 2))
                .collect::<String>();
        let dirty = rows(',').replace("17.5", "17k");
        for (file, problem) in [
            (
                rows(',').replace("class", "klass"),
                "no column \"class\": its first row has \"size\", \"colour\"",
            ),
            (
                many(&|_| "x".into()),
                "column \"class\": every example has the label \"x\"",
            ),
            (
                many(&|row| format!("c{row}")),
                "line 1002: column \"class\": there are more than 1000",
            ),
            (
                many(&|row| format!("{row}.5")),
                "the labels are real numbers, such as 0.5",
            ),
            (
                texts,
                "column \"a\" has more than 1000 different words (line 1002): leave it out with --drop",
            ),
            (
                dirty,
                "column \"size\" holds 59 numbers, but \"17k\" on line 19",
            ),
            (
                rows(',').replace("\r\n5.5,", "\r\n5.5"),
                "line 7 has 3 fields, but the first row names 4 columns",
            ),
            ("class\nx\ny\n".repeat(20), "no column holds anything"),
            ("a,class\n1,x\n2,y\n".into(), "leave the"),
            ("a,class\n".into(), "no example has a label"),
            (String::new(), "it is empty"),
        ] {
            let error = load(&file, None, &[]).err().unwrap().to_string();
            assert!(error.contains(problem), "{problem:?} in {error}");
            assert!(error.len() < 1000);
        }
        for (test, problem) in [
            ("class,gap,colour\nyes,1,red\n", "no column \"size\""),
            (
                "class,gap,colour,size\nmaybe,1,red,1\n",
                "have not: \"maybe\"",
            ),
            ("class,gap,colour,size\n,1,red,1\n", "no row with a class"),
            (
                "class,gap,colour,size\nyes,1,red,big\n",
                "column \"size\" holds 60 numbers, but \"big\" on line 2",
            ),
        ] {
            let error = load(&rows(','), Some(test), &[]).err().unwrap().to_string();
            assert!(error.contains(problem), "{problem:?} in {error}");
        }
        let error = load(&rows(','), None, &[("drop", "nope")])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("no column \"nope\""), "{error}");
    }

    #[test]
    fn a_plan_brings_the_same_source() {
        let (_folder, source) = source(&rows(','), None, &[("data-seed", "7"), ("drop", "gap")]);
        let plan = source.to_plan();
        assert_eq!(
            (&plan["set"], &plan["data_seed"], &plan["drop"][0]),
            (&"table".into(), &7.into(), &"gap".into())
        );
        assert!(PathBuf::from(plan["file"].as_str().unwrap()).is_absolute());
        let again = Table.read_plan(&plan).unwrap().unwrap();
        assert_eq!(again.to_plan(), plan);
        let changed = again
            .changed(&Options::new().with("data-seed", "8"))
            .unwrap();
        assert_eq!(changed.to_plan()["data_seed"], 8);
        assert!(again.changed(&Options::new().with("words", "8")).is_err());
        assert!(Table.open(&Options::new().with("file", "f")).is_err());
    }
}
