//! How each layer of a figure is drawn.

use super::{Figure, LEFT};
use crate::axis::{Scale, place};
use crate::drawing::{RIGHT, WIDTH, line, mark, series, sized};
use crate::layer::{Block, Blocks, Curve, Mark, Place, Reference, Shade, Spot, Stretch, Stroke};
use maud::{Markup, html};

/// More points than this that nothing joins are drawn small and see-through.
const MANY: usize = 60;
/// Half the width of an error bar's ends.
const CAP: f64 = 4.0;

/// Where the plot lies.
pub(super) struct Frame {
    pub x: Scale,
    pub y: Scale,
    pub top: f64,
    pub base: f64,
}

impl Figure {
    pub(super) fn curve(&self, curve: &Curve, frame: &Frame) -> Markup {
        let shown = |spot: &&Spot| self.places(spot.x, spot.y);
        let many = curve.stroke == Stroke::None && curve.spots.len() > MANY;
        let runs = curve.spots.split(|spot| !shown(&spot));
        html! {
            g class=(series(curve.colour)) {
                @if curve.stroke != Stroke::None {
                    @for run in runs.filter(|run| run.len() > 1) {
                        polyline class=(line(curve.stroke)) points=(path(run.iter()
                            .map(|spot| (frame.x.at(spot.x), frame.y.at(spot.y))))) {}
                    }
                }
                @for spot in curve.spots.iter().filter(shown) {
                    (error_bar(spot.interval, frame.x.at(spot.x), frame))
                    @if let Some(shape) = spot.mark {
                        (sized(shape, frame.x.at(spot.x), frame.y.at(spot.y), &spot.title, many))
                    }
                }
            }
        }
    }

    pub(super) fn shade(&self, shade: &Shade, frame: &Frame) -> Markup {
        let runs = shade.points.split(|point| !self.has_shade(*point));
        let edge = |point: &(f64, f64, f64), y: f64| (frame.x.at(point.0), frame.y.clamped(y));
        html! {
            g class=(series(shade.colour)) {
                @for run in runs.filter(|run| run.len() > 1) {
                    @let above = run.iter().map(|point| edge(point, point.2));
                    @let below = run.iter().rev().map(|point| edge(point, point.1));
                    polygon class="shade" points=(path(above.chain(below))) {}
                }
            }
        }
    }

    pub(super) fn stretch(&self, stretch: &Stretch, frame: &Frame) -> Markup {
        // The side of a number that is none is nowhere.
        let sides = (!stretch.from.is_nan() && !stretch.to.is_nan())
            .then(|| (frame.x.clamped(stretch.from), frame.x.clamped(stretch.to)));
        html! {
            @if let Some((from, to)) = sides.filter(|(from, to)| from < to) {
                rect class="stretch" x=(place(from)) y=(place(frame.top)) width=(place(to - from))
                    height=(place(frame.base - frame.top)) {}
                text x=(place((from + to) / 2.0)) y=(place(frame.top + 14.0)) text-anchor="middle" { (stretch.name) }
            }
        }
    }

    pub(super) fn reference(&self, reference: &Reference, frame: &Frame) -> Markup {
        html! {
            @if self.has_reference(reference) {
                g class=(series(reference.colour)) {
                    @match reference.place {
                        Place::X(x) => {
                            @let x = place(frame.x.at(x));
                            line class="curve dashed" x1=(x) x2=(x) y1=(place(frame.top)) y2=(place(frame.base)) {
                                title { (reference.name) }
                            }
                        }
                        Place::Y(y) => {
                            @let y = place(frame.y.at(y));
                            line class="curve dashed" x1=(place(LEFT)) x2=(place(WIDTH - RIGHT)) y1=(y) y2=(y) {
                                title { (reference.name) }
                            }
                        }
                        Place::Point(x, y) => (mark(Mark::Diamond, frame.x.at(x), frame.y.at(y), &reference.name)),
                    }
                }
            }
        }
    }

    pub(super) fn blocks(&self, blocks: &Blocks, frame: &Frame) -> Markup {
        let shown = |block: &&Block| self.has_block(block);
        html! {
            g class=(format!("bars {}", series(blocks.colour))) {
                @for block in blocks.bars.iter().filter(shown) {
                    @let (left, right) = (frame.x.at(block.from), frame.x.at(block.to));
                    @let (zero, end) = (frame.y.clamped(0.0), frame.y.clamped(block.value));
                    rect class="bar" x=(place(left + 0.5)) y=(place(zero.min(end)))
                        width=(place((right - left - 1.0).max(0.5))) height=(place((zero - end).abs())) {
                        @if !block.title.is_empty() { title { (block.title) } }
                    }
                    (error_bar(block.interval, (left + right) / 2.0, frame))
                }
            }
        }
    }
}

/// From one end of an interval to the other, as far as the axis goes; nothing where an end is no number.
fn error_bar(interval: Option<(f64, f64)>, x: f64, frame: &Frame) -> Markup {
    let numbers = interval.filter(|(low, high)| low <= high);
    html! {
        @if let Some((low, high)) = numbers {
            @let (below, above) = (place(frame.y.clamped(low)), place(frame.y.clamped(high)));
            @let (left, width) = (place(x - CAP), place(2.0 * CAP));
            path class="error" d=(format!("M{left},{below}h{width}M{left},{above}h{width}M{},{below}V{above}", place(x))) {}
        }
    }
}

fn path(places: impl Iterator<Item = (f64, f64)>) -> String {
    let places = places.map(|(x, y)| format!("{},{}", place(x), place(y)));
    places.collect::<Vec<_>>().join(" ")
}
