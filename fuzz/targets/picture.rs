#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_data::{Pixels, Sheet, draw, read_picture};
use std::sync::LazyLock;

static PNG: LazyLock<Vec<u8>> =
    LazyLock::new(|| draw(&[0.5; 48], &[3, 4, 4], &Sheet::new(1)).unwrap());
const JPEG: &[u8] = include_bytes!("../../crates/rectifier-data/tests/red-blue.jpg");

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let whole = if choice & 1 == 0 { &PNG } else { JPEG };
    if let Ok(raster) = read_picture(&rectifier_fuzz::file(data, whole)) {
        let pixels = Pixels::new(3, 5, choice & 2 == 0).unwrap();
        if let Ok((numbers, _)) = pixels.prepare(raster) {
            assert!(numbers.iter().all(|number| (-0.01..=1.01).contains(number)));
        }
    }
});
