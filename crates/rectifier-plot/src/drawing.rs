//! What every drawing that stands alone has: a ground, a title, notes, a legend, marks.

use crate::axis::place;
use crate::layer::{Mark, Stroke};
use crate::palette::{Palette, SERIES, Theme};
use maud::{Markup, PreEscaped, html};

pub(crate) const WIDTH: f64 = 760.0;
pub(crate) const RIGHT: f64 = 24.0;
/// The left edge of title and legend.
pub(crate) const EDGE: f64 = 20.0;
const LINE: f64 = 18.0;
/// A letter's width at most, on average.
const LETTER: f64 = 6.6;

/// The rules that the colours are not part of.
const SHAPES: &str = ".plot text{font:12px system-ui,-apple-system,Segoe UI,DejaVu Sans,sans-serif}\
.plot .title{font-size:16px;font-weight:600}\
.plot .curve{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}\
.plot .dashed{stroke-dasharray:6 4;stroke-width:1.6}.plot .full{fill:currentColor}\
.plot .many{fill:currentColor;fill-opacity:.55}.plot .open{stroke:currentColor;stroke-width:1.6}\
.plot .error{fill:none;stroke:currentColor;stroke-width:1.3}.plot .shade{fill:currentColor;fill-opacity:.2}\
.plot .bar{fill:currentColor;fill-opacity:.85}.plot .bars .error{stroke-width:1.5}";

/// The rules of a palette. They are of the drawing alone, also where it stands in a page.
pub(crate) fn rules(palette: &Palette) -> String {
    let Palette {
        card,
        ink,
        soft,
        line,
        grid,
        axis,
        series,
        ..
    } = palette;
    let mut text = format!(
        ".plot text{{fill:{soft}}}.plot .title,.plot .name{{fill:{ink}}}.plot .rule{{stroke:{grid}}}.plot .axis{{stroke:{axis}}}\
         .plot .paper{{fill:{card};stroke:{line}}}.plot .open{{fill:{card}}}.plot .stretch{{fill:{grid}}}\
         .plot .bars .error{{stroke:{ink}}}"
    );
    for (place, colour) in series.iter().enumerate() {
        text.push_str(&format!(".plot .s{place}{{color:{colour}}}"));
    }
    text
}

/// The class of a colour.
pub(crate) fn series(colour: usize) -> String {
    format!("s{}", colour % SERIES)
}

/// A point's shape at a place, telling `title`.
pub(crate) fn mark(shape: Mark, x: f64, y: f64, title: &str) -> Markup {
    sized(shape, x, y, title, false)
}

/// As [`mark`], smaller and see-through where there are `many`.
pub(crate) fn sized(shape: Mark, x: f64, y: f64, title: &str, many: bool) -> Markup {
    let half = if many { 2.2 } else { 3.4 };
    let (left, top, size) = (place(x - half), place(y - half), place(2.0 * half));
    let full = if many { "many" } else { "full" };
    let told = html! { @if !title.is_empty() { title { (title) } } };
    html! {
        @match shape {
            Mark::Dot => {
                circle class=(full) cx=(place(x)) cy=(place(y)) r=(place(half + 0.4)) { (told) }
            }
            Mark::Ring => {
                circle class="open" cx=(place(x)) cy=(place(y)) r=(place(half)) { (told) }
            }
            Mark::Square => {
                rect class=(full) x=(left) y=(top) width=(size) height=(size) { (told) }
            }
            Mark::Cross => {
                path class="curve" d=(format!("M{left},{top}l{size},{size}m0,-{size}l-{size},{size}")) { (told) }
            }
            Mark::Diamond => {
                @let (tip, step) = (place(y - 1.5 * half), place(1.5 * half));
                path class=(full) d=(format!("M{},{tip}l{step},{step}l-{step},{step}l-{step},-{step}z", place(x))) { (told) }
            }
        }
    }
}

/// What stands before a name of the legend.
pub(crate) enum Sign {
    /// A line, with the mark on it.
    Line(Stroke, Option<Mark>),
    /// An area.
    Area(&'static str),
}

/// A name of the legend with its colour and sign.
pub(crate) struct Key {
    pub name: String,
    pub colour: usize,
    pub sign: Sign,
}

/// The class of a line.
pub(crate) fn line(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Dashed => "curve dashed",
        Stroke::Solid | Stroke::None => "curve",
    }
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
            g class=(series(key.colour)) {
                @match key.sign {
                    Sign::Line(stroke, shape) => {
                        @if stroke != Stroke::None {
                            line class=(line(stroke)) x1=(place(x)) x2=(place(x + 26.0)) y1=(place(y - 4.0)) y2=(place(y - 4.0)) {}
                        }
                        @if let Some(shape) = shape { (mark(shape, x + 13.0, y - 4.0, &key.name)) }
                    }
                    Sign::Area(class) => {
                        rect class=(class) x=(place(x)) y=(place(y - 9.0)) width="26" height="10" {}
                    }
                }
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

/// `content` as a file.
pub(crate) fn file(title: &str, height: f64, content: &Markup, theme: Theme) -> String {
    let style = format!("{SHAPES}{}", theme.style(rules));
    let markup = html! {
        svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}"))
            width=(place(WIDTH)) height=(place(height)) role="img" aria-label=(title) {
            style { (PreEscaped(style)) }
            rect class="paper" x="0.5" y="0.5" width=(place(WIDTH - 1.0)) height=(place(height - 1.0)) rx="8" {}
            (content)
        }
    };
    // XML forbids most control characters, escaped or not.
    let forbidden = |c: char| match c {
        '\n' | '\t' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control(),
    };
    format!("{}\n", markup.into_string().replace(forbidden, " "))
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

    #[test]
    fn long_notes_are_parted_between_words() {
        let text = "word ".repeat(60);
        let lines = wrapped(text.trim());
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= 110));
        assert_eq!(lines.join(" "), text.trim());
    }

    #[test]
    fn a_file_is_light_dark_or_as_the_reader_is() {
        let drawn = |theme| file("t", 10.0, &html! {}, theme);
        let auto = drawn(Theme::Auto);
        assert_eq!(auto.matches("prefers-color-scheme:dark").count(), 1);
        assert!(auto.contains("#0072b2") && auto.contains("#5db7ec"));
        let (light, dark) = (drawn(Theme::Light), drawn(Theme::Dark));
        assert!(light.contains("#0072b2") && !light.contains("#5db7ec"));
        assert!(dark.contains("#5db7ec") && !dark.contains("#0072b2"));
        // In a page, nothing outside of the drawing is touched.
        let style = auto.split_once("<style>").unwrap().1;
        let style = style.split_once("</style>").unwrap().0;
        for rule in style.split('}').filter(|rule| !rule.is_empty()) {
            let rule = rule.trim_start_matches("@media screen and (prefers-color-scheme:dark){");
            assert!(rule.starts_with(".plot "), "{rule}");
        }
    }

    #[test]
    fn what_xml_forbids_is_not_written() {
        let svg = file("a\u{0}b\u{1b}<&\">", 10.0, &html! {}, Theme::Auto);
        assert!(svg.contains("a b &lt;&amp;&quot;&gt;"), "{svg}");
        assert!(well_formed(&svg));
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
