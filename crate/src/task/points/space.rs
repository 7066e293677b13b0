//! From the standardised space of the chain to the points themselves.

use super::component::Component;
use super::flow::Flow;
use super::marginal::Quantile;
use crate::engine::parallel;
use crate::run::OnnxDenoiser;
use crate::task::linear;
use std::sync::Arc;

/// How a column of samples was standardised.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Column {
    /// The lower bound of its values, if they have one.
    pub low: Option<f64>,
    /// The upper bound.
    pub high: Option<f64>,
    /// The mean of the unbounded values.
    pub mean: f64,
    /// Their standard deviation.
    pub deviation: f64,
}

impl Column {
    /// The value without bounds, not yet standardised.
    pub(super) fn unbounded(&self, x: f64) -> f64 {
        match (self.low, self.high) {
            (None, None) => x,
            (Some(low), None) => (x - low).ln(),
            (None, Some(high)) => -(high - x).ln(),
            (Some(low), Some(high)) => ((x - low) / (high - x)).ln(),
        }
    }

    /// The value without bounds, standardised.
    pub(super) fn standardised(&self, x: f64) -> f64 {
        (self.unbounded(x) - self.mean) / self.deviation
    }

    /// The logarithm of its derivative by x; −∞ beyond the bounds.
    fn log_slope(&self, x: f64) -> f64 {
        let log = |above: f64| {
            if above > 0.0 {
                -above.ln()
            } else {
                f64::NEG_INFINITY
            }
        };
        let bounded = match (self.low, self.high) {
            (None, None) => 0.0,
            (Some(low), None) => log(x - low),
            (None, Some(high)) => log(high - x),
            (Some(low), Some(high)) => (high - low).ln() + log(x - low) + log(high - x),
        };
        bounded - self.deviation.ln()
    }

    /// Whether samples can be standardised by it.
    pub(super) fn is_sound(&self) -> bool {
        self.deviation > 0.0 && self.mean.is_finite()
    }

    fn at(&self, z: f64) -> f64 {
        let free = self.mean + self.deviation * z;
        match (self.low, self.high) {
            (None, None) => free,
            (Some(low), None) => low + free.exp(),
            (None, Some(high)) => high - (-free).exp(),
            (Some(low), Some(high)) => low + (high - low) / (1.0 + (-free).exp()),
        }
    }

    /// The derivative of [`Self::at`].
    fn slope(&self, z: f64) -> f64 {
        let free = self.mean + self.deviation * z;
        self.deviation
            * match (self.low, self.high) {
                (None, None) => 1.0,
                (Some(_), None) => free.exp(),
                (None, Some(_)) => (-free).exp(),
                (Some(low), Some(high)) => 0.25 * (high - low) / (0.5 * free).cosh().powi(2),
            }
    }
}

/// The map from the chain's end points to points.
#[derive(Clone, Debug)]
pub struct Space {
    names: Vec<String>,
    map: Map,
}

#[derive(Clone, Debug)]
enum Map {
    Quantiles(Vec<Quantile>),
    /// mean + lower·z.
    Affine {
        mean: Vec<f64>,
        lower: Vec<f64>,
    },
    Columns(Vec<Column>),
    /// A flow of the columns, standardised.
    Flow(Arc<Flow>, Vec<Column>),
}

impl Space {
    /// Independent coordinates.
    pub(super) fn of_marginals(coordinates: &[super::Coordinate]) -> Self {
        Self {
            names: coordinates.iter().map(|c| c.name().to_owned()).collect(),
            map: Map::Quantiles(coordinates.iter().map(Quantile::new).collect()),
        }
    }

    /// The space in which a mixture has mean 0 and covariance I.
    pub(super) fn of_mixture(names: Vec<String>, components: &[Component]) -> Self {
        let d = names.len();
        let total: f64 = components.iter().map(|c| c.weight).sum();
        let mean: Vec<f64> = (0..d)
            .map(|at| components.iter().map(|c| c.weight * c.mean[at]).sum::<f64>() / total)
            .collect();
        let mut covariance = vec![0.0; d * d];
        for component in components {
            let share = component.weight / total;
            for (at, (all, own)) in covariance.iter_mut().zip(component.matrix()).enumerate() {
                let [a, b] = [at / d, at % d].map(|i| component.mean[i] - mean[i]);
                *all += share * (own + a * b);
            }
        }
        let lower = linear::cholesky(&covariance, d).expect("the covariances have been checked");
        Self {
            names,
            map: Map::Affine { mean, lower },
        }
    }

    /// The columns of a table, standardised.
    pub(super) fn of_columns(names: Vec<String>, columns: Vec<Column>) -> Self {
        Self {
            names,
            map: Map::Columns(columns),
        }
    }

    /// The columns that a flow learned, standardised.
    pub(super) fn of_flow(names: Vec<String>, columns: Vec<Column>, flow: Flow) -> Self {
        Self {
            names,
            map: Map::Flow(Arc::new(flow), columns),
        }
    }

    /// The coordinates of a denoiser.
    pub(super) fn of_denoiser(denoiser: &OnnxDenoiser) -> Self {
        let column = |at| Column {
            low: None,
            high: None,
            mean: denoiser.mean.get(at).copied().unwrap_or(0.0),
            deviation: denoiser.deviation.get(at).copied().unwrap_or(1.0),
        };
        let columns = (0..denoiser.names.len()).map(column).collect();
        Self::of_columns(denoiser.names.clone(), columns)
    }

    /// The names of the coordinates.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// d.
    pub fn size(&self) -> usize {
        self.names.len()
    }

    /// A component's mean and covariance in the chain's space.
    pub(super) fn standardised(&self, component: &Component) -> (Vec<f64>, Vec<f64>) {
        let Map::Affine { mean, lower } = &self.map else {
            unreachable!("a mixture has an affine map")
        };
        let d = self.size();
        let less: Vec<f64> = component.mean.iter().zip(mean).map(|(a, b)| a - b).collect();
        let inverse = linear::inverse(lower, d);
        (
            linear::solved(lower, d, &less),
            linear::congruent(&inverse, &component.matrix(), d),
        )
    }

    /// The point of an end point.
    pub fn point(&self, z: &[f32], into: &mut Vec<f64>) {
        let z = |at: usize| f64::from(z[at]);
        match &self.map {
            Map::Quantiles(quantiles) => into.extend(quantiles.iter().enumerate().map(|(at, q)| q.at(z(at)))),
            Map::Columns(columns) => into.extend(columns.iter().enumerate().map(|(at, c)| c.at(z(at)))),
            Map::Flow(flow, columns) => {
                let mut standard: Vec<f64> = (0..flow.size()).map(z).collect();
                flow.generate(&mut standard);
                into.extend(columns.iter().zip(standard).map(|(column, s)| column.at(s)));
            }
            Map::Affine { mean, lower } => {
                let d = mean.len();
                into.extend((0..d).map(|row| {
                    let moved: f64 = (0..=row).map(|k| lower[row * d + k] * z(k)).sum();
                    mean[row] + moved
                }));
            }
        }
    }

    /// The gradient of a function of points in the end points, `[d]`, from that in the points, `[d]`: the transposed
    /// Jacobian of [`Self::point`] times it.
    pub(super) fn pulled(&self, z: &[f32], point: &[f64], gradient: &[f64]) -> Vec<f64> {
        let each =
            |slope: &dyn Fn(usize) -> f64| gradient.iter().enumerate().map(|(at, g)| slope(at) * g).collect();
        let z = |at: usize| f64::from(z[at]);
        match &self.map {
            Map::Quantiles(quantiles) => each(&|at| quantiles[at].slope(z(at), point[at])),
            Map::Columns(columns) => each(&|at| columns[at].slope(z(at))),
            Map::Affine { mean, lower } => {
                let d = mean.len();
                let column = |k: usize| (k..d).map(|row| lower[row * d + k] * gradient[row]).sum();
                (0..d).map(column).collect()
            }
            Map::Flow(..) => unreachable!("there is no gradient above a flow"),
        }
    }

    /// Whether the coordinates are independent, of known laws.
    pub(super) fn is_of_laws(&self) -> bool {
        matches!(self.map, Map::Quantiles(_))
    }

    /// Whether [`Self::pulled`] works: not above a flow.
    pub(super) fn pulls(&self) -> bool {
        !matches!(self.map, Map::Flow(..))
    }

    /// The gradient of [`Self::log_prob`], `[d]`.
    pub(super) fn score(&self, point: &[f64]) -> Vec<f64> {
        match &self.map {
            Map::Quantiles(laws) => laws.iter().zip(point).map(|(law, x)| law.score(*x)).collect(),
            _ => unreachable!("the description has been checked"),
        }
    }

    /// log p of a point under a prior of marginals or a flow; observations may follow its coordinates.
    ///
    /// # Panics
    ///
    /// Where the prior is another one.
    pub fn log_prob(&self, point: &[f64]) -> f64 {
        match &self.map {
            Map::Quantiles(laws) => laws.iter().zip(point).map(|(law, x)| law.log_prob(*x)).sum(),
            Map::Flow(flow, columns) => {
                let of = columns.iter().zip(point);
                let standard: Vec<f64> = of.clone().map(|(column, x)| column.standardised(*x)).collect();
                flow.log_prob(&standard) + of.map(|(column, x)| column.log_slope(*x)).sum::<f64>()
            }
            _ => unreachable!("the description has been checked"),
        }
    }

    /// The points of end points, `[rows][d]`.
    pub fn points(&self, ends: &[f32]) -> Vec<f64> {
        let made = parallel::over_rows(ends, self.size(), |z| {
            let mut point = Vec::with_capacity(z.len());
            self.point(z, &mut point);
            point
        });
        made.concat()
    }
}
