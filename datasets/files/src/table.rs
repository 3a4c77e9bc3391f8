//! Tables of one's own: numbers and words in columns, one of which is the class.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rectifier_data::{
    Columns, DataError, Encoder, Encoding, Inputs, OptionKind, OptionSpec, Options, Progress,
    Sizes, listed, shortened,
};
use serde::{Deserialize, Serialize};

use crate::own::{Choices, Made, data_set};
use crate::parts::{Parts, TestFile};
use crate::path::{
    DATA_SEED, ENCODING, as_text, content, first_seed, given, is_default, is_first_seed, path,
    required,
};

mod cells;
mod rows;
use cells::{Cells, Wanted};
use rows::{Odd, encoded};

const OPTIONS: [OptionSpec; 7] = [
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
    )
    .of_encoder(),
    OptionSpec::new(
        "word-columns",
        "COLUMNS",
        "Columns whose numbers are names, such as postal codes, with commas between them [none].",
        OptionKind::Text,
    )
    .of_encoder(),
    ENCODING,
    DATA_SEED,
];

/// A table: `--data table --file F.csv --target COLUMN`.
///
/// Columns of numbers are standardized, columns of words one-hot ([`Columns`]); a column is one of numbers if all that is
/// in it, in whatever part, is a number. Rows without a class are left out.
#[derive(Clone, Copy, Debug)]
pub struct Table;

data_set!(Table, TableChoices);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableChoices {
    #[serde(with = "as_text")]
    file: PathBuf,
    target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "is_default")]
    drop: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    word_columns: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    encoding: Encoding,
    #[serde(default = "first_seed", skip_serializing_if = "is_first_seed")]
    data_seed: u64,
}

/// What the files hold.
pub(crate) struct Read {
    parts: Parts<Cells>,
    columns: Columns,
    warnings: Vec<String>,
}

impl Choices for TableChoices {
    const NAME: &'static str = "table";
    const OPTIONS: &'static [OptionSpec] = &OPTIONS;
    const INPUTS: (Inputs, (f32, f32)) = (Inputs::Columns, (f32::MIN, f32::MAX));
    type Read = Read;

    fn open(options: &Options) -> Result<Self, DataError> {
        Ok(Self {
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
            encoding: Encoding::Utf8,
            data_seed: first_seed(),
        })
    }

    fn with(mut self, options: &Options) -> Result<Self, DataError> {
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
        if let Some(encoding) = options.read("encoding")? {
            self.encoding = encoding;
        }
        if let Some(seed) = options.seed("data-seed")? {
            self.data_seed = seed;
        }
        Ok(self)
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        for (option, columns) in [("drop", &self.drop), ("word-columns", &self.word_columns)] {
            if columns.contains(&self.target) {
                let reason = format!(
                    "{:?} is the target, the column that holds the class: leave it out here",
                    self.target
                );
                return Err((option, reason));
            }
        }
        Ok(())
    }

    fn place(&self) -> &Path {
        &self.file
    }

    fn describe(&self) -> String {
        format!("table, {} of {}", self.target, self.file.display())
    }

    fn title(&self) -> String {
        format!("{} of the rows of {}", self.target, self.file.display())
    }

    fn read(&self) -> Result<Read, DataError> {
        let wanted = Wanted {
            target: &self.target,
            drop: &self.drop,
            words: &self.word_columns,
            columns: None,
            encoding: self.encoding,
        };
        let mut cells = Cells::read(&self.file, wanted)?;
        let mut test = None;
        if let Some(path) = &self.test_file {
            let wanted = Wanted {
                columns: Some(&cells.names),
                ..wanted
            };
            test = Some((path, Cells::read(path, wanted)?));
        }
        cells.check_kinds(&self.file, test.as_ref().map(|(_, test)| test))?;
        let mut warnings = std::mem::take(&mut cells.warnings);
        let labels = std::mem::take(&mut cells.labels);
        let classes = labels.finish().map_err(|problem| {
            content(
                &self.file,
                format!("column {:?}: {problem}", shortened(&self.target)),
            )
        })?;
        let test = test.map(|(path, mut test)| {
            warnings.append(&mut test.warnings);
            TestFile {
                path,
                labels: std::mem::take(&mut test.labels),
                rows: test,
                nothing: "it has no row with a class",
            }
        });
        let whole = (&*self.file, cells);
        let parts = Parts::draw(whole, classes, test, self.data_seed, &mut warnings)?;
        let columns = self.fitted(&parts)?;
        let constant: Vec<&str> = columns.constant().collect();
        if !constant.is_empty() {
            warnings.push(format!(
                "columns that are the same in every training row: {}",
                listed(constant)
            ));
        }
        warnings.extend(flattened(&parts, &columns));
        Ok(Read {
            parts,
            columns,
            warnings,
        })
    }

    fn class_names(read: &Read) -> &[String] {
        &read.parts.class_names
    }

    fn outline(&self, read: &Read) -> Result<(Vec<usize>, Sizes), DataError> {
        Ok((vec![read.columns.width()], read.parts.sizes()))
    }

    fn load(
        &self,
        read: &Read,
        encoder: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Made, DataError> {
        let columns = match encoder {
            Some(encoder) => given(encoder, Columns::KIND, Columns::from_text)?,
            None => read.columns.clone(),
        };
        let classes = read.parts.class_names.len();
        let mut odd = Odd::default();
        let split = read.parts.split(|cells, labels, path| {
            encoded(cells, labels, classes, &columns, path, &mut odd)
        })?;
        let mut warnings = read.warnings.clone();
        odd.warn(&mut warnings);
        Ok(Made {
            split,
            encoder: Arc::new(columns),
            warnings,
        })
    }
}

impl TableChoices {
    /// What prepares rows, fitted on the training part.
    fn fitted(&self, parts: &Parts<Cells>) -> Result<Columns, DataError> {
        let (cells, train) = (&parts.whole, &parts.indices.train);
        let columns = Columns::fit(&cells.names, train.len(), |row, column| {
            cells.cell(train[row], column)
        });
        let columns = columns.map_err(|error| match error {
            DataError::Shape { .. } => content(
                &self.file,
                format!(
                    "beside {:?} no column holds anything to learn from",
                    shortened(&self.target)
                ),
            ),
            error => DataError::InFile {
                path: self.file.clone(),
                source: Box::new(error),
            },
        })?;
        Ok(columns
            .with_target(&self.target)
            .with_decimal_comma(cells.decimal_comma)
            .with_encoding(self.encoding))
    }
}

/// What to tell of numbers beside which all others of their column are next to the same.
fn flattened(parts: &Parts<Cells>, columns: &Columns) -> Vec<String> {
    let (cells, train) = (&parts.whole, &parts.indices.train);
    let mut warnings = Vec::new();
    for (column, name) in columns.names().enumerate() {
        let cell = |row: usize| cells.cell(train[row], column);
        if let Some((row, number)) = columns.flattening(column, train.len(), cell) {
            warnings.push(format!(
                "column {:?}: beside {number:?} on line {} all other numbers are next to the same: mend it, or empty the cell, \
                 if it is a mistake",
                shortened(name),
                cells.lines[train[row]]
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
