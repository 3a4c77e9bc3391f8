//! Figure 3: how many zeros a network can have before its error rises.

use super::images::Images;
use crate::compare::{ALPHA, LEVEL, mean_text, p_is};
use crate::statistics::{Hinge, Outcome, first_rise, welch};
use crate::{
    Cell, Drawing, Experiment, ExperimentError, Grid, Labels, Preset, Records, Report, paper,
};
use rectifier_catalog::Plan;
use rectifier_nn::Unit;
use rectifier_plot::words::count;
use rectifier_plot::{Axis, Curve, Figure, Lowess, Reference, Spot, Stretch};
use rectifier_train::{FineTune, Recipe};

/// Figure 3.
pub struct Figure3;
/// Figure 3.
pub static FIGURE3: Figure3 = Figure3;

/// Of so many networks one has no penalty.
const PLAIN: usize = 20;
/// The smallest and the largest penalty.
const PENALTIES: (f64, f64) = (1e-6, 1e-2);
/// Ends of the groups beyond the paper's band, in percent of zeros.
const GROUPS: [f64; 7] = [85.0, 87.5, 90.0, 92.5, 95.0, 97.5, 100.0];
/// Networks of a group that is tested, at least.
const GROUP: usize = 3;

impl Figure3 {
    /// How many networks there are, and epochs of each.
    fn size(preset: Preset) -> (usize, usize) {
        match preset {
            Preset::Smoke => (10, 2),
            Preset::Short => (24, 2),
            Preset::Full => (200, 5),
            Preset::Paper => (200, 50),
        }
    }
}

/// The penalty of network `number` of `count`: some have none, the others lie at equal factors.
fn penalty(number: usize, count: usize) -> f64 {
    let plain = (count / PLAIN).max(1);
    let steps = count.saturating_sub(plain + 1).max(1);
    match number.checked_sub(plain) {
        None => 0.0,
        Some(step) => {
            let (low, high) = PENALTIES;
            let exact = low * (high / low).powf(step as f64 / steps as f64);
            // Four digits: what a recipe shows is what is trained.
            format!("{exact:.3e}").parse().unwrap_or(exact)
        }
    }
}

/// The numbers below `count` in an order whose every beginning is spread over all of them.
fn spread(count: usize) -> Vec<usize> {
    let bits = usize::BITS - count.saturating_sub(1).leading_zeros();
    let numbers = 0..1_usize << bits;
    let reversed = numbers.map(|number| match bits {
        0 => 0,
        bits => number.reverse_bits() >> (usize::BITS - bits),
    });
    reversed.filter(|number| *number < count).collect()
}

impl Experiment for Figure3 {
    fn name(&self) -> &str {
        "figure3"
    }

    fn title(&self) -> &str {
        "Figure 3: test error against the share of exact zeros"
    }

    fn cells(&self, preset: Preset, _: &Records) -> Result<Vec<Cell>, ExperimentError> {
        let (count, epochs) = Self::size(preset);
        let set = if preset == Preset::Smoke {
            "glyphs"
        } else {
            "mnist"
        };
        let images = Images::of(set, preset)?;
        let network = crate::plans::network(&images.data, &images.hidden, Unit::Rectifier)?;
        let cells = spread(count).into_iter().map(|number| {
            let (seed, l1) = (number as u64 + 1, penalty(number, count));
            let stage = FineTune::new(epochs, images.batch, 0.1).l1(l1);
            let plan = Plan::new(
                images.data.clone(),
                network.clone(),
                Recipe::of(seed, [stage]),
            );
            plan.validate()?;
            let labels = Labels::new()
                .with("set", set)
                .with("seed", seed)
                .with("l1", l1);
            Ok(Cell::new(plan, labels))
        });
        cells.collect()
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        let points = points(records);
        let (silent, points): (Vec<Point>, Vec<Point>) =
            points.into_iter().partition(Point::is_silent);
        let mut report = Report {
            notes: vec![
                "Every network is initialized from a seed of its own and has a penalty of its own on the L1 norm of its hidden \
                 activations, summed over units and averaged over the batch; zeros are the mean over the hidden layers on the \
                 test part. The line is LOWESS on the logarithm of the error, its band a bootstrap interval."
                    .into(),
                paper::LETTERS.into(),
            ],
            ..Report::default()
        };
        let Some(first) = records.iter().next() else {
            return Ok(report);
        };
        let epochs = first.plan.recipe.total_epochs();
        report.notes.push(format!(
            "Each network trains for {epochs} epochs; the paper does not state how many its networks had."
        ));
        report.findings = findings(&points)?;
        if !silent.is_empty() {
            report.findings.push(format!(
                "{} fell silent under the penalty (99.9% zeros and more) and guess; they are left out of means, tests and the smoothed line.",
                count(silent.len(), "network")
            ));
        }
        report.tables.push(table(&points, &silent)?);
        let mnist = first.labels.text("set") == Some("mnist");
        report.figures.extend(figure(&points, &silent, mnist)?);
        Ok(report)
    }
}

/// A network: its zeros and its error in percent, and what it is.
struct Point {
    zeros: f64,
    error: f64,
    title: String,
}

impl Point {
    /// Whether hardly a unit fires on any example, and the network does little more than guess.
    fn is_silent(&self) -> bool {
        self.zeros >= 99.9 && self.error >= 45.0
    }
}

fn points(records: &Records) -> Vec<Point> {
    let mut points: Vec<Point> = records
        .finals(&Labels::new())
        .into_iter()
        .filter_map(|record| {
            let (zeros, error) = (100.0 * record.zeros()?, 100.0 * record.error()?);
            let l1 = record.labels.number("l1").unwrap_or(0.0);
            let title = format!("L1 {l1}: {zeros:.1}% zeros, error {error:.2}%");
            Some(Point {
                zeros,
                error,
                title,
            })
        })
        .collect();
    points.sort_by(|a, b| a.zeros.total_cmp(&b.zeros));
    points
}

fn between(points: &[Point], from: f64, to: f64) -> Vec<f64> {
    let inside = points
        .iter()
        .filter(|point| point.zeros >= from && point.zeros < to);
    inside.map(|point| point.error).collect()
}

fn findings(points: &[Point]) -> Result<Vec<String>, ExperimentError> {
    let mut findings = Vec::new();
    let (low, high) = paper::FLAT;
    let band = between(points, low, high);
    if band.len() >= GROUP {
        findings.push(format!(
            "{} networks have between {low}% and {high}% exact zeros, the paper's flat stretch: their mean error is {}%.",
            band.len(),
            mean_text(&band, 1.0, 2)?
        ));
        let middle = (low + high) / 2.0;
        let (left, right) = (between(points, low, middle), between(points, middle, high));
        if left.len() >= GROUP
            && right.len() >= GROUP
            && let Outcome::Tested(test) = welch(&right, &left, LEVEL)?
        {
            let verdict = if test.p < ALPHA {
                "differ"
            } else {
                "do not differ significantly"
            };
            findings.push(format!(
                "Its two halves {verdict} in error ({:+.2} points from the left to the right one, {}).",
                test.difference,
                p_is(test.p)
            ));
        }
        let mut groups = vec![band];
        let mut from = Vec::new();
        for ends in GROUPS.windows(2) {
            let group = between(
                points,
                ends[0],
                if ends[1] == 100.0 { 100.1 } else { ends[1] },
            );
            if group.len() >= GROUP {
                from.push((ends[0], ends[1]));
                groups.push(group);
            }
        }
        let slices: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        if groups.len() > 1 {
            findings.push(match first_rise(&slices, ALPHA)? {
                Some(rise) => {
                    let (start, end) = from.get(rise.group - 1).copied().unwrap_or_default();
                    format!(
                        "Harm begins between {start}% and {end}% zeros, the first group of networks whose error is significantly above \
                         that of the flat stretch ({:+.2} points, {} after Holm's correction).",
                        rise.test.difference,
                        p_is(rise.p)
                    )
                }
                None => "No group of networks with more zeros than the flat stretch has a significantly higher error.".into(),
            });
        }
    }
    // Errors grow by factors where too many units are silent: a hinge in their logarithm.
    let xs: Vec<f64> = points.iter().map(|point| point.zeros).collect();
    let ys: Vec<f64> = points.iter().map(|point| point.error.log10()).collect();
    if points.len() >= 4 * GROUP
        && ys.iter().all(|y| y.is_finite())
        && let Outcome::Tested(hinge) = Hinge::default().fit(&xs, &ys)?
        && hinge.slope > 0.0
    {
        let interval = hinge.interval.map_or(String::new(), |interval| {
            format!(
                ", 95% interval {:.1}% to {:.1}%",
                interval.low, interval.high
            )
        });
        findings.push(format!(
            "A line that is flat up to a point and then rises fits the logarithm of the error best with its point at {:.1}% zeros{interval}; \
             the error before it is {:.2}% ({} against a flat line).",
            hinge.at,
            10f64.powf(hinge.before),
            p_is(hinge.p_shuffled.unwrap_or(hinge.p))
        ));
    }
    Ok(findings)
}

fn table(points: &[Point], silent: &[Point]) -> Result<Grid, ExperimentError> {
    let mut grid = Grid::new(
        "Error by the share of zeros",
        1,
        ["zeros", "networks", "test error, %", "lowest, %"],
    );
    let ends = [0.0, 70.0, 77.5].into_iter().chain(GROUPS);
    let ends: Vec<f64> = ends.collect();
    let groups = ends.windows(2).map(|pair| {
        let end = if pair[1] == 100.0 { 100.1 } else { pair[1] };
        let title = format!("{}% to {}%", pair[0], pair[1]);
        (title, between(points, pair[0], end))
    });
    let guessing = silent.iter().map(|point| point.error).collect();
    for (title, errors) in groups.chain([("99.9% and more, guessing".into(), guessing)]) {
        if errors.is_empty() {
            continue;
        }
        let lowest = errors.iter().copied().fold(f64::INFINITY, f64::min);
        grid.push([
            title,
            errors.len().to_string(),
            mean_text(&errors, 1.0, 2)?,
            format!("{lowest:.2}"),
        ]);
    }
    Ok(grid)
}

fn figure(
    points: &[Point],
    silent: &[Point],
    mnist: bool,
) -> Result<Option<Drawing>, ExperimentError> {
    let drawn: Vec<&Point> = points.iter().filter(|point| point.error > 0.0).collect();
    let spots = drawn
        .iter()
        .map(|point| Spot::new(point.zeros, point.error).with_title(point.title.clone()));
    let (low, high) = paper::FLAT;
    let mut figure = Figure::new(
        "Test error against zeros",
        Axis::new("exact zeros in the hidden layers, %"),
        Axis::log("test error, %, log scale"),
    )
    .note(format!(
        "{} networks, each with a seed and an L1 penalty of its own.",
        points.len() + silent.len()
    ))
    .with(Stretch::new("flat in the paper", low, high));
    // They would squeeze all others into a strip.
    if let Some(point) = silent.first() {
        figure = figure.note(format!(
            "{} fell silent and guess: {:.1}% wrong, far above these axes.",
            count(silent.len(), "network"),
            point.error
        ));
    }
    figure = figure.with(Curve::scatter("a network", 0, spots));
    if drawn.len() >= 4 * GROUP {
        let xs: Vec<f64> = drawn.iter().map(|point| point.zeros).collect();
        let ys: Vec<f64> = drawn.iter().map(|point| point.error.log10()).collect();
        let smooth = Lowess {
            share: 0.3,
            ..Lowess::default()
        };
        let smooth = smooth.fit(&xs, &ys)?;
        let mut curve = smooth.curve("smoothed", 1);
        for spot in &mut curve.spots {
            spot.y = 10f64.powf(spot.y);
        }
        let mut shade = smooth.shade("95% interval", 1);
        for point in &mut shade.points {
            *point = (point.0, 10f64.powf(point.1), 10f64.powf(point.2));
        }
        figure = figure.with(shade).with(curve);
    }
    let published = paper::table1("mnist", "rectifier", false);
    if let (Some(published), true) = (published, mnist) {
        figure = figure.with(Reference::y(
            "the paper's table 1, not pre-trained",
            3,
            published.value,
        ));
    }
    let caption = "Test error over the share of exact zeros of networks with L1 penalties from 0 to 0.01, with a smoothed line";
    Ok((!points.is_empty()).then(|| Drawing::new("figure", caption, figure)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fakes::of;

    #[test]
    fn penalties_cover_their_range_from_the_first_cells_on() {
        let all: Vec<f64> = (0..200).map(|number| penalty(number, 200)).collect();
        assert_eq!(all.iter().filter(|l1| **l1 == 0.0).count(), 10);
        assert_eq!((all[10], all[199]), (1e-6, 1e-2));
        let order = spread(200);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..200).collect::<Vec<_>>());
        let first: Vec<usize> = order[..8].to_vec();
        assert!(
            first.iter().any(|n| *n < 50) && first.iter().any(|n| *n >= 150),
            "{first:?}"
        );
        assert_eq!((spread(1), spread(0)), (vec![0], vec![0; 0]));
    }

    #[test]
    fn harm_is_found_where_it_was_put() {
        let cells = FIGURE3.cells(Preset::Full, &Records::default()).unwrap();
        assert_eq!(cells.len(), 200);
        let mut records = Records::default();
        for (place, cell) in cells.iter().enumerate() {
            let zeros = 0.6 + 0.39 * (place as f64 / 199.0);
            // Flat up to 90%, with a little noise, then steep.
            let noise = 0.0002 * ((place * 37 % 11) as f64 - 5.0);
            let error = 0.015 + noise + 0.4 * (zeros - 0.9).max(0.0);
            let mut record = of(cell, error);
            if let crate::Ended::Finished { summary } = &mut record.ended {
                summary.zeros = vec![zeros; 3];
                if place == 199 {
                    // Nothing is left: it guesses.
                    summary.zeros = vec![1.0; 3];
                    summary.test_error = 0.9;
                }
            }
            records.add(record);
        }
        let report = FIGURE3.report(&records).unwrap();
        let text = report.findings.join("\n");
        assert!(text.contains("Harm begins between 90% and 92.5%"), "{text}");
        assert!(text.contains("halves do not differ"), "{text}");
        assert!(text.contains("1 network fell silent"), "{text}");
        let silent = report.tables[0].rows.last().unwrap();
        assert_eq!(silent[..2], ["99.9% and more, guessing", "1"]);
        let drawn = report.figures[0].figure.svg().unwrap();
        assert!(drawn.contains("flat in the paper") && drawn.contains("smoothed"));
        // The silent one is told, not drawn.
        assert_eq!(drawn.matches("zeros, error").count(), 199);
        assert!(drawn.contains("1 network fell silent"), "{drawn}");
        let again = FIGURE3.report(&records).unwrap();
        assert_eq!(again, report);
    }
}
