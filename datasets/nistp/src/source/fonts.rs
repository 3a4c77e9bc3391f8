//! Characters of the fonts that are found on this machine.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ab_glyph::{Font, FontVec, OutlinedGlyph, point};
use rayon::prelude::*;
use rectifier_data::{Locator, sha256_hex};
use rectifier_glyphs::CLASS_NAMES;

use crate::image::{PIXELS, SIDE};
use crate::settings::Files;
use crate::source::bank::Bank;
use crate::source::dejavu;

/// The height of a capital H, in pixels: about that of handwriting in EMNIST.
const HEIGHT: f32 = 20.0;
/// The largest character, in pixels: what is larger is made smaller.
const LARGEST: f32 = 28.0;
/// Larger font files are left out: they hold thousands of other characters.
const MAX_BYTES: u64 = 1 << 25;
/// No more fonts than this are used, no more files and folders looked at, no deeper ones.
const MAX_FONTS: usize = 120;
const MAX_ENTRIES: usize = 20_000;
const MAX_DEPTH: usize = 8;
/// With fewer fonts each part cannot have its own.
pub(crate) const FEWEST: usize = 3;
/// Fonts whose letters are pictures.
const PICTURES: [&str; 10] = [
    "symbol",
    "dingbat",
    "emoji",
    "icon",
    "webdings",
    "wingdings",
    "marlett",
    "barcode",
    "music",
    "braille",
];

/// Characters of fonts: to learn from, to choose by, to report on.
#[derive(Debug)]
pub(crate) struct Fonts {
    /// A bank for each part.
    pub banks: [Bank; 3],
    /// The names of the files they come from.
    pub names: Vec<String>,
}

/// Finds fonts and draws their characters. Where they do not do, how many there are: of the known ones less than all, of
/// others fewer than three.
///
/// Known ones are looked for in the folder `nistp/fonts` of the data, in those of the system and of the user; of others,
/// a folder `nistp/fonts` is used alone, if there is one.
pub(crate) fn find(locator: &Locator, files: Files) -> Result<Fonts, usize> {
    let data = [&locator.data_dir, &locator.shared_dir, &locator.cache_dir];
    let own = data
        .into_iter()
        .flatten()
        .map(|folder| folder.join("nistp").join("fonts"))
        .find(|folder| folder.is_dir());
    match (files, own) {
        (Files::Found, Some(folder)) => from_files(&font_files(&[folder])),
        (Files::Found, None) => from_files(&font_files(&system_folders())),
        (Files::Known, own) => {
            let folders: Vec<PathBuf> = own.into_iter().chain(system_folders()).collect();
            known(&font_files(&folders))
        }
    }
}

/// Where operating systems keep fonts.
fn system_folders() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let windows = std::env::var_os("WINDIR").map(PathBuf::from);
    let of_home = [".fonts", ".local/share/fonts", "Library/Fonts"];
    let mut folders: Vec<PathBuf> = [
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/Library/Fonts",
        "/System/Library/Fonts",
    ]
    .map(PathBuf::from)
    .into();
    folders.extend(
        home.iter()
            .flat_map(|home| of_home.map(|name| home.join(name))),
    );
    folders.extend(windows.map(|folder| folder.join("Fonts")));
    folders
}

/// The font files below some folders, by name.
fn font_files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open: Vec<(PathBuf, usize)> = folders.iter().map(|f| (f.clone(), 0)).collect();
    let mut seen = 0;
    while let Some((folder, depth)) = open.pop() {
        // A folder that cannot be read has no fonts for this user.
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MAX_ENTRIES {
                break;
            }
            let path = entry.path();
            // Links to folders are not followed, so that a circle of them ends.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => open.push((path, depth + 1)),
                Ok(kind) if !kind.is_dir() && is_font(&path) => files.push(path),
                _ => {}
            }
        }
    }
    // By name, for the order of folders differs between machines.
    files.sort_by(|a, b| (a.file_name(), a).cmp(&(b.file_name(), b)));
    files
}

fn is_font(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let Some(name) = name else { return false };
    let known = [".ttf", ".otf", ".ttc"]
        .iter()
        .any(|end| name.ends_with(end));
    let small = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= MAX_BYTES);
    known && small && !PICTURES.iter().any(|picture| name.contains(picture))
}

/// A font's name, the checksum that its place goes by, its characters.
type Face = (String, String, Vec<u8>);

/// Those of the known fonts that are among `files`, if they all are.
fn known(files: &[PathBuf]) -> Result<Fonts, usize> {
    // What they look like counts, not their files' bytes: those differ from one distribution to the next.
    let mut drawn: HashMap<String, Vec<u8>> = files
        .par_iter()
        .filter(|path| path.file_stem().is_some_and(dejavu::is_name))
        .filter_map(|path| draw_all(std::fs::read(path).ok()?))
        .map(|images| (sha256_hex(&images), images))
        .collect();
    let faces: Vec<Face> = dejavu::FONTS
        .iter()
        .filter_map(|&(name, sha256)| Some((name.into(), sha256.into(), drawn.remove(sha256)?)))
        .collect();
    match faces.len() == dejavu::FONTS.len() {
        true => Ok(split(faces)),
        false => Err(faces.len()),
    }
}

/// Reads fonts, each once, ordered by checksum, so that the styles of one family (neighbours by name) go to all parts.
fn from_files(files: &[PathBuf]) -> Result<Fonts, usize> {
    let mut faces: Vec<Face> = files
        .par_iter()
        .filter_map(|path| {
            let bytes = std::fs::read(path).ok()?;
            let checksum = sha256_hex(&bytes);
            let name = path.file_stem()?.to_string_lossy().into_owned();
            Some((name, checksum, draw_all(bytes)?))
        })
        .collect();
    let mut seen = HashSet::new();
    faces.retain(|(_, checksum, _)| seen.insert(checksum.clone()));
    faces.truncate(MAX_FONTS);
    if faces.len() < FEWEST {
        return Err(faces.len());
    }
    faces.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(split(faces))
}

/// Of ten fonts, eight are to learn from, one to choose by, one to report on.
fn split(faces: Vec<Face>) -> Fonts {
    let mut names: Vec<String> = faces.iter().map(|(name, ..)| name.clone()).collect();
    names.sort_unstable();
    let pixels: Arc<Vec<u8>> =
        Arc::new(faces.iter().flat_map(|(.., face)| face).copied().collect());
    let share = (faces.len() / 10).max(1);
    let (first, second) = (faces.len() - 2 * share, faces.len() - share);
    let banks = [0..first, first..second, second..faces.len()].map(|range| {
        let classes = CLASS_NAMES.len();
        let places = (range.start * classes..range.end * classes)
            .map(|place| (place, (place % classes) as u32));
        Bank::new(pixels.clone(), SIDE, places)
    });
    Fonts { banks, names }
}

/// The 62 characters of a font, one after the other; `None` for what is no font, or not one of English letters.
fn draw_all(bytes: Vec<u8>) -> Option<Vec<u8>> {
    let font = FontVec::try_from_vec_and_index(bytes, 0).ok()?;
    let high = outline(&font, 'H', 100.0)?.px_bounds().height();
    let scale = 100.0 * HEIGHT / high;
    if !(1.0..=1000.0).contains(&scale) {
        return None;
    }
    let mut images = Vec::with_capacity(CLASS_NAMES.len() * PIXELS);
    let mut distinct = HashSet::new();
    for name in CLASS_NAMES {
        let image = draw(&font, name, scale)?;
        let ink: u32 = image.iter().map(|&byte| u32::from(byte)).sum();
        // From a bare dot to a black square: neither is a character.
        if !(255 * 12..255 * 600).contains(&ink) {
            return None;
        }
        distinct.insert(image);
        images.extend_from_slice(&image);
    }
    // Small capitals and few look-alikes are allowed, a font that draws one box for all is not.
    (distinct.len() >= 40).then_some(images)
}

fn outline(font: &FontVec, name: char, scale: f32) -> Option<OutlinedGlyph> {
    let glyph = font.glyph_id(name);
    let glyph = (glyph.0 != 0).then(|| glyph.with_scale_and_position(scale, point(0.0, 0.0)))?;
    let outlined = font.outline_glyph(glyph)?;
    let bounds = outlined.px_bounds();
    let drawable = |side: f32| (1.0..=2000.0).contains(&side);
    (drawable(bounds.width()) && drawable(bounds.height())).then_some(outlined)
}

/// A character, in the middle of an image.
fn draw(font: &FontVec, name: char, scale: f32) -> Option<[u8; PIXELS]> {
    let mut outlined = outline(font, name, scale)?;
    let bounds = outlined.px_bounds();
    let large = bounds.width().max(bounds.height());
    if large > LARGEST {
        outlined = outline(font, name, scale * LARGEST / large)?;
    }
    let bounds = outlined.px_bounds();
    let start = |size: f32| ((SIDE as f32 - size) / 2.0).max(0.0) as usize;
    let (left, top) = (start(bounds.width()), start(bounds.height()));
    let mut image = [0; PIXELS];
    outlined.draw(|x, y, cover| {
        let (x, y) = (left + x as usize, top + y as usize);
        if x < SIDE && y < SIDE {
            image[y * SIDE + x] = (cover.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        }
    });
    Some(image)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::print_stderr)]
    use super::*;
    use rectifier_data::random::mix;

    /// Some font of this machine.
    fn a_font() -> Option<Vec<u8>> {
        let files = font_files(&system_folders());
        let font = files.iter().find_map(|path| {
            let bytes = std::fs::read(path).ok()?;
            draw_all(bytes.clone()).map(|_| bytes)
        });
        if font.is_none() {
            eprintln!("skipped: this machine has no font");
        }
        font
    }

    #[test]
    fn characters_stand_in_the_middle_and_keep_their_sizes() {
        let Some(font) = a_font() else { return };
        let images = draw_all(font).unwrap();
        let extent = |class: usize| {
            let image = &images[class * PIXELS..][..PIXELS];
            let rows: Vec<usize> = (0..SIDE)
                .filter(|y| image[y * SIDE..][..SIDE].iter().any(|&ink| ink > 64))
                .collect();
            (rows[0], rows[rows.len() - 1])
        };
        let place = |name| CLASS_NAMES.iter().position(|&other| other == name).unwrap();
        let (top, bottom) = extent(place('H'));
        assert!((18..=22).contains(&(bottom + 1 - top)), "{top} {bottom}");
        assert!(top.abs_diff(SIDE - 1 - bottom) <= 1, "{top} {bottom}");
        let (top, bottom) = extent(place('x'));
        assert!((10..=18).contains(&(bottom + 1 - top)), "{top} {bottom}");
    }

    #[test]
    fn damaged_fonts_are_drawn_or_refused() {
        for text in [
            &b""[..],
            b"\0\x01\0\0",
            b"OTTO rest",
            b"ttcf\0\x01\0\0\0\0\0\x09",
        ] {
            assert_eq!(draw_all(text.to_vec()), None);
        }
        let Some(font) = a_font() else { return };
        let mut drawn = 0;
        for round in 0..300u64 {
            let mut damaged = font.clone();
            for change in 0..=round % 8 {
                let word = mix(round << 8 | change);
                // Half of the changes hit the tables at the front, which everything else hangs on.
                let reach = if word & 1 == 0 { 2048 } else { damaged.len() };
                let place = (word >> 16) as usize % reach.min(damaged.len());
                damaged[place] = (word >> 8) as u8;
            }
            if round % 5 == 0 {
                damaged.truncate(mix(round) as usize % damaged.len());
            }
            if let Some(images) = draw_all(damaged) {
                assert_eq!(images.len(), 62 * PIXELS);
                drawn += 1;
            }
        }
        eprintln!("{drawn} of 300 damaged fonts were still drawn");
    }

    #[test]
    fn folders_of_anything_give_fonts_or_their_count() {
        let folder = tempfile::tempdir().unwrap();
        let fonts = folder.path().join("nistp/fonts");
        std::fs::create_dir_all(fonts.join("deep/deeper")).unwrap();
        std::fs::write(fonts.join("broken.ttf"), b"no font").unwrap();
        std::fs::write(fonts.join("deep/readme.txt"), b"text").unwrap();
        let locator = Locator {
            data_dir: Some(folder.path().to_path_buf()),
            ..Locator::default()
        };
        assert_eq!(find(&locator, Files::Found).unwrap_err(), 0);
        let Some(font) = a_font() else { return };
        for name in ["a.ttf", "deep/b.TTF", "deep/deeper/c.otf"] {
            std::fs::write(fonts.join(name), &font).unwrap();
        }
        // The same font three times is one font.
        assert_eq!(find(&locator, Files::Found).unwrap_err(), 1);
    }

    #[test]
    fn parts_share_no_font() {
        let files = font_files(&system_folders());
        let Ok(fonts) = from_files(&files) else {
            eprintln!("skipped: this machine has fewer than three fonts");
            return;
        };
        let classes = CLASS_NAMES.len();
        let of = |bank: &Bank| -> HashSet<usize> {
            bank.places()
                .iter()
                .map(|&place| place as usize / classes)
                .collect()
        };
        let [train, valid, test] = [0, 1, 2].map(|part| of(&fonts.banks[part]));
        assert!(train.is_disjoint(&valid) && train.is_disjoint(&test) && valid.is_disjoint(&test));
        assert_eq!(train.len() + valid.len() + test.len(), fonts.names.len());
    }
}
