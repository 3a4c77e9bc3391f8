//! Whether a network is still made of numbers.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Whether every parameter of `module` (not in training mode) is finite. Waits for the device.
pub(crate) fn all_finite<M: Module>(module: &M) -> bool {
    let mut check = Check(true);
    module.visit(&mut check);
    check.0
}

struct Check(bool);

impl ModuleVisitor for Check {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 = self.0 && param.val().is_finite().all().into_scalar::<bool>();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use rectifier_nn::{DenseStackConfig, Init, Unit};

    #[test]
    fn one_number_that_is_none_is_seen() {
        let device = Device::default();
        let config = DenseStackConfig::new(3, [4, 5], Unit::Rectifier, 2);
        let network = config.init(1, &device).unwrap();
        assert!(all_finite(&network));
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut broken = network.clone();
            let bias = Tensor::from_floats([0.0, 1.0, value, 0.0, 2.0], &device);
            broken.layers[1].bias = Param::from_tensor(bias);
            assert!(!all_finite(&broken), "{value}");
        }
    }
}
