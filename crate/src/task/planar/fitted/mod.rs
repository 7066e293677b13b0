//! Mixtures fitted to the rows of a table.

mod em;
mod frame;
#[cfg(test)]
mod tests;

use super::{Component, HALF_WIDTH, Mixture, Random};
use frame::rounded;

pub use frame::Frame;

/// Fewest rows.
const FEWEST: usize = 10;
/// Most rows on which numbers of components are compared, and most of the last fit.
const COMPARED: usize = 5_000;
const FITTED: usize = 20_000;
/// One row of so many is held out.
const HELD_OUT: usize = 5;
/// The numbers of components that are compared.
const COUNTS: [usize; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
/// Fewest rows a component.
const ROWS_A_COMPONENT: usize = 5;
/// Most iterations of a fit, and the gain of the mean log likelihood below which it ends.
const ITERATIONS: usize = 100;
const GAIN: f64 = 1e-5;

/// A mixture of Gaussians in the drawn square that was fitted to the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Numbers of four decimals; the weights sum to about 1.
    pub components: Vec<Component>,
    /// How the rows lie in the square.
    pub frame: Frame,
    /// Rows outside of the square, to which it was not fitted.
    pub outside: usize,
    /// Rows to which it was fitted; of many, some by chance.
    pub seen: usize,
    /// Mean log density of rows that a fit of as many components had not seen, in the table's units.
    pub held_out: f64,
    /// The middle of the rows along x: half of them lie on either side.
    pub median: f64,
}

/// Fits a mixture to rows (a, b), by expectation–maximisation. Of the numbers of components whose log likelihood of
/// held-out rows is the best, within two standard errors, it has the smallest. The same rows give the same
/// mixture.
///
/// `turn` is called between iterations: a place to let others have the thread.
///
/// # Errors
///
/// Where there are too few rows, or they cannot be placed in the square: a sentence.
pub async fn fit(rows: &[[f64; 2]], turn: impl AsyncFn()) -> Result<Fitted, String> {
    if rows.len() < FEWEST {
        return Err(format!(
            "the number of rows is {}; at least {FEWEST} are needed",
            rows.len()
        ));
    }
    let frame = Frame::around(rows)?;
    let placed = rows.iter().map(|row| frame.place(*row));
    let mut points: Vec<_> = placed
        .filter(|point| point.iter().all(|v| v.abs() <= HALF_WIDTH))
        .collect();
    let outside = rows.len() - points.len();
    let median = median(&points);
    let mut random = Random(0);
    // Tables may be sorted, or go round in a circle.
    random.shuffle(&mut points);
    let chosen = chosen(&points[..points.len().min(COMPARED)], &mut random, &turn).await;
    let seen = &points[..points.len().min(FITTED)];
    let components = iterated(seen, chosen.components, &turn).await;
    let (inner, components) = frame.with_room(tidy(&components, seen.len()));
    Ok(Fitted {
        components: components.iter().map(told).collect(),
        frame: inner,
        outside,
        seen: seen.len(),
        held_out: chosen.held_out + 2.0 * frame.scale.ln(),
        median: rounded(inner.scale / frame.scale * (median - frame.shift[0]) + inner.shift[0]),
    })
}

/// A fit to some of the points, and how likely the others are under it.
struct Chosen {
    components: Vec<Component>,
    held_out: f64,
}

async fn chosen(points: &[[f64; 2]], random: &mut Random, turn: &impl AsyncFn()) -> Chosen {
    let of = |held_out: bool| {
        let all = points.iter().enumerate();
        all.filter(move |(at, _)| (at % HELD_OUT == 0) == held_out)
            .map(|(_, point)| *point)
    };
    let (seen, unseen): (Vec<_>, Vec<_>) = (of(false).collect(), of(true).collect());
    let mut tried: Vec<(Vec<Component>, Vec<f64>)> = Vec::new();
    let enough = |count: &usize| count * ROWS_A_COMPONENT <= seen.len();
    for count in COUNTS.into_iter().filter(enough) {
        let components = iterated(&seen, em::start(&seen, count, random), turn).await;
        let mixture = Mixture::new(&components);
        tried.push((
            components,
            unseen.iter().map(|point| mixture.log_prob(*point)).collect(),
        ));
    }
    let sum = |(_, logs): &(_, Vec<f64>)| logs.iter().sum::<f64>();
    let best = tried
        .iter()
        .max_by(|a, b| sum(a).total_cmp(&sum(b)))
        .expect("one component");
    let good = tried.iter().find(|one| as_good(&one.1, &best.1)).unwrap_or(best);
    Chosen {
        components: good.0.clone(),
        held_out: sum(good) / unseen.len() as f64,
    }
}

/// Whether the mean of the first is within two standard errors of that of the second, pair by pair.
fn as_good(logs: &[f64], best: &[f64]) -> bool {
    let count = logs.len() as f64;
    let differences = || best.iter().zip(logs).map(|(best, log)| best - log);
    let mean = differences().sum::<f64>() / count;
    let variance = differences()
        .map(|difference| (difference - mean).powi(2))
        .sum::<f64>()
        / (count - 1.0).max(1.0);
    mean <= 2.0 * (variance / count).sqrt()
}

async fn iterated(
    points: &[[f64; 2]],
    mut components: Vec<Component>,
    turn: &impl AsyncFn(),
) -> Vec<Component> {
    let mut last = f64::NEG_INFINITY;
    for _ in 0..ITERATIONS {
        turn().await;
        let (next, log_likelihood) = em::step(points, &components);
        if log_likelihood - last < GAIN {
            break;
        }
        (components, last) = (next, log_likelihood);
    }
    components
}

/// Without components of a single point, and with weights that are shares.
fn tidy(components: &[Component], points: usize) -> Vec<Component> {
    let total: f64 = components.iter().map(|c| c.weight).sum();
    let least = (2.0 / points as f64).max(1e-4);
    let shares = components.iter().map(|c| Component {
        weight: c.weight / total,
        ..*c
    });
    shares.filter(|c| c.weight >= least).collect()
}

/// A component in numbers of four decimals that are allowed.
fn told(component: &Component) -> Component {
    Component {
        weight: rounded(component.weight),
        mean: component.mean.map(rounded),
        covariance: em::floored(component.covariance).map(rounded),
    }
}

fn median(points: &[[f64; 2]]) -> f64 {
    let mut along: Vec<f64> = points.iter().map(|point| point[0]).collect();
    along.sort_by(f64::total_cmp);
    let (low, high) = (along[(along.len() - 1) / 2], along[along.len() / 2]);
    0.5 * (low + high)
}
