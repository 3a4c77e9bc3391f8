#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_fuzz::words;
use rectifier_norb::{MatReader, PIXELS, Pairs};

fuzz_target!(|data: &[u8]| {
    let mut whole = words(&[0x1E3D_4C55, 4, 2, 2, 33, 33]);
    whole.resize(whole.len() + 4 * 33 * 33, 200);
    let file = rectifier_fuzz::file(data, &whole);
    let length = file.len() as u64;
    if let Ok(pairs) = Pairs::read(&file[..], length) {
        assert_eq!(pairs.pixels.len(), pairs.len() * PIXELS);
    }
    if let Ok(reader) = MatReader::new(&file[..], length) {
        assert!(!reader.dims().is_empty());
    }
});
