//! What a network cannot do, and what it must not be used for.

use crate::Entry;
use rectifier_model::Objective;

/// The limits of a network in some sentences.
pub fn limits(entry: &Entry) -> String {
    let answer = match entry.objective {
        Objective::Classification => {
            "It names one of its classes whatever it is shown, also for what is none of them, and its probabilities are not \
             calibrated: a high one is no proof."
        }
        Objective::ExpectedRating => {
            "It gives stars to any text, also to one that rates nothing, and knows single words alone: neither their order nor \
             negation, and none that its vocabulary has not."
        }
    };
    format!(
        "{answer} {} It is a record of an experiment and a part for teaching and tests. Do not use it where its mistakes can \
         harm somebody: not for reading forms, cheques, plates or documents of people, not to judge people or their work.",
        of_data(&entry.data.name)
    )
}

/// What is particular to the data.
fn of_data(name: &str) -> &'static str {
    match name {
        "mnist" => {
            "MNIST's digits are centred by mass, scaled to 20x20 in 28x28, light on dark, written by about five hundred \
             people in the United States: digits that are shifted, turned, thin, dark on light or written otherwise are read worse."
        }
        "cifar10" => {
            "A network without convolutions reads photographs badly: it is here to be compared, not to be used. CIFAR-10 has ten \
             things in 32x32 pixels, most of them in the middle."
        }
        "nistp" => {
            "Its characters are distorted on purpose, and their sources are characters drawn from fonts and EMNIST's \
             handwriting: the error on clean handwriting is another one."
        }
        "glyphs" => {
            "Its characters are generated, not written by people: it says nothing about handwriting."
        }
        "norb-like" => {
            "Its pictures are drawn by a program: bodies of a few kinds under simple light, in stereo pairs. It does not know things in \
             the world."
        }
        "norb" | "norb-small" => {
            "It has seen a few objects under studio light, in stereo pairs: it does not know such things in the world."
        }
        "restaurants" | "amazon" => {
            "Its reviews are of one source and one language; what people wrote in them, prejudices among it, is what it has \
             learned."
        }
        _ => "It knows what its data has, and nothing else.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::entry;

    #[test]
    fn every_network_has_limits() {
        let mut entry = entry("a/b");
        assert!(limits(&entry).contains("knows what its data has"));
        entry.data.name = "mnist".into();
        assert!(limits(&entry).contains("centred by mass"));
        entry.objective = Objective::ExpectedRating;
        assert!(limits(&entry).contains("negation"));
    }
}
