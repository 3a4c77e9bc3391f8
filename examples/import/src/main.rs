//! Loads a network that `rectifier train` wrote and tells the class of a blank image.
//!
//! `cargo run -- MODEL.safetensors`
use burn::tensor::{Device, Tensor};
use deep_rectifier::DeepRectifier;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: import MODEL.safetensors")?;
    let device = Device::flex();
    let network = DeepRectifier::load(&path, &device)?;
    let blank = Tensor::zeros([1, network.config().inputs], &device);
    let probabilities = network.probabilities(blank.clone());
    let zeros = network.features(blank, 1).equal_elem(0.0).float().mean();
    println!(
        "class {} with probability {:.3}",
        probabilities.clone().argmax(1),
        probabilities.max()
    );
    println!("share of exact zeros in the first hidden layer: {zeros}");
    Ok(())
}
