//! The official archive, read in one pass. Entries are taken by name, and nothing is ever written to the disk.

use std::io::{self, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use rectifier_data::DataError;
use tar::{Archive, EntryType};

use crate::files::{BATCHES, FOLDER};
use crate::records::{Records, Trouble};

/// The most that an entry of the archive may claim; a batch has 30.7 MB.
const MAX_ENTRY: u64 = 64 << 20;
/// The most entries an archive may have; the official one has nine.
const MAX_ENTRIES: usize = 64;

/// Reads the six batches of `count` images each, whose places are those of [`BATCHES`].
///
/// # Errors
/// [`DataError::Content`] for an archive that is damaged, lacks a batch, holds one twice, or holds what no CIFAR-10
/// archive does: links in place of batches, paths out of its folder, entries of absurd sizes.
pub(crate) fn read(
    path: &Path,
    packed: impl io::BufRead,
    count: usize,
) -> Result<[Records; 6], DataError> {
    let wrong = |problem: String| DataError::Content {
        path: path.to_path_buf(),
        problem,
    };
    let damaged = |error: io::Error| {
        wrong(format!(
            "the archive is damaged or cut off ({error}): copy or fetch it again"
        ))
    };
    let mut archive = Archive::new(MultiGzDecoder::new(packed));
    let mut batches = [const { None }; 6];
    for (position, entry) in archive.entries().map_err(damaged)?.enumerate() {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let stranger = |what: String| {
            wrong(format!(
                "{what} does not belong into CIFAR-10: use the official archive"
            ))
        };
        if position >= MAX_ENTRIES {
            return Err(stranger(format!(
                "entry {position} (`{}`)",
                name.escape_debug()
            )));
        }
        if entry.size() > MAX_ENTRY {
            let size = entry.size();
            return Err(stranger(format!(
                "`{}` of {size} bytes",
                name.escape_debug()
            )));
        }
        if escapes(&name) {
            return Err(stranger(format!("the path `{}`", name.escape_debug())));
        }
        let inside = name.trim_start_matches("./").strip_prefix(FOLDER);
        let file = inside.and_then(|rest| rest.strip_prefix('/'));
        let Some(place) = BATCHES.iter().position(|batch| Some(*batch) == file) else {
            continue;
        };
        if entry.header().entry_type() != EntryType::Regular {
            return Err(stranger(format!("`{name}`, which is not a plain file,")));
        }
        if batches[place].is_some() {
            return Err(stranger(format!("a second `{name}`")));
        }
        let mut records = Records::with_capacity(count);
        records
            .append(&mut entry, count)
            .map_err(|trouble| match trouble {
                Trouble::Io(error) => damaged(error),
                Trouble::Records(problem) => wrong(format!("`{name}`: {problem}")),
            })?;
        batches[place] = Some(records);
    }
    // What is left is padding; reading it has the decoder check the sum at the end.
    io::copy(&mut archive.into_inner().take(MAX_ENTRY), &mut io::sink()).map_err(damaged)?;
    let mut whole: [Records; 6] = Default::default();
    for (place, batch) in batches.into_iter().enumerate() {
        let lacking = || {
            wrong(format!(
                "`{FOLDER}/{}` is not in it: fetch it again",
                BATCHES[place]
            ))
        };
        whole[place] = batch.ok_or_else(lacking)?;
    }
    Ok(whole)
}

/// Whether a path leads out of the folder it is unpacked in. Nothing is unpacked here, but an archive with such a path
/// was made to harm.
fn escapes(name: &str) -> bool {
    name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::records::RECORD;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;
    use tar::{Builder, Header};

    /// What stands in an archive of the tests: name, type, content.
    type Entry = (String, EntryType, Vec<u8>);

    fn batch(label: u8) -> Vec<u8> {
        let mut record = vec![label; RECORD];
        record.extend(vec![9 - label; RECORD]);
        record
    }

    /// The entries of a whole archive of two images a batch, in another order than ours, beside a text as it has one.
    fn whole() -> Vec<Entry> {
        let mut entries = vec![
            (format!("{FOLDER}/"), EntryType::Directory, vec![]),
            (
                format!("{FOLDER}/readme.html"),
                EntryType::Regular,
                b"hello".to_vec(),
            ),
        ];
        for (place, name) in BATCHES.iter().enumerate().rev() {
            let content = batch(place as u8);
            entries.push((format!("{FOLDER}/{name}"), EntryType::Regular, content));
        }
        entries
    }

    fn tar(entries: &[Entry]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = Header::new_gnu();
            // Written by hand: the builder itself refuses the names that matter here.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, &content[..]).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn parsed(packed: &[u8]) -> Result<[Records; 6], String> {
        read(Path::new("a.tar.gz"), packed, 2).map_err(|error| error.to_string())
    }

    #[test]
    fn batches_are_taken_by_name_in_any_order() {
        let batches = parsed(&gzip(&tar(&whole()))).unwrap();
        for (place, records) in batches.iter().enumerate() {
            let label = place as u32;
            assert_eq!(records.labels, [label, 9 - label]);
        }
        let dotted: Vec<Entry> = whole()
            .into_iter()
            .map(|(name, kind, content)| (format!("./{name}"), kind, content))
            .collect();
        assert_eq!(parsed(&gzip(&tar(&dotted))).unwrap(), batches);
    }

    #[test]
    fn archives_made_to_harm_are_refused() {
        let with = |entry: Entry| {
            let entries = [&[entry], &whole()[..]].concat();
            parsed(&gzip(&tar(&entries))).unwrap_err()
        };
        let file = |name: &str| (name.to_string(), EntryType::Regular, vec![1]);
        for name in [
            "../x",
            "/etc/x",
            "cifar-10-batches-bin/../../x",
            "a/..",
            "..\\x",
        ] {
            let error = with(file(name));
            assert!(
                error.contains("does not belong") && error.contains("path"),
                "{error}"
            );
        }
        let first = format!("{FOLDER}/{}", BATCHES[0]);
        let error = with((first.clone(), EntryType::Regular, batch(0)));
        assert!(error.contains("a second"), "{error}");
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char] {
            let error = with((first.clone(), kind, vec![]));
            assert!(error.contains("not a plain file"), "{error}");
        }
        let error = with(file("\u{1b}[31m/../x"));
        assert!(!error.contains('\u{1b}'), "{error:?}");
        let many: Vec<Entry> = (0..100).map(|place| file(&format!("{place}"))).collect();
        let error = parsed(&gzip(&tar(&many))).unwrap_err();
        assert!(error.contains("entry 64"), "{error}");
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused() {
        for (size, why) in [(1u64 << 32, "4294967296 bytes"), (u64::MAX >> 1, "bytes")] {
            let mut header = Header::new_gnu();
            let name = format!("{FOLDER}/{}", BATCHES[0]);
            header.set_path(&name).unwrap();
            header.set_size(size);
            header.set_cksum();
            let bytes = [header.as_bytes().as_slice(), &[0; 2048]].concat();
            let error = parsed(&gzip(&bytes)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        for lacking in 2..8 {
            let mut entries = whole();
            let (name, ..) = entries.remove(lacking);
            let error = parsed(&gzip(&tar(&entries))).unwrap_err();
            assert!(error.contains(&format!("`{name}` is not in it")), "{error}");
        }
        let mut wrong = whole();
        wrong[3].2[0] = 10;
        let error = parsed(&gzip(&tar(&wrong))).unwrap_err();
        assert!(error.contains("label 10"), "{error}");
        let mut long = whole();
        long[3].2.push(0);
        let error = parsed(&gzip(&tar(&long))).unwrap_err();
        assert!(error.contains("goes on after 6146 bytes"), "{error}");
        let packed = gzip(&tar(&whole()));
        for end in 0..packed.len() {
            assert!(parsed(&packed[..end]).is_err(), "cut at {end}");
        }
        let mut damaged = packed.clone();
        let sum = packed.len() - 8;
        damaged[sum] ^= 1;
        assert!(parsed(&damaged).is_err());
        for nothing in [&[][..], b"not gzip", &gzip(b""), &gzip(&[0; 4096])] {
            assert!(parsed(nothing).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn mutated_archives_never_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            packed in any::<bool>(),
        ) {
            let mut bytes = tar(&whole());
            if packed {
                bytes = gzip(&bytes);
            }
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if !packed {
                bytes = gzip(&bytes);
            }
            if let Ok(batches) = parsed(&bytes) {
                prop_assert!(batches.iter().all(|records| records.labels.len() == 2));
            }
        }
    }
}
