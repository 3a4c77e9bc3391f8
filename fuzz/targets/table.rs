#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_data::{Columns, Encoding, Lines, TableReader, Value, is_missing, number_of};
use std::io::Cursor;
use std::path::Path;

const WHOLE: &[u8] = b"\xEF\xBB\xBFsize;colour;class\r\n1,5;red;yes\r\n\r\n;\"a \"\"b\"\"\r\nc\";no\r\n-2e3;red;yes\r\n";

fuzz_target!(|data: &[u8]| {
    let file = rectifier_fuzz::file(data, WHOLE);
    let Ok(lines) = Lines::of(Cursor::new(file), Path::new("fuzzed"), Encoding::Utf8) else {
        return;
    };
    let Ok(mut table) = TableReader::of(lines) else {
        return;
    };
    let names = table.header().to_vec();
    let comma = table.delimiter() == ';';
    let mut rows: Vec<Vec<String>> = Vec::new();
    while let Ok(Some(row)) = table.next_row() {
        assert_eq!(row.fields.len(), names.len());
        rows.push(row.fields.to_vec());
    }
    let value = |row: usize, column: usize| {
        let cell = rows[row][column].as_str();
        match number_of(cell, comma) {
            _ if is_missing(cell) => Value::Missing,
            Some(number) => Value::Number(number),
            None => Value::Word(cell),
        }
    };
    if let Ok(columns) = Columns::fit(&names, rows.len(), value) {
        let mut numbers = Vec::new();
        for row in 0..rows.len() {
            let _ = columns.row(|column| value(row, column), &mut numbers, &mut Vec::new());
        }
        assert!(numbers.iter().all(|number| number.is_finite()));
    }
});
