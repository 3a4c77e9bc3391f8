#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_data::{Sheet, draw, read_png_grey};
use std::sync::LazyLock;

static WHOLE: LazyLock<Vec<u8>> =
    LazyLock::new(|| draw(&[0.5; 48], &[3, 4, 4], &Sheet::new(1)).unwrap());

fuzz_target!(|data: &[u8]| {
    let file = rectifier_fuzz::file(data, &WHOLE);
    if let Ok(picture) = read_png_grey(&file) {
        assert_eq!(picture.pixels.len(), picture.width * picture.height);
    }
});
