//! What the charts of a comparison show, from its outcomes.

use super::Mark;
use crate::program::comparison::entrant::Entrant;
use crate::program::comparison::{Comparison, Finished};
use crate::program::plot::canvas::PALE;
use crate::program::plot::colour::viridis;
use plotters::style::RGBColor;
use rtb::message::Outcome;
use rtb::task::sheet::Sheet;

/// What is drawn in place of an error of 0 or less than this.
const SMALLEST: f64 = 1e-4;

/// A figure at a place: mean, smallest and largest over the seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub x: f64,
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

/// Spots on a line, the last of which is the final outcome.
#[derive(Clone, Debug)]
pub struct Series {
    /// Written beside the last spot.
    pub name: String,
    pub mark: Mark,
    pub spots: Vec<Spot>,
}

/// Colours that are told apart, also beside each other.
const COLOURS: [RGBColor; 14] = [
    RGBColor(31, 119, 180),
    RGBColor(230, 110, 10),
    RGBColor(44, 150, 44),
    RGBColor(205, 40, 42),
    RGBColor(140, 95, 185),
    RGBColor(140, 86, 75),
    RGBColor(220, 100, 180),
    RGBColor(95, 95, 95),
    RGBColor(150, 150, 20),
    RGBColor(20, 165, 185),
    RGBColor(35, 55, 130),
    RGBColor(0, 100, 70),
    RGBColor(160, 0, 100),
    RGBColor(200, 140, 0),
];

/// How a method's outcome on a variant is drawn: a lone method has a colour for every value.
pub fn mark(comparison: &Comparison, variant: usize, entrant: usize) -> Mark {
    let plan = &comparison.plan;
    let (entrants, variants) = (plan.entrants.len(), plan.variants.len());
    let colour = if entrants == 1 && variants > 1 {
        // Short of the yellow end, which is pale on white.
        let [r, g, b] = viridis(0.85 * variant as f64 / (variants - 1) as f64);
        RGBColor(r, g, b)
    } else {
        COLOURS[entrant % COLOURS.len()]
    };
    Mark {
        colour,
        trained: plan.entrants[entrant].method.is_trained(),
    }
}

/// Error against evaluations for training and for the final number of samples.
pub fn against_compute(comparison: &Comparison) -> Vec<Series> {
    let sheet = comparison.plan.run.task().room().sheet();
    let plan = &comparison.plan;
    let mut all = Vec::new();
    for (v, variant) in plan.variants.iter().enumerate() {
        let samples = variant.run.evaluation.samples as f64;
        let compute =
            |o: &Outcome| o.training_evaluations + samples * o.sampling_evaluations / o.samples as f64;
        for (e, entrant) in plan.entrants.iter().enumerate() {
            let trials = comparison.of(&(v..v + 1), e);
            let looks = trials.iter().map(|t| t.curve.len()).max().unwrap_or(0);
            let at = |look: usize| {
                let seen: Vec<&Outcome> = trials.iter().filter_map(|t| t.curve.get(look)).collect();
                spot(sheet, &seen, compute)
            };
            let last = spot(sheet, &finals(&trials), compute);
            let spots: Vec<Spot> = (0..looks).map(at).chain([last]).flatten().collect();
            if last.is_some() {
                all.push(Series {
                    name: variant.value.clone().unwrap_or_else(|| entrant.label.clone()),
                    mark: mark(comparison, v, e),
                    spots,
                });
            }
        }
    }
    all
}

/// Error against the place of the varied value, one series a method; the spots of a lone
/// method are series of their own, as each value has its colour.
pub fn against_value(comparison: &Comparison) -> Vec<Series> {
    let sheet = comparison.plan.run.task().room().sheet();
    let plan = &comparison.plan;
    let at = |v: usize, e: usize| spot(sheet, &finals(&comparison.of(&(v..v + 1), e)), |_| v as f64);
    let line = |(e, entrant): (usize, &Entrant)| Series {
        name: entrant.label.clone(),
        mark: mark(comparison, 0, e),
        spots: (0..plan.variants.len()).filter_map(|v| at(v, e)).collect(),
    };
    let mut all: Vec<Series> = plan.entrants.iter().enumerate().map(line).collect();
    if let [lone] = all.as_mut_slice() {
        lone.mark.colour = PALE;
        let alone = |v: usize| Series {
            name: String::new(),
            mark: mark(comparison, v, 0),
            spots: at(v, 0).into_iter().collect(),
        };
        all.extend((0..plan.variants.len()).map(alone));
    }
    all.retain(|series| !series.spots.is_empty());
    all
}

fn finals<'a>(trials: &[&'a Finished]) -> Vec<&'a Outcome> {
    trials.iter().map(|t| &t.outcome).collect()
}

fn spot(sheet: &Sheet, outcomes: &[&Outcome], x: impl Fn(&Outcome) -> f64) -> Option<Spot> {
    let points = outcomes.iter().filter_map(|o| Some((x(o), sheet.error(&o.fit)?)));
    let points: Vec<(f64, f64)> = points.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    if points.is_empty() {
        return None;
    }
    let count = points.len() as f64;
    let mean = points.iter().map(|p| p.1).sum::<f64>() / count;
    let low = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    Some(Spot {
        x: points.iter().map(|p| p.0).sum::<f64>() / count,
        mean: mean.max(SMALLEST),
        low: low.max(SMALLEST),
        high: high.max(SMALLEST),
    })
}
