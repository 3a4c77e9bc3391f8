//! What Glorot, Bordes and Bengio (2011) report, as data, each figure with how it is known.

/// How a figure of the paper is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Printed in the summary of the paper that this project was made from.
    Summary,
    /// Told by written digests of the paper.
    Digest,
    /// Recalled, not read again.
    Recalled,
}

impl Source {
    /// The letter that stands for it.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Summary => "T",
            Self::Digest => "D",
            Self::Recalled => "R",
        }
    }
}

/// A note that says what the letters mean.
pub const LETTERS: &str = "Figures of the paper (Glorot, Bordes, Bengio 2011) are known from its printed tables [T], from \
     written digests of it [D], or recalled [R].";

/// A figure of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The number: an error in percent, an RMSE in stars, an accuracy in percent.
    pub value: f64,
    /// Half the width of its interval, where one is printed.
    pub spread: Option<f64>,
    /// How it is known.
    pub source: Source,
}

impl Figure {
    const fn new(value: f64, source: Source) -> Self {
        Self {
            value,
            spread: None,
            source,
        }
    }

    const fn within(value: f64, spread: f64) -> Self {
        Self {
            value,
            spread: Some(spread),
            source: Source::Summary,
        }
    }

    /// The number as a percentage, and how it is known.
    pub fn percent(&self) -> String {
        format!("{:.2}% [{}]", self.value, self.source.letter())
    }

    /// The number with its interval and how it is known.
    pub fn text(&self, decimals: usize) -> String {
        let spread = self
            .spread
            .map_or(String::new(), |spread| format!(" ± {spread:.decimals$}"));
        format!(
            "{:.decimals$}{spread} [{}]",
            self.value,
            self.source.letter()
        )
    }
}

/// Table 1: test error in percent of three layers of `unit` on `set`.
pub fn table1(set: &str, unit: &str, pretrained: bool) -> Option<Figure> {
    let errors = match (set, pretrained) {
        ("mnist", true) => [1.20, 1.16, 1.17],
        ("cifar10", true) => [49.96, 50.79, 49.52],
        ("nistp", true) => [32.86, 35.89, 33.27],
        ("norb", true) => [16.46, 17.66, 19.19],
        ("mnist", false) => [1.43, 1.57, 1.77],
        ("cifar10", false) => [50.86, 52.62, 53.20],
        ("nistp", false) => [32.64, 36.46, 35.48],
        ("norb", false) => [16.40, 19.29, 17.68],
        _ => return None,
    };
    let place = ["rectifier", "tanh", "softplus"]
        .iter()
        .position(|known| *known == unit)?;
    Some(Figure::new(errors[place], Source::Summary))
}

/// The mean share of exact zeros in the hidden layers of the rectifier networks, in percent.
pub fn zeros(set: &str) -> Option<Figure> {
    let share = match set {
        "mnist" => 83.4,
        "cifar10" => 72.0,
        "nistp" => 68.0,
        "norb" => 73.8,
        _ => return None,
    };
    Some(Figure::new(share, Source::Digest))
}

/// Figure 3: from which to which share of zeros, in percent, the error is flat.
pub const FLAT: (f64, f64) = (70.0, 85.0);

/// Error in percent of the rescaled softplus on NORB; infinity stands for the rectifier.
pub fn softplus(sharpness: f64) -> Option<Figure> {
    let known = [
        (1.0, 17.68, Source::Digest),
        (1.3, 17.53, Source::Recalled),
        (2.0, 16.9, Source::Recalled),
        (3.0, 16.66, Source::Digest),
        (6.0, 16.54, Source::Digest),
        (f64::INFINITY, 16.40, Source::Digest),
    ];
    let found = known.iter().find(|known| known.0 == sharpness)?;
    Some(Figure::new(found.1, found.2))
}

/// Table 2 on OpenTable's reviews: RMSE, and zeros in percent.
pub fn table2(layers: usize, unit: &str, pretrained: bool) -> Option<(Figure, Option<Figure>)> {
    let zeros = |share| Some(Figure::new(share, Source::Summary));
    match (layers, unit, pretrained) {
        (0, _, _) => Some((Figure::within(0.885, 0.006), zeros(99.4))),
        (1, "rectifier", true) => Some((Figure::within(0.807, 0.004), zeros(28.9))),
        (3, "rectifier", true) => Some((Figure::within(0.746, 0.004), zeros(53.9))),
        (3, "tanh", true) => Some((Figure::within(0.774, 0.008), zeros(0.0))),
        _ => None,
    }
}

/// The lowest RMSE of rectifier networks on OpenTable without pre-training.
pub const TABLE2_PLAIN: Figure = Figure::new(0.833, Source::Recalled);
/// Mean accuracy in percent over Amazon's four products.
pub const AMAZON: Figure = Figure::new(78.95, Source::Digest);
/// The best before it.
pub const AMAZON_EARLIER: Figure = Figure::new(73.72, Source::Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_paper() {
        let text = |set, unit, pretrained| table1(set, unit, pretrained).map(|found| found.text(2));
        assert_eq!(
            text("mnist", "rectifier", false).as_deref(),
            Some("1.43 [T]")
        );
        assert_eq!(text("norb", "softplus", true).as_deref(), Some("19.19 [T]"));
        assert_eq!(text("norb-like", "softplus", true), None);
        assert_eq!(text("mnist", "leaky", true), None);
        let rated = table2(3, "tanh", true).map(|(rmse, _)| rmse.text(3));
        assert_eq!(rated.as_deref(), Some("0.774 ± 0.008 [T]"));
        assert_eq!(
            softplus(f64::INFINITY).map(|found| found.value),
            Some(16.40)
        );
    }
}
