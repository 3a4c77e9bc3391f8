//! Whole figures as files of SVG.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::drawing::tests::well_formed;
use crate::layer::{Block, Blocks, Curve, Reference, Shade, Spot, Stretch};
use proptest::prelude::*;

fn curve(name: &str, dashed: bool, ys: &[f64]) -> Curve {
    let spots = ys
        .iter()
        .enumerate()
        .map(|(at, y)| Spot::new(250.0 * 2f64.powi(at as i32), *y).with_title(format!("{y} <ms>")));
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
    assert!((heights[0] - 2.0 * heights[1]).abs() < 0.2 && (heights[1] - heights[2]).abs() < 0.2);
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
