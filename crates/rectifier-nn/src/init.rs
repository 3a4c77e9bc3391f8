//! Initial weights, drawn on the host so that a seed means the same network on every device.

use alloc::vec::Vec;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rectifier_model::WeightDraw;

/// The half-width of Glorot's uniform initialization, sqrt(6 / (fan_in + fan_out)) (Glorot, Bengio 2010).
pub fn glorot_limit(fan_in: usize, fan_out: usize) -> f32 {
    libm::sqrtf(6.0 / (fan_in + fan_out) as f32)
}

/// Draws initial values. One seed, the same values on every machine.
#[derive(Clone, Debug)]
pub struct Draw {
    generator: Xoshiro256PlusPlus,
}

impl Draw {
    /// A source of values for `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            generator: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// Uniform on [0, 1), 24 random bits, exact in `f32`.
    pub fn unit(&mut self) -> f32 {
        (self.generator.next_u64() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Weights `[fan_in, fan_out]`, row-major, U(-limit, limit) with [`glorot_limit`].
    pub fn glorot_uniform(&mut self, fan_in: usize, fan_out: usize) -> Vec<f32> {
        let limit = glorot_limit(fan_in, fan_out);
        (0..fan_in * fan_out)
            .map(|_| (2.0 * self.unit() - 1.0) * limit)
            .collect()
    }

    /// Weights `[fan_in, fan_out]`, row-major, N(0, 1 / fan_in) (LeCun et al. 1998), by the transform of Box and Muller
    /// (1958), whose functions come from a library, so that the values are the same on every machine.
    pub fn lecun_normal(&mut self, fan_in: usize, fan_out: usize) -> Vec<f32> {
        let deviation = 1.0 / libm::sqrt(fan_in.max(1) as f64);
        let mut weights = Vec::with_capacity(fan_in * fan_out + 1);
        while weights.len() < fan_in * fan_out {
            // 1 - u lies in (0, 1].
            let radius = libm::sqrt(-2.0 * libm::log(1.0 - f64::from(self.unit())));
            let angle = 2.0 * core::f64::consts::PI * f64::from(self.unit());
            weights.push((deviation * radius * libm::cos(angle)) as f32);
            weights.push((deviation * radius * libm::sin(angle)) as f32);
        }
        weights.truncate(fan_in * fan_out);
        weights
    }

    /// Weights `[fan_in, fan_out]`, row-major, as `how` says.
    pub fn weights(&mut self, how: WeightDraw, fan_in: usize, fan_out: usize) -> Vec<f32> {
        match how {
            WeightDraw::GlorotUniform => self.glorot_uniform(fan_in, fan_out),
            WeightDraw::LecunNormal => self.lecun_normal(fan_in, fan_out),
        }
    }

    /// `len` signs, exactly half of them (rounded down) -1, in random order.
    pub fn signs(&mut self, len: usize) -> Vec<f32> {
        let mut signs: Vec<f32> = (0..len)
            .map(|unit| if unit < len / 2 { -1.0 } else { 1.0 })
            .collect();
        for last in (1..len).rev() {
            let other = ((self.generator.next_u64() as u128 * (last as u128 + 1)) >> 64) as usize;
            signs.swap(last, other);
        }
        signs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glorot_weights_fill_their_interval() {
        let weights = Draw::new(3).glorot_uniform(300, 200);
        let limit = glorot_limit(300, 200);
        assert!((limit - 0.109_544_5).abs() < 1e-6);
        let mean = weights.iter().sum::<f32>() / 60_000.0;
        let variance = weights.iter().map(|w| w * w).sum::<f32>() / 60_000.0;
        assert!(weights.iter().all(|w| w.abs() <= limit));
        // Mean 0 with a standard error of limit/sqrt(3n); variance limit^2/3.
        assert!(mean.abs() < 5.0 * limit / 424.0);
        assert!((variance / (limit * limit / 3.0) - 1.0).abs() < 0.02);
    }

    #[test]
    fn normal_weights_have_their_moments() {
        let (inputs, outputs) = (301, 201);
        let weights = Draw::new(5).lecun_normal(inputs, outputs);
        assert_eq!(weights.len(), inputs * outputs);
        let scaled = weights.iter().map(|w| f64::from(*w) * libm::sqrt(301.0));
        let count = weights.len() as f64;
        let moment = |power: i32| scaled.clone().map(|x| x.powi(power)).sum::<f64>() / count;
        // Of n standard normal numbers the first four powers' means deviate by 1, sqrt(2), sqrt(15), sqrt(96) over sqrt(n).
        let error = 5.0 / libm::sqrt(count);
        for (power, wanted, deviation) in
            [(1, 0.0, 1.0), (2, 1.0, 1.42), (3, 0.0, 3.9), (4, 3.0, 9.8)]
        {
            let found = moment(power);
            assert!(
                (found - wanted).abs() < deviation * error,
                "{power}: {found}"
            );
        }
    }

    /// Mean 0 and variance 1 are a fixed point of layers of scaled exponential linear units (Klambauer et al. 2017, theorem 1).
    #[test]
    fn selu_keeps_activations_normal_through_twenty_layers() {
        let (width, mut draw) = (200, Draw::new(3));
        let mut x: Vec<f64> = draw
            .lecun_normal(1, width)
            .iter()
            .map(|x| f64::from(*x))
            .collect();
        for _ in 0..20 {
            let weights = draw.weights(rectifier_model::Unit::Selu.drawn(), width, width);
            x = (0..width)
                .map(|unit| {
                    let sum = x
                        .iter()
                        .enumerate()
                        .map(|(k, x)| x * f64::from(weights[k * width + unit]));
                    rectifier_model::Unit::Selu.value(sum.sum())
                })
                .collect();
        }
        let mean = x.iter().sum::<f64>() / width as f64;
        let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / width as f64;
        assert!(
            mean.abs() < 0.3 && (0.5..1.6).contains(&variance),
            "{mean} {variance}"
        );
    }

    #[test]
    fn half_of_the_signs_are_negative() {
        for len in [0usize, 1, 2, 7, 1000] {
            let signs = Draw::new(9).signs(len);
            assert_eq!(signs.iter().filter(|s| **s < 0.0).count(), len / 2);
            assert!(signs.iter().all(|s| s.abs() == 1.0));
        }
        assert_ne!(Draw::new(1).signs(50), Draw::new(2).signs(50));
    }
}
