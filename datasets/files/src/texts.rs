//! Labelled texts of one's own, of any classes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rectifier_data::{
    DataError, Encoder, Encoding, Examples, Inputs, OptionKind, OptionSpec, Options, Progress,
    Sizes, SparseSamples, TextForm, Vocabulary, shortened,
};
use serde::{Deserialize, Serialize};

use crate::own::{Choices, Made, data_set};
use crate::parts::{Parts, TestFile};
use crate::path::{
    DATA_SEED, ENCODING, as_text, content, first_seed, given, is_default, is_first_seed, path,
    required,
};

mod file;
use file::File;

/// How many words have a column unless something else is asked for, as in the paper.
const WORDS: usize = 5000;
/// The most words that may be asked for.
const MOST_WORDS: usize = 1 << 20;

const OPTIONS: [OptionSpec; 7] = [
    OptionSpec::new(
        "file",
        "FILE",
        "A CSV table or JSON lines, plain or gzip.",
        OptionKind::Path,
    ),
    OptionSpec::new(
        "text-column",
        "COLUMN",
        "The column that holds the text [text].",
        OptionKind::Text,
    ),
    OptionSpec::new(
        "class-column",
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
        "words",
        "N",
        "How many of the most frequent words have a column [5000].",
        OptionKind::Count,
    )
    .of_encoder(),
    ENCODING,
    DATA_SEED,
];

/// Texts with a class each: `--data texts --file F --text-column C --class-column C`.
///
/// A text is the bag of those of the training part's most frequent words that it has. Texts without a class are what
/// stages without labels learn from, beside those of the training part.
#[derive(Clone, Copy, Debug)]
pub struct Texts;

data_set!(Texts, TextsChoices);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextsChoices {
    #[serde(with = "as_text")]
    file: PathBuf,
    text_column: String,
    class_column: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_file: Option<PathBuf>,
    words: usize,
    #[serde(default, skip_serializing_if = "is_default")]
    encoding: Encoding,
    #[serde(default = "first_seed", skip_serializing_if = "is_first_seed")]
    data_seed: u64,
}

/// What the files hold.
pub(crate) struct Read {
    parts: Parts<Vec<String>>,
    unlabelled: Vec<String>,
    markup: bool,
    warnings: Vec<String>,
}

impl Choices for TextsChoices {
    const NAME: &'static str = "texts";
    const OPTIONS: &'static [OptionSpec] = &OPTIONS;
    const INPUTS: (Inputs, (f32, f32)) = (Inputs::Words, (0.0, 1.0));
    type Read = Read;

    fn open(options: &Options) -> Result<Self, DataError> {
        let class = options.text("class-column");
        Ok(Self {
            file: required(path(options, "file")?, "file", "a CSV table or JSON lines")?,
            text_column: "text".into(),
            class_column: required(class, "class-column", "the column that holds the class")?
                .into(),
            test_file: None,
            words: WORDS,
            encoding: Encoding::Utf8,
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
        if let Some(column) = options.text("text-column") {
            self.text_column = column.into();
        }
        if let Some(column) = options.text("class-column") {
            self.class_column = column.into();
        }
        if let Some(words) = options.count("words")? {
            self.words = words;
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
        if !(1..=MOST_WORDS).contains(&self.words) {
            return Err(("words", format!("{}: from 1 to {MOST_WORDS}", self.words)));
        }
        if self.text_column == self.class_column {
            let reason = "it is the column of texts: name another";
            return Err(("class-column", reason.into()));
        }
        Ok(())
    }

    fn place(&self) -> &Path {
        &self.file
    }

    fn describe(&self) -> String {
        format!("texts, {} of {}", self.class_column, self.file.display())
    }

    fn title(&self) -> String {
        let file = self.file.display();
        format!("{} of the texts of {file}", self.class_column)
    }

    fn read(&self) -> Result<Read, DataError> {
        let path = &self.file;
        let columns = [&*self.text_column, &*self.class_column];
        let file = File::read(path, columns, self.encoding)?;
        let mut warnings = Vec::new();
        file.warn(path, &mut warnings);
        let mut markup = file.marked > 0;
        let classes = file.labels.finish().map_err(|problem| {
            let column = shortened(&self.class_column);
            content(path, format!("column {column:?}: {problem}"))
        })?;
        let test = match &self.test_file {
            None => None,
            Some(path) => {
                let test = File::read(path, columns, self.encoding)?;
                test.warn(path, &mut warnings);
                markup |= test.marked > 0;
                Some(TestFile {
                    path,
                    rows: test.texts,
                    labels: test.labels,
                    nothing: "it has no text with a class",
                })
            }
        };
        let whole = (&**path, file.texts);
        let parts = Parts::draw(whole, classes, test, self.data_seed, &mut warnings)?;
        let read = Read {
            parts,
            unlabelled: file.unlabelled,
            markup,
            warnings,
        };
        Ok(read.compared())
    }

    fn class_names(read: &Read) -> &[String] {
        &read.parts.class_names
    }

    fn outline(&self, read: &Read) -> Result<(Vec<usize>, Sizes), DataError> {
        Ok((vec![self.words], read.parts.sizes()))
    }

    fn load(
        &self,
        read: &Read,
        encoder: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Made, DataError> {
        let vocabulary = match encoder {
            Some(encoder) => given(encoder, Vocabulary::KIND, Vocabulary::from_text)?,
            None => self.fitted(read)?,
        };
        let classes = read.parts.class_names.len();
        let sparse = |texts: &mut dyn Iterator<Item = &str>,
                      labels: Vec<u32>|
         -> Result<Arc<dyn Examples>, DataError> {
            let rows = vocabulary.rows(texts)?;
            Ok(Arc::new(SparseSamples::new(rows, labels, classes)?))
        };
        let mut split = read.parts.split(|texts, labels, _| {
            let mut texts = texts.iter().map(String::as_str);
            sparse(&mut texts, labels)
        })?;
        let fresh: Vec<&str> = read.fresh().collect();
        if !fresh.is_empty() {
            let labels = vec![0; read.parts.indices.train.len() + fresh.len()];
            let mut texts = read.train().chain(fresh);
            split = split.with_unlabelled(sparse(&mut texts, labels)?)?;
        }
        Ok(Made {
            split,
            encoder: Arc::new(vocabulary),
            warnings: read.warnings.clone(),
        })
    }
}

impl TextsChoices {
    /// The words of the training part and of the texts without a class.
    fn fitted(&self, read: &Read) -> Result<Vocabulary, DataError> {
        let all = read.train().chain(read.fresh());
        let vocabulary = Vocabulary::fit(all, self.words).with_form(TextForm {
            text: self.text_column.clone(),
            label: Some(self.class_column.clone()),
            encoding: self.encoding,
            markup: read.markup,
        });
        vocabulary.check_size()?;
        Ok(vocabulary)
    }
}

impl Read {
    /// The texts of some examples.
    fn of<'a>(&'a self, indices: &'a [usize]) -> impl Iterator<Item = &'a str> {
        indices.iter().map(|&index| &*self.parts.whole[index])
    }

    fn train(&self) -> impl Iterator<Item = &str> {
        self.of(&self.parts.indices.train)
    }

    fn test(&self) -> impl Iterator<Item = &str> {
        let drawn = match self.parts.test {
            Some(_) => &[][..],
            None => &self.parts.indices.test,
        };
        let given = self.parts.test.iter().flatten().map(String::as_str);
        self.of(drawn).chain(given)
    }

    /// Tells of texts that stand in both the training and the test part.
    fn compared(mut self) -> Self {
        let train: HashSet<&str> = self.train().collect();
        let again = self.test().filter(|text| train.contains(text)).count();
        drop(train);
        if again > 0 {
            self.warnings.push(format!(
                "{again} texts of the test part stand in the training part, too"
            ));
        }
        self
    }

    /// The texts without a class that are not held-out texts without theirs.
    fn fresh(&self) -> impl Iterator<Item = &str> {
        let valid = self.of(&self.parts.indices.valid);
        let held_out: HashSet<&str> = valid.chain(self.test()).collect();
        self.unlabelled
            .iter()
            .map(String::as_str)
            .filter(move |text| !held_out.contains(text))
    }
}

#[cfg(test)]
mod tests;
