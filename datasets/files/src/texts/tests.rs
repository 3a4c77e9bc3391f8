//! Texts from the file to the split.
#![allow(clippy::unwrap_used)]
use super::*;
use rectifier_data::{Availability, Batch, DataSet, Loaded, Locator, no_progress};

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
    for (field, value, problem) in [
        ("words", 0.into(), "words: 0: from 1 to"),
        (
            "class_column",
            plan["text_column"].clone(),
            "class_column: it is the column of texts",
        ),
    ] {
        let mut bad = plan.clone();
        bad[field] = value;
        let error = Texts.read_plan(&bad).unwrap().err().unwrap().to_string();
        assert!(error.contains(problem), "{problem:?} in {error}");
    }
}
