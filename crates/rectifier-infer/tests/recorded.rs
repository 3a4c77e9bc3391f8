//! Outputs of fixed networks, held against those of an earlier version to the bit.
#![allow(clippy::unwrap_used)]

mod common;

use common::Draw;
use rectifier_infer::{Level, SparseNetwork};
use rectifier_model::{DenseStackConfig, ModelCard, TensorView, Unit, encode};

/// Numbers around 0.
fn many(draw: &mut Draw, len: usize) -> Vec<f32> {
    (0..len).map(|_| draw.unit() - 0.5).collect()
}

fn fnv(values: &[f32]) -> u64 {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

fn model(unit: Unit, flips: bool, threshold: f64) -> Vec<u8> {
    let config = DenseStackConfig::new(70, [90, 130, 66], unit, 5)
        .with_flips(flips)
        .with_threshold(threshold);
    let mut draw = Draw(11);
    let tensors: Vec<TensorView<'_>> = config
        .tensors()
        .into_iter()
        .map(|(name, shape)| {
            let mut values = many(&mut draw, shape.iter().product());
            if name.ends_with("flips") {
                values
                    .iter_mut()
                    .for_each(|x| *x = if *x < 0.0 { -1.0 } else { 1.0 });
            }
            let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            TensorView::f32(name, &shape, bytes)
        })
        .collect();
    encode(&ModelCard::new(config).metadata().unwrap(), &tensors).unwrap()
}

/// Logits and probabilities in f32 and logits in bf16, of the first version, which worked on Burn's modules: those of its
/// kernels with fused multiply-adds, which today's give everywhere. Only the probabilities of `Softplus` were recorded anew when
/// the exponential became a library's.
#[test]
fn outputs_are_those_of_the_first_version_to_the_bit() {
    let softplus = Unit::Softplus { sharpness: 2.0 };
    for (unit, flips, threshold, wanted) in [
        (
            Unit::Rectifier,
            false,
            0.0,
            [0x8ca3_0e19_5233_4845, 0x1f28_db05_e6bb_fb0d],
        ),
        (
            Unit::Rectifier,
            true,
            0.3,
            [0xb6dc_701c_edec_3bc9, 0xe255_6a5d_8e36_2cc5],
        ),
        (
            softplus,
            false,
            0.0,
            [0x9812_9395_518a_5531, 0x8b43_8101_4685_8a89],
        ),
        (
            Unit::Gelu,
            true,
            0.0,
            [0x4712_bfd5_92a8_30ed, 0xd311_eb27_d1c6_b1a5],
        ),
    ] {
        let network = SparseNetwork::from_bytes(&model(unit, flips, threshold)).unwrap();
        for level in Level::available() {
            let (mut all, mut rounded) = (Vec::new(), Vec::new());
            for threads in [1, 2] {
                let network = network.clone().with_level(level).with_threads(threads);
                let half = network.clone().in_bf16();
                for rows in [1, 7, 33, 300] {
                    let numbers = many(&mut Draw(rows as u64), rows * 70);
                    let inputs: Vec<f32> = numbers.iter().map(|x| x.max(0.0)).collect();
                    all.extend(network.logits(&inputs).unwrap());
                    all.extend(network.probabilities(&inputs).unwrap());
                    rounded.extend(half.logits(&inputs).unwrap());
                }
            }
            assert_eq!(fnv(&rounded), wanted[1], "{unit:?} {level:?}");
            assert_eq!(fnv(&all), wanted[0], "{unit:?} {level:?}");
        }
    }
}
