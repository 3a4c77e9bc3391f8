//! Tables from the file to the split.
#![allow(clippy::unwrap_used)]

use super::*;
use rectifier_data::{Batch, DataSet, Loaded, Locator, Raw, Source, no_progress};

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
fn a_number_that_flattens_its_column_is_named_with_its_line() {
    let file = rows(',').replace("\r\n7.5,", "\r\n1e308,");
    // Whichever part the row falls into, the number itself is what is told of.
    let mut told = Vec::new();
    for seed in ["1", "2", "3", "4", "5", "6"] {
        told.extend(match load(&file, None, &[("data-seed", seed)]) {
            Ok(loaded) => loaded.warnings,
            Err(error) => vec![error.to_string()],
        });
    }
    let warning = "column \"size\": beside 1e308 on line 9 all other numbers are next to the same";
    let error = "line 9: column \"size\": 1e308 is too far from all others";
    assert!(told.iter().any(|text| text.contains(warning)), "{told:?}");
    assert!(
        told.iter()
            .all(|text| text.contains(warning) || text.contains(error)),
        "{told:?}"
    );
}

#[test]
fn a_table_is_read_in_its_encoding_in_training_and_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    let text = rows(',').replace("red", "caf\u{e9}");
    std::fs::write(&path, text.chars().map(|c| c as u8).collect::<Vec<u8>>()).unwrap();
    let options = Options::new()
        .with("file", path.display().to_string())
        .with("target", "class");
    let load = |options: &Options| {
        let source = Table.open(options).unwrap();
        let again = Table.read_plan(&source.to_plan()).unwrap().unwrap();
        again.load(&Locator::default(), None, &mut no_progress)
    };
    let error = load(&options).err().unwrap().to_string();
    assert!(error.contains("--encoding"), "{error}");
    let encoder = load(&options.with("encoding", "latin1")).unwrap().encoder;
    let entries = encoder.unwrap().encode_file(&path).unwrap();
    assert!(entries.iter().all(|entry| entry.hints.is_empty()));
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
    for list in ["drop", "word_columns"] {
        let mut wrong = plan.clone();
        wrong[list] = ["class"].into();
        let error = Table.read_plan(&wrong).unwrap().err().unwrap().to_string();
        let named = format!("{list}: \"class\" is the target");
        assert!(error.contains(&named), "{named:?} in {error}");
    }
    assert!(Table.open(&Options::new().with("file", "f")).is_err());
}
