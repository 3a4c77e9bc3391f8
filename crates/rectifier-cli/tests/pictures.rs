//! Figures as PNG: by a build with the feature `png` as asked for, by others an error that names it.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

/// A folder with the records of a figure that is committed, and those of measurements.
fn records() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
    let sweep = place.path().join("results/experiments/figure3");
    std::fs::create_dir_all(sweep.join("records")).unwrap();
    for entry in std::fs::read_dir(results.join("experiments/figure3/records")).unwrap() {
        let from = entry.unwrap().path();
        let to = sweep.join("records").join(from.file_name().unwrap());
        std::fs::copy(from, to).unwrap();
    }
    let bench = place.path().join("results/bench");
    std::fs::create_dir_all(&bench).unwrap();
    std::fs::copy(results.join("bench/bench.json"), bench.join("bench.json")).unwrap();
    place
}

fn pictures(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "png"));
    paths.sort();
    paths
}

#[cfg(not(feature = "png"))]
#[test]
fn a_build_without_pictures_says_which_one_has_them() {
    let place = records();
    for args in [
        &["experiment", "report", "figure3", "--png"][..],
        &["results", "plot", "--png"],
    ] {
        let stderr = support::fails(place.path(), 2, args);
        assert!(stderr.contains("--features png"), "{stderr}");
    }
    let sweep = place.path().join("results/experiments/figure3");
    assert!(!sweep.join("figure.svg").exists());
    support::ok(place.path(), &["experiment", "report", "figure3"]);
    assert!(sweep.join("figure.svg").exists() && pictures(&sweep).is_empty());
}

#[cfg(feature = "png")]
#[test]
fn figures_are_drawn_light_and_dark_where_they_are_asked_for() {
    use support::ok;

    let place = records();
    let sweep = place.path().join("results/experiments/figure3");
    ok(place.path(), &["experiment", "report", "figure3"]);
    assert!(pictures(&sweep).is_empty());
    ok(place.path(), &["experiment", "report", "figure3", "--png"]);
    let found = pictures(&sweep);
    let [dark, light] = found.as_slice() else {
        unreachable!("{found:?}");
    };
    assert!(light.ends_with("figure.png") && dark.ends_with("figure-dark.png"));
    let svg = std::fs::read_to_string(sweep.join("figure.svg")).unwrap();
    let [light, dark] = [light, dark].map(|path| decoded(path, &svg));
    // Both are the drawing, on grounds of their own.
    assert!(light.ground > 200 && dark.ground < 60, "{light:?} {dark:?}");
    for picture in [&light, &dark] {
        assert!(picture.colours > 100, "{picture:?}");
        assert!((0.4..0.99).contains(&picture.plain), "{picture:?}");
    }
    // The same records, the same picture.
    let first = std::fs::read(sweep.join("figure.png")).unwrap();
    ok(place.path(), &["experiment", "report", "figure3", "--png"]);
    assert_eq!(std::fs::read(sweep.join("figure.png")).unwrap(), first);
    // Measurements are drawn the same way.
    let said = ok(place.path(), &["results", "plot", "--png"]);
    let bench = place.path().join("results/bench");
    assert_eq!(pictures(&bench).len(), 2);
    assert!(said.contains("bench.png") && said.contains("bench-dark.png"));
    let svg = std::fs::read_to_string(bench.join("bench.svg")).unwrap();
    assert!(decoded(&bench.join("bench.png"), &svg).colours > 100);
}

/// What a picture looks like.
#[cfg(feature = "png")]
#[derive(Debug)]
struct Picture {
    /// How bright the most frequent colour is.
    ground: u8,
    /// The share of pixels that have it.
    plain: f64,
    /// How many colours there are.
    colours: usize,
}

/// The picture in the file at `path`, twice as large as the drawing `svg`.
#[cfg(feature = "png")]
fn decoded(path: &Path, svg: &str) -> Picture {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    let side = |name: &str| {
        let text = svg.split_once(&format!(" {name}=\"")).unwrap().1;
        let number: f64 = text.split_once('"').unwrap().0.parse().unwrap();
        (2.0 * number).round() as u32
    };
    assert_eq!((info.width, info.height), (side("width"), side("height")));
    let mut counts = std::collections::HashMap::new();
    for pixel in buffer[..info.buffer_size()].chunks_exact(4) {
        *counts.entry([pixel[0], pixel[1], pixel[2]]).or_insert(0) += 1;
    }
    let (ground, most) = counts.iter().max_by_key(|(_, count)| **count).unwrap();
    Picture {
        ground: ground[1],
        plain: f64::from(*most) / f64::from(info.width * info.height),
        colours: counts.len(),
    }
}
