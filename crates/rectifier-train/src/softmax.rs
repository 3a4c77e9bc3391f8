//! Probabilities of classes from scores.

/// The softmax of the scores of one example, in double precision: P(class) = exp(score) / sum of exp.
#[derive(Clone, Debug)]
pub struct Softmax {
    logits: Vec<f64>,
    largest: f64,
    /// exp(score - the largest), class after class.
    powers: Vec<f64>,
    sum: f64,
    /// The most probable class; of equally probable ones the first.
    pub class: usize,
}

impl Softmax {
    /// Of `logits`, a score for each class.
    pub fn of(logits: &[f32]) -> Self {
        let better = |best: usize, class: usize| match logits[class] > logits[best] {
            true => class,
            false => best,
        };
        let class = (0..logits.len()).reduce(better).unwrap_or(0);
        let logits: Vec<f64> = logits.iter().map(|logit| f64::from(*logit)).collect();
        let largest = logits.get(class).copied().unwrap_or(0.0);
        let power = |logit: &f64| libm::exp(logit - largest);
        let powers: Vec<f64> = logits.iter().map(power).collect();
        Self {
            largest,
            sum: powers.iter().sum(),
            logits,
            powers,
            class,
        }
    }

    /// P(class) of every class.
    pub fn probabilities(&self) -> Vec<f64> {
        self.powers.iter().map(|power| power / self.sum).collect()
    }

    /// -log P(class), right where the probability itself is too small for a number; NaN for a class that has no score.
    pub fn loss(&self, class: usize) -> f64 {
        let own = self.logits.get(class).copied().unwrap_or(f64::NAN);
        libm::log(self.sum) + self.largest - own
    }

    /// The expected number of stars, sum over k of k P(k), where class 0 is one star.
    pub fn stars(&self) -> f64 {
        let weighted = self.powers.iter().enumerate();
        let sum = weighted.fold(0.0, |sum, (class, power)| sum + (class + 1) as f64 * power);
        sum / self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_losses_and_stars_belong_together() {
        let softmax = Softmax::of(&[1.0, 3.0, 3.0, -1000.0]);
        assert_eq!(softmax.class, 1);
        let probabilities = softmax.probabilities();
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (class, probability) in probabilities.iter().enumerate().take(3) {
            assert!((softmax.loss(class) + probability.ln()).abs() < 1e-12);
        }
        // Python: -math.log(math.exp(-1000) / ..) fails; 1003 + log(2 + e^-2) does not.
        assert!(
            (softmax.loss(3) - 1_003.758_623_675_7).abs() < 1e-6,
            "{}",
            softmax.loss(3)
        );
        let stars: f64 = (1..)
            .zip(&probabilities)
            .map(|(k, p)| f64::from(k) * p)
            .sum();
        assert!((softmax.stars() - stars).abs() < 1e-12);
        assert!(softmax.loss(4).is_nan() && Softmax::of(&[f32::NAN, 0.0]).loss(1).is_nan());
    }
}
