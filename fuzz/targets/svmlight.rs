#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_data::{Encoding, Indices, Lines, SvmlightReader};
use std::io::Cursor;
use std::path::Path;

const WHOLE: &[u8] = b"# comment\n+1 qid:1 1:0.5 7:-2e1 # more\n-1 3:1 4194304:2\n2.5\n";

fuzz_target!(|data: &[u8]| {
    let file = rectifier_fuzz::file(data, WHOLE);
    let Ok(lines) = Lines::of(Cursor::new(file), Path::new("fuzzed"), Encoding::Utf8) else {
        return;
    };
    let mut reader = SvmlightReader::of(lines);
    let indices = Indices::fit([0, 6], false);
    while let Ok(Some(row)) = reader.next_row() {
        assert!(row.label.parse::<f64>().is_ok());
        assert!(row.pairs.is_sorted_by(|a, b| a.0 < b.0));
        if let Ok(kept) = indices.row(row.pairs, &mut Vec::new()) {
            assert!(kept.iter().all(|pair| pair.0 < 7));
        }
    }
});
