//! The data that `comparison.py` writes, read by the four forms. The folder is that of COMPARISON_DATA:
//! `COMPARISON_DATA=OUT cargo test -p rectifier-files --test comparison -- --ignored`.
#![allow(clippy::unwrap_used)]

use rectifier_data::{Batch, DataSet, Examples, Loaded, Locator, Options, no_progress};
use rectifier_files::{Images, Svmlight, Table};

fn load(set: &dyn DataSet, options: &[(&str, &str)]) -> Loaded {
    let out = std::env::var("COMPARISON_DATA").unwrap();
    let mut given = Options::new();
    for (name, value) in options {
        let is_file = ["file", "test-file", "dir"].contains(name);
        let value = if is_file {
            format!("{out}/{value}")
        } else {
            (*value).into()
        };
        given = given.with(*name, value);
    }
    let source = set.open(&given).unwrap();
    let info = source.info(&Locator::default()).unwrap();
    let loaded = source
        .load(&Locator::default(), None, &mut no_progress)
        .unwrap();
    assert_eq!(info, loaded.info);
    loaded
}

#[test]
#[ignore = "needs the data that comparison.py writes, in COMPARISON_DATA"]
fn tables_have_the_columns_of_scikit_learn() {
    for (name, classes, width, test) in [("digits", 10, 64, 450), ("breast_cancer", 2, 30, 143)] {
        let (file, test_file) = (format!("{name}-train.csv"), format!("{name}-test.csv"));
        let loaded = load(
            &Table,
            &[
                ("file", &file),
                ("test-file", &test_file),
                ("target", "class"),
            ],
        );
        assert_eq!((loaded.info.classes, loaded.info.width()), (classes, width));
        assert_eq!(loaded.info.sizes.test, test);
    }
}

#[test]
#[ignore = "needs the data that comparison.py writes, in COMPARISON_DATA"]
fn pictures_of_digits_are_those_of_mnist() {
    let loaded = load(&Images, &[("dir", "mnist-png")]);
    let names: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    assert_eq!(
        (loaded.info.class_names, loaded.info.shape),
        (names, vec![28, 28])
    );
    let sizes = loaded.info.sizes;
    assert_eq!(
        (sizes.train, sizes.valid, sizes.test),
        (10_000, 2_000, 2_000)
    );
    let mut batch = Batch::default();
    let all: Vec<usize> = (0..10_000).collect();
    loaded.split.train.gather(&all, &mut batch).unwrap();
    let mean = batch
        .inputs
        .iter()
        .map(|&value| f64::from(value))
        .sum::<f64>()
        / batch.inputs.len() as f64;
    // The mean of all of MNIST's training pictures is 0.1307.
    assert!((mean - 0.1307).abs() < 0.003, "{mean}");
}

#[test]
#[ignore = "needs the data that comparison.py writes, in COMPARISON_DATA"]
fn sparse_rows_keep_only_what_is_not_zero() {
    let options = [
        ("file", "sparse-train.svm"),
        ("test-file", "sparse-test.svm"),
    ];
    let loaded = load(&Svmlight, &options);
    assert_eq!(loaded.info.class_names, ["-1", "1", "3", "10", "20"]);
    assert!((49_990..=50_000).contains(&loaded.info.width()));
    let mut batch = Batch::default();
    let all: Vec<usize> = (0..loaded.split.train.len()).collect();
    loaded.split.train.gather(&all, &mut batch).unwrap();
    assert!(batch.inputs.is_empty());
    let rows = batch.sparse.unwrap();
    assert!(rows.values().len() <= 40 * rows.len() && rows.density() < 0.001);
}
