//! The picture of a comparison: error against compute, and what every method's samples look like.

mod axis;
mod chart;
mod labels;
mod maps;
mod series;

use super::canvas::{Canvas, Drawn, INK, PALE, bold, picture, text};
use crate::program::comparison::Comparison;
use crate::program::error::ProgramError;
use crate::program::output::grouped;
use axis::Axis;
use chart::Chart;
use labels::Area;
use maps::Maps;
use plotters::prelude::*;
use series::{Series, against_compute, against_value};
use std::path::Path;

const MARGIN: i32 = 56;
/// Where charts and maps begin, with and without a question above them.
const TOPS: (i32, i32) = (196, 162);
/// Width of the charts, and their least and largest height altogether.
const CHART: (i32, i32, i32) = (1040, 980, 1400);
/// Room that the maps are to fill.
const ROOM: (i32, i32) = (1240, 940);
/// Least width of the maps: that of their heading.
const LEAST: i32 = 860;
/// Between charts and maps, and from the maps' heading to the maps.
const GUTTER: i32 = 64;
const HEADING: i32 = 56;

/// How an outcome is marked: trained methods by discs, training-free ones by diamonds.
#[derive(Clone, Copy, Debug)]
struct Mark {
    colour: RGBColor,
    trained: bool,
}

impl Mark {
    fn draw(self, canvas: &Canvas, (x, y): (i32, i32), reach: i32) -> Drawn {
        if self.trained {
            canvas.draw(&Circle::new((x, y), reach, self.colour.filled()))?;
            return canvas.draw(&Circle::new((x, y), reach, WHITE));
        }
        let reach = reach + reach / 4;
        let corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)];
        canvas.draw(&Polygon::new(corners, self.colour.filled()))?;
        let outline = corners.into_iter().chain([corners[0]]).collect::<Vec<_>>();
        canvas.draw(&PathElement::new(outline, WHITE))
    }
}

/// Draws the picture.
pub fn draw(comparison: &Comparison, path: &Path) -> Result<(), ProgramError> {
    let maps = Maps::new(comparison, ROOM);
    let (width, height) = maps.size();
    let (width, height) = (width.max(LEAST), (height + HEADING + maps.head()).max(CHART.1));
    let top = if comparison.plan.question.is_some() {
        TOPS.0
    } else {
        TOPS.1
    };
    let size = (2 * MARGIN + CHART.0 + GUTTER + width, top + height + MARGIN);
    picture(path, (size.0 as u32, size.1 as u32), |canvas| {
        canvas.draw_text(&comparison.plan.title, &bold(44, INK), (MARGIN, 42))?;
        canvas.draw_text(&subtitle(comparison), &text(24, PALE), (MARGIN, 102))?;
        if let Some(question) = comparison.plan.question {
            canvas.draw_text(question, &text(24, INK), (MARGIN, 138))?;
        }
        let area = Area {
            left: MARGIN,
            top,
            right: MARGIN + CHART.0,
            bottom: top + height.min(CHART.2),
        };
        draw_charts(comparison, canvas, area)?;
        let left = area.right + GUTTER;
        canvas.draw_text(&heading(comparison), &bold(26, INK), (left, top))?;
        maps.draw(canvas, (left, top + HEADING))
    })
}

fn draw_charts(comparison: &Comparison, canvas: &Canvas, area: Area) -> Drawn {
    let plan = &comparison.plan;
    let compute = against_compute(comparison);
    let exact: Vec<(f64, f64)> = (0..plan.variants.len())
        .filter_map(|v| Some((v as f64, comparison.exact_error(v)?)))
        .collect();
    let levels: Vec<f64> = exact.iter().map(|(_, level)| *level).collect();
    let name = plan.run.task().room().sheet().error_axis;
    let Some(field) = &plan.field else {
        return against_evaluations(&compute, name, levels.first().copied()).draw(canvas, area);
    };
    let middle = (area.top + area.bottom) / 2;
    let upper = Area {
        bottom: middle - 10,
        ..area
    };
    let lower = Area {
        top: middle + 10,
        ..area
    };
    let values = against_value(comparison);
    let last = plan.variants.len() as f64 - 1.0;
    let places = plan.variants.iter().enumerate();
    Chart {
        title: format!("{name}, by value"),
        x_name: field,
        x: Axis::linear(-0.5, last + 0.5),
        x_ticks: places
            .map(|(v, variant)| (v as f64, variant.value.clone().unwrap_or_default()))
            .collect(),
        y: vertical(&values, &levels),
        series: &values,
        reference: Some(("exact samples", exact)),
    }
    .draw(canvas, upper)?;
    against_evaluations(&compute, name, None).draw(canvas, lower)
}

fn against_evaluations<'a>(series: &'a [Series], name: &str, exact: Option<f64>) -> Chart<'a> {
    let x = Axis::logarithmic(series.iter().flat_map(|s| s.spots.iter().map(|p| p.x)), 0.3);
    Chart {
        title: format!("{name}, by compute"),
        x_name: "evaluations of a kernel, for training and the final samples",
        x,
        x_ticks: x.ticks(),
        y: vertical(series, &Vec::from_iter(exact)),
        series,
        reference: exact.map(|level| ("exact samples", x.ends().map(|end| (end, level)).to_vec())),
    }
}

/// An axis for all spots and some more values.
fn vertical(series: &[Series], more: &[f64]) -> Axis {
    let spots = series.iter().flat_map(|s| &s.spots);
    Axis::logarithmic(
        spots.flat_map(|p| [p.low, p.high]).chain(more.iter().copied()),
        0.12,
    )
}

fn heading(comparison: &Comparison) -> String {
    let seed = comparison.plan.seeds[0].to_string();
    let pictures = comparison.plan.run.task().room().sheet().pictures;
    pictures.replace("{seed}", &seed)
}

/// What was run; a varied field stands in the charts.
fn subtitle(comparison: &Comparison) -> String {
    let (plan, run) = (&comparison.plan, &comparison.plan.run);
    let seeds: Vec<_> = plan.seeds.iter().map(u64::to_string).collect();
    let trained = plan.entrants.iter().any(|e| e.method.is_trained());
    let parts = [
        ("process.steps", format!("T = {}", run.process.steps)),
        ("rollout.batch", format!("batch {}", run.rollout.batch)),
        (
            "training.iterations",
            format!(
                "{} iterations of training",
                grouped(run.training.iterations as f64)
            ),
        ),
        (
            "evaluation.samples",
            format!("{} samples", grouped(run.evaluation.samples as f64)),
        ),
        (
            "seed",
            format!(
                "{} {}",
                if seeds.len() == 1 { "seed" } else { "seeds" },
                seeds.join(", ")
            ),
        ),
    ];
    let mut shown: Vec<String> = parts
        .into_iter()
        .filter(|(field, _)| plan.field.as_deref() != Some(field))
        .filter(|(field, _)| trained || !["rollout.batch", "training.iterations"].contains(field))
        .map(|(_, text)| text)
        .collect();
    shown.extend(comparison.finished.first().map(|f| f.outcome.device.clone()));
    shown.join(" · ")
}
