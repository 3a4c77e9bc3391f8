//! Batch normalization folded into the layer before it.

/// What a batch normalization has learned and counted, one number a unit. In prediction it gives
/// `(x - mean) / sqrt(variance + epsilon) * weight + bias` (Ioffe, Szegedy 2015).
pub(crate) struct BatchNorm {
    pub(crate) mean: Vec<f32>,
    pub(crate) variance: Vec<f32>,
    /// 1 where it learned none.
    pub(crate) weight: Option<Vec<f32>>,
    /// 0 where it learned none.
    pub(crate) bias: Option<Vec<f32>>,
    pub(crate) epsilon: f64,
}

impl BatchNorm {
    /// Folds it into a linear layer's weights `[inputs, units]` and biases `[units]`: the same function, computed in double
    /// precision and rounded once.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub(crate) fn fold(&self, weight: &mut [f32], bias: &mut [f32]) -> Result<(), String> {
        let units = bias.len();
        let parts = [
            Some(&self.mean),
            Some(&self.variance),
            self.weight.as_ref(),
            self.bias.as_ref(),
        ];
        if let Some(part) = parts.into_iter().flatten().find(|part| part.len() != units) {
            return Err(format!(
                "it normalizes {} units, and the layer before it has {units}",
                part.len()
            ));
        }
        let number = |values: &Option<Vec<f32>>, unit: usize, default: f64| {
            let value = values.as_ref().and_then(|values| values.get(unit));
            value.map_or(default, |value| f64::from(*value))
        };
        let mut scales = Vec::with_capacity(units);
        for unit in 0..units {
            let spread = f64::from(self.variance[unit]) + self.epsilon;
            if !(spread.is_finite() && spread > 0.0) {
                return Err(format!(
                    "the variance of unit {unit} and epsilon make {spread}, which has no root to divide by"
                ));
            }
            scales.push(number(&self.weight, unit, 1.0) / spread.sqrt());
        }
        for (unit, bias) in bias.iter_mut().enumerate() {
            let centred = f64::from(*bias) - f64::from(self.mean[unit]);
            *bias = (centred * scales[unit] + number(&self.bias, unit, 0.0)) as f32;
        }
        for row in weight.chunks_mut(units.max(1)) {
            for (weight, scale) in row.iter_mut().zip(&scales) {
                *weight = (f64::from(*weight) * scale) as f32;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_the_same_function() {
        let (mut weight, mut bias) = (vec![1.0, 2.0, 3.0, 4.0], vec![0.5, -1.0]);
        let norm = BatchNorm {
            mean: vec![1.0, -2.0],
            variance: vec![3.0, 8.0],
            weight: Some(vec![2.0, 3.0]),
            bias: Some(vec![0.25, 0.75]),
            epsilon: 1.0,
        };
        norm.fold(&mut weight, &mut bias).unwrap();
        // sqrt(3 + 1) = 2 and sqrt(8 + 1) = 3, by hand.
        assert_eq!(weight, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(bias, [0.5 - 1.0 + 0.25, -1.0 + 2.0 + 0.75]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let norm = |variance: Vec<f32>| BatchNorm {
            mean: vec![0.0],
            variance,
            weight: None,
            bias: None,
            epsilon: 0.0,
        };
        let mut bias = vec![0.0];
        assert!(
            norm(vec![0.0])
                .fold(&mut [], &mut bias)
                .unwrap_err()
                .contains("variance")
        );
        assert!(norm(vec![-1.0]).fold(&mut [], &mut bias).is_err());
        let error = norm(vec![1.0, 1.0]).fold(&mut [], &mut bias).unwrap_err();
        assert!(error.contains("normalizes 2 units"), "{error}");
    }
}
