//! Drawings over two axes that stand alone: files of SVG with their own ground, colours and legend.

use crate::axis::{Axis, Range, Scale, place};
use crate::drawing::{EDGE, Key, RIGHT, Sign, WIDTH, file, head, line, mark, series, sized};
use crate::layer::{
    Block, Blocks, Curve, Layer, Mark, Place, Reference, Shade, Spot, Stretch, Stroke,
};
use crate::palette::Theme;
use crate::words::count;
use maud::{Markup, html};

const LEFT: f64 = 68.0;
const PLOT: f64 = 330.0;
/// More points than this that nothing joins are drawn small and see-through.
const MANY: usize = 60;
/// Half the width of an error bar's ends.
const CAP: f64 = 4.0;

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

/// What the layers need room for.
#[derive(Default)]
struct Room {
    xs: Vec<f64>,
    ys: Vec<f64>,
    /// Whether there is anything but references and stretches.
    drawn: bool,
    missing: usize,
}

/// Where the plot lies.
struct Frame {
    x: Scale,
    y: Scale,
    top: f64,
    base: f64,
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

    fn places(&self, x: f64, y: f64) -> bool {
        self.x.shows(x) && self.y.shows(y)
    }

    fn has_shade(&self, (x, low, high): (f64, f64, f64)) -> bool {
        // An end beyond the axis is drawn there.
        self.x.shows(x) && low <= high
    }

    fn has_block(&self, block: &Block) -> bool {
        let sides = self.x.shows(block.from) && self.x.shows(block.to);
        sides && block.from < block.to && block.value.is_finite()
    }

    fn room(&self) -> Room {
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

    fn has_reference(&self, reference: &Reference) -> bool {
        match reference.place {
            Place::X(x) => self.x.shows(x),
            Place::Y(y) => self.y.shows(y),
            Place::Point(x, y) => self.places(x, y),
        }
    }

    /// The legend.
    fn keys(&self) -> Vec<Key> {
        let keys = self.layers.iter().filter_map(|layer| {
            let (name, colour, sign) = match layer {
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

    fn curve(&self, curve: &Curve, frame: &Frame) -> Markup {
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

    fn shade(&self, shade: &Shade, frame: &Frame) -> Markup {
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

    fn stretch(&self, stretch: &Stretch, frame: &Frame) -> Markup {
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

    fn reference(&self, reference: &Reference, frame: &Frame) -> Markup {
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

    fn blocks(&self, blocks: &Blocks, frame: &Frame) -> Markup {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::drawing::tests::well_formed;
    use proptest::prelude::*;

    fn curve(name: &str, dashed: bool, ys: &[f64]) -> Curve {
        let spots = ys.iter().enumerate().map(|(at, y)| {
            Spot::new(250.0 * 2f64.powi(at as i32), *y).with_title(format!("{y} <ms>"))
        });
        let curve = Curve::line(name, 0, spots);
        if dashed { curve.dashed() } else { curve }
    }

    fn figure(curves: Vec<Curve>) -> Figure {
        let figure = Figure::new("a & b", Axis::log("units"), Axis::log("ms"))
            .note("one")
            .note("two");
        curves.into_iter().fold(figure, Figure::with)
    }

    fn attributes(svg: &str, name: &str) -> Vec<f64> {
        let start = format!(" {name}=\"");
        svg.split(start.as_str())
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn a_figure_is_a_file_with_a_line_a_curve() {
        let curves = vec![
            curve("measured", false, &[0.1, 0.4, 0.0, 6.4]),
            curve("bound", true, &[0.05, 0.1, 0.4, 1.6]),
        ];
        let svg = figure(curves).svg().unwrap();
        assert!(well_formed(&svg), "{svg}");
        assert!(svg.contains("xmlns=\"http://www.w3.org/2000/svg\"") && svg.contains("a &amp; b"));
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert_eq!(svg.matches("<polyline class=\"curve dashed\"").count(), 1);
        // What is not above 0 has no place on a log axis, which is said; the line does not go on over the gap.
        assert_eq!(svg.matches(" &lt;ms&gt;").count(), 7);
        assert!(svg.contains("beyond the axes: 1 point."), "{svg}");
    }

    #[test]
    fn doublings_are_equally_far_apart() {
        let svg = figure(vec![curve("a", false, &[1.0, 1.0, 1.0])])
            .svg()
            .unwrap();
        let xs = &attributes(&svg, "cx")[1..];
        assert!(((xs[1] - xs[0]) - (xs[2] - xs[1])).abs() < 0.2, "{xs:?}");
    }

    #[test]
    fn nothing_to_draw_is_no_figure() {
        assert!(figure(Vec::new()).svg().is_none());
        assert!(
            figure(vec![curve("a", false, &[0.0, f64::NAN])])
                .svg()
                .is_none()
        );
        assert!(figure(vec![curve("a", false, &[2.0])]).svg().is_some());
        let alone = Figure::new("t", Axis::new("x"), Axis::new("y"))
            .with(Stretch::new("s", 0.0, 1.0))
            .with(Reference::point("p", 0, 0.5, 0.5));
        assert!(alone.svg().is_none());
    }

    /// The paper's figure 3 has everything in it.
    fn everything() -> Figure {
        let spots = (0..200).map(|run| Spot::new(50.0 + 0.2 * f64::from(run), 1.5));
        Figure::new("Error", Axis::new("zeros, %"), Axis::new("error, %"))
            .with(Stretch::new("<flat>", 70.0, 85.0))
            .with(Curve::scatter("networks", 0, spots))
            .with(Shade {
                name: "95% interval".into(),
                colour: 1,
                points: vec![
                    (50.0, 1.4, 1.6),
                    (60.0, f64::NAN, 1.6),
                    (70.0, 1.4, 1.6),
                    (90.0, 1.3, 1.7),
                ],
            })
            .with(Curve::line(
                "mean",
                1,
                [Spot::new(60.0, 1.5).with_interval(1.2, f64::INFINITY)],
            ))
            .with(Reference::point("the paper", 3, 83.4, 1.43))
            .with(Reference::y("no penalty", 6, 1.6))
            .with(Reference::x("harm begins", 6, 85.0))
    }

    #[test]
    fn stretches_scatters_intervals_and_references_are_drawn() {
        let svg = everything().svg().unwrap();
        assert!(well_formed(&svg), "{svg}");
        assert_eq!(svg.matches("<rect class=\"stretch\"").count(), 1);
        assert!(svg.contains(">&lt;flat&gt;</text>"));
        assert_eq!(svg.matches("<circle class=\"many\"").count(), 200);
        // The shade has a gap, and a point alone is no area.
        assert_eq!(svg.matches("<polygon class=\"shade\"").count(), 1);
        assert_eq!(svg.matches("<path class=\"error\"").count(), 1);
        // A line and a point of the plot and of the legend each.
        assert_eq!(svg.matches("<line class=\"curve dashed\"").count(), 4);
        assert_eq!(svg.matches("<title>the paper</title>").count(), 2);
        for name in [
            "networks",
            "95% interval",
            "mean",
            "the paper",
            "no penalty",
            "harm begins",
        ] {
            assert!(svg.contains(&format!(">{name}</text>")), "{name}");
        }
        assert!(svg.contains("1 point."));
    }

    #[test]
    fn a_reference_has_room() {
        let svg = Figure::new("t", Axis::new("x"), Axis::new("y"))
            .with(Curve::line(
                "",
                0,
                [Spot::new(1.0, 1.0), Spot::new(2.0, 2.0)],
            ))
            .with(Reference::y("", 0, 9.0))
            .svg()
            .unwrap();
        let line = svg.rsplit("<line class=\"curve dashed\"").next().unwrap();
        let dots = attributes(&svg, "cy");
        let far = attributes(line, "y1")[0];
        // As far above the upper point as seven times what lies between the two.
        let between = dots[0] - dots[1];
        assert!(
            (dots[1] - far - 7.0 * between).abs() < 1.0,
            "{far} {dots:?}"
        );
    }

    #[test]
    fn bars_stand_on_zero_and_reach_their_value() {
        let bar = |from: f64, value: f64| Block {
            from,
            to: from + 1.0,
            value,
            interval: Some((value - 0.5, value + 0.5)),
            title: format!("{value}"),
        };
        let svg = Figure::new("t", Axis::new("x"), Axis::new("y"))
            .with(Blocks {
                name: "b".into(),
                colour: 0,
                bars: vec![
                    bar(0.0, 4.0),
                    bar(1.0, 2.0),
                    bar(2.0, -2.0),
                    bar(3.0, f64::NAN),
                ],
            })
            .svg()
            .unwrap();
        assert!(well_formed(&svg), "{svg}");
        let bars: Vec<&str> = svg.split("<rect class=\"bar\"").skip(2).collect();
        let heights: Vec<f64> = bars
            .iter()
            .map(|bar| attributes(bar, "height")[0])
            .collect();
        assert_eq!(heights.len(), 3);
        assert!(
            (heights[0] - 2.0 * heights[1]).abs() < 0.2 && (heights[1] - heights[2]).abs() < 0.2
        );
        assert_eq!(svg.matches("<path class=\"error\"").count(), 3);
        assert!(svg.contains("1 point."));
    }

    #[test]
    fn points_beyond_a_fixed_range_are_left_out_and_counted() {
        let y = Axis::new("y").with_range(Range::Between(0.0, 1.0));
        let spots = [0.5, 0.7, 3.0].map(|y| Spot::new(y, y));
        let svg = Figure::new("t", Axis::new("x"), y)
            .with(Curve::scatter("", 0, spots))
            .svg()
            .unwrap();
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("1 point."));
    }

    #[test]
    fn a_theme_changes_colours_alone() {
        let figure = everything();
        let plain = |theme| {
            let svg = figure.svg_in(theme).unwrap();
            svg.split_once("</style>").unwrap().1.to_string()
        };
        assert_eq!(plain(Theme::Light), plain(Theme::Dark));
        assert_eq!(plain(Theme::Light), plain(Theme::Auto));
    }

    proptest! {
        #[test]
        fn whatever_is_drawn_is_a_file_of_numbers(
            points in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 1..20),
            text in any::<String>(),
            log in any::<(bool, bool)>(),
        ) {
            let axis = |log| Axis { log, ..Axis::new(text.clone()) };
            let spots = points.iter().map(|(x, y, z)| Spot::new(*x, *y).with_interval(*z, *y).with_title(text.clone()));
            let (from, to, value) = points[0];
            let figure = Figure::new(text.clone(), axis(log.0), axis(log.1))
                .with(Stretch::new(text.clone(), from, to))
                .with(Curve::line(text.clone(), 9, spots))
                .with(Shade { name: text.clone(), colour: 1, points: points.clone() })
                .with(Reference::point(text.clone(), 2, from, to))
                .with(Blocks { name: text.clone(), colour: 3, bars: vec![Block { from, to, value, ..Block::default() }] });
            if let Some(svg) = figure.svg() {
                prop_assert!(well_formed(&svg), "{}", svg);
                for name in ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"] {
                    for value in attributes(&svg, name) {
                        prop_assert!(value.abs() < 1e5, "{}={}", name, value);
                    }
                }
                for points in svg.split(" points=\"").skip(1).chain(svg.split(" d=\"").skip(1)) {
                    let points = points.split('"').next().unwrap();
                    prop_assert!(!points.contains("NaN") && !points.contains("inf"), "{}", points);
                }
            }
        }
    }
}
