//! What the fuzz targets share: files that are nearly right, so that readers are tried behind their headers, too.

use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// A file made of the fuzzer's bytes. The first byte chooses: the others as they are; a right file, `whole`, with bytes
/// changed at places and cut, as the others say; that file, packed after it was changed; or before.
pub fn file(data: &[u8], whole: &[u8]) -> Vec<u8> {
    let Some((&choice, rest)) = data.split_first() else {
        return Vec::new();
    };
    match choice % 4 {
        0 => rest.to_vec(),
        1 => changed(whole.to_vec(), rest),
        2 => gzip(&changed(whole.to_vec(), rest)),
        _ => changed(gzip(whole), rest),
    }
}

/// Changes as triples: two bytes of place, one of content; a last pair cuts.
fn changed(mut file: Vec<u8>, changes: &[u8]) -> Vec<u8> {
    let (triples, rest) = changes.as_chunks::<3>();
    for &[low, high, byte] in triples {
        let place = usize::from(u16::from_le_bytes([low, high]));
        let length = file.len();
        if let Some(old) = file.get_mut(place % length.max(1)) {
            *old = byte;
        }
    }
    if let &[low, high] = rest {
        file.truncate(usize::from(u16::from_le_bytes([low, high])));
    }
    file
}

/// Packs without searching for repetitions: what is tried is the reader.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

/// Numbers as little-endian bytes.
pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
