//! Files in the official format, written byte by byte: small ones, damaged ones, and one of the real size.
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use rectifier_data::{DataError, Locator};
use rectifier_norb::{
    Kind, MatError, MatProblem, MatReader, Norb, Pairs, Variant, read_categories, read_pairs,
};

const BYTE: u32 = 0x1E3D_4C55;
const INTEGER: u32 = 0x1E3D_4C54;

/// A header: the magic number, the rank, and at least three dimensions.
fn header(magic: u32, dims: &[u32]) -> Vec<u8> {
    let mut words = vec![magic, dims.len() as u32];
    words.extend_from_slice(dims);
    words.resize(words.len().max(5), 1);
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// A `-dat` file of `count` pairs: the left image of pair `n` is all `n`, the right one twice as light.
fn dat(count: u32, side: u32) -> Vec<u8> {
    let mut file = header(BYTE, &[count, 2, side, side]);
    for pair in 0..count {
        file.resize(file.len() + (side * side) as usize, pair as u8);
        file.resize(file.len() + (side * side) as usize, 2 * pair as u8);
    }
    file
}

fn cat(categories: &[i32]) -> Vec<u8> {
    let mut file = header(INTEGER, &[categories.len() as u32]);
    file.extend(
        categories
            .iter()
            .flat_map(|category| category.to_le_bytes()),
    );
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn pairs(file: &[u8]) -> Result<Pairs, MatProblem> {
    Pairs::read(file, file.len() as u64).map_err(|error| match error {
        MatError::Problem(problem) => problem,
        MatError::Io(error) => panic!("{error}"),
    })
}

#[test]
fn the_bytes_of_a_header_are_those_of_the_description() {
    // 55 4c 3d 1e, four dimensions, 29160 pairs (e8 71), 2 images of 108 (6c) by 108; and for categories two ones more.
    let expected = [
        0x55, 0x4c, 0x3d, 0x1e, 4, 0, 0, 0, 0xe8, 0x71, 0, 0, 2, 0, 0, 0, 0x6c, 0, 0, 0, 0x6c, 0,
        0, 0,
    ];
    assert_eq!(header(BYTE, &[29_160, 2, 108, 108]), expected);
    let expected = [
        0x54, 0x4c, 0x3d, 0x1e, 1, 0, 0, 0, 0xe8, 0x71, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
    ];
    assert_eq!(header(INTEGER, &[29_160]), expected);
    let file = cat(&[3, 0]);
    let reader = MatReader::new(&file[..], file.len() as u64).unwrap();
    assert_eq!((reader.kind(), reader.dims()), (Kind::Integer, &[2][..]));
}

#[test]
fn pairs_of_both_sizes_are_read_packed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    for side in [96, 108, 32] {
        let plain = put(folder.path(), "x-dat.mat", &dat(5, side));
        // The first bytes tell what a file is, not its name.
        let packed = put(folder.path(), "y-dat.mat", &gzip(&dat(5, side)));
        let read = read_pairs(&plain).unwrap();
        assert_eq!(read, read_pairs(&packed).unwrap());
        assert_eq!((read.side, read.len()), (side as usize, 5));
        for (place, pair) in read.pixels.chunks_exact(2048).enumerate() {
            let (left, right) = pair.split_at(1024);
            assert!(left.iter().all(|&byte| usize::from(byte) == place));
            assert!(right.iter().all(|&byte| usize::from(byte) == 2 * place));
        }
    }
    let path = put(folder.path(), "x-cat.mat", &cat(&[5, 0, 3]));
    assert_eq!(read_categories(&path, 6).unwrap(), [5, 0, 3]);
    let path = put(folder.path(), "x-cat.mat.gz", &gzip(&cat(&[5, 0, 3])));
    assert_eq!(read_categories(&path, 6).unwrap(), [5, 0, 3]);
}

#[test]
fn a_known_picture_shrinks_to_known_numbers() {
    // Columns of 0 and 255 by turns: 96 to 32 means three columns each, so 85 and 170 by turns.
    let mut file = header(BYTE, &[1, 2, 96, 96]);
    file.extend((0..2 * 96 * 96).map(|place| if place % 2 == 1 { 255 } else { 0 }));
    let read = pairs(&file).unwrap();
    assert_eq!(read.pixels[..4], [85, 170, 85, 170]);
    // 108 to 32: the first new pixel covers 3 3/8 columns, that is 8, 8, 8 and 3 pieces of 27.
    let mut file = header(BYTE, &[1, 2, 108, 108]);
    file.extend((0..2 * 108 * 108).map(|place| if place % 2 == 1 { 255 } else { 0 }));
    let read = pairs(&file).unwrap();
    assert_eq!(read.pixels[0], (255.0f32 * 11.0 / 27.0).round() as u8);
}

#[test]
fn every_problem_is_named() {
    use MatProblem::{Claims, Content, Gzip, Magic, Rank, ShortHeader, Trailing, Truncated};
    let good = dat(2, 32);
    let size = good.len();
    let cases: [(Vec<u8>, MatProblem); 7] = [
        (vec![], ShortHeader { found: 0 }),
        (good[..22].to_vec(), ShortHeader { found: 22 }),
        (
            b"MATLAB 5.0 MAT-file".to_vec(),
            Magic { found: 0x4c54_414d },
        ),
        (header(BYTE, &[0; 9]), Rank { found: 9 }),
        (good[..size - 1].to_vec(), Truncated { lacking: 1 }),
        (gzip(&good[..size - 1]), Truncated { lacking: 1 }),
        ([&good[..], &[0]].concat(), Trailing),
    ];
    for (file, problem) in cases {
        assert_eq!(pairs(&file), Err(problem));
    }
    // A magic number of the other byte order is another one.
    let swapped: Vec<u8> = [&BYTE.to_be_bytes()[..], &good[4..]].concat();
    assert!(matches!(pairs(&swapped), Err(Magic { .. })));
    for other in [
        cat(&[1]),
        header(BYTE, &[0, 3, 32, 32]),
        header(BYTE, &[0, 2, 32, 33]),
        header(BYTE, &[0, 2, 31, 31]),
    ] {
        assert!(matches!(pairs(&other), Err(Content { .. })), "{other:?}");
    }
    let packed = gzip(&good);
    assert!(matches!(
        pairs(&packed[..packed.len() - 3]),
        Err(Gzip { .. })
    ));
    let mut damaged = packed.clone();
    damaged[packed.len() - 8] ^= 1;
    assert!(matches!(pairs(&damaged), Err(Gzip { .. })));
    for dims in [[u32::MAX; 4], [1 << 31, 2, 108, 108], [u32::MAX, 2, 32, 32]] {
        let file = header(BYTE, &dims);
        assert!(matches!(
            pairs(&file),
            Err(Claims { .. } | Truncated { .. })
        ));
        assert!(matches!(pairs(&gzip(&file)), Err(Claims { .. })));
    }
    let folder = tempfile::tempdir().unwrap();
    let error = |bytes: &[u8]| {
        let path = put(folder.path(), "a-cat.mat", bytes);
        read_categories(&path, 6).unwrap_err().to_string()
    };
    for (category, text) in [(6, "pair 1 has category 6"), (-1, "pair 1 has category -1")] {
        let error = error(&cat(&[0, category]));
        assert!(
            error.contains(text) && error.contains("a-cat.mat"),
            "{error}"
        );
    }
    assert!(error(&header(INTEGER, &[u32::MAX])).contains("before the end its header claims"));
    assert!(error(&dat(1, 32)).contains("one 32-bit integer a pair"));
    assert!(error(&[]).contains("ends inside its header"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn mutated_and_cut_files_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        (packed_first, packed_last) in (any::<bool>(), any::<bool>()),
    ) {
        // Changes before packing reach the numbers of the header, changes after it reach the decoder.
        let mut bytes = dat(3, 33);
        if packed_first {
            bytes = gzip(&bytes);
        }
        for (place, byte) in &changes {
            // Most changes hit the header.
            let place = place.index(if packed_last { bytes.len() } else { 30 });
            bytes[place] = *byte;
        }
        let end = cut.index(4 * bytes.len()).min(bytes.len());
        bytes.truncate(end);
        if packed_last {
            bytes = gzip(&bytes);
        }
        if let Ok(read) = pairs(&bytes) {
            prop_assert!(read.len() <= 1024);
        }
    }
}

#[test]
fn without_files_the_error_says_how_to_put_them_there() {
    let folder = tempfile::tempdir().unwrap();
    let locator = Locator {
        data_dir: Some(folder.path().to_path_buf()),
        shared_dir: None,
        cache_dir: None,
        offline: true,
        ..Locator::default()
    };
    let load = |variant| Norb::load(variant, &locator, &mut |_, _| {}).unwrap_err();
    let text = load(Variant::JitteredCluttered).to_string();
    for part in [
        "norb-5x46789x9x18x6x2x108x108-training-01-dat.mat.gz",
        "by hand",
        "https://cs.nyu.edu/~ylclab/data/norb-v1.0/",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    let text = load(Variant::Small).to_string();
    for part in [
        "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat.gz (131896188 bytes",
        "offline",
        "norb-v1.0-small/",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    // Unknown files are not read as the known ones they are named after.
    put(
        folder.path(),
        "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat.gz",
        b"other",
    );
    assert!(matches!(load(Variant::Small), DataError::Checksum(_)));
}

/// One of the official files in its real size, 29,160 pairs of 2x108x108 bytes, packed: 680 MB pass by, 60 MB stay.
#[test]
fn a_file_of_the_real_size_streams_by() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join("norb-5x46789x9x18x6x2x108x108-training-01-dat.mat.gz");
    let file = BufWriter::new(File::create(&path).unwrap());
    let mut encoder = GzEncoder::new(file, Compression::fast());
    encoder
        .write_all(&header(BYTE, &[29_160, 2, 108, 108]))
        .unwrap();
    for pair in 0..29_160u32 {
        encoder
            .write_all(&[(pair % 251) as u8; 2 * 108 * 108])
            .unwrap();
    }
    encoder.finish().unwrap().flush().unwrap();
    let read = read_pairs(&path).unwrap();
    assert_eq!((read.len(), read.side), (29_160, 108));
    let mut kept = read.pixels.chunks_exact(2048).enumerate();
    assert!(kept.all(|(place, pair)| pair == [(place % 251) as u8; 2048]));
}
