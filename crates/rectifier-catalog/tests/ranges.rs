//! A network that takes the same pictures in another range: as one from elsewhere does.
#![allow(clippy::unwrap_used)]

use burn::module::Param;
use burn::tensor::Device;
use rectifier_catalog::Trained;
use rectifier_data::{Locator, Options, no_progress};
use rectifier_nn::{DenseStackConfig, Init, ModelCard, ModelFile, Unit};
use rectifier_train::evaluate;

#[test]
fn data_is_brought_into_the_range_that_a_network_from_elsewhere_takes() {
    let place = tempfile::tempdir().unwrap();
    let device = Device::default();
    let config = DenseStackConfig::new(1024, [16], Unit::Rectifier, 62);
    let plain = config.init(5, &device).unwrap();
    // The same function of 2x - 1.
    let mut shifted = plain.clone();
    let first = &mut shifted.layers[0];
    let (weight, bias) = (first.weight.val(), first.bias.val());
    let sums = weight.clone().sum_dim(0).reshape([16]);
    first.weight = Param::from_tensor(weight / 2.0);
    first.bias = Param::from_tensor(bias + sums / 2.0);
    let losses = [(&plain, [0.0, 1.0]), (&shifted, [-1.0, 1.0])].map(|(network, range)| {
        let mut card = ModelCard::new(config.clone());
        card.data.shape = vec![32, 32];
        card.data.range = range;
        let path = place.path().join(format!("{}.safetensors", range[0]));
        let bytes = ModelFile::encode_with_card(network, &card).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let trained = Trained::find(&path).unwrap();
        let options = Options::new().with("examples", "310");
        let opened = trained
            .on_data(
                Some("glyphs"),
                &options,
                None,
                (&Locator::default(), &device),
                &mut no_progress,
            )
            .unwrap();
        let test = opened.loaded.split.test.as_ref();
        evaluate(&opened.network, test, opened.objective, &device)
            .unwrap()
            .loss
    });
    assert!((losses[0] - losses[1]).abs() < 1e-4, "{losses:?}");
}
