//! What the layers of a figure need room for, and what of them has a place on its axes.

use super::Figure;
use crate::layer::{Block, Layer, Place, Reference};

/// What the layers need room for.
#[derive(Default)]
pub(super) struct Room {
    pub xs: Vec<f64>,
    pub ys: Vec<f64>,
    /// Whether there is anything but references and stretches.
    pub drawn: bool,
    pub missing: usize,
}

impl Figure {
    pub(super) fn places(&self, x: f64, y: f64) -> bool {
        self.x.shows(x) && self.y.shows(y)
    }

    pub(super) fn has_shade(&self, (x, low, high): (f64, f64, f64)) -> bool {
        // An end beyond the axis is drawn there.
        self.x.shows(x) && low <= high
    }

    pub(super) fn has_block(&self, block: &Block) -> bool {
        let sides = self.x.shows(block.from) && self.x.shows(block.to);
        sides && block.from < block.to && block.value.is_finite()
    }

    pub(super) fn room(&self) -> Room {
        let mut room = Room::default();
        for layer in &self.layers {
            match layer {
                Layer::Curve(curve) => {
                    for spot in &curve.spots {
                        if self.places(spot.x, spot.y) {
                            room.add(spot.x, [spot.y]);
                            room.ys.extend(ends(spot.interval));
                        } else {
                            room.missing += 1;
                        }
                    }
                }
                Layer::Shade(shade) => {
                    for point in &shade.points {
                        match self.has_shade(*point) {
                            true => room.add(point.0, [point.1, point.2]),
                            false => room.missing += 1,
                        }
                    }
                }
                Layer::Blocks(blocks) => {
                    for block in &blocks.bars {
                        if self.has_block(block) {
                            room.add(block.from, [0.0, block.value]);
                            room.xs.push(block.to);
                            room.ys.extend(ends(block.interval));
                        } else {
                            room.missing += 1;
                        }
                    }
                }
                Layer::Reference(reference) => {
                    let (x, y) = match reference.place {
                        Place::X(x) => (Some(x), None),
                        Place::Y(y) => (None, Some(y)),
                        Place::Point(x, y) => (Some(x), Some(y)),
                    };
                    match self.has_reference(reference) {
                        true => {
                            room.xs.extend(x);
                            room.ys.extend(y);
                        }
                        false => room.missing += 1,
                    }
                }
                Layer::Stretch(stretch) => room.xs.extend([stretch.from, stretch.to]),
            }
        }
        room
    }

    pub(super) fn has_reference(&self, reference: &Reference) -> bool {
        match reference.place {
            Place::X(x) => self.x.shows(x),
            Place::Y(y) => self.y.shows(y),
            Place::Point(x, y) => self.places(x, y),
        }
    }
}

impl Room {
    fn add(&mut self, x: f64, ys: impl IntoIterator<Item = f64>) {
        self.drawn = true;
        self.xs.push(x);
        self.ys.extend(ys);
    }
}

fn ends(interval: Option<(f64, f64)>) -> impl Iterator<Item = f64> {
    interval.into_iter().flat_map(|(low, high)| [low, high])
}
