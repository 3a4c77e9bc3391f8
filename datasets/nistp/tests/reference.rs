//! Every distortion beside its definition in NumPy and SciPy (`reference/reference.py` wrote the expected images).
#![allow(clippy::unwrap_used)]

use rectifier_nistp::distort::affine::{Affine, affine};
use rectifier_nistp::distort::blur::{Motion, Spots, motion_blur, smooth_spots};
use rectifier_nistp::distort::cover::{Scratch, background, scratch};
use rectifier_nistp::distort::elastic::{Elastic, elastic, field};
use rectifier_nistp::distort::grain::{Contrast, add_noise, contrast};
use rectifier_nistp::distort::pinch::pinch;
use rectifier_nistp::distort::slant::slant;
use rectifier_nistp::distort::thickness::{ELEMENTS, Thickness, thicken};
use rectifier_nistp::{Image, PIXELS};
use serde_json::Value;
use std::collections::BTreeSet;

static IMAGES: &[u8] = include_bytes!("reference/expected.f32");
static CASES: &str = include_str!("reference/cases.json");

fn image(case: &Value, name: &str) -> Image {
    place(case[name].as_u64().unwrap() as usize)
}

fn place(number: usize) -> Image {
    let bytes = &IMAGES[number * PIXELS * 4..][..PIXELS * 4];
    let (words, _) = bytes.as_chunks();
    std::array::from_fn(|i| f32::from_le_bytes(words[i]))
}

fn numbers<const N: usize>(value: &Value) -> [f32; N] {
    let list = value.as_array().unwrap();
    std::array::from_fn(|i| list[i].as_f64().unwrap() as f32)
}

/// What this crate makes of a case, and how far that may be from the reference.
fn made(case: &Value) -> (Image, f32) {
    let input = image(case, "image");
    let number = |name: &str| case[name].as_f64().unwrap() as f32;
    let mut out = [0.0; PIXELS];
    // Where pixels are only moved, and where f32 meets f64 at points between them.
    let (exact, close) = (1e-6, 5e-5);
    let tolerance = match case["name"].as_str().unwrap() {
        "slant" => {
            slant(&input, number("angle"), &mut out);
            0.0
        }
        "thickness" => {
            let element = ELEMENTS[case["element"].as_u64().unwrap() as usize];
            let change = match case["dilate"].as_bool().unwrap() {
                true => Thickness::Dilate(element),
                false => Thickness::Erode(element),
            };
            thicken(&input, change, &mut out);
            exact
        }
        "affine" => {
            let [a, b, tx, d, e, ty] = numbers(&case["map"]);
            affine(&input, Affine { a, b, tx, d, e, ty }, &mut out);
            close
        }
        "field" => {
            out = field(&input, Elastic::of(number("complexity")));
            // In pixels; weights that lie beyond 31 pixels are given to nearer ones.
            close
        }
        "elastic" => {
            let [across, down] = numbers(&case["noise"]).map(|number| place(number as usize));
            let how = Elastic::of(number("complexity"));
            elastic(&input, &[across, down], how, &mut out);
            close
        }
        "pinch" => {
            pinch(&input, number("pinch"), &mut out);
            close
        }
        "motion blur" => {
            let length = case["length"].as_u64().unwrap() as usize;
            let step = numbers(&case["step"]);
            motion_blur(&input, Motion { length, step }, &mut out);
            close
        }
        "smoothing" => {
            let spots = Spots {
                sigma: number("sigma"),
                reach: number("reach"),
                places: serde_json::from_value(case["places"].clone()).unwrap(),
            };
            smooth_spots(&input, &spots, &mut out);
            close
        }
        "scratch" => {
            let how = Scratch {
                angle: number("angle"),
                stretch: number("stretch"),
                shift: numbers(&case["shift"]),
                thinned: case["thinned"].as_u64().unwrap() as usize,
            };
            let faint = input.map(|ink| 0.5 * ink);
            scratch(&faint, &image(case, "other"), how, &mut out);
            close
        }
        "background" => {
            background(&input, &image(case, "other"), number("strength"), &mut out);
            exact
        }
        "noise" => {
            add_noise(&input, number("deviation"), &image(case, "other"), &mut out);
            exact
        }
        "contrast" => {
            let inverted = case["inverted"].as_bool().unwrap();
            let range = number("range");
            contrast(&input, Contrast { range, inverted }, &mut out);
            exact
        }
        other => panic!("no distortion {other}"),
    };
    (out, tolerance)
}

#[test]
fn distortions_are_their_definitions() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    let mut names = BTreeSet::new();
    for case in &cases {
        names.insert(case["name"].as_str().unwrap());
        let (out, tolerance) = made(case);
        let expected = image(case, "expected");
        let worst = out.iter().zip(&expected).map(|(a, b)| (a - b).abs());
        let worst = worst.fold(0.0, f32::max);
        assert!(worst <= tolerance, "{case}: {worst}");
    }
    assert_eq!((cases.len(), names.len()), (40, 12));
}
