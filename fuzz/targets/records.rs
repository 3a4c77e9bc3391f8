#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_data::{Cell, Encoding, Lines, Records, Vocabulary, without_markup};
use std::io::Cursor;
use std::path::Path;

const TABLE: &[u8] =
    b"id,class,text\n1,good,\"fine &amp; \"\"dandy\"\"<br />\n\"\n2,bad,cafe\xcc\x81\n";
const LINES: &[u8] =
    b"{\"text\": \"fine &#39;\\n\", \"class\": 5}\n\n{\"class\": null, \"text\": \"bad\"}\n";

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let whole = if choice & 1 == 0 { TABLE } else { LINES };
    let encoding =
        [Encoding::Utf8, Encoding::Latin1, Encoding::Cp1252][usize::from(choice >> 1) % 3];
    let file = rectifier_fuzz::file(data, whole);
    let Ok(lines) = Lines::of(Cursor::new(file), Path::new("fuzzed"), encoding) else {
        return;
    };
    let Ok(mut records) = Records::of(lines, &["text", "class"]) else {
        return;
    };
    let mut texts = Vec::new();
    while let Ok(Some(record)) = records.next_record() {
        assert_eq!(record.cells.len(), 2);
        if let Cell::Text(text) = &record.cells[0] {
            texts.push(without_markup(text).into_owned());
        }
    }
    let vocabulary = Vocabulary::fit(texts.iter().map(String::as_str), 9);
    assert_eq!(Vocabulary::from_text(&vocabulary.to_text()), Ok(vocabulary));
});
