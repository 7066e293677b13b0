//! How training went: loss, log Z with its bounds, effective sample size, error.

use super::Finished;
use super::canvas::{Canvas, Drawn, FAINT, INK, PALE, bold, text};
use crate::program::output::tick;
use crate::program::storage::{EvaluationPoint, IterationPoint};
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use std::ops::Range;

pub const SIZE: (u32, u32) = (1600, 1100);

const BLUE: RGBColor = RGBColor(31, 119, 180);
const GREEN: RGBColor = RGBColor(44, 140, 60);
const VIOLET: RGBColor = RGBColor(148, 103, 189);
const RED: RGBColor = RGBColor(204, 70, 50);

/// More points than this on a curve are only ink.
const MOST_POINTS: usize = 1500;

type Point = (f64, f64);

/// A line of a chart; one without a name has no legend.
struct Curve {
    name: &'static str,
    color: RGBAColor,
    width: u32,
    points: Vec<Point>,
}

impl Curve {
    fn new(name: &'static str, color: RGBColor, points: Vec<Point>) -> Self {
        Self {
            name,
            color: color.to_rgba(),
            width: 3,
            points,
        }
    }
}

/// Draws the four charts.
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

    let log_z = [
        Curve::new("learned", BLUE, thinned(&trace(iterations, |i| i.log_z))),
        Curve::new(
            "importance-weighted",
            GREEN,
            points(&evaluations, |e| e.log_z_importance),
        ),
        Curve::new("ELBO", VIOLET, points(&evaluations, |e| e.elbo)),
        Curve::new("EUBO", RED, points(&evaluations, |e| e.eubo)),
        Curve::new("exact", INK, level(&x, finished.report.log_z_exact)),
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
    let mut chart = ChartBuilder::on(area)
        .caption(title, bold(26, INK))
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
        let style = curve.color.stroke_width(curve.width);
        let points = with_crossings(&curve.points, &range);
        for piece in points.split(|p| !(range.start..=range.end).contains(&p.1)) {
            chart.draw_series(LineSeries::new(piece.iter().copied(), style))?;
        }
        if !curve.name.is_empty() {
            // The legend hangs on a series of its own, as the curve may be in many pieces or none.
            chart
                .draw_series(LineSeries::new([], style))?
                .label(curve.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 26, y)], style));
        }
    }
    if curves.iter().any(|c| !c.name.is_empty()) {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .legend_area_size(34)
            .margin(12)
            .background_style(WHITE.mix(0.85))
            .border_style(FAINT)
            .label_font(text(19, INK))
            .draw()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::with_crossings;

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
}
