//! What a figure is made of: curves and scatters, shaded intervals, stretches, references, bars.

/// The shape that marks a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// A full circle.
    #[default]
    Dot,
    /// A full square.
    Square,
    /// An empty circle.
    Ring,
    /// A cross.
    Cross,
    /// A full square that stands on a corner.
    Diamond,
}

/// How points are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// By a line.
    #[default]
    Solid,
    /// By a dashed line.
    Dashed,
    /// Not at all.
    None,
}

/// A point of a curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spot {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// The ends of its error bar; an end beyond the axis ends there.
    pub interval: Option<(f64, f64)>,
    /// How it is marked; not at all where there is none.
    pub mark: Option<Mark>,
    /// What it tells when pointed at.
    pub title: String,
}

impl Spot {
    /// A dot without words.
    pub fn new(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            mark: Some(Mark::Dot),
            ..Self::default()
        }
    }

    /// With an error bar.
    pub fn with_interval(self, low: f64, high: f64) -> Self {
        Self {
            interval: Some((low, high)),
            ..self
        }
    }

    /// Telling `title` when pointed at.
    pub fn with_title(self, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..self
        }
    }

    /// Marked so.
    pub fn with_mark(self, mark: Mark) -> Self {
        Self {
            mark: Some(mark),
            ..self
        }
    }
}

/// Points, joined or not. A point without a place leaves a gap in the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What the legend calls it; not in the legend if empty.
    pub name: String,
    /// Which colour of the palette, 0 to 6; 6 is grey.
    pub colour: usize,
    /// How its points are joined.
    pub stroke: Stroke,
    /// Its points, from left to right where they are joined.
    pub spots: Vec<Spot>,
}

impl Curve {
    /// Points joined by a line.
    pub fn line(
        name: impl Into<String>,
        colour: usize,
        spots: impl IntoIterator<Item = Spot>,
    ) -> Self {
        Self {
            name: name.into(),
            colour,
            stroke: Stroke::Solid,
            spots: spots.into_iter().collect(),
        }
    }

    /// Points by themselves.
    pub fn scatter(
        name: impl Into<String>,
        colour: usize,
        spots: impl IntoIterator<Item = Spot>,
    ) -> Self {
        Self {
            stroke: Stroke::None,
            ..Self::line(name, colour, spots)
        }
    }

    /// With a dashed line.
    pub fn dashed(self) -> Self {
        Self {
            stroke: Stroke::Dashed,
            ..self
        }
    }
}

/// The area between two curves: an interval around a third.
#[derive(Clone, Debug, PartialEq)]
pub struct Shade {
    /// What the legend calls it; not in the legend if empty.
    pub name: String,
    /// Which colour of the palette.
    pub colour: usize,
    /// Across, and the lower and upper end there, from left to right.
    pub points: Vec<(f64, f64, f64)>,
}

/// A stretch of the horizontal axis that stands out over the whole height.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// What it is; written in it.
    pub name: String,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

impl Stretch {
    /// From one number to another.
    pub fn new(name: impl Into<String>, from: f64, to: f64) -> Self {
        Self {
            name: name.into(),
            from,
            to,
        }
    }
}

/// Where a reference stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A vertical line at a number of the horizontal axis.
    X(f64),
    /// A horizontal line at a number of the vertical axis.
    Y(f64),
    /// A point.
    Point(f64, f64),
}

/// Something that was not measured here, such as what a paper reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// What the legend calls it.
    pub name: String,
    /// Which colour of the palette.
    pub colour: usize,
    /// Where it stands.
    pub place: Place,
}

impl Reference {
    /// A vertical line.
    pub fn x(name: impl Into<String>, colour: usize, x: f64) -> Self {
        Self::at(name, colour, Place::X(x))
    }

    /// A horizontal line.
    pub fn y(name: impl Into<String>, colour: usize, y: f64) -> Self {
        Self::at(name, colour, Place::Y(y))
    }

    /// A point.
    pub fn point(name: impl Into<String>, colour: usize, x: f64, y: f64) -> Self {
        Self::at(name, colour, Place::Point(x, y))
    }

    fn at(name: impl Into<String>, colour: usize, place: Place) -> Self {
        Self {
            name: name.into(),
            colour,
            place,
        }
    }
}

/// A bar of a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Its left edge.
    pub from: f64,
    /// Its right edge.
    pub to: f64,
    /// Where it ends; it begins at 0, or at the end of a log axis.
    pub value: f64,
    /// The ends of its error bar.
    pub interval: Option<(f64, f64)>,
    /// What it tells when pointed at.
    pub title: String,
}

/// Bars of one colour.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    /// What the legend calls them; not in the legend if empty.
    pub name: String,
    /// Which colour of the palette.
    pub colour: usize,
    /// The bars.
    pub bars: Vec<Block>,
}

/// One thing of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A curve or a scatter.
    Curve(Curve),
    /// A shaded interval.
    Shade(Shade),
    /// A stretch of the horizontal axis.
    Stretch(Stretch),
    /// A reference.
    Reference(Reference),
    /// Bars.
    Blocks(Blocks),
}

impl From<Curve> for Layer {
    fn from(curve: Curve) -> Self {
        Self::Curve(curve)
    }
}

impl From<Shade> for Layer {
    fn from(shade: Shade) -> Self {
        Self::Shade(shade)
    }
}

impl From<Stretch> for Layer {
    fn from(stretch: Stretch) -> Self {
        Self::Stretch(stretch)
    }
}

impl From<Reference> for Layer {
    fn from(reference: Reference) -> Self {
        Self::Reference(reference)
    }
}

impl From<Blocks> for Layer {
    fn from(blocks: Blocks) -> Self {
        Self::Blocks(blocks)
    }
}
