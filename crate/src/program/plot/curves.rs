//! How training went: loss, log Z with its bounds, effective sample size, error.

use super::Finished;
use super::canvas::{Canvas, DrawError, Drawn, FAINT, INK, PALE, anchored, bold, text};
use crate::program::output::tick;
use crate::program::storage::{EvaluationPoint, IterationPoint};
use plotters::coord::ranged1d::ValueFormatter;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use std::ops::Range;

pub const SIZE: (u32, u32) = (1600, 1100);

const BLUE: RGBColor = RGBColor(31, 119, 180);
const GREEN: RGBColor = RGBColor(44, 140, 60);
const VIOLET: RGBColor = RGBColor(148, 103, 189);
const RED: RGBColor = RGBColor(204, 70, 50);

/// More points than this on a curve are only ink.
const MOST_POINTS: usize = 1500;

type Point = (f64, f64);

/// Height of a chart's title, and of a line of its legend below.
const TITLE: i32 = 44;
const LEGEND: i32 = 30;
/// Pixels of the legend: where it begins, its piece of line, and from one name to the next.
const LEFT: i32 = 98;
const SAMPLE: i32 = 34;
const APART: i32 = 26;

/// A line of a chart; one without a name has no legend.
struct Curve {
    name: &'static str,
    color: RGBAColor,
    width: u32,
    /// Pixels of a dash and of the gap after it: what is drawn over other curves lets them through.
    dashes: Option<(i32, i32)>,
    points: Vec<Point>,
}

impl Curve {
    fn new(name: &'static str, color: RGBColor, points: Vec<Point>) -> Self {
        Self {
            name,
            color: color.to_rgba(),
            width: 3,
            dashes: None,
            points,
        }
    }

    fn dashed(self, dash: i32, gap: i32) -> Self {
        Self {
            dashes: Some((dash, gap)),
            ..self
        }
    }

    fn style(&self) -> ShapeStyle {
        self.color.stroke_width(self.width)
    }

    /// The pieces that lie in a range.
    fn pieces(&self, range: &Range<f64>) -> Vec<Vec<Point>> {
        let points = with_crossings(&self.points, range);
        let pieces = points.split(|p| !(range.start..=range.end).contains(&p.1));
        pieces
            .filter(|piece| !piece.is_empty())
            .map(<[Point]>::to_vec)
            .collect()
    }
}

/// The curves that a legend names: those with a name and something to see.
fn named<'a>(curves: &'a [Curve], range: &Range<f64>) -> Vec<&'a Curve> {
    let is_named = |curve: &&Curve| !curve.name.is_empty() && !curve.pieces(range).is_empty();
    curves.iter().filter(is_named).collect()
}

/// Draws the charts; the fourth where an error is known.
pub fn draw(canvas: &Canvas, finished: &Finished) -> Drawn {
    let iterations = &finished.history.iterations;
    let evaluations = evaluations(finished);
    let x = 0.0..finished.run.training.iterations as f64;
    let panels = canvas.margin(16, 16, 16, 16).split_evenly((2, 2));

    let loss = trace(iterations, |i| i.loss);
    let mut faint = Curve::new("", BLUE, thinned(&loss));
    (faint.color, faint.width) = (BLUE.mix(0.3), 1);
    let smooth = Curve::new("", BLUE, smoothed(&loss));
    let range = loss_range(&loss);
    let spec = (range.start..range.end).log_scale();
    chart(
        &panels[0],
        "loss: mean δ² (logarithmic)",
        x.clone(),
        range,
        spec,
        &[faint, smooth],
    )?;

    // All of them end at about the same value: a wide one lies below, dashes above.
    let mut importance = Curve::new(
        "importance-weighted",
        GREEN,
        points(&evaluations, |e| e.log_z_importance),
    );
    (importance.color, importance.width) = (GREEN.mix(0.5), 8);
    let log_z = [
        importance,
        Curve::new("learned", BLUE, thinned(&trace(iterations, |i| i.log_z))),
        Curve::new("ELBO", VIOLET, points(&evaluations, |e| e.elbo)).dashed(16, 12),
        Curve::new("EUBO", RED, points(&evaluations, |e| e.eubo)).dashed(7, 12),
        Curve::new("exact", INK, level(&x, finished.report.log_z_exact)).dashed(2, 7),
    ];
    let range = log_z_range(&log_z, finished.report.log_z_exact);
    chart(&panels[1], "log Z", x.clone(), range.clone(), range, &log_z)?;

    let ess = [Curve::new("", GREEN, points(&evaluations, |e| e.ess))];
    chart(
        &panels[2],
        "effective sample size / N",
        x.clone(),
        0.0..1.0,
        0.0..1.0,
        &ess,
    )?;

    let error = [Curve::new("", RED, points(&evaluations, |e| e.error))];
    if error[0].points.is_empty() {
        return Ok(());
    }
    let top = error[0].points.iter().map(|p| p.1).fold(0.05, f64::max) * 1.05;
    let title = finished.run.task().room().sheet().error_axis;
    chart(&panels[3], title, x, 0.0..top, 0.0..top, &error)
}

/// The evaluations while training, and the final one.
fn evaluations(finished: &Finished) -> Vec<EvaluationPoint> {
    let last = EvaluationPoint::new(finished.report, finished.run.task());
    let before = finished
        .history
        .evaluations
        .iter()
        .filter(|e| e.iterations < last.iterations);
    before.copied().chain([last]).collect()
}

fn trace(iterations: &[IterationPoint], value: impl Fn(&IterationPoint) -> f64) -> Vec<Point> {
    let points = iterations.iter().map(|i| (i.iteration as f64, value(i)));
    points.filter(|p| p.1.is_finite()).collect()
}

fn points(evaluations: &[EvaluationPoint], value: impl Fn(&EvaluationPoint) -> f64) -> Vec<Point> {
    let points = evaluations.iter().map(|e| (e.iterations as f64, value(e)));
    points.filter(|p| p.1.is_finite()).collect()
}

fn level(x: &Range<f64>, value: f64) -> Vec<Point> {
    vec![(x.start, value), (x.end, value)]
}

fn thinned(points: &[Point]) -> Vec<Point> {
    let stride = points.len().div_ceil(MOST_POINTS).max(1);
    points.iter().step_by(stride).copied().collect()
}

/// The mean logarithm of the points around each, over a fiftieth of the run.
fn smoothed(points: &[Point]) -> Vec<Point> {
    let reach = points.len() / 100;
    let window = |at: usize| &points[at.saturating_sub(reach)..(at + reach + 1).min(points.len())];
    let mean = |window: &[Point]| {
        let sum: f64 = window.iter().map(|p| p.1.max(f64::MIN_POSITIVE).ln()).sum();
        (sum / window.len() as f64).exp()
    };
    let stride = points.len().div_ceil(MOST_POINTS).max(1);
    let shown = (0..points.len()).step_by(stride);
    shown.map(|at| (points[at].0, mean(window(at)))).collect()
}

/// The losses, leaving out the rarest high ones.
fn loss_range(loss: &[Point]) -> Range<f64> {
    let mut values: Vec<f64> = loss.iter().map(|p| p.1).filter(|v| *v > 0.0).collect();
    values.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (values.first(), values.get(values.len() * 199 / 200)) else {
        return 0.1..10.0;
    };
    low / 1.3..high.max(low * 2.0) * 1.3
}

/// The points, and those where the line between them enters or leaves the range.
fn with_crossings(points: &[Point], range: &Range<f64>) -> Vec<Point> {
    let mut all = Vec::with_capacity(points.len());
    for (i, &(x, y)) in points.iter().enumerate() {
        if let Some(&(x0, y0)) = i.checked_sub(1).and_then(|before| points.get(before)) {
            let crossed = |edge: &f64| (y0 < *edge) != (y < *edge) && y0 != *edge && y != *edge;
            let mut edges: Vec<f64> = [range.start, range.end].into_iter().filter(crossed).collect();
            if y < y0 {
                edges.reverse();
            }
            all.extend(
                edges
                    .iter()
                    .map(|edge| (x0 + (x - x0) * (edge - y0) / (y - y0), *edge)),
            );
        }
        all.push((x, y));
    }
    all
}

/// What the last three quarters of the run need: the bounds begin far out.
fn log_z_range(curves: &[Curve], exact: f64) -> Range<f64> {
    let late = |c: &Curve| {
        let end = c.points.last().map_or(0.0, |p| p.0);
        c.points
            .iter()
            .filter(move |p| p.0 >= 0.25 * end)
            .map(|p| p.1)
            .collect::<Vec<_>>()
    };
    let shown: Vec<f64> = curves.iter().flat_map(late).collect();
    let low = shown.iter().copied().fold(exact - 0.1, f64::min);
    let high = shown.iter().copied().fold(exact + 0.1, f64::max);
    let margin = 0.08 * (high - low);
    low - margin..high + margin
}

/// One chart over `range`, for which `spec` is the axis.
fn chart<Y>(area: &Canvas, title: &str, x: Range<f64>, range: Range<f64>, spec: Y, curves: &[Curve]) -> Drawn
where
    Y: plotters::coord::ranged1d::AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let named = named(curves, &range);
    let head = draw_head(area, title, &named)?;
    let (_, body) = area.split_vertically(head);
    let mut chart = ChartBuilder::on(&body)
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(84)
        .build_cartesian_2d(x, spec)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(PALE)
        .x_labels(6)
        .y_labels(7)
        .x_desc("iteration")
        .label_style(text(19, INK))
        .x_label_formatter(&|v| format!("{v:.0}"))
        .y_label_formatter(&|v| tick(*v))
        .draw()?;
    for curve in curves {
        for piece in curve.pieces(&range) {
            match curve.dashes {
                Some((dash, gap)) => {
                    chart.draw_series(DashedLineSeries::new(piece, dash, gap, curve.style()))?
                }
                None => chart.draw_series(LineSeries::new(piece, curve.style()))?,
            };
        }
    }
    Ok(())
}

/// Title and legend, above the chart so that they cover nothing of it. Returns their height.
fn draw_head(area: &Canvas, title: &str, named: &[&Curve]) -> Result<i32, DrawError> {
    let width = area.dim_in_pixel().0 as i32;
    let heading = anchored(bold(26, INK), HPos::Left, VPos::Center);
    area.draw_text(title, &heading, (LEFT, TITLE / 2 + 6))?;
    let style = anchored(text(19, INK), HPos::Left, VPos::Center);
    let (mut x, mut y) = (LEFT, TITLE + LEGEND / 2);
    for curve in named {
        let room = SAMPLE + 8 + area.estimate_text_size(curve.name, &style)?.0 as i32;
        if x > LEFT && x + room > width {
            (x, y) = (LEFT, y + LEGEND);
        }
        let line = [(x, y), (x + SAMPLE, y)];
        match curve.dashes {
            Some((dash, gap)) => area.draw(&DashedPathElement::new(line, dash, gap, curve.style()))?,
            None => area.draw(&PathElement::new(line, curve.style()))?,
        }
        area.draw_text(curve.name, &style, (x + SAMPLE + 8, y))?;
        x += room + APART;
    }
    Ok(if named.is_empty() { TITLE } else { y + LEGEND / 2 })
}

#[cfg(test)]
mod tests {
    use super::{BLUE, Curve, named, with_crossings};

    #[test]
    fn lines_are_cut_at_the_edge() {
        let points = [(0.0, -1.0), (1.0, 3.0), (2.0, 1.0)];
        let wanted = [
            (0.0, -1.0),
            (0.25, 0.0),
            (0.75, 2.0),
            (1.0, 3.0),
            (1.5, 2.0),
            (2.0, 1.0),
        ];
        assert_eq!(with_crossings(&points, &(0.0..2.0)), wanted);
    }

    #[test]
    fn a_legend_names_what_is_seen() {
        let curve = |name, points: &[(f64, f64)]| Curve::new(name, BLUE, points.to_vec());
        let curves = [
            curve("inside", &[(0.0, 0.5), (1.0, 0.6)]),
            curve("crossing", &[(0.0, -3.0), (1.0, 3.0)]),
            curve("absent", &[]),
            curve("outside", &[(0.0, 5.0), (1.0, 6.0)]),
            curve("", &[(0.0, 0.5)]),
        ];
        let names: Vec<_> = named(&curves, &(0.0..1.0))
            .iter()
            .map(|curve| curve.name)
            .collect();
        assert_eq!(names, ["inside", "crossing"]);
    }
}
