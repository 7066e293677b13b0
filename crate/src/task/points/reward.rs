//! log r of points, from its description.

use super::file::table;
use super::observed::Observed;
use super::prior::PointsPrior;
use super::problem::Reward as Described;
use super::space::Space;
use super::table::Table;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::OrnsteinUhlenbeck;
use crate::engine::reward::{Answer, BlackBox, Ends, Reward};
use crate::engine::{ConfigError, EngineError};
use crate::run::Files;
use crate::task::formula::{Formula, Names, Rows};
use burn::tensor::{Tensor, TensorData};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Samples of the noise among which the largest log r of an observation is looked for: at most `LOOKED_AT`, at
/// least `LEAST_LOOKED_AT`, and `LOOKED_AT_IN_ALL` for all observations between those.
const LOOKED_AT: usize = 10_000;
const LEAST_LOOKED_AT: usize = 100;
const LOOKED_AT_IN_ALL: usize = 200_000;

/// A factor of r.
enum Factor {
    Formula {
        /// Its field in the description.
        field: String,
        formula: Formula,
        logarithm: bool,
        data: Option<Table>,
    },
    Outside(Arc<dyn BlackBox>),
    /// 1/p.
    OverPrior(Arc<Space>),
}

/// Why there is no log r.
enum Trouble {
    /// A formula is infinite at a point.
    Infinite { field: String, point: Vec<f64> },
    /// What a black box says.
    Outside(String),
}

impl Factor {
    /// log r of points, −∞ where r is 0 or undefined.
    fn log_reward(&self, points: &[f64], size: usize) -> Result<Vec<f64>, Trouble> {
        match self {
            Self::Outside(black_box) => black_box.log_reward(points, &[size]).map_err(Trouble::Outside),
            Self::OverPrior(space) => Ok(parallel::over_rows(points, size, |point| -space.log_prob(point))),
            Self::Formula {
                field,
                formula,
                logarithm,
                data,
            } => {
                let rows = rows_of(data.as_ref());
                let log_r = |point: &[f64]| {
                    let value = formula.value(point, rows);
                    let log_r = if *logarithm { value } else { value.max(0.0).ln() };
                    if log_r.is_nan() { f64::NEG_INFINITY } else { log_r }
                };
                let log_r = parallel::over_rows(points, size, log_r);
                match log_r.iter().position(|l| *l == f64::INFINITY) {
                    None => Ok(log_r),
                    Some(at) => Err(Trouble::Infinite {
                        field: field.clone(),
                        point: points[at * size..(at + 1) * size].to_vec(),
                    }),
                }
            }
        }
    }

    /// Adds the gradient of log r at a point, which its observation may follow, to `into`, `[d]`. Nothing is added for
    /// a black box, and where r is 0 or undefined.
    fn add_gradient(&self, point: &[f64], into: &mut [f64]) {
        match self {
            Self::Outside(_) => {}
            Self::OverPrior(space) => {
                let score = space.score(&point[..into.len()]);
                into.iter_mut().zip(score).for_each(|(all, one)| *all -= one);
            }
            Self::Formula {
                formula,
                logarithm,
                data,
                ..
            } => {
                let mut gradient = vec![0.0; point.len()];
                let value = formula.value_and_gradient(point, rows_of(data.as_ref()), &mut gradient);
                let factor = match logarithm {
                    true => 1.0,
                    false => value.recip(),
                };
                let defined = value.is_finite() && (*logarithm || value > 0.0);
                if defined && gradient.iter().all(|slope| slope.is_finite()) {
                    into.iter_mut()
                        .zip(gradient)
                        .for_each(|(all, one)| *all += factor * one);
                }
            }
        }
    }
}

/// The rows of a factor's table.
fn rows_of(data: Option<&Table>) -> Rows<'_> {
    data.map_or(Rows::NONE, |data| Rows {
        values: &data.values,
        columns: data.columns(),
    })
}

/// The reward of a run.
pub struct PointsReward {
    /// Points without numbers are an error of the prior's, where it had one.
    prior: PointsPrior,
    space: Arc<Space>,
    observed: Arc<Observed>,
    factors: Vec<Factor>,
    /// The largest log r of the samples looked at, one an observation.
    largest: Vec<f64>,
    /// How far below it log r is cut off, at most 0.
    floor: f64,
    evaluations: AtomicU64,
}

impl PointsReward {
    /// Compiles the reward of a validated problem. For each observation log r is floored at `floor`, at most 0, above
    /// the largest among samples of N(0, I) in the chain's space.
    ///
    /// # Errors
    ///
    /// Names what is wrong with a formula or a table, says that a black box is missing or failed, or that r is 0
    /// wherever it was probed.
    pub(super) fn new(
        described: &Described,
        prior: PointsPrior,
        space: Arc<Space>,
        observed: Arc<Observed>,
        floor: f64,
        files: &Files,
    ) -> Result<Self, EngineError> {
        let names = [space.names(), observed.names()].concat();
        let factors = described.factors().into_iter().enumerate();
        let factors = factors.map(|(at, (field, factor))| {
            let place = (&*field, Described::role(at));
            factor_of(factor, place, (&space, &names), files)
        });
        let rows = observed.rows();
        let mut reward = Self {
            factors: factors.collect::<Result<_, _>>()?,
            prior,
            space,
            observed,
            largest: Vec::with_capacity(rows),
            floor,
            evaluations: AtomicU64::new(0),
        };
        let count = (LOOKED_AT_IN_ALL / rows).clamp(LEAST_LOOKED_AT, LOOKED_AT);
        let noise = Noise::new(0).normal(Purpose::PriorEvaluation, 0, count * reward.space.size());
        let points = reward.space.points(&noise);
        for condition in 0..rows {
            let log_r = reward.asked(&points, &vec![condition; count]);
            let log_r = log_r.map_err(|why| reward.refusal(why))?.into_iter();
            let largest = log_r.fold(f64::NEG_INFINITY, f64::max);
            if largest == f64::NEG_INFINITY {
                return Err(reward.is_zero(condition, count).into());
            }
            reward.largest.push(largest);
        }
        reward.evaluations = AtomicU64::new(0);
        Ok(reward)
    }

    /// The error of a reward that is 0 at all samples that were looked at.
    fn is_zero(&self, condition: usize, count: usize) -> ConfigError {
        let given = match self.observed.names() {
            [] => String::new(),
            _ => format!(" given observation {}", condition + 1),
        };
        let value = format!("0 at all of {count} samples of the prior{given}");
        ConfigError::new(
            "reward",
            value,
            "a reward that is above 0 where the prior has mass",
        )
    }

    /// log r of points, `[rows][d]`, given the observations of their conditions, not floored.
    ///
    /// # Errors
    ///
    /// Where a black box fails, or the prior has failed before.
    pub fn of_points(&self, points: &[f64], conditions: &[usize]) -> Result<Vec<f64>, String> {
        self.asked(points, conditions).map_err(|why| match why {
            Trouble::Outside(why) => why,
            infinite => self.refusal(infinite).to_string(),
        })
    }

    /// The error of a reward without an answer: of its description, where a formula is to blame.
    fn refusal(&self, why: Trouble) -> EngineError {
        match why {
            Trouble::Outside(why) => EngineError::Device(why),
            Trouble::Infinite { field, point } => {
                let names = self.space.names().iter().chain(self.observed.names());
                let at = names.zip(point).map(|(name, x)| format!("{name} = {x}"));
                let value = format!("infinite at {}", at.collect::<Vec<_>>().join(", "));
                ConfigError::new(field, value, "a formula that is finite wherever the prior is").into()
            }
        }
    }

    fn asked(&self, points: &[f64], conditions: &[usize]) -> Result<Vec<f64>, Trouble> {
        self.prior.sound().map_err(Trouble::Outside)?;
        let behind = self.observed.behind(points, self.space.size(), conditions);
        let size = self.space.size() + self.observed.names().len();
        let rows = conditions.len();
        self.evaluations.fetch_add(rows as u64, Ordering::Relaxed);
        let mut log_r = vec![0.0; rows];
        for factor in &self.factors {
            let of_factor = factor.log_reward(&behind, size)?;
            log_r.iter_mut().zip(of_factor).for_each(|(all, one)| *all += one);
        }
        Ok(log_r)
    }

    /// The same of end points, floored.
    ///
    /// # Errors
    ///
    /// Where a black box fails.
    pub fn of_ends(&self, ends: &[f32], conditions: &[usize]) -> Result<Vec<f64>, String> {
        let log_r = self.of_points(&self.space.points(ends), conditions)?;
        let pairs = log_r.into_iter().zip(conditions);
        Ok(pairs
            .map(|(l, condition)| l.max(self.floor(*condition)))
            .collect())
    }

    /// ∇ log r of end points in the chain's space, not floored, `[rows][d]`; `None` where a factor is a black box,
    /// and above a flow.
    pub(super) fn gradient_of_ends(&self, ends: &[f32], conditions: &[usize]) -> Option<Vec<f32>> {
        if !self.is_formula() || !self.space.pulls() {
            return None;
        }
        let d = self.space.size();
        self.evaluations
            .fetch_add(conditions.len() as u64, Ordering::Relaxed);
        let numbered: Vec<(usize, &[f32])> = conditions.iter().copied().zip(ends.chunks_exact(d)).collect();
        let gradient = |(condition, end): &(usize, &[f32])| {
            let mut point = Vec::with_capacity(d);
            self.space.point(end, &mut point);
            let behind = self.observed.behind(&point, d, std::slice::from_ref(condition));
            let mut gradient = vec![0.0; d];
            for factor in &self.factors {
                factor.add_gradient(&behind, &mut gradient);
            }
            let pulled = self.space.pulled(end, &point, &gradient).into_iter();
            pulled.map(|slope| slope as f32).collect::<Vec<f32>>()
        };
        Some(parallel::over_rows(&numbered, 1, |row| gradient(&row[0])).concat())
    }

    /// The smallest log r given an observation.
    pub fn floor(&self, condition: usize) -> f64 {
        self.largest[condition] + self.floor
    }

    /// Points at which r was asked for so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations.load(Ordering::Relaxed)
    }

    /// Goes on counting from this number.
    pub(super) fn count_from(&self, evaluations: u64) {
        self.evaluations.store(evaluations, Ordering::Relaxed);
    }

    /// Whether log r is a sum of formulas of one coordinate each.
    pub(super) fn is_separate(&self) -> bool {
        self.factors.iter().all(|factor| match factor {
            Factor::Formula {
                formula, logarithm, ..
            } => *logarithm && formula.is_separate(),
            Factor::OverPrior(_) => true,
            Factor::Outside(_) => false,
        })
    }

    /// Whether all of it is formulas, which can be asked point by point.
    pub(super) fn is_formula(&self) -> bool {
        let formula = |factor: &Factor| !matches!(factor, Factor::Outside(_));
        self.factors.iter().all(formula)
    }
}

fn factor_of(
    factor: &Described,
    (field, role): (&str, &str),
    (space, names): (&Arc<Space>, &[String]),
    files: &Files,
) -> Result<Factor, ConfigError> {
    match factor {
        Described::Formula {
            expression,
            logarithm,
            data,
        } => {
            let table = data
                .as_ref()
                .map(|name| table(files, role, &format!("{field}.data"), name));
            let table = table.transpose()?;
            let columns = table.as_ref().map_or(&[][..], |table| &table.names);
            let names = Names {
                coordinates: names,
                columns,
            };
            Ok(Factor::Formula {
                field: format!("{field}.expression"),
                formula: Formula::new(&format!("{field}.expression"), expression, names)?,
                logarithm: *logarithm,
                data: table,
            })
        }
        Described::Command(command) => {
            let (field, name) = (format!("{field}.run"), command.run.join(" "));
            files.black_box(role, &field, &name).map(Factor::Outside)
        }
        Described::Onnx(onnx) => {
            let field = format!("{field}.model");
            files.black_box(role, &field, &onnx.model).map(Factor::Outside)
        }
        Described::OverPrior {} => Ok(Factor::OverPrior(space.clone())),
        Described::Product { .. } => unreachable!("a product within a product has been refused"),
    }
}

impl Reward<OrnsteinUhlenbeck> for PointsReward {
    fn log_reward<'a>(&'a self, ends: Ends<'a, OrnsteinUhlenbeck>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move { self.of_ends(&ends.numbers().await?, ends.conditions) })
    }

    fn log_reward_unfloored<'a>(&'a self, ends: Ends<'a, OrnsteinUhlenbeck>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move {
            let points = self.space.points(&ends.numbers().await?);
            self.of_points(&points, ends.conditions)
        })
    }

    /// A gradient counts as one point at which r was asked for.
    fn log_reward_gradient<'a>(&'a self, ends: Ends<'a, OrnsteinUhlenbeck>) -> Answer<'a, Option<Tensor<2>>> {
        Box::pin(async move {
            let gradient = self.gradient_of_ends(&ends.numbers().await?, ends.conditions);
            let shape = [ends.conditions.len(), self.space.size()];
            Ok(gradient.map(|numbers| Tensor::from_data(TensorData::new(numbers, shape), ends.device)))
        })
    }

    fn floored_from(&self, condition: usize) -> f64 {
        self.largest[condition]
    }

    fn looks_on_host(&self) -> bool {
        true
    }
}
