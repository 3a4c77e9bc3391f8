//! Curves of runs: error, loss, reconstruction, zeros, penalty and dead units over epochs.

use crate::ReportData;
use crate::page::figure;
use maud::{Markup, html};
use rectifier_plot::words::{error, number, percent, percent_tick};
use rectifier_plot::{Extent, Line, LineChart, Point, Span, legend, thinned};
use rectifier_train::{EpochRecord, Stage};

/// The curves of one run.
pub(crate) fn of_run(run: &ReportData) -> Markup {
    let spans = spans(&run.history);
    let trained = |epoch: &EpochRecord| epoch.valid_error.is_some();
    let line = |name: &str, colour, dashed, pick: &Pick<'_>| Line {
        name: name.into(),
        colour,
        dashed,
        // The kept epoch is shown once, where it was chosen.
        points: points(run, pick, name)
            .into_iter()
            .map(|point| Point {
                ringed: point.ringed && !dashed,
                ..point
            })
            .collect(),
    };
    let share = run.is_share();
    let y_label = match share {
        true => "wrong, % of examples",
        false => "RMSE, stars",
    };
    let figures = [
        draw(&Curves {
            caption: "Error",
            y_label,
            y_text: if share { percent_tick } else { number },
            lines: vec![
                line("validation", 0, false, &|e| e.valid_error),
                // In training wrong classes are counted, which is another measure than stars.
                line("training", 4, true, &|e| e.train_error.filter(|_| share)),
            ],
            spans: &spans,
            extent: Extent::Zero,
            x_label: "epoch",
        }),
        draw(&Curves {
            caption: "Loss",
            y_label: "-log P(class), mean an example",
            y_text: number,
            lines: vec![
                line("validation", 0, false, &|e| {
                    trained(e).then_some(e.valid_loss)
                }),
                line("training", 4, true, &|e| trained(e).then_some(e.train_loss)),
            ],
            spans: &spans,
            extent: Extent::Zero,
            x_label: "epoch",
        }),
        draw(&Curves {
            caption: "Exact zeros",
            y_label: "hidden activations that are 0, % (validation)",
            y_text: percent_tick,
            lines: by_layer(run, percent, |epoch, place| epoch.zeros.get(place).copied()),
            spans: &spans,
            extent: Extent::Share,
            x_label: "epoch",
        }),
        draw(&Curves {
            caption: "Reconstruction",
            y_label: "cost, mean an example",
            y_text: number,
            lines: vec![
                line("validation", 0, false, &|e| {
                    (!trained(e)).then_some(e.valid_loss)
                }),
                line("training", 4, true, &|e| {
                    (!trained(e)).then_some(e.train_loss)
                }),
            ],
            spans: &spans,
            extent: Extent::Zero,
            x_label: "epoch of pre-training",
        }),
        draw(&Curves {
            caption: "Penalty",
            y_label: "L1 of activations, mean an example (training)",
            y_text: number,
            lines: match run.history.iter().any(|epoch| epoch.penalty > 0.0) {
                true => vec![line("penalty", 0, false, &|e| Some(e.penalty))],
                false => Vec::new(),
            },
            spans: &spans,
            extent: Extent::Zero,
            x_label: "epoch",
        }),
        draw(&Curves {
            caption: "Dead units",
            y_label: "units that are 0 on all of validation",
            y_text: number,
            lines: match run
                .history
                .iter()
                .any(|e| e.dead.iter().any(|dead| *dead > 0))
            {
                true => by_layer(run, number, |epoch, place| {
                    epoch.dead.get(place).map(|n| *n as f64)
                }),
                false => Vec::new(),
            },
            spans: &spans,
            extent: Extent::Count,
            x_label: "epoch",
        }),
    ];
    html! { div class="grid" { @for figure in figures.into_iter().flatten() { (figure) } } }
}

/// The same curves of several runs, each over its own epochs of the kind.
pub(crate) fn overlaid(runs: &[ReportData]) -> Markup {
    let share = runs.iter().all(ReportData::is_share);
    let lines = |pick: &Pick<'_>| -> Vec<Line> {
        let line = |(colour, run): (usize, &ReportData)| Line {
            name: run.name.clone(),
            colour,
            dashed: false,
            points: renumbered(points(run, pick, &run.name)),
        };
        runs.iter().enumerate().map(line).collect()
    };
    let trained = |epoch: &EpochRecord| epoch.valid_error.is_some();
    let mean = |values: &[f64]| match values.len() {
        0 => None,
        count => Some(values.iter().sum::<f64>() / count as f64),
    };
    let curve = |caption, y_label, y_text, extent, x_label, pick: &Pick<'_>| {
        draw(&Curves {
            caption,
            y_label,
            y_text,
            lines: lines(pick),
            spans: &[],
            extent,
            x_label,
        })
    };
    let tuning = "epoch of fine-tuning";
    let figures = [
        curve(
            "Validation error",
            if share {
                "wrong, % of examples"
            } else {
                "error"
            },
            if share { percent_tick } else { number },
            Extent::Zero,
            tuning,
            &|e| e.valid_error,
        ),
        curve(
            "Validation loss",
            "-log P(class), mean an example",
            number,
            Extent::Zero,
            tuning,
            &|e| trained(e).then_some(e.valid_loss),
        ),
        curve(
            "Training loss",
            "-log P(class), mean an example",
            number,
            Extent::Zero,
            tuning,
            &|e| trained(e).then_some(e.train_loss),
        ),
        curve(
            "Exact zeros",
            "mean of the hidden layers, % (validation)",
            percent_tick,
            Extent::Share,
            tuning,
            &|e| trained(e).then(|| mean(&e.zeros)).flatten(),
        ),
        curve(
            "Reconstruction",
            "validation cost, mean an example",
            number,
            Extent::Zero,
            "epoch of pre-training, layer after layer",
            &|e| (!trained(e)).then_some(e.valid_loss),
        ),
    ];
    html! { div class="grid" { @for figure in figures.into_iter().flatten() { (figure) } } }
}

struct Curves<'a> {
    caption: &'a str,
    y_label: &'a str,
    y_text: fn(f64) -> String,
    lines: Vec<Line>,
    spans: &'a [Span],
    extent: Extent,
    x_label: &'a str,
}

/// The most points a curve: more than a chart is wide, and each carries what it tells.
const MOST_POINTS: usize = 500;

/// A long curve by fewer points, the lowest and the highest of each stretch, and the ringed one.
fn short(line: &Line) -> Line {
    let ys: Vec<f64> = line.points.iter().map(|point| point.y).collect();
    let places = thinned(&ys, MOST_POINTS, |place| line.points[place].ringed);
    let points = places.into_iter().map(|place| line.points[place].clone());
    Line {
        points: points.collect(),
        ..line.clone()
    }
}

fn draw(curves: &Curves<'_>) -> Option<Markup> {
    let told = |line: &&Line| !line.points.is_empty();
    let lines: Vec<Line> = curves.lines.iter().filter(told).map(short).collect();
    let lines: Vec<&Line> = lines.iter().collect();
    let chart = |extent| {
        let chart = LineChart {
            title: curves.caption,
            x_label: curves.x_label,
            y_label: curves.y_label,
            y_text: curves.y_text,
            extent,
            lines: &lines,
            spans: curves.spans,
        };
        chart.draw()
    };
    let plain = chart(curves.extent)?;
    let log = match curves.extent {
        Extent::Zero => chart(Extent::Log),
        _ => None,
    };
    let id = curves.caption.to_lowercase().replace(' ', "-");
    Some(figure(
        curves.caption,
        "",
        &legend(&lines),
        &plain,
        log.as_ref(),
        &id,
    ))
}

type Pick<'a> = dyn Fn(&EpochRecord) -> Option<f64> + 'a;

/// What `pick` finds in every epoch of a run; the epoch whose network was kept is ringed.
fn points(run: &ReportData, pick: &Pick<'_>, name: &str) -> Vec<Point> {
    let kept = run.history.iter().rposition(|epoch| epoch.best);
    let mut points = Vec::new();
    for (place, epoch) in run.history.iter().enumerate() {
        if let Some(y) = pick(epoch) {
            points.push(Point {
                x: place as f64 + 1.0,
                y,
                stage: epoch.stage,
                title: title(run, epoch, name, y, kept == Some(place)),
                ringed: kept == Some(place),
            });
        }
    }
    points
}

fn title(run: &ReportData, epoch: &EpochRecord, name: &str, value: f64, kept: bool) -> String {
    let mut text = format!(
        "{}, epoch {}\n{name}: {}",
        epoch.title,
        epoch.epoch,
        number(value)
    );
    if let Some(valid) = epoch.valid_error {
        text.push_str(&format!(
            "\nvalidation error {}",
            error(valid, run.is_share())
        ));
    }
    if kept {
        text.push_str("\nthis network was kept");
    }
    text
}

/// The same points over 1, 2, ..
fn renumbered(mut points: Vec<Point>) -> Vec<Point> {
    for (place, point) in points.iter_mut().enumerate() {
        point.x = place as f64 + 1.0;
    }
    points
}

/// One curve a hidden layer. An epoch of pre-training tells of its own layer alone.
fn by_layer(
    run: &ReportData,
    text: fn(f64) -> String,
    of: impl Fn(&EpochRecord, usize) -> Option<f64>,
) -> Vec<Line> {
    let layers = match &run.setup.network {
        Some(network) => network.hidden.len(),
        None => run
            .history
            .iter()
            .map(|epoch| epoch.zeros.len())
            .max()
            .unwrap_or(0),
    };
    let place = |epoch: &EpochRecord, layer: usize| {
        let stage = run.setup.recipe.stages.get(epoch.stage.checked_sub(1)?)?;
        match stage {
            Stage::Pretrain(stage) => (stage.layer == layer + 1).then_some(0),
            Stage::FineTune(_) => Some(layer),
        }
    };
    let line = |layer: usize| {
        let mut points = Vec::new();
        for (number, epoch) in run.history.iter().enumerate() {
            if let Some(y) = place(epoch, layer).and_then(|place| of(epoch, place)) {
                points.push(Point {
                    x: number as f64 + 1.0,
                    y,
                    stage: epoch.stage,
                    title: format!(
                        "{}, epoch {}\nlayer {}: {}",
                        epoch.title,
                        epoch.epoch,
                        layer + 1,
                        text(y)
                    ),
                    ringed: false,
                });
            }
        }
        Line {
            name: format!("layer {}", layer + 1),
            colour: layer,
            dashed: false,
            points,
        }
    };
    (0..layers)
        .map(line)
        .filter(|line| !line.points.is_empty())
        .collect()
}

/// The stages of a run over its epochs.
fn spans(history: &[EpochRecord]) -> Vec<Span> {
    let mut spans: Vec<(usize, Span)> = Vec::new();
    for (place, epoch) in history.iter().enumerate() {
        let at = place as f64 + 1.0;
        match spans.last_mut() {
            Some((stage, span)) if *stage == epoch.stage => span.to = at,
            _ => spans.push((
                epoch.stage,
                Span {
                    from: at,
                    to: at,
                    name: epoch.title.replace("pre-training of ", ""),
                },
            )),
        }
    }
    spans.into_iter().map(|(_, span)| span).collect()
}
