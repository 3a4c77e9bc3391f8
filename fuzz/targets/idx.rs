#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_data::Idx;

fuzz_target!(|data: &[u8]| {
    let mut whole = vec![0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2];
    whole.extend(0..12);
    let file = rectifier_fuzz::file(data, &whole);
    for rank in [1, 3] {
        if let Ok(idx) = Idx::parse(&file, rank) {
            assert_eq!(idx.bytes.len(), idx.dims.iter().product::<usize>());
        }
    }
});
