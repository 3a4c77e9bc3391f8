//! Labelled texts of one's own, of any classes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rectifier_data::{
    Availability, Cell, DataError, DataInfo, DataSet, Encoder, Encoding, Examples, Inputs,
    Labels as LabelKind, Loaded, Locator, Nature, OptionKind, OptionSpec, Options, Progress,
    Records, Shares, Sizes, Source, SparseSamples, SplitIndices, Supply, TextForm, Vocabulary,
    shortened, without_markup,
};
use serde::{Deserialize, Serialize};

use crate::classes::{Labels, absent};
use crate::path::{
    DATA_SEED, as_text, availability, content, first_seed, given, info, is_default, is_first_seed,
    once, path, read_plan, required, split, to_plan, wrong,
};

const NAME: &str = "texts";
/// How many words have a column unless something else is asked for, as in the paper.
const WORDS: usize = 5000;
/// The most words that may be asked for.
const MOST_WORDS: usize = 1 << 20;
/// A longer text is none that somebody wrote: 1 MiB.
const LONGEST_TEXT: usize = 1 << 20;

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
    ),
    OptionSpec::new(
        "encoding",
        "NAME",
        "How bytes stand for characters [utf8].",
        OptionKind::OneOf(&Encoding::NAMES),
    ),
    DATA_SEED,
];

/// Texts with a class each: `--data texts --file F --text-column C --class-column C`.
///
/// A text is the bag of those of the training part's most frequent words that it has. Texts without a class are what
/// stages without labels learn from, beside those of the training part.
#[derive(Clone, Copy, Debug)]
pub struct Texts;

impl DataSet for Texts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(&OPTIONS)?;
        let class = options.text("class-column");
        let choices = Choices {
            file: required(path(options, "file")?, "file", "a CSV table or JSON lines")?,
            text_column: "text".into(),
            class_column: required(class, "class-column", "the column that holds the class")?
                .into(),
            test_file: None,
            words: WORDS,
            encoding: Encoding::Utf8,
            data_seed: first_seed(),
        };
        choices.with(options)
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        read_plan::<Choices>(NAME, plan).map(|choices| {
            let choices = choices?;
            match choices.words {
                1..=MOST_WORDS => Ok(choices.source()),
                words => Err(DataError::Plan {
                    set: NAME.into(),
                    reason: format!("{words} words: from 1 to {MOST_WORDS}"),
                }),
            }
        })
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

impl Choices {
    fn with(mut self, options: &Options) -> Result<Box<dyn Source>, DataError> {
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
        if !(1..=MOST_WORDS).contains(&self.words) {
            return Err(wrong(
                "words",
                format!("{}: from 1 to {MOST_WORDS}", self.words),
            ));
        }
        if let Some(encoding) = options.read("encoding")? {
            self.encoding = encoding;
        }
        if let Some(seed) = options.seed("data-seed")? {
            self.data_seed = seed;
        }
        if self.text_column == self.class_column {
            return Err(wrong(
                "class-column",
                "it is the column of texts: name another",
            ));
        }
        Ok(self.source())
    }

    fn source(self) -> Box<dyn Source> {
        Box::new(TextsSource {
            choices: self,
            read: OnceLock::new(),
        })
    }
}

struct TextsSource {
    choices: Choices,
    read: OnceLock<Read>,
}

/// What the files hold.
struct Read {
    texts: Vec<String>,
    unlabelled: Vec<String>,
    labels: Vec<u32>,
    class_names: Vec<String>,
    parts: SplitIndices,
    test: Option<(Vec<String>, Vec<u32>)>,
    markup: bool,
    warnings: Vec<String>,
}

/// The texts of a file, less their markup.
#[derive(Default)]
struct File {
    texts: Vec<String>,
    labels: Labels,
    unlabelled: Vec<String>,
    marked: usize,
    empty: usize,
    warning: Option<String>,
}

impl TextsSource {
    fn read(&self) -> Result<&Read, DataError> {
        once(&self.read, || self.read_files())
    }

    fn read_file(&self, path: &Path) -> Result<File, DataError> {
        let Choices {
            text_column,
            class_column,
            encoding,
            ..
        } = &self.choices;
        let mut records = Records::open(path, *encoding, &[text_column, class_column])?;
        let mut file = File::default();
        while let Some(record) = records.next_record()? {
            let line = record.line;
            let wrong = |problem: String| content(path, format!("line {line}: {problem}"));
            let mut cells = record.cells.into_iter();
            let text = match cells.next() {
                Some(Cell::Text(text)) => text,
                Some(Cell::Missing) | None => String::new(),
                Some(_) => return Err(wrong(format!("{:?} is no text", shortened(text_column)))),
            };
            if text.len() > LONGEST_TEXT {
                return Err(wrong(format!(
                    "a text of {} bytes, which begins {:?}: the most is {LONGEST_TEXT}",
                    text.len(),
                    shortened(&text)
                )));
            }
            let label = match cells.next() {
                Some(Cell::Text(label)) => label.trim().to_owned(),
                Some(Cell::Number(label)) => label.to_string(),
                Some(Cell::Missing) | None => String::new(),
                Some(Cell::Other) => {
                    return Err(wrong(format!(
                        "{:?} is neither a text nor a number",
                        shortened(class_column)
                    )));
                }
            };
            file.empty += usize::from(text.trim().is_empty());
            let text = match without_markup(&text) {
                std::borrow::Cow::Borrowed(_) => text,
                std::borrow::Cow::Owned(clean) => {
                    file.marked += 1;
                    clean
                }
            };
            match label.is_empty() {
                true => file.unlabelled.push(text),
                false => {
                    file.labels.push(&label).map_err(|problem| {
                        wrong(format!("column {:?}: {problem}", shortened(class_column)))
                    })?;
                    file.texts.push(text);
                }
            }
        }
        file.warning = records.lines().warning();
        let all = file.texts.len() + file.unlabelled.len();
        if file.empty > 0 && 2 * file.empty >= all {
            return Err(content(
                path,
                format!(
                    "{} of {all} texts are empty: is {:?} the column of texts?",
                    file.empty,
                    shortened(text_column)
                ),
            ));
        }
        Ok(file)
    }

    fn read_files(&self) -> Result<Read, DataError> {
        let Choices {
            file: path,
            class_column,
            test_file,
            data_seed,
            ..
        } = &self.choices;
        let file = self.read_file(path)?;
        let mut warnings = Vec::new();
        warn(&mut warnings, path, &file);
        let mut marked = file.marked > 0;
        let classes = file.labels.finish().map_err(|problem| {
            content(
                path,
                format!("column {:?}: {problem}", shortened(class_column)),
            )
        })?;
        let shares = match test_file {
            Some(_) => Shares::TEST_GIVEN,
            None => Shares::default(),
        };
        let parts = SplitIndices::stratified(&classes.of, shares, *data_seed)?;
        let test = match test_file {
            None => None,
            Some(path) => {
                let test = self.read_file(path)?;
                warn(&mut warnings, path, &test);
                marked |= test.marked > 0;
                if test.texts.is_empty() {
                    return Err(content(path, "it has no text with a class"));
                }
                let labels = test
                    .labels
                    .finish_as(&classes.names)
                    .map_err(|problem| content(path, problem))?;
                warnings.extend(absent("test", &labels, &classes.names));
                Some((test.texts, labels))
            }
        };
        let train: HashSet<&str> = parts
            .train
            .iter()
            .map(|&index| file.texts[index].as_str())
            .collect();
        let again = match &test {
            Some((texts, _)) => texts
                .iter()
                .filter(|text| train.contains(text.as_str()))
                .count(),
            None => parts
                .test
                .iter()
                .filter(|&&index| train.contains(file.texts[index].as_str()))
                .count(),
        };
        if again > 0 {
            warnings.push(format!(
                "{again} texts of the test part stand in the training part, too"
            ));
        }
        Ok(Read {
            texts: file.texts,
            unlabelled: file.unlabelled,
            labels: classes.of,
            class_names: classes.names,
            parts,
            test,
            markup: marked,
            warnings,
        })
    }

    fn fitted(&self, read: &Read) -> Result<Vocabulary, DataError> {
        let train = read
            .parts
            .train
            .iter()
            .map(|&index| read.texts[index].as_str());
        let all = train.chain(read.fresh());
        let vocabulary = Vocabulary::fit(all, self.choices.words).with_form(TextForm {
            text: self.choices.text_column.clone(),
            label: Some(self.choices.class_column.clone()),
            encoding: self.choices.encoding,
            markup: read.markup,
        });
        vocabulary.check_size()?;
        Ok(vocabulary)
    }

    fn info_of(&self, read: &Read, width: usize) -> DataInfo {
        info(
            NAME,
            format!(
                "{} of the texts of {}",
                self.choices.class_column,
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

impl Read {
    /// The texts without a class that are not held-out texts without theirs.
    fn fresh(&self) -> impl Iterator<Item = &str> {
        let own = self.parts.valid.iter().chain(&self.parts.test);
        let own = own.map(|&index| self.texts[index].as_str());
        let given = self
            .test
            .iter()
            .flat_map(|test| &test.0)
            .map(String::as_str);
        let held_out: HashSet<&str> = own.chain(given).collect();
        self.unlabelled
            .iter()
            .map(String::as_str)
            .filter(move |text| !held_out.contains(text))
    }
}

fn warn(warnings: &mut Vec<String>, path: &Path, file: &File) {
    if file.marked > 0 {
        warnings.push(format!(
            "{}: markup such as <br /> or &amp; was taken out of {} texts",
            path.display(),
            file.marked
        ));
    }
    if file.empty > 0 {
        warnings.push(format!(
            "{}: {} texts are empty",
            path.display(),
            file.empty
        ));
    }
    warnings.extend(file.warning.clone());
}

impl Source for TextsSource {
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
            "texts, {} of {}",
            self.choices.class_column,
            self.choices.file.display()
        )
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Files,
            inputs: Inputs::Words,
            labels: LabelKind::Classes,
            range: (0.0, 1.0),
        }
    }

    fn find(&self, _: &Locator) -> Result<Availability, DataError> {
        Ok(availability(&self.choices.file))
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        Ok(self.info_of(self.read()?, self.choices.words))
    }

    fn load(
        &self,
        _: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        _: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let read = self.read()?;
        let vocabulary = match encoder {
            Some(encoder) => given(encoder, Vocabulary::KIND, Vocabulary::from_text)?,
            None => self.fitted(read)?,
        };
        let classes = read.class_names.len();
        let sparse = |texts: &mut dyn Iterator<Item = &str>,
                      labels: Vec<u32>|
         -> Result<Arc<dyn Examples>, DataError> {
            Ok(Arc::new(SparseSamples::new(
                vocabulary.rows(texts)?,
                labels,
                classes,
            )?))
        };
        let whole = sparse(
            &mut read.texts.iter().map(String::as_str),
            read.labels.clone(),
        )?;
        let test = match &read.test {
            Some((texts, labels)) => Some(sparse(
                &mut texts.iter().map(String::as_str),
                labels.clone(),
            )?),
            None => None,
        };
        let mut split = split(whole, &read.parts, test)?;
        let fresh: Vec<&str> = read.fresh().collect();
        if !fresh.is_empty() {
            let train = read
                .parts
                .train
                .iter()
                .map(|&index| read.texts[index].as_str());
            let labels = vec![0; read.parts.train.len() + fresh.len()];
            split = split.with_unlabelled(sparse(&mut train.chain(fresh), labels)?)?;
        }
        Ok(Loaded {
            info: self.info_of(read, vocabulary.width()),
            split,
            warnings: read.warnings.clone(),
            encoder: Some(Arc::new(vocabulary)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rectifier_data::{Batch, no_progress};

    fn open(bytes: &[u8], more: &[(&str, &str)]) -> Result<Loaded, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, bytes).unwrap();
        let mut options = Options::new()
            .with("file", path.display().to_string())
            .with("class-column", "topic")
            .with("words", "50");
        for (name, value) in more {
            options = options.with(*name, *value);
        }
        Texts
            .open(&options)?
            .load(&Locator::default(), None, &mut no_progress)
    }

    fn rows() -> String {
        let row = |row: usize| {
            format!(
                "{},\"own{row}, {}\"\n",
                ["news", "sport"][row % 2],
                ["paper", "ball"][row % 2]
            )
        };
        "topic,text\n".to_owned() + &(0..60).map(row).collect::<String>()
    }

    #[test]
    fn classes_are_what_the_column_holds_and_words_those_of_the_training_part() {
        let loaded = open(rows().as_bytes(), &[]).unwrap();
        assert_eq!(loaded.info.class_names, ["news", "sport"]);
        assert_eq!(
            loaded.info.sizes,
            Sizes {
                train: 40,
                valid: 10,
                test: 10
            }
        );
        assert!(loaded.split.train.is_sparse() && loaded.split.unlabelled.is_none());
        let mut batch = Batch::default();
        let all: Vec<usize> = (0..10).collect();
        loaded.split.test.gather(&all, &mut batch).unwrap();
        // Of a test text only the word that others have is known.
        assert!(
            batch
                .sparse
                .unwrap()
                .iter()
                .all(|(columns, _)| columns.len() == 1)
        );
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, rows().as_bytes()).unwrap();
        let packed = open(&packed.finish().unwrap(), &[]).unwrap();
        assert_eq!(
            packed.encoder.unwrap().to_text(),
            loaded.encoder.unwrap().to_text()
        );
        let lines: String = (0..60)
            .map(|row| format!("{{\"body\":\"w{row} word\",\"topic\":{}}}\n", row % 3))
            .collect();
        let loaded = open(lines.as_bytes(), &[("text-column", "body")]).unwrap();
        assert_eq!(loaded.info.class_names, ["0", "1", "2"]);
    }

    #[test]
    fn what_is_odd_is_said_and_unlabelled_texts_are_learned_from() {
        let text = rows().replace("own7,", "own7<br />&amp;")
            + ",\"fresh text\"\n,\n,\"own3, ball\"\nnews,\"own2, paper\"\n";
        let loaded = open(text.as_bytes(), &[("data-seed", "3")]).unwrap();
        let all = loaded.warnings.join("\n");
        assert!(
            all.contains("taken out of 1 texts") && all.contains("1 texts are empty"),
            "{all}"
        );
        let unlabelled = loaded.split.unlabelled.unwrap();
        assert!(unlabelled.len() >= loaded.split.train.len() + 2);
        let entries = loaded.encoder.unwrap();
        assert!(
            entries
                .to_text()
                .lines()
                .next()
                .unwrap()
                .contains("\"markup\":true")
        );
    }

    #[test]
    fn wrong_files_are_refused() {
        for (bytes, more, problem) in [
            (
                rows().into_bytes(),
                &[("text-column", "nope")][..],
                "no column \"nope\": its first row has \"topic\", \"text\"",
            ),
            (
                rows().into_bytes(),
                &[("text-column", "topic")][..],
                "name another",
            ),
            (
                rows().into_bytes(),
                &[("words", "0")][..],
                "--words: 0: from 1 to",
            ),
            (
                b"topic,text\na,\nb,\n".to_vec(),
                &[][..],
                "2 of 2 texts are empty: is \"text\" the column",
            ),
            (
                b"topic,text,text\n".to_vec(),
                &[][..],
                "two columns are named \"text\"",
            ),
            (
                b"topic,text\na,x\na,y\n".to_vec(),
                &[][..],
                "column \"topic\": every example has the label \"a\"",
            ),
            (
                b"topic,text\n\r\na,x\x92\n".to_vec(),
                &[("encoding", "latin1")][..],
                "line 3: byte 3 of it is 92",
            ),
            (b"[{\"text\":1}]".to_vec(), &[][..], "one object a line"),
        ] {
            let error = open(&bytes, more).err().unwrap().to_string();
            assert!(error.contains(problem), "{problem:?} in {error}");
        }
        let windows = rows().replace("paper", "the_paper\u{0}s").into_bytes();
        let windows: Vec<u8> = windows
            .into_iter()
            .map(|byte| if byte == 0 { 0x92 } else { byte })
            .collect();
        let loaded = open(&windows, &[("encoding", "cp1252")]).unwrap();
        assert!(loaded.encoder.unwrap().to_text().contains("paper's"));
        let many: String = (0..1200).map(|row| format!("c{row},t\n")).collect();
        let error = open(("topic,text\n".to_owned() + &many).as_bytes(), &[])
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("line 1002: column \"topic\": there are more than 1000"),
            "{error}"
        );
    }

    #[test]
    fn a_plan_brings_the_same_source() {
        let options = Options::new()
            .with("file", "not there")
            .with("class-column", "c")
            .with("encoding", "cp1252");
        let source = Texts.open(&options).unwrap();
        let plan = source.to_plan();
        assert_eq!(
            (&plan["file"], &plan["encoding"]),
            (&"not there".into(), &"cp1252".into())
        );
        assert_eq!(Texts.read_plan(&plan).unwrap().unwrap().to_plan(), plan);
        assert!(matches!(
            source.find(&Locator::default()).unwrap(),
            Availability::Missing { .. }
        ));
        let mut bad = plan.clone();
        bad["words"] = 0.into();
        assert!(Texts.read_plan(&bad).unwrap().is_err());
    }
}
