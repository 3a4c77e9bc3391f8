//! Drawings that stand alone: files of SVG with their own background, colours and legend.

use crate::axis::{Scale, place};
use crate::words::number;
use maud::{Markup, PreEscaped, html};

pub(crate) const WIDTH: f64 = 760.0;
pub(crate) const RIGHT: f64 = 24.0;
/// The left edge of title and legend.
pub(crate) const EDGE: f64 = 20.0;
const LEFT: f64 = 68.0;
const PLOT: f64 = 330.0;
const LINE: f64 = 18.0;
/// A letter's width at most, on average.
const LETTER: f64 = 6.6;

/// The page behind may be light or dark: the drawing brings its own light one.
const STYLE: &str = "text{font:12px system-ui,-apple-system,Segoe UI,DejaVu Sans,sans-serif;fill:#56626c}\
.title{font-size:16px;font-weight:600;fill:#1c2329}.name{fill:#1c2329}.rule{stroke:#e3e7ea}.axis{stroke:#b9c1c7}\
.paper{fill:#fff;stroke:#dde1e4}.curve{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}\
.dashed{stroke-dasharray:6 4;stroke-width:1.6}.full{fill:currentColor}.open{fill:#fff;stroke:currentColor;stroke-width:1.6}\
.s0{color:#0072b2}.s1{color:#d55e00}.s2{color:#00805d}.s3{color:#a8487f}.s4{color:#b97a00}.s5{color:#3d8fc4}.s6{color:#66717a}";

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it tells, with its unit.
    pub label: String,
    /// Whether equal factors are equal distances; numbers not above 0 are then left out.
    pub log: bool,
    /// Where it is marked, and with what; at round numbers if empty.
    pub ticks: Vec<(f64, String)>,
}

/// The shape that marks a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A full circle.
    Dot,
    /// A full square.
    Square,
    /// An empty circle.
    Ring,
    /// A cross.
    Cross,
}

/// A point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// How it is marked.
    pub mark: Mark,
    /// What it tells when pointed at.
    pub title: String,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What the legend calls it.
    pub name: String,
    /// Which colour of the palette, 0 to 6; 6 is grey.
    pub colour: usize,
    /// Whether its line is dashed.
    pub dashed: bool,
    /// Its points, from left to right.
    pub spots: Vec<Spot>,
}

/// Curves over one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// Lines below the title.
    pub notes: Vec<String>,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// The curves.
    pub curves: Vec<Curve>,
}

impl Axis {
    /// Whether a number has a place.
    pub(crate) fn shows(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// The axis from `from` to `to` with room for `values`; none where none of them has a place.
    pub(crate) fn scale(&self, values: &[f64], from: f64, to: f64) -> Option<Scale> {
        let shown = || values.iter().copied().filter(|value| self.shows(*value));
        let (low, high) = (
            shown().fold(f64::INFINITY, f64::min),
            shown().fold(f64::NEG_INFINITY, f64::max),
        );
        let (low, high) = match (low <= high, self.log) {
            (false, _) => return None,
            (_, true) => {
                let room = (high / low).powf(0.04).max(1.1);
                (low / room, high * room)
            }
            (_, false) => {
                let room = (high - low).max(1e-9) * 0.04;
                (low - room, high + room)
            }
        };
        Some(Scale::new(low, high, self.log, from, to))
    }

    /// Places along `scale` with what is written there, about `count` of them where it is not said which.
    pub(crate) fn marks(&self, scale: &Scale, count: usize) -> Vec<(f64, String)> {
        match self.ticks.is_empty() {
            false => self
                .ticks
                .iter()
                .map(|(at, text)| (scale.at(*at), text.clone()))
                .collect(),
            true => {
                let ticks = scale.ticks(count, false).into_iter();
                ticks.map(|tick| (scale.at(tick), number(tick))).collect()
            }
        }
    }
}

/// A point's shape at a place, telling `title`.
pub(crate) fn mark(shape: Mark, x: f64, y: f64, title: &str) -> Markup {
    let (left, top) = (place(x - 3.4), place(y - 3.4));
    html! {
        @match shape {
            Mark::Dot => {
                circle class="full" cx=(place(x)) cy=(place(y)) r="3.8" { title { (title) } }
            }
            Mark::Ring => {
                circle class="open" cx=(place(x)) cy=(place(y)) r="3.4" { title { (title) } }
            }
            Mark::Square => {
                rect class="full" x=(left) y=(top) width="6.8" height="6.8" { title { (title) } }
            }
            Mark::Cross => {
                path class="curve" d=(format!("M{left},{top}l6.8,6.8m0,-6.8l-6.8,6.8")) { title { (title) } }
            }
        }
    }
}

/// A name of the legend with its colour, dashes and mark.
pub(crate) struct Key {
    pub name: String,
    pub colour: usize,
    pub line: Option<bool>,
    pub mark: Option<Mark>,
}

/// What stands above the plot, and how high it is.
pub(crate) fn head(title: &str, notes: &[String], keys: &[Key]) -> (Markup, f64) {
    let notes: Vec<String> = notes.iter().flat_map(|note| wrapped(note)).collect();
    let first = 28.0 + LINE * notes.len() as f64 + 24.0;
    let mut x = EDGE;
    let mut y = first;
    let mut placed = Vec::new();
    for key in keys {
        let width = 34.0 + LETTER * key.name.chars().count() as f64 + 18.0;
        if x > EDGE && x + width > WIDTH - RIGHT {
            (x, y) = (EDGE, y + LINE);
        }
        placed.push((key, x, y));
        x += width;
    }
    let markup = html! {
        text class="title" x=(place(EDGE)) y="28" { (title) }
        @for (line, note) in notes.iter().enumerate() {
            text x=(place(EDGE)) y=(place(28.0 + LINE * (line + 1) as f64)) { (note) }
        }
        @for (key, x, y) in placed {
            g class=(format!("s{}", key.colour % 7)) {
                @if let Some(dashed) = key.line {
                    line class=(line(dashed)) x1=(place(x)) x2=(place(x + 26.0)) y1=(place(y - 4.0)) y2=(place(y - 4.0)) {}
                }
                @if let Some(shape) = key.mark { (mark(shape, x + 13.0, y - 4.0, &key.name)) }
            }
            text class="name" x=(place(x + 34.0)) y=(place(y)) { (key.name) }
        }
    };
    (markup, y + 12.0)
}

/// `text` in lines that fit, parted between words.
fn wrapped(text: &str) -> Vec<String> {
    let most = ((WIDTH - EDGE - RIGHT) / LETTER) as usize;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

fn line(dashed: bool) -> &'static str {
    if dashed { "curve dashed" } else { "curve" }
}

/// `content` as a file.
pub(crate) fn file(title: &str, height: f64, content: &Markup) -> String {
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}"))
            width=(place(WIDTH)) height=(place(height)) role="img" aria-label=(title) {
            style { (PreEscaped(STYLE)) }
            rect class="paper" x="0.5" y="0.5" width=(place(WIDTH - 1.0)) height=(place(height - 1.0)) rx="8" {}
            (content)
        }
    };
    format!("{}\n", markup.into_string())
}

impl Figure {
    /// The figure as a file of SVG; none where there is no point to draw.
    pub fn svg(&self) -> Option<String> {
        let keys: Vec<Key> = self
            .curves
            .iter()
            .map(|curve| Key {
                name: curve.name.clone(),
                colour: curve.colour,
                line: Some(curve.dashed),
                // A line whose points are marked in several ways is told by the line alone.
                mark: curve
                    .spots
                    .first()
                    .map(|spot| spot.mark)
                    .filter(|mark| curve.spots.iter().all(|spot| spot.mark == *mark)),
            })
            .collect();
        let (head, top) = head(&self.title, &self.notes, &keys);
        // Room for the label of the vertical axis.
        let top = top + 22.0;
        let (base, height) = (top + PLOT, top + PLOT + 48.0);
        let spots = || self.curves.iter().flat_map(|curve| self.shown(curve));
        let xs: Vec<f64> = spots().map(|spot| spot.x).collect();
        let ys: Vec<f64> = spots().map(|spot| spot.y).collect();
        let x = self.x.scale(&xs, LEFT, WIDTH - RIGHT)?;
        let y = self.y.scale(&ys, base, top)?;
        let content = html! {
            (head)
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
            @for curve in &self.curves {
                g class=(format!("s{}", curve.colour % 7)) {
                    @let shown = self.shown(curve);
                    @if shown.len() > 1 {
                        polyline class=(line(curve.dashed)) points=(shown.iter()
                            .map(|spot| format!("{},{}", place(x.at(spot.x)), place(y.at(spot.y))))
                            .collect::<Vec<_>>().join(" ")) {}
                    }
                    @for spot in shown { (mark(spot.mark, x.at(spot.x), y.at(spot.y), &spot.title)) }
                }
            }
        };
        Some(file(&self.title, height, &content))
    }

    /// The points that have a place.
    fn shown<'a>(&self, curve: &'a Curve) -> Vec<&'a Spot> {
        let placed = |spot: &&Spot| self.x.shows(spot.x) && self.y.shows(spot.y);
        curve.spots.iter().filter(placed).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;

    /// Whether every element that is opened is closed, in order, and every attribute quoted: what makes a file XML.
    pub(crate) fn well_formed(svg: &str) -> bool {
        let mut open = Vec::new();
        for tag in svg.split('<').skip(1) {
            let Some((inside, text)) = tag.split_once('>') else {
                return false;
            };
            let mut entities = text.split('&').skip(1).chain(inside.split('&').skip(1));
            let known = |rest: &str| {
                ["lt;", "gt;", "amp;", "quot;"]
                    .iter()
                    .any(|e| rest.starts_with(e))
            };
            if inside.matches('"').count() % 2 == 1 || !entities.all(known) {
                return false;
            }
            match inside.strip_prefix('/') {
                Some(name) if open.pop() != Some(name) => return false,
                Some(_) => {}
                None => open.push(inside.split(' ').next().unwrap()),
            }
        }
        open.is_empty()
    }

    fn curve(name: &str, dashed: bool, ys: &[f64]) -> Curve {
        let spots = ys.iter().enumerate().map(|(at, y)| Spot {
            x: 250.0 * 2f64.powi(at as i32),
            y: *y,
            mark: Mark::Dot,
            title: format!("{y} <ms>"),
        });
        Curve {
            name: name.into(),
            colour: 0,
            dashed,
            spots: spots.collect(),
        }
    }

    fn figure(curves: Vec<Curve>) -> Figure {
        let axis = |label: &str| Axis {
            label: label.into(),
            log: true,
            ticks: Vec::new(),
        };
        Figure {
            title: "a & b".into(),
            notes: vec!["one".into(), "two".into()],
            x: axis("units"),
            y: axis("ms"),
            curves,
        }
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
        // What is not above 0 has no place on a log axis.
        assert_eq!(svg.matches(" &lt;ms&gt;").count(), 7);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn doublings_are_equally_far_apart() {
        let svg = figure(vec![curve("a", false, &[1.0, 1.0, 1.0])])
            .svg()
            .unwrap();
        let xs: Vec<f64> = svg
            .split("cx=\"")
            .skip(2)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect();
        assert!(((xs[1] - xs[0]) - (xs[2] - xs[1])).abs() < 0.2, "{xs:?}");
    }

    #[test]
    fn long_notes_are_parted_between_words() {
        let text = "word ".repeat(60);
        let lines = wrapped(text.trim());
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= 110));
        assert_eq!(lines.join(" "), text.trim());
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
    }

    #[test]
    fn the_test_knows_what_is_not_well_formed() {
        assert!(well_formed("<a><b x=\"1\">t</b></a>"));
        for wrong in [
            "<a><b></a></b>",
            "<a>",
            "<a x=\"1></a>",
            "<a>&nbsp;</a>",
            "<a",
        ] {
            assert!(!well_formed(wrong), "{wrong}");
        }
    }
}
