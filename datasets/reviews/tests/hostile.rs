//! Files that are cut off, damaged, or meant to do harm: an error that says so, never a panic, a hang or a half set.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use rectifier_data::{DataError, random::mix};
use rectifier_reviews::{Encoding, Product, ReviewFile, Reviews};
use tar::{Builder, EntryType, Header};

fn review(stars: u8, text: &str) -> String {
    format!(
        "<review>\n<rating>\n{stars}.0\n</rating>\n<title>\nT\n</title>\n<review_text>\n{text}\n</review_text>\n</review>\n"
    )
}

fn header(path: &str, size: u64) -> Header {
    let mut header = Header::new_gnu();
    // Written byte by byte: the builder itself refuses paths that escape.
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// A tar of `files`, not packed.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        let header = header(path, content.len() as u64);
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const GOOD: &str = "sorted_data_acl/books/positive.review";
const BAD: &str = "sorted_data_acl/books/negative.review";
const REST: &str = "./sorted_data_acl/books/unlabeled.review";

fn whole() -> Vec<u8> {
    let (good, bad) = (
        review(5, "fine \u{fffd} book"),
        review(1, "dull book") + &review(2, "bad"),
    );
    let rest = review(3, "so so");
    tar(&[
        (GOOD, good.as_bytes()),
        (BAD, bad.as_bytes()),
        ("README", b"x"),
        (REST, rest.as_bytes()),
    ])
}

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        Self {
            _folder: folder,
            path,
        }
    }

    fn put(&self, bytes: &[u8]) -> &Path {
        std::fs::write(&self.path, bytes).unwrap();
        &self.path
    }

    fn amazon(&self, bytes: &[u8]) -> Result<Reviews, DataError> {
        Reviews::amazon_archive(self.put(bytes), &[Product::Books])
    }

    /// The text of the error that `bytes` must be.
    fn refused(&self, bytes: &[u8]) -> String {
        let text = self.amazon(bytes).unwrap_err().to_string();
        assert!(text.contains("archive.tar.gz"), "{text}");
        text
    }
}

#[test]
fn a_whole_archive_gives_labelled_and_unlabelled_texts() {
    let place = Place::new("archive.tar.gz");
    let reviews = place.amazon(&gzip(&whole())).unwrap();
    let found: Vec<_> = reviews
        .reviews()
        .iter()
        .map(|r| (r.text.as_str(), r.stars, r.label))
        .collect();
    let expected = [
        ("T\ndull book", 1, 0),
        ("T\nbad", 2, 0),
        ("T\nfine \u{fffd} book", 5, 1),
    ];
    assert_eq!(found, expected);
    assert_eq!(reviews.unlabelled(), ["T\nso so"]);
}

#[test]
fn every_truncation_of_an_archive_is_refused() {
    let place = Place::new("archive.tar.gz");
    let packed = gzip(&whole());
    for length in 0..packed.len() {
        let text = place.refused(&packed[..length]);
        assert!(text.contains("no whole tar.gz"), "{length}: {text}");
    }
    // Cut before packing: the last file is not whole, or its review is not.
    let bare = whole();
    for length in (600..bare.len() - 1024).step_by(97) {
        let result = place.amazon(&gzip(&bare[..length]));
        let partial = length >= 4 * 1024 && length.is_multiple_of(512);
        assert!(result.is_err() || partial, "{length}");
    }
}

#[test]
fn archives_that_escape_lie_or_miss_files_are_refused() {
    let place = Place::new("archive.tar.gz");
    let good = review(5, "fine");
    for path in [
        "../sorted_data_acl/books/positive.review",
        "/sorted_data_acl/books/positive.review",
        "a/../../b",
    ] {
        let text = place.refused(&gzip(&tar(&[(path, good.as_bytes())])));
        assert!(text.contains("leads out of the archive"), "{path}: {text}");
    }
    let text = place.refused(&gzip(&tar(&[(GOOD, good.as_bytes())])));
    assert!(text.contains("no Negative reviews of books"), "{text}");
    let text = place.refused(&gzip(&tar(&[
        (GOOD, good.as_bytes()),
        (GOOD, good.as_bytes()),
    ])));
    assert!(text.contains("is in it twice"), "{text}");
    let text = place.refused(&gzip(&tar(&[
        (GOOD, review(2, "x").as_bytes()),
        (BAD, review(1, "x").as_bytes()),
    ])));
    assert!(text.contains("the review of line 1 has 2 stars"), "{text}");
    let text = place.refused(&gzip(b"not a tar"));
    assert!(text.contains("no whole tar.gz"), "{text}");
    assert!(place.refused(b"").contains("no whole tar.gz"));

    // A header that claims four gigabytes, and one that is a link.
    let mut huge = header(GOOD, 1 << 32).as_bytes().to_vec();
    huge.extend_from_slice(&[b'x'; 512]);
    assert!(
        place
            .refused(&gzip(&huge))
            .contains("has 512 of 4294967296 bytes")
    );
    let mut link = header(GOOD, 0);
    link.set_entry_type(EntryType::Symlink);
    link.set_cksum();
    let mut bytes = link.as_bytes().to_vec();
    bytes.resize(512 + 1024, 0);
    assert!(place.refused(&gzip(&bytes)).contains("is no plain file"));
}

#[test]
fn a_file_that_unpacks_to_too_much_is_refused_before_it_is_read() {
    let place = Place::new("archive.tar.gz");
    // 80 MB of nothing in 80 KB: more than a file of reviews may have.
    let size = 80 << 20;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(header(GOOD, size).as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..80).for_each(|_| encoder.write_all(&zeros).unwrap());
    let text = place.refused(&encoder.finish().unwrap());
    assert!(text.contains("is larger than 67108864 bytes"), "{text}");
}

/// `bytes` with a few bytes changed, dropped, doubled or cut off, as `seed` says.
fn mutated(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for round in 0..1 + seed % 4 {
        let draw = |k: u64| mix(seed.wrapping_mul(31) ^ (round << 8) ^ k) as usize;
        let at = draw(1) % bytes.len().max(1);
        match draw(0) % 6 {
            _ if bytes.is_empty() => return bytes,
            0 => bytes[at] = draw(2) as u8,
            1 => bytes[at] ^= 1 << (draw(2) % 8),
            2 => drop(bytes.drain(at..(at + 1 + draw(2) % 40).min(bytes.len()))),
            3 => {
                let piece = bytes[at..(at + 1 + draw(2) % 40).min(bytes.len())].to_vec();
                let to = draw(3) % bytes.len();
                bytes.splice(to..to, piece);
            }
            4 => bytes.truncate(at),
            _ => bytes.insert(at, [b'"', b'<', b'{', b',', b'\n', 0xFF][draw(2) % 6]),
        }
    }
    bytes
}

/// Damaged files are sets that keep the promises of a set, or errors; a panic or a hang fails the test.
fn bounded_fuzz(
    bytes: &[u8],
    rounds: u64,
    read: impl Fn(&[u8]) -> Result<Reviews, DataError>,
) -> usize {
    let mut refused = 0;
    for seed in 0..rounds {
        match read(&mutated(bytes, seed)) {
            Ok(reviews) => {
                assert!(!reviews.reviews().is_empty());
                let classes = reviews.classes().count() as u32;
                for review in reviews.reviews() {
                    assert!((1..=5).contains(&review.stars) && review.label < classes);
                }
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    refused
}

#[test]
fn mutations_of_every_format_are_sets_or_errors() {
    let place = Place::new("reviews");
    let archive = |bytes: &[u8]| Reviews::amazon_archive(place.put(bytes), &[Product::Books]);
    let refused = bounded_fuzz(&gzip(&whole()), 3000, archive);
    // The checksum of gzip sees nearly every change; what is left lies in its header.
    assert!(refused > 2500, "{refused}");
    assert!(bounded_fuzz(&whole(), 3000, |bytes| archive(&gzip(bytes))) > 300);

    let table = "id,text,stars\r\n1,\"good, \"\"really\"\"\nso\",5\r\n2,bad,1.5\r\n3,caf\u{e9} \u{1f600},4\r\n4,none,\r\n";
    let lines = "{\"text\": \"good, \\\"really\\\"\", \"stars\": 5}\n{\"stars\": \"2.5\", \"text\": \"\\u00e9\"}\n{\"text\": \"no\", \"stars\": null}\n";
    for text in [table, lines] {
        for encoding in [Encoding::Utf8, Encoding::Latin1] {
            let refused = bounded_fuzz(text.as_bytes(), 3000, |bytes| {
                let file = ReviewFile {
                    encoding,
                    ..ReviewFile::new(place.put(bytes))
                };
                file.read()
            });
            assert!(refused > 300, "{refused}");
        }
    }
}

#[test]
fn a_gigantic_field_is_refused_and_a_long_one_is_read() {
    let place = Place::new("reviews.csv");
    let read = |length: usize| {
        let text = format!("text,stars\n\"{}\",5\n", "word ".repeat(length / 5));
        ReviewFile::new(place.put(text.as_bytes())).read()
    };
    assert_eq!(read(1_000_000).unwrap().reviews().len(), 1);
    for (length, problem) in [
        (32 << 20, "line 2: a text of 33554430 bytes"),
        (64 << 20, "line 2 has more than the 67108864 bytes"),
    ] {
        let text = read(length).unwrap_err().to_string();
        assert!(text.contains(problem) && text.len() < 300, "{text}");
    }
}
