//! Says what is in reviews: `cargo run -p rectifier-reviews --example stars -- mine.csv`, or without a file.
#![allow(clippy::print_stdout)]

use burn_dataset::Dataset;
use rectifier_data::{Examples, Locator, class_counts};
use rectifier_reviews::{Fold, ReviewFile, Reviews, STANDS_IN, WORDS};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let reviews = match std::env::args().nth(1) {
        Some(path) => ReviewFile::new(path).read()?,
        None => {
            println!("{STANDS_IN}");
            Reviews::restaurants(&Locator::default(), &mut |_, _| {})?
        }
    };
    let first = reviews.get(0)?;
    println!(
        "{} reviews, the first with {} stars: {}",
        reviews.len(),
        first.stars,
        first.text
    );
    let bag = reviews.bag(Fold::FIRST, WORDS)?;
    let parts = [&bag.split.train, &bag.split.valid, &bag.split.test];
    for (name, part) in ["train", "valid", "test"].into_iter().zip(parts) {
        let counts = class_counts(&**part)?;
        println!(
            "{name}: {} rows of {} words, {counts:?} of each class",
            part.len(),
            part.width()
        );
    }
    println!(
        "the most frequent words: {}",
        bag.vocabulary.words()[..10.min(bag.vocabulary.words().len())].join(" ")
    );
    Ok(())
}
