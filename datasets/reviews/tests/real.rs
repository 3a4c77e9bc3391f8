//! The real files, where `RECTIFIER_DATA` names a folder that holds them; elsewhere each test says that it was skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use burn_dataset::Dataset;
use rectifier_data::{DATA_VARIABLE, Examples, Locator, class_counts};
use rectifier_reviews::{
    AMAZON, Classes, Fold, Product, RESTAURANTS, Reviews, Vocabulary, WORDS, amazon_info,
    restaurants_info,
};

/// Where the set's folder is. A relative path counts from the root of the workspace, where cargo is called from, not
/// from this package, where cargo runs tests.
fn locator(set: &str) -> Option<Locator> {
    let named = std::env::var_os(DATA_VARIABLE).unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder: PathBuf = root.join(named).join(set);
    if !folder.is_dir() {
        eprintln!("skipped: {DATA_VARIABLE} names no folder that holds {set}");
        return None;
    }
    Some(Locator {
        data_dir: Some(folder),
        shared_dir: None,
        cache_dir: None,
        offline: true,
        ..Locator::default()
    })
}

fn restaurants() -> Option<Reviews> {
    Some(Reviews::restaurants(&locator(RESTAURANTS)?, &mut |_, _| {}).unwrap())
}

fn amazon(products: &[Product]) -> Option<Reviews> {
    Some(Reviews::amazon(&locator(AMAZON)?, products, &mut |_, _| {}).unwrap())
}

fn counts(reviews: &Reviews) -> Vec<usize> {
    let mut counts = vec![0; reviews.classes().count()];
    let labels = reviews.reviews().iter().map(|review| review.label);
    labels.for_each(|label| counts[label as usize] += 1);
    counts
}

#[test]
fn restaurants_are_those_counted_by_hand() {
    let Some(reviews) = restaurants() else { return };
    assert_eq!(reviews.warnings(), [""; 0]);
    assert_eq!(
        (Dataset::len(&reviews), reviews.unlabelled().len()),
        (9954, 0)
    );
    // 1735, 684, 1192, 2373 and 3826 whole ones; 9 of 1.5 and 19 of 2.5 go to 2, 47 of 3.5 and 69 of 4.5 to 4.
    assert_eq!(counts(&reviews), [1735, 712, 1192, 2489, 3826]);
    let first = reviews.get(0).unwrap();
    let begin = "The ambience was good, food was quite good . had Saturday lunch , which was cost effective .";
    assert!(first.text.starts_with(begin), "{}", first.text);
    assert!(
        first
            .text
            .ends_with("Waiter Soumen Das was really courteous and helpful.")
    );
    assert_eq!((first.stars, first.label), (5, 4));
    assert!(reviews.get(9954).is_err());
}

#[test]
fn the_vocabulary_of_restaurants_is_that_of_an_independent_count() {
    let Some(reviews) = restaurants() else { return };
    let texts = || reviews.reviews().iter().map(|review| review.text.as_str());
    let vocabulary = Vocabulary::fit(texts(), WORDS);
    // tests/reference.py counts the same in Python.
    assert_eq!(
        vocabulary.words()[..8],
        ["and", "the", "to", "is", "good", "food", "a", "was"]
    );
    let rows = vocabulary.rows(texts()).unwrap();
    assert_eq!(rows.columns().len(), 353_963);
    assert!(
        (0.005..0.008).contains(&rows.density()),
        "{}",
        rows.density()
    );
}

#[test]
fn folds_of_restaurants_share_no_text_and_are_listed_at_their_sizes() {
    let Some(reviews) = restaurants() else { return };
    let bag = reviews.bag(Fold::FIRST, WORDS).unwrap();
    let split = &bag.split;
    let sizes = restaurants_info().sizes;
    let found = [split.train.len(), split.valid.len(), split.test.len()];
    assert_eq!(found, [sizes.train, sizes.valid, sizes.test]);
    let test = class_counts(&*split.test).unwrap();
    for (test, all) in test.iter().zip(counts(&reviews)) {
        assert!(test.abs_diff(all / 10) <= 2, "{test} of {all}");
    }
    assert!(split.train.is_sparse() && split.unlabelled.is_none());
    // Words that only test texts have are no words of the vocabulary.
    let parts = reviews.parts(Fold::FIRST).unwrap();
    let text = |index: &usize| reviews.reviews()[*index].text.as_str();
    assert_eq!(
        Vocabulary::fit(parts.train.iter().map(text), WORDS),
        bag.vocabulary
    );
    let all = Vocabulary::fit(reviews.reviews().iter().map(|r| r.text.as_str()), WORDS);
    assert_ne!(all, bag.vocabulary);
}

#[test]
fn amazon_has_a_thousand_of_each_kind() {
    let Some(all) = amazon(&[]) else { return };
    assert_eq!(all.warnings(), [""; 0]);
    assert_eq!(
        (counts(&all), all.classes()),
        (vec![4000, 4000], Classes::Sentiment)
    );
    for product in Product::ALL {
        let Some(one) = amazon(&[product]) else {
            return;
        };
        assert_eq!(counts(&one), [1000, 1000], "{}", product.name());
    }
    let first = all.get(0).unwrap();
    assert!(
        first
            .text
            .starts_with("Horrible book, horrible.\nTHis book was horrible.  If it was possible")
    );
    assert_eq!((first.stars, first.label), (1, 0));
    let kitchen = amazon(&[Product::Kitchen]).unwrap();
    let positive = kitchen.get(1000).unwrap();
    assert!(
        positive
            .text
            .starts_with("Perfectly fits the books' atmosphere\nFor those of you")
    );
    assert_eq!((positive.stars, positive.label), (5, 1));
    let lost = |review: &&rectifier_reviews::Review| review.text.contains('\u{fffd}');
    assert_eq!(all.reviews().iter().filter(lost).count(), 29);
    assert!(
        !all.reviews()
            .iter()
            .any(|review| review.text.contains("\u{ef}\u{bf}\u{bd}"))
    );
}

#[test]
fn folds_of_amazon_are_listed_at_their_sizes() {
    let Some(all) = amazon(&[]) else { return };
    let split = all.bag(Fold::FIRST, WORDS).unwrap().split;
    let sizes = amazon_info().sizes;
    let found = [split.train.len(), split.valid.len(), split.test.len()];
    assert_eq!(found, [sizes.train, sizes.valid, sizes.test]);
}
