//! Drawings over two axes that stand alone: files of SVG with their own ground, colours and legend.

use crate::axis::{Axis, Range, place};
use crate::drawing::{EDGE, Key, RIGHT, Sign, WIDTH, file, head};
use crate::layer::{Layer, Mark, Place, Stroke};
use crate::palette::Theme;
use crate::words::count;
use maud::html;

mod draw;
mod room;
use draw::Frame;

const LEFT: f64 = 68.0;
const PLOT: f64 = 330.0;

/// Layers over two axes, drawn one upon the other; stretches lie below everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// Lines below the title.
    pub notes: Vec<String>,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// What is drawn.
    pub layers: Vec<Layer>,
}

impl Figure {
    /// A figure without layers.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            notes: Vec::new(),
            x,
            y,
            layers: Vec::new(),
        }
    }

    /// With another line below the title.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With another layer.
    pub fn with(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// The figure as a file of SVG, light or dark as the reader's system is; none where there is no point to draw.
    pub fn svg(&self) -> Option<String> {
        self.svg_in(Theme::Auto)
    }

    /// As [`svg`](Self::svg), in a theme.
    pub fn svg_in(&self, theme: Theme) -> Option<String> {
        let room = self.room();
        if !room.drawn {
            return None;
        }
        let mut notes = self.notes.clone();
        if room.missing > 0 {
            notes.push(format!(
                "Left out, being no number or beyond the axes: {}.",
                count(room.missing, "point")
            ));
        }
        let (head, top) = head(&self.title, &notes, &self.keys());
        // Room for the label of the vertical axis.
        let top = top + 22.0;
        let base = top + PLOT;
        let x = self.x.scale(room.xs, LEFT, WIDTH - RIGHT)?;
        let y = self.upright().scale(room.ys, base, top)?;
        let frame = Frame { x, y, top, base };
        let content = html! {
            (head)
            @for layer in &self.layers {
                @if let Layer::Stretch(stretch) = layer { (self.stretch(stretch, &frame)) }
            }
            text x=(place(EDGE)) y=(place(top - 12.0)) { (self.y.label) }
            @for (at, text) in self.y.marks(&y, 7) {
                line class="rule" x1=(place(LEFT)) x2=(place(WIDTH - RIGHT)) y1=(place(at)) y2=(place(at)) {}
                text x=(place(LEFT - 8.0)) y=(place(at)) dy=".33em" text-anchor="end" { (text) }
            }
            @for (at, text) in self.x.marks(&x, 8) {
                line class="rule" x1=(place(at)) x2=(place(at)) y1=(place(top)) y2=(place(base)) {}
                text x=(place(at)) y=(place(base + 17.0)) text-anchor="middle" { (text) }
            }
            line class="axis" x1=(place(LEFT)) x2=(place(WIDTH - RIGHT)) y1=(place(base)) y2=(place(base)) {}
            text x=(place(WIDTH - RIGHT)) y=(place(base + 36.0)) text-anchor="end" { (self.x.label) }
            @for layer in &self.layers {
                @match layer {
                    Layer::Curve(curve) => (self.curve(curve, &frame)),
                    Layer::Shade(shade) => (self.shade(shade, &frame)),
                    Layer::Reference(reference) => (self.reference(reference, &frame)),
                    Layer::Blocks(blocks) => (self.blocks(blocks, &frame)),
                    Layer::Stretch(_) => {}
                }
            }
        };
        Some(file(&self.title, base + 48.0, &content, theme))
    }

    /// The vertical axis; bars stand on its 0.
    fn upright(&self) -> Axis {
        let bars = |layer: &Layer| matches!(layer, Layer::Blocks(_));
        let range = match self.y.range {
            Range::Fit if self.layers.iter().any(bars) => Range::Zero,
            range => range,
        };
        self.y.clone().with_range(range)
    }

    /// The legend.
    fn keys(&self) -> Vec<Key> {
        let keys = self.layers.iter().filter_map(|layer| {
            let (name, colour, sign) = match layer {
                Layer::Curve(curve) if curve.spots.is_empty() => return None,
                Layer::Curve(curve) => {
                    // A line whose points are marked in several ways is told by the line alone.
                    let first = curve.spots.first().and_then(|spot| spot.mark);
                    let same = curve.spots.iter().all(|spot| spot.mark == first);
                    let sign = Sign::Line(curve.stroke, first.filter(|_| same));
                    (&curve.name, curve.colour, sign)
                }
                Layer::Shade(shade) => (&shade.name, shade.colour, Sign::Area("shade")),
                Layer::Blocks(blocks) => (&blocks.name, blocks.colour, Sign::Area("bar")),
                Layer::Reference(reference) => {
                    let sign = match reference.place {
                        Place::Point(..) => Sign::Line(Stroke::None, Some(Mark::Diamond)),
                        Place::X(_) | Place::Y(_) => Sign::Line(Stroke::Dashed, None),
                    };
                    (&reference.name, reference.colour, sign)
                }
                Layer::Stretch(_) => return None,
            };
            (!name.is_empty()).then(|| Key {
                name: name.clone(),
                colour,
                sign,
            })
        });
        keys.collect()
    }
}

#[cfg(test)]
mod tests;
