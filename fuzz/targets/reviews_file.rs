#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_reviews::{Encoding, Fold, ReviewFile};

const TABLE: &[u8] = b"id,stars,text\n1,5,\"good, \"\"really\"\"\nso\"\n2,2.5,bad\n3,,no stars\n4,1,\"caf\xc3\xa9\"\n5,3,so so\n";
const LINES: &[u8] = b"{\"text\": \"good\\nfood\", \"stars\": 5}\n\n{\"stars\": \"2.5\", \"text\": \"bad\"}\n{\"text\": \"x\"}\n";

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let whole = if choice & 1 == 0 { TABLE } else { LINES };
    let mut reader = ReviewFile::new("fuzzed");
    if choice & 2 != 0 {
        reader.encoding = Encoding::Latin1;
    }
    if let Ok(reviews) = reader.read_bytes(rectifier_fuzz::file(data, whole)) {
        let fold: Fold = "1/3".parse().unwrap();
        if let Ok(bag) = reviews.bag(fold, 8) {
            assert!(bag.split.train.width() <= 8);
        }
    }
});
