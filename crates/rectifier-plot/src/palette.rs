//! The colours of everything that is drawn: one scheme, light and dark.
//!
//! The series are those of Okabe and Ito (2008), which people with any kind of colour blindness tell apart, some darkened
//! so that they stand out on white paper; dashes and shapes tell them apart without colour.

/// How many series have a colour of their own; the last is grey, for what stands in the background.
pub const SERIES: usize = 7;

/// Colours as CSS writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub paper: &'static str,
    /// Behind a drawing.
    pub card: &'static str,
    /// Words that matter.
    pub ink: &'static str,
    /// Words beside them.
    pub soft: &'static str,
    /// Borders.
    pub line: &'static str,
    /// Rules behind what is drawn.
    pub grid: &'static str,
    /// The line that a drawing stands on.
    pub axis: &'static str,
    /// Curves, points and bars.
    pub series: [&'static str; SERIES],
    /// Red, green and blue of what is right, for shades of it.
    pub right: &'static str,
    /// Red, green and blue of what is wrong.
    pub wrong: &'static str,
}

/// On light ground, and in print.
pub const LIGHT: Palette = Palette {
    paper: "#fbfbf9",
    card: "#fff",
    ink: "#1c2329",
    soft: "#56626c",
    line: "#dde1e4",
    grid: "#e8ebee",
    axis: "#b9c1c7",
    series: [
        "#0072b2", "#d55e00", "#00805d", "#a8487f", "#b97a00", "#3d8fc4", "#66717a",
    ],
    right: "0, 114, 178",
    wrong: "213, 94, 0",
};

/// On dark ground.
pub const DARK: Palette = Palette {
    paper: "#14181c",
    card: "#1b2126",
    ink: "#e4e9ec",
    soft: "#a1adb6",
    line: "#313a41",
    grid: "#262e34",
    axis: "#4a555e",
    series: [
        "#5db7ec", "#f08a4b", "#35c49a", "#e39bc6", "#f0c04f", "#8ccbf5", "#a1adb6",
    ],
    right: "70, 160, 220",
    wrong: "240, 138, 75",
};

/// Who a drawing is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light or dark as the reader's system is; light in print.
    #[default]
    Auto,
    /// Light always.
    Light,
    /// Dark always.
    Dark,
}

impl Theme {
    /// What `rules` makes of the palettes, as a style sheet that picks one.
    pub(crate) fn style(self, rules: fn(&Palette) -> String) -> String {
        match self {
            Self::Light => rules(&LIGHT),
            Self::Dark => rules(&DARK),
            Self::Auto => format!(
                "{}@media screen and (prefers-color-scheme:dark){{{}}}",
                rules(&LIGHT),
                rules(&DARK)
            ),
        }
    }
}

impl Palette {
    fn variables(&self) -> String {
        let mut text = format!(
            "--paper:{};--card:{};--ink:{};--soft:{};--line:{};--grid:{};--axis:{};",
            self.paper, self.card, self.ink, self.soft, self.line, self.grid, self.axis
        );
        for (place, colour) in self.series.iter().enumerate() {
            text.push_str(&format!("--s{place}:{colour};"));
        }
        format!(
            ":root{{{text}--right:{};--wrong:{}}}",
            self.right, self.wrong
        )
    }
}

/// The palettes as variables of a page's style sheet: `--paper`, `--card`, `--ink`, `--soft`, `--line`, `--grid`, `--axis`,
/// `--s0` to `--s6`, `--right`, `--wrong`. A page in light or dark as the reader's system is; light in print.
pub fn variables() -> String {
    Theme::Auto.style(Palette::variables)
}

/// The rules of [`LineChart`](crate::LineChart) and [`BarChart`](crate::BarChart) in a page that has the
/// [`variables`].
pub const CHART_CSS: &str = include_str!("chart.css");

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let digits: Vec<char> = colour.trim_start_matches('#').chars().collect();
        let pair = |place: usize| -> f64 {
            let text: String = match digits.len() {
                3 => [digits[place], digits[place]].iter().collect(),
                _ => digits[2 * place..2 * place + 2].iter().collect(),
            };
            let value = f64::from(u8::from_str_radix(&text, 16).unwrap_or(0)) / 255.0;
            match value <= 0.039_28 {
                true => value / 12.92,
                false => ((value + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * pair(0) + 0.7152 * pair(1) + 0.0722 * pair(2)
    }

    /// The contrast of WCAG 2: words want 4.5, parts of drawings 3.
    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn everything_stands_out_from_its_ground() {
        assert!((contrast("#fff", "#000") - 21.0).abs() < 1e-9);
        for palette in [LIGHT, DARK] {
            for ground in [palette.paper, palette.card] {
                assert!(contrast(palette.ink, ground) > 10.0);
                assert!(contrast(palette.soft, ground) > 4.5);
                for colour in palette.series {
                    assert!(contrast(colour, ground) > 3.0, "{colour} on {ground}");
                }
            }
        }
    }

    #[test]
    fn variables_are_light_first_and_dark_on_dark_screens() {
        let text = variables();
        let (light, dark) = text.split_once("@media").unwrap_or_default();
        assert!(light.contains("--s0:#0072b2;") && dark.contains("--s0:#5db7ec;"));
        assert!(dark.starts_with(" screen and (prefers-color-scheme:dark)"));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
