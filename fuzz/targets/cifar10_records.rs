#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_cifar10::{RECORD, Records};

fuzz_target!(|data: &[u8]| {
    let mut whole = vec![7; 2 * RECORD];
    whole[RECORD] = 9;
    let file = rectifier_fuzz::file(data, &whole);
    for count in [0, 1, 2, usize::MAX] {
        if let Ok(records) = Records::parse(&file, count) {
            assert_eq!(file.len(), count * RECORD);
            assert!(records.labels.iter().all(|&label| label < 10));
        }
    }
});
