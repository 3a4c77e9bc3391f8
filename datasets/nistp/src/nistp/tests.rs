#![allow(clippy::unwrap_used)]
use super::*;
use crate::settings::{Complexity, Variant};
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::LazyLock;

static SOURCES: LazyLock<Sources> = LazyLock::new(|| Sources::glyphs_only().unwrap());

fn nistp(settings: Settings) -> Nistp {
    Nistp::new(&SOURCES, settings).unwrap()
}

fn p07() -> Settings {
    Settings {
        variant: Variant::P07,
        ..Settings::default()
    }
}

fn gathered(examples: &dyn Examples, indices: &[usize]) -> Batch {
    let mut batch = Batch::default();
    examples.gather(indices, &mut batch).unwrap();
    batch
}

#[test]
fn an_example_is_the_same_on_any_number_of_threads_in_any_company() {
    for settings in [Settings::default(), p07()] {
        let nistp = nistp(settings);
        let indices: Vec<usize> = (0..100).map(|i| i * 819_199).collect();
        let all = gathered(nistp.train(), &indices);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            assert_eq!(pool.install(|| gathered(nistp.train(), &indices)), all);
        }
        for (place, &index) in indices.iter().enumerate().step_by(17) {
            let short = nistp.train().clone().with_len(index + 1);
            let alone = gathered(&short, &[index]);
            assert_eq!(alone.inputs, all.inputs[place * PIXELS..][..PIXELS]);
            assert_eq!(alone.labels[0], all.labels[place]);
        }
    }
}

#[test]
fn wide_vectors_change_nothing() {
    for settings in [Settings::default(), p07()] {
        let nistp = nistp(settings);
        let indices: Vec<usize> = (0..186).collect();
        let (mut pixels, mut labels) = (vec![[0.0; PIXELS]; 186], vec![0; 186]);
        nistp
            .train()
            .draw_run_with(&indices, &mut pixels, &mut labels);
        let batch = gathered(nistp.train(), &indices);
        assert_eq!(pixels.concat(), batch.inputs);
        assert_eq!(labels, batch.labels);
    }
}

#[test]
fn the_examples_are_pinned() {
    // Those of the generated sources must be the same on every machine. Whoever changes them on purpose puts the new
    // numbers here and says so where results are kept.
    let sums = [Settings::default(), p07()].map(|settings| {
        let indices: Vec<usize> = (0..310).collect();
        let batch = gathered(nistp(settings).train(), &indices);
        let bytes = batch.inputs.iter().map(|ink| (ink * 255.0).round() as u64);
        bytes.fold(0xCBF2_9CE4_8422_2325, |sum: u64, byte| {
            (sum ^ byte).wrapping_mul(0x0100_0000_01B3)
        })
    });
    assert_eq!(sums, PINNED, "{sums:#018x?}");
}

const PINNED: [u64; 2] = [0x9e6c_e7a1_83b8_e7e9, 0x1460_0b48_9ebc_c8e8];

#[test]
fn labels_are_balanced_and_those_of_the_examples() {
    let nistp = nistp(Settings::default());
    let part = nistp.valid().clone().with_len(62 * 20);
    let labels = part.labels().unwrap();
    for block in labels.chunks(62) {
        assert_eq!(block.iter().collect::<HashSet<_>>().len(), 62);
    }
    assert_ne!(labels[..62], labels[62..124]);
    let indices: Vec<usize> = (0..part.len).rev().step_by(7).collect();
    let batch = gathered(&part, &indices);
    for (&index, label) in indices.iter().zip(batch.labels) {
        assert_eq!(labels[index], label);
        assert_eq!(part.label(index), Some(label));
    }
    assert_eq!(part.label(part.len), None);
}

#[test]
fn parts_and_seeds_and_indices_share_no_image() {
    let other = Settings {
        seed: 2,
        ..Settings::default()
    };
    let (one, two) = (nistp(Settings::default()), nistp(other));
    let mut seen = HashSet::new();
    for part in [one.train(), one.valid(), one.test(), two.train()] {
        let batch = gathered(part, &(0..310).collect::<Vec<_>>());
        for image in batch.inputs.chunks(PIXELS) {
            seen.insert(image.iter().map(|ink| ink.to_bits()).collect::<Vec<_>>());
        }
    }
    assert_eq!(seen.len(), 4 * 310);
}

#[test]
fn a_stream_has_fresh_examples_for_each_epoch_until_it_begins_again() {
    let nistp = nistp(Settings::default());
    let whole = nistp.train().clone().with_len(250);
    assert!(whole.renewed(1).is_none());
    let stream = whole.clone().fresh(100);
    assert_eq!(stream.labels().unwrap(), whole.labels().unwrap()[..100]);
    for epoch in 0..7 {
        let fresh = stream.renewed(epoch).unwrap();
        assert_eq!(fresh.len(), 100);
        for index in [0, 51, 99] {
            let place = (epoch * 100 + index) % 250;
            assert_eq!(gathered(&*fresh, &[index]), gathered(&whole, &[place]));
        }
        let first = &fresh.labels().unwrap()[..30];
        assert_eq!(
            first,
            &gathered(&*fresh, &(0..30).collect::<Vec<_>>()).labels[..]
        );
    }
    let _ = whole.fresh(0).renewed(3);
}

#[test]
fn without_pinch_the_rest_is_the_same() {
    let plain = Settings {
        complexity: Complexity::Fixed(0.0),
        ..Settings::default()
    };
    let unpinched = Settings {
        pinch: false,
        ..Settings::default()
    };
    let indices: Vec<usize> = (0..62).collect();
    let [a, b, c] = [Settings::default(), unpinched, plain]
        .map(|settings| gathered(nistp(settings).train(), &indices));
    assert!(a.labels == b.labels && b.labels == c.labels);
    let apart = |a: &Batch, b: &Batch| -> f32 {
        let differences = a.inputs.iter().zip(&b.inputs).map(|(a, b)| (a - b).abs());
        differences.sum::<f32>() / 62.0
    };
    let (pinched, all) = (apart(&a, &b), apart(&b, &c));
    assert!(pinched > 2.0 && pinched < all, "{pinched} {all}");
}

#[test]
fn each_distortion_shows_and_more_so_at_higher_complexity() {
    let nistp = nistp(p07());
    for distortion in Distortion::ALL {
        let change = |complexity| -> f32 {
            let of = |index| {
                let [plain, image] = nistp
                    .train()
                    .distorted(index, distortion, complexity)
                    .unwrap();
                let differences = plain.iter().zip(&image).map(|(a, b)| (a - b).abs());
                differences.sum::<f32>()
            };
            (0..62).map(of).sum::<f32>() / 62.0
        };
        let (weak, strong) = (change(0.1), change(0.7));
        let name = distortion.name();
        assert!(strong > 3.0, "{name}: {strong}");
        // Contrast may invert, and scratches are as large at any complexity.
        if !matches!(distortion, Distortion::Contrast | Distortion::Scratches) {
            assert!(strong > 1.2 * weak, "{name}: {weak} {strong}");
        }
    }
    let past = nistp.train().len;
    assert!(
        nistp
            .train()
            .distorted(past, Distortion::Slant, 0.5)
            .is_none()
    );
}

#[test]
fn burn_sees_the_same_examples() {
    let nistp = nistp(Settings::default());
    let item = nistp.test().get(17).unwrap();
    let batch = gathered(nistp.test(), &[17]);
    assert_eq!(
        (item.pixels, vec![item.label]),
        (batch.inputs, batch.labels)
    );
    assert!(nistp.test().get(20_000).is_err());
    assert_eq!(Dataset::len(nistp.test()), 20_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_settings_make_images_or_are_refused(
        seed in any::<u64>(),
        harder in any::<bool>(),
        fixed in any::<bool>(),
        complexity in -0.2f32..1.2,
        weights in proptest::array::uniform5(-0.1f32..1.0),
        index in any::<usize>(),
    ) {
        let [fonts, captcha, scan, handwriting, glyphs] = weights;
        let settings = Settings {
            seed,
            variant: if harder { Variant::P07 } else { Variant::Nistp },
            complexity: if fixed { Complexity::Fixed(complexity) } else { Complexity::UpTo(complexity) },
            pinch: true,
            weights: crate::Weights { fonts, captcha, scan, handwriting, glyphs },
            files: crate::Files::Known,
        };
        let valid = (0.0..=1.0).contains(&complexity) && weights.iter().all(|&weight| weight >= 0.0);
        let made = Nistp::new(&SOURCES, settings);
        prop_assert_eq!(made.is_ok(), valid);
        if let Ok(nistp) = made {
            let whole = nistp.train().clone().with_len(usize::MAX);
            let batch = gathered(&whole, &[index % (usize::MAX - 1)]);
            let byte = |ink: &f32| (0.0..=1.0).contains(ink) && (ink * 255.0).fract().min(1.0 - (ink * 255.0).fract()) < 1e-4;
            prop_assert!(batch.inputs.iter().all(byte));
            prop_assert!(batch.labels[0] < 62);
        }
    }

    #[test]
    fn an_index_past_the_end_is_an_error(len in 0usize..1000, past in 0usize..1000) {
        let part = nistp(Settings::default()).train().clone().with_len(len);
        let error = part.gather(&[len + past], &mut Batch::default()).unwrap_err();
        let named = matches!(error, DataError::Index { index, len: of } if index == len + past && of == len);
        prop_assert!(named);
    }
}
