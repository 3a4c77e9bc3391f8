//! Columns fitted, kept as text, and what they make of rows.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Encoder as _, Raw, Row};
use proptest::prelude::*;

const ROWS: [[Value<'static>; 4]; 4] = [
    [
        Value::Number(1.0),
        Value::Word("red"),
        Value::Number(5.0),
        Value::Missing,
    ],
    [
        Value::Number(3.0),
        Value::Word("blue"),
        Value::Number(5.0),
        Value::Number(2.0),
    ],
    [
        Value::Number(1.0),
        Value::Missing,
        Value::Number(5.0),
        Value::Number(4.0),
    ],
    [
        Value::Number(3.0),
        Value::Word("red"),
        Value::Number(5.0),
        Value::Missing,
    ],
];

fn columns() -> Columns {
    let names = ["a", "colour", "same", "gap"].map(String::from);
    Columns::fit(&names, 4, |row, column| ROWS[row][column])
        .unwrap()
        .with_target("class")
}

fn row(columns: &Columns, cells: [Value<'_>; 4]) -> (Vec<f32>, Vec<Hint>) {
    let (mut numbers, mut hints) = (Vec::new(), Vec::new());
    columns
        .row(|column| cells[column], &mut numbers, &mut hints)
        .unwrap();
    (numbers, hints)
}

#[test]
fn numbers_are_standardized_and_words_one_hot() {
    let columns = columns();
    // Mean 2 and deviation 1; blue, red; constant 5; mean 3, deviation 1, and whether it is missing.
    assert_eq!(columns.width(), 6);
    assert_eq!(
        row(&columns, ROWS[0]),
        (vec![-1.0, 0.0, 1.0, 0.0, 0.0, 1.0], vec![])
    );
    assert_eq!(
        row(&columns, ROWS[1]),
        (vec![1.0, 1.0, 0.0, 0.0, -1.0, 0.0], vec![])
    );
    assert_eq!(row(&columns, ROWS[2]).0[1..3], [0.0, 0.0]);
    assert_eq!(columns.constant().collect::<Vec<_>>(), ["same"]);
    let (numbers, hints) = row(
        &columns,
        [
            Value::Missing,
            Value::Word("green"),
            Value::Number(6.0),
            Value::Number(3.0),
        ],
    );
    assert_eq!(numbers, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    let (column, word) = ("colour".into(), "green".into());
    assert_eq!(
        hints,
        [
            Hint::MissingNumber { column: "a".into() },
            Hint::UnknownWord { column, word }
        ]
    );
    let names: Vec<_> = (0..7)
        .map_while(|column| columns.column_name(column))
        .collect();
    assert_eq!(
        names,
        [
            "a",
            "colour = blue",
            "colour = red",
            "same",
            "gap",
            "gap is missing"
        ]
    );
}

#[test]
fn records_and_files_are_prepared_alike() {
    let columns = columns();
    let cells = [
        ("gap", "na"),
        ("a", " 1 "),
        ("same", "5.0"),
        ("colour", "red"),
        ("class", "x"),
    ];
    let cells = cells.map(|(name, cell)| (name.to_string(), cell.to_string()));
    let expected = Row::Dense(vec![-1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(columns.encode(Raw::Record(&cells)).unwrap(), expected);
    let error = columns
        .encode(Raw::Record(&cells[1..]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("\"gap\""), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    std::fs::write(
        &path,
        "class;same;colour;a;gap\r\nx;5;red;1;\r\n?;5;red;one;\r\n",
    )
    .unwrap();
    let entries = columns.encode_file(&path).unwrap();
    assert_eq!(entries[0].row, Ok(expected));
    assert_eq!(entries[0].label.as_deref(), Some("x"));
    assert_eq!(
        entries[1].row,
        Err("column \"a\": \"one\" is no number".into())
    );
    assert_eq!(
        (&entries[1].label, entries[1].place.ends_with("line 3")),
        (&None, true)
    );
    std::fs::write(&path, "class,same\nx,5\n").unwrap();
    let error = columns.encode_file(&path).unwrap_err().to_string();
    assert!(
        error.contains("no column \"a\", \"colour\", \"gap\""),
        "{error}"
    );
}

#[test]
fn too_many_words_and_no_columns_are_refused() {
    let words: Vec<String> = (0..=MOST_WORDS).map(|word| format!("w{word}")).collect();
    let names = ["id".to_string()];
    let error = Columns::fit(&names, words.len(), |row, _| Value::Word(&words[row])).unwrap_err();
    assert!(
        error.to_string().contains("\"id\" has 1001 different ones"),
        "{error}"
    );
    assert!(Columns::fit(&[], 3, |_, _| Value::Missing).is_err());
}

#[test]
fn huge_numbers_are_scaled_and_far_ones_named_in_short() {
    let names = ["x".to_string()];
    let fit = |numbers: &[f64]| {
        Columns::fit(&names, numbers.len(), |row, _| Value::Number(numbers[row])).unwrap()
    };
    let of = |columns: &Columns, number: f64| {
        let mut numbers = Vec::new();
        columns
            .row(|_| Value::Number(number), &mut numbers, &mut Vec::new())
            .map(|()| numbers[0])
    };
    assert_eq!(of(&fit(&[f64::MAX, f64::MIN]), f64::MAX), Ok(1.0));
    let mut one = vec![f64::MIN; 60];
    one[7] = f64::MAX;
    assert!((of(&fit(&one), f64::MAX).unwrap() - 59f32.sqrt()).abs() < 1e-5);
    let error = of(&fit(&[1.0, 2.0]), 1e308).unwrap_err();
    assert!(
        error.contains("column \"x\": 1e308 is too far from all others"),
        "{error}"
    );
    // The one number beside which all others are next to the same.
    let flat = |numbers: &[f64]| {
        let cell = |row: usize| Value::Number(numbers[row]);
        fit(numbers).flattening(0, numbers.len(), cell)
    };
    let mut numbers: Vec<f64> = (0..60).map(f64::from).collect();
    assert_eq!(flat(&numbers), None);
    numbers[9] = 1e308;
    assert_eq!(flat(&numbers), Some((9, 1e308)));
    let mut rare = vec![0.0; 60];
    rare[3] = 1.0;
    assert_eq!(flat(&rare), None);
}

#[test]
fn hostile_texts_are_refused() {
    for text in [
        "",
        r#"{"columns":[]}"#,
        r#"{"columns":[{"name":"a","kind":{"words":["x","x"]}}]}"#,
        r#"{"columns":[{"name":"a","kind":{"number":{"mean":0,"deviation":-1}}}]}"#,
        r#"{"columns":[{"name":"a","kind":{"number":{"mean":1e999,"deviation":1}}}]}"#,
        r#"{"columns":[{"name":"a","kind":{"words":["x"]}},{"name":"a","kind":{"words":["x"]}}]}"#,
        r#"{"columns":[{"name":"a"}]}"#,
        r#"{"columns":[{"name":"a","kind":{"words":["x"]}}],"more":1}"#,
    ] {
        assert!(Columns::from_text(text).is_err(), "{text}");
    }
}

fn any_value() -> impl Strategy<Value = Option<Result<f64, u8>>> {
    prop::option::of(prop_oneof![
        (-1e6f64..1e6).prop_map(Ok),
        (0u8..9).prop_map(Err)
    ])
}

proptest! {
    #[test]
    fn columns_survive_their_text_and_take_every_row(
        rows in prop::collection::vec(prop::collection::vec(any_value(), 3), 1..20),
        comma: bool,
    ) {
        let words: Vec<String> = (0..9).map(|word| format!("w \"{word}")).collect();
        let value = |cell: &Option<Result<f64, u8>>| match cell {
            None => Value::Missing,
            Some(Ok(number)) => Value::Number(*number),
            Some(Err(word)) => Value::Word(&words[usize::from(*word)]),
        };
        let names = ["a", "b,\"", "c"].map(String::from);
        let columns = Columns::fit(&names, rows.len(), |row, column| value(&rows[row][column])).unwrap();
        let columns = columns.with_decimal_comma(comma);
        prop_assert_eq!(Columns::from_text(&columns.to_text()).unwrap(), columns.clone());
        for row in &rows {
            let (mut numbers, mut hints) = (Vec::new(), Vec::new());
            columns.row(|column| value(&row[column]), &mut numbers, &mut hints).unwrap();
            prop_assert_eq!(numbers.len(), columns.width());
            prop_assert!(numbers.iter().all(|number| number.is_finite()));
        }
    }
}
