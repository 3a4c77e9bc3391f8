//! Reviews of Amazon's four products: good or bad.

use super::cells_of;
use crate::compare::{ALPHA, errors, mean_of, mean_text, p_is, paired_test};
use crate::labels::word;
use crate::plans::{BATCH, data, few_glyphs, network, pretrained_layers, unit};
use crate::{
    Cell, CellEngine, Drawing, Experiment, ExperimentError, Grid, Labels, Preset, Pretraining,
    Records, Report, Row, Run, paper,
};
use rectifier_plot::{Axis, Curve, Figure, Reference, Spot};
use rectifier_train::FineTune;

/// Four products.
pub struct Amazon;
/// Four products.
pub static AMAZON: Amazon = Amazon;

const PRODUCTS: [&str; 4] = ["books", "dvd", "electronics", "kitchen"];
const OF: usize = 10;
const PATIENCE: usize = 3;
/// Layers and whether they are pre-trained.
const ROWS: [(usize, bool); 5] = [(0, false), (1, false), (1, true), (3, false), (3, true)];

/// Folds, units a layer, epochs, epochs of pre-training.
fn size(preset: Preset) -> (usize, usize, usize, usize) {
    match preset {
        Preset::Smoke => (1, 12, 2, 1),
        Preset::Short => (1, 300, 5, 1),
        Preset::Full => (5, 1000, 15, 5),
        Preset::Paper => (OF, 5000, 30, 20),
    }
}

fn network_name(layers: usize, pretrained: bool) -> String {
    let how = if pretrained { ", pre-trained" } else { "" };
    match layers {
        0 => "no hidden layer".into(),
        1 => format!("1 rectifier layer{how}"),
        _ => format!("{layers} rectifier layers{how}"),
    }
}

impl Amazon {
    fn rows(preset: Preset) -> Result<Vec<Row>, ExperimentError> {
        let (folds, units, epochs, pretraining_epochs) = size(preset);
        let mut rows = Vec::new();
        for (number, product) in PRODUCTS.into_iter().enumerate() {
            let runs = (1..=folds).map(|fold| {
                let data = match preset {
                    Preset::Smoke => few_glyphs()?,
                    _ => data(
                        "amazon",
                        &[
                            ("product", product.into()),
                            ("fold", format!("{fold}/{OF}")),
                        ],
                    )?,
                };
                Ok(Run {
                    seed: if preset == Preset::Smoke {
                        number as u64 + 1
                    } else {
                        1
                    },
                    data,
                    labels: Labels::new().with("fold", fold),
                })
            });
            let runs: Vec<Run> = runs.collect::<Result<_, ExperimentError>>()?;
            let Some(first) = runs.first() else { continue };
            for (layers, pretrained) in ROWS {
                let network = network(&first.data, &vec![units; layers], unit("rectifier"))?;
                rows.push(Row {
                    labels: Labels::new()
                        .with("product", product)
                        .with("layers", layers)
                        .with("pretrained", pretrained),
                    label_fraction: None,
                    pretraining: pretrained.then(|| Pretraining {
                        layers: pretrained_layers(&first.data, &network, pretraining_epochs, 0.0),
                        rates: Vec::new(),
                        search_epochs: 1,
                    }),
                    network,
                    fine_tuning: FineTune::new(epochs, BATCH, 0.05).patience(PATIENCE),
                    rates: vec![0.05],
                    search_epochs: 1,
                    engine: CellEngine::SPARSE,
                    runs: runs.clone(),
                    keep: false,
                });
            }
        }
        Ok(rows)
    }
}

impl Experiment for Amazon {
    fn name(&self) -> &str {
        "amazon"
    }

    fn title(&self) -> &str {
        "Good or bad: reviews of four Amazon products"
    }

    fn cells(&self, preset: Preset, records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        cells_of(&Self::rows(preset)?, records)
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        let mut grid = Grid {
            title: "Accuracy, %".into(),
            header: std::iter::once("network".to_string())
                .chain(PRODUCTS.map(String::from))
                .chain(["mean".into()])
                .collect(),
            words: 1,
            rows: Vec::new(),
        };
        let mut means = Vec::new();
        let products = records.values("product");
        for (layers, pretrained) in ROWS {
            let row = Labels::new()
                .with("layers", layers)
                .with("pretrained", pretrained);
            let mut cells = vec![network_name(layers, pretrained)];
            let mut each = Vec::new();
            for product in PRODUCTS {
                let found = records.finals(&row.clone().with("product", product));
                let right: Vec<f64> = errors(&found).iter().map(|error| 1.0 - error).collect();
                cells.push(mean_text(&right, 100.0, 2)?);
                each.extend(mean_of(&right)?.map(|(mean, _)| mean));
            }
            if each.is_empty() {
                continue;
            }
            let whole = each.len() == PRODUCTS.len();
            cells.push(match mean_of(&each)? {
                // Products differ: an interval over them would say nothing about runs.
                Some((mean, _)) if whole => {
                    means.push((network_name(layers, pretrained), 100.0 * mean));
                    format!("{:.2}", 100.0 * mean)
                }
                _ => String::new(),
            });
            grid.rows.push(cells);
        }
        let mut findings = Vec::new();
        if let Some((name, mean)) = means.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
            findings.push(format!(
                "The highest mean accuracy over the products is {mean:.2}%, of {name}; the paper's is {}, the best before it {}.",
                paper::AMAZON.percent(),
                paper::AMAZON_EARLIER.percent()
            ));
        }
        let of = |layers: usize, pretrained: bool| {
            records.finals(
                &Labels::new()
                    .with("layers", layers)
                    .with("pretrained", pretrained),
            )
        };
        if let Some(test) = paired_test(&of(3, true), &of(3, false))? {
            let verdict = match (test.p < ALPHA, test.difference < 0.0) {
                (false, _) => "makes no significant difference to",
                (true, true) => "raises",
                (true, false) => "lowers",
            };
            findings.push(format!(
                "Pre-training {verdict} the accuracy of 3 layers ({:+.2} points over the same products and folds, {}).",
                -100.0 * test.difference,
                p_is(test.p)
            ));
        }
        let spots = means.iter().enumerate().map(|(place, (name, mean))| {
            Spot::new(place as f64, *mean).with_title(format!("{name}: {mean:.2}%"))
        });
        let ticks = means
            .iter()
            .enumerate()
            .map(|(place, (name, _))| (place as f64, name.clone()));
        let figure = Figure::new(
            "Mean accuracy over four products",
            Axis::new("").with_ticks(ticks),
            Axis::new("accuracy, %"),
        )
        .with(Curve::scatter("ours", 0, spots))
        .with(Reference::y("the paper", 1, paper::AMAZON.value))
        .with(Reference::y(
            "the best before it",
            2,
            paper::AMAZON_EARLIER.value,
        ));
        let listed: Vec<String> = products.iter().map(word).collect();
        Ok(Report {
            findings,
            tables: vec![grid],
            figures: vec![Drawing::new(
                "figure",
                "Mean accuracy over the products, beside the paper's",
                figure,
            )],
            notes: vec![
                format!(
                    "Products: {}. Each has 1000 good and 1000 bad reviews, of which nine tenths are for training and choosing; how the \
                     paper split them is not known here, and it pre-trained on unlabelled reviews, which this archive does not have. The \
                     figures are beside each other, not of one protocol.",
                    listed.join(", ")
                ),
                paper::LETTERS.into(),
            ],
        })
    }
}
