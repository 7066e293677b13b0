//! What can be said of a run before the engine answers: the pictures of prior, reward and
//! exact posterior at once, and trajectories that bridge to samples of them.

use super::{problem, view};
use crate::kit::shared::Shared;
use rtb::message::{Packed, Paths, Scene, Truth};
use rtb::run::{Process, Run};
use rtb::task::planar::Painted;
use rtb::task::plane::PlaneView;
use rtb::task::plane::mixture::Mixture;
use rtb::task::plane::picture::center_of;
use rtb::task::plane::{Component, HALF_WIDTH, NOWHERE, Reward};
use std::cell::RefCell;
use std::f64::consts::TAU;
use std::rc::Rc;

/// Cells on a side of a previewed picture.
const SIDE: usize = 112;
/// Trajectories of a bridge, and the steps shown of each.
const PATHS: usize = 256;
const SHOWN: usize = 50;

/// The scene of a run as far as the page can compute it; a formula's reward, and with it the
/// exact posterior, stay empty until the engine has them.
pub fn scene(run: &Run) -> Scene {
    let prior = OfPrior::of(run);
    let log_reward = log_reward(run, &prior.log_prob);
    let density = &prior.density;
    let cell = (2.0 * HALF_WIDTH / SIDE as f64).powi(2);
    let peak = log_reward.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut exact: Vec<f32> = density
        .iter()
        .zip(&log_reward)
        .map(|(p, r)| p * (r - peak).exp())
        .collect();
    let mass: f64 = exact.iter().map(|v| f64::from(*v)).sum::<f64>() * cell;
    exact.iter_mut().for_each(|v| *v /= mass.max(1e-30) as f32);
    Scene {
        truth: Truth::Quadrature,
        log_z: Some(mass.ln() + f64::from(peak)),
        prior_paths: prior.paths.clone(),
        view: Packed::new(&PlaneView {
            side: SIDE,
            prior: density.clone(),
            log_reward,
            exact,
        }),
        ..Scene::default()
    }
}

/// What depends on the prior and its chain alone.
struct OfPrior {
    components: Vec<Component>,
    process: Process,
    seed: u64,
    /// Of every cell.
    log_prob: Vec<f64>,
    density: Vec<f32>,
    paths: Paths,
}

thread_local! {
    /// The last one: most edits leave the prior as it is, and a stroke of the brush makes many of them.
    static LAST: RefCell<Option<Rc<OfPrior>>> = const { RefCell::new(None) };
}

impl OfPrior {
    fn of(run: &Run) -> Rc<Self> {
        let components = &problem(run).prior.components;
        let same = |last: &Rc<Self>| {
            (&last.components, last.process, last.seed) == (components, run.process, run.seed)
        };
        if let Some(last) = LAST.with_borrow(|last| last.clone().filter(same)) {
            return last;
        }
        let mixture = Mixture::new(components);
        let log_prob: Vec<f64> = cells().map(|at| mixture.log_prob(at)).collect();
        let density: Vec<f32> = log_prob.iter().map(|log_prob| log_prob.exp() as f32).collect();
        let new = Rc::new(Self {
            components: components.clone(),
            process: run.process,
            seed: run.seed,
            paths: bridge(&density, SIDE, run),
            log_prob,
            density,
        });
        LAST.set(Some(new.clone()));
        new
    }
}

fn cells() -> impl Iterator<Item = [f64; 2]> {
    (0..SIDE * SIDE).map(|cell| center_of(cell, SIDE))
}

/// β·log r of every cell, floored, above a prior of which log p is known there.
fn log_reward(run: &Run, log_prior: &[f64]) -> Vec<f32> {
    let log_r = unfloored(run, log_prior);
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    let least = largest(&mut log_prior.iter().copied()) - NOWHERE;
    let there = log_r.iter().zip(log_prior).filter(|(_, p)| **p >= least);
    let floor = largest(&mut there.map(|(log_r, _)| *log_r)) + run.tempering.floor;
    let tempered = |log_r: &f64| (run.tempering.beta * log_r.max(floor)) as f32;
    log_r.iter().map(tempered).collect()
}

/// log r of every cell; none of a formula.
fn unfloored(run: &Run, log_prior: &[f64]) -> Vec<f64> {
    match &problem(run).reward {
        Reward::Ratio {
            numerator,
            denominator,
        } => {
            let top = Mixture::new(numerator);
            let own = (!denominator.is_empty()).then(|| Mixture::new(denominator));
            let below = |at, log_prior| own.as_ref().map_or(log_prior, |own| own.log_prob(at));
            cells()
                .zip(log_prior)
                .map(|(at, log_prior)| top.log_prob(at) - below(at, *log_prior))
                .collect()
        }
        Reward::Mask {
            shape,
            inside,
            outside,
        } => cells()
            .map(|at| if shape.contains(at) { *inside } else { *outside }.ln())
            .collect(),
        Reward::Painted { rows } => Painted::new("reward.rows", rows).map_or_else(
            |_| Vec::new(),
            |painted| {
                cells()
                    .map(|at| painted.at(at.map(|at| at / HALF_WIDTH)).ln())
                    .collect()
            },
        ),
        Reward::Annealed { power } => log_prior.iter().map(|p| (power - 1.0) * p).collect(),
        Reward::Product { components } => {
            let other = Mixture::new(components);
            cells().map(|at| other.log_prob(at)).collect()
        }
        // A formula.
        _ => Vec::new(),
    }
}

/// Trajectories of the exact posterior of a run, whose scene this is.
pub fn exact_paths(scene: &Scene, run: &Run) -> Shared<Paths> {
    let view = view(scene);
    Shared::new(bridge(&view.exact, view.side, run))
}

/// Brownian bridges from 0 to samples of a density, discretised as the run's chain is. For an
/// infinite number of steps these are the trajectories of the exact drift.
fn bridge(density: &[f32], side: usize, run: &Run) -> Paths {
    let total = run.process.steps;
    let shown = total.min(SHOWN);
    let steps: Vec<usize> = (0..=shown).map(|i| i * total / shown).collect();
    let mut noise = Noise(run.seed ^ 0x9e37_79b9_7f4a_7c15);
    let mut points = Vec::with_capacity(2 * PATHS * steps.len());
    let cumulative: Vec<f64> = density
        .iter()
        .scan(0.0, |sum, v| {
            *sum += f64::from(*v);
            Some(*sum)
        })
        .collect();
    let sum = cumulative.last().copied().unwrap_or_default();
    if sum.is_nan() || sum <= 0.0 {
        return Paths::default();
    }
    for path in 0..PATHS {
        // Evenly spread quantiles of the cells, so that few samples still show every mode.
        let mass = sum * (path as f64 + noise.uniform()) / PATHS as f64;
        let end = cumulative.partition_point(|c| *c <= mass).min(density.len() - 1);
        let width = 2.0 * HALF_WIDTH / side as f64;
        let end = center_of(end, side).map(|v| v + width * (noise.uniform() - 0.5));
        let mut at = [0.0; 2];
        points.extend([0.0f32; 2]);
        for pair in steps.windows(2) {
            let time = |step| run.process.spacing.time(step, total);
            let (from, to) = (time(pair[0]), time(pair[1]));
            let (done, left) = ((to - from) / (1.0 - from), (1.0 - to) / (1.0 - from));
            let deviation = (run.process.variance * (to - from) * left).sqrt();
            let normal = noise.normal();
            for axis in 0..2 {
                at[axis] += done * (end[axis] - at[axis]) + deviation * normal[axis];
            }
            points.extend(at.map(|v| v as f32));
        }
    }
    Paths {
        steps,
        size: 2,
        points,
    }
}

/// A small random generator (SplitMix64) for decoration only.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> [f64; 2] {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (s, c) = (TAU * self.uniform()).sin_cos();
        [radius * c, radius * s]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::plane::problem_mut;

    #[test]
    fn the_papers_toy_has_log_z_zero() {
        let scene = scene(&Run::default());
        assert!(scene.log_z.is_some_and(|z| z.abs() < 1e-3), "{:?}", scene.log_z);
    }

    /// The previewed posterior of a standard Gaussian pair must be the Gaussian of the closed form.
    fn assert_posterior(reward: Reward, mean: f64, variance: f64) {
        let mut run = Run::default();
        let problem = problem_mut(&mut run);
        problem.reward = reward;
        problem.prior.components = vec![Component::isotropic(1.0, [-2.0, 0.0], 2.0)];
        run.tempering.floor = -60.0;
        let scene = scene(&run);
        let exact = &view(&scene).exact;
        let mass: f64 = exact.iter().map(|v| f64::from(*v)).sum();
        let moment = |of: &dyn Fn(f64) -> f64| {
            let pairs = cells().zip(exact);
            pairs.map(|([x, _], v)| of(x) * f64::from(*v)).sum::<f64>() / mass
        };
        let found = moment(&|x| x);
        assert!((found - mean).abs() < 0.01, "mean {found}");
        let found = moment(&|x| (x - mean).powi(2));
        assert!((found - variance).abs() < 0.02, "variance {found}");
    }

    #[test]
    fn an_annealed_prior_is_its_power() {
        assert_posterior(Reward::Annealed { power: 2.0 }, -2.0, 1.0);
        assert_posterior(Reward::Annealed { power: 0.8 }, -2.0, 2.5);
    }

    #[test]
    fn a_product_of_gaussians_is_between_them() {
        let components = vec![Component::isotropic(3.0, [2.0, 0.0], 2.0)];
        assert_posterior(Reward::Product { components }, 0.0, 1.0);
    }

    #[test]
    fn bridges_end_in_the_density() {
        let scene = scene(&Run::default());
        let paths = &scene.prior_paths;
        assert_eq!((paths.count(), paths.steps.len()), (PATHS, SHOWN + 1));
        let last = paths.steps.len() - 1;
        for path in 0..paths.count() {
            let [x, y] = paths.point(path, last).map(f64::from);
            let near = |v: f64| (v - 5.0 * (v / 5.0).round()).abs() < 3.5;
            assert!(near(x) && near(y), "({x}, {y})");
        }
    }
}
