//! The exact policy π(a|s) ∝ μ(a|s)·exp(Q(s, a)/α) of a state, on a grid of actions.

use super::behaviour::{Behaviour, Gaussian};
use super::critic::Critic;
use crate::engine::noise;
use rand_chacha::rand_core::Rng;

/// Nodes along a side of a plane of actions: of the first, wide grid, and of the fine one, where the policy is; an action of
/// one number has more.
const GRIDS: [usize; 2] = [48, 96];
const COARSE: [usize; 2] = [24, 48];
const ON_A_LINE: usize = 8;
/// How far the wide grid goes beyond the behaviour's means, in deviations.
const BEYOND: f64 = 5.0;
/// Share of the mass that may lie at the edge of the wide grid, and how often it may double its sides.
const AT_EDGE: f64 = 1e-6;
const MOST_GROWN: usize = 6;
/// Densities below this have lost digits, or are 0.
const LEAST_DENSITY: f64 = 1e-250;
/// Mass that may lie beyond the fine grid on each side, and beyond what is shown of it.
const OUTSIDE: f64 = 1e-7;
const NOT_SHOWN: f64 = 2e-3;
/// How far what is shown goes beyond the behaviour's means, in deviations.
const SHOWN_BEYOND: f64 = 3.0;

/// A policy in a state, as masses of equal squares around nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// The corner with the least coordinates, and the sides, `[d]` each.
    pub low: Vec<f64>,
    /// The sides of the box.
    pub sides: Vec<f64>,
    /// Nodes along a side.
    pub nodes: usize,
    /// Masses of the nodes, `[nodes^d]`; the last coordinate runs fastest. Their sum is 1.
    pub masses: Vec<f64>,
    /// log E\[exp((Q − peak)/α)\] over the behaviour.
    pub log_z: f64,
    /// The largest Q at a node.
    pub peak: f64,
}

/// Nodes in a box.
struct Nodes<'a> {
    low: &'a [f64],
    sides: &'a [f64],
    count: usize,
}

impl Nodes<'_> {
    fn len(&self) -> usize {
        self.count.pow(self.low.len() as u32)
    }

    /// The place of a node along a coordinate.
    fn along(&self, at: usize, coordinate: usize) -> usize {
        let behind = self.low.len() - 1 - coordinate;
        at / self.count.pow(behind as u32) % self.count
    }

    fn action(&self, at: usize) -> Vec<f64> {
        let sides = self.low.iter().zip(self.sides).enumerate();
        sides
            .map(|(coordinate, (low, side))| {
                low + side * (self.along(at, coordinate) as f64 + 0.5) / self.count as f64
            })
            .collect()
    }

    /// log μ of every node: Gaussians are products over the coordinates, whose factors few places have.
    fn log_probs(&self, behaviour: &Behaviour, gaussians: &[Gaussian]) -> Vec<f64> {
        let d = self.low.len();
        let factors = |coordinate: usize| {
            let place = move |at: usize| {
                self.low[coordinate] + self.sides[coordinate] * (at as f64 + 0.5) / self.count as f64
            };
            (0..self.count).flat_map(move |at| behaviour.factors(gaussians, coordinate, place(at)))
        };
        let factors: Vec<Vec<f64>> = (0..d).map(|coordinate| factors(coordinate).collect()).collect();
        let shares: Vec<f64> = gaussians.iter().map(|one| one.log_weight.exp()).collect();
        let k = shares.len();
        let of_node = |at: usize| {
            let of = |coordinate: usize| {
                let along = self.along(at, coordinate);
                &factors[coordinate][along * k..(along + 1) * k]
            };
            let first = shares.iter().zip(of(0)).map(|(share, factor)| share * factor);
            let density: f64 = match d {
                1 => first.sum(),
                _ => first.zip(of(1)).map(|(first, second)| first * second).sum(),
            };
            match density > LEAST_DENSITY {
                true => density.ln(),
                false => behaviour.log_prob(gaussians, &self.action(at)),
            }
        };
        (0..self.len()).map(of_node).collect()
    }

    fn is_at_edge(&self, at: usize) -> bool {
        (0..self.low.len()).any(|coordinate| [0, self.count - 1].contains(&self.along(at, coordinate)))
    }

    /// The area of a node's square.
    fn area(&self) -> f64 {
        self.sides.iter().map(|side| side / self.count as f64).product()
    }
}

/// The box around the Gaussians of a behaviour: its least corner and its sides.
pub(super) fn extent(behaviour: &Behaviour, gaussians: &[Gaussian]) -> [Vec<f64>; 2] {
    let [low, high] = corners(behaviour, gaussians, BEYOND);
    let sides = low.iter().zip(&high).map(|(low, high)| high - low).collect();
    [low, sides]
}

/// The least and the largest corner of the box that goes so many deviations beyond the means.
fn corners(behaviour: &Behaviour, gaussians: &[Gaussian], beyond: f64) -> [Vec<f64>; 2] {
    let d = behaviour.variances()[0].len();
    let (mut low, mut high) = (vec![f64::INFINITY; d], vec![f64::NEG_INFINITY; d]);
    for (gaussian, variances) in gaussians.iter().zip(behaviour.variances()) {
        for at in 0..d {
            let far = beyond * variances[at].sqrt();
            low[at] = low[at].min(gaussian.mean[at] - far);
            high[at] = high[at].max(gaussian.mean[at] + far);
        }
    }
    [low, high]
}

/// The most nodes from the first on, and from the last back, that together have less than this mass.
fn far_ends(masses: &[f64], least: f64) -> [usize; 2] {
    let count = |masses: &mut dyn Iterator<Item = &f64>| {
        let mut sum = 0.0;
        let far = masses.take_while(|mass| {
            sum += **mass;
            sum < least
        });
        far.count()
    };
    [count(&mut masses.iter()), count(&mut masses.iter().rev())]
}

/// The largest Q of a state at the nodes of a coarse grid of so many a side.
pub(super) fn peak(critic: &Critic, state: &[f64], [low, sides]: &[Vec<f64>; 2], count: usize) -> f64 {
    let nodes = Nodes { low, sides, count };
    let values = (0..nodes.len()).map(|at| critic.value(state, &nodes.action(at)));
    values.fold(f64::NEG_INFINITY, f64::max)
}

impl Exact {
    /// That of a state.
    pub fn of(behaviour: &Behaviour, critic: &Critic, alpha: f64, state: &[f64]) -> Self {
        Self::on(GRIDS, behaviour, critic, alpha, state)
    }

    /// The same on fewer nodes: good enough to draw actions.
    pub fn coarse(behaviour: &Behaviour, critic: &Critic, alpha: f64, state: &[f64]) -> Self {
        Self::on(COARSE, behaviour, critic, alpha, state)
    }

    fn on(grids: [usize; 2], behaviour: &Behaviour, critic: &Critic, alpha: f64, state: &[f64]) -> Self {
        let more = if behaviour.variances()[0].len() == 1 {
            ON_A_LINE
        } else {
            1
        };
        let [wide_count, fine_count] = grids.map(|count| more * count);
        let gaussians = behaviour.at(state);
        // Masses that sum to 1, log Z and the largest Q.
        let weigh = |nodes: &Nodes| -> (Vec<f64>, f64, f64) {
            let log_probs = nodes.log_probs(behaviour, &gaussians);
            let values = (0..nodes.len()).map(|at| critic.value(state, &nodes.action(at)));
            let values: Vec<f64> = values.collect();
            let peak = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let logs = log_probs.iter().zip(&values);
            let logs: Vec<f64> = logs.map(|(log_prob, q)| log_prob + (q - peak) / alpha).collect();
            // Where Q is largest the behaviour may be next to 0: the largest of both together keeps the sum from underflow.
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut masses: Vec<f64> = logs.iter().map(|log| (log - most).exp()).collect();
            let all: f64 = masses.iter().sum();
            masses.iter_mut().for_each(|mass| *mass /= all);
            (masses, most + (all * nodes.area()).ln(), peak)
        };
        let [mut low, mut sides] = extent(behaviour, &gaussians);
        let mut grown = 0;
        // A critic may lead far from where the behaviour is: the box grows until next to nothing lies at its edge.
        let masses = loop {
            let wide = Nodes {
                low: &low,
                sides: &sides,
                count: wide_count,
            };
            let (masses, ..) = weigh(&wide);
            let edge = (0..wide.len()).filter(|at| wide.is_at_edge(*at));
            if grown == MOST_GROWN || edge.map(|at| masses[at]).sum::<f64>() <= AT_EDGE {
                break masses;
            }
            grown += 1;
            for (low, side) in low.iter_mut().zip(&mut sides) {
                *low -= 0.5 * *side;
                *side *= 2.0;
            }
        };
        let wide = Nodes {
            low: &low,
            sides: &sides,
            count: wide_count,
        };
        let mut fine = [low.clone(), sides.clone()];
        for coordinate in 0..low.len() {
            let mut along = vec![0.0; wide_count];
            for (at, mass) in masses.iter().enumerate() {
                along[wide.along(at, coordinate)] += mass;
            }
            // Whole nodes, and one more on each side.
            let [first, last] = far_ends(&along, OUTSIDE).map(|far| far.saturating_sub(1));
            let node = sides[coordinate] / wide_count as f64;
            fine[0][coordinate] += first as f64 * node;
            fine[1][coordinate] -= (first + last) as f64 * node;
        }
        let [low, sides] = fine;
        let nodes = Nodes {
            low: &low,
            sides: &sides,
            count: fine_count,
        };
        let (masses, log_z, peak) = weigh(&nodes);
        Self {
            masses,
            log_z,
            peak,
            nodes: fine_count,
            low,
            sides,
        }
    }

    /// A box with equal sides, around most of this policy and of the behaviour: its least corner and its sides.
    pub(super) fn shown_box(&self, behaviour: &Behaviour, gaussians: &[Gaussian]) -> [Vec<f64>; 2] {
        let [mut low, mut high] = corners(behaviour, gaussians, SHOWN_BEYOND);
        for at in 0..self.size() {
            let along = self.marginal(at, self.nodes);
            let node = self.sides[at] / self.nodes as f64;
            let [first, last] = far_ends(&along, NOT_SHOWN).map(|far| far as f64 * node);
            low[at] = low[at].min(self.low[at] + first);
            high[at] = high[at].max(self.low[at] + self.sides[at] - last);
        }
        let sides = low.iter().zip(&high).map(|(low, high)| high - low);
        let side = sides.fold(0.0, f64::max);
        let middles = low.iter().zip(&high).map(|(low, high)| 0.5 * (low + high));
        [
            middles.map(|middle| middle - 0.5 * side).collect(),
            vec![side; low.len()],
        ]
    }

    /// d.
    pub fn size(&self) -> usize {
        self.low.len()
    }

    fn grid(&self) -> Nodes<'_> {
        Nodes {
            low: &self.low,
            sides: &self.sides,
            count: self.nodes,
        }
    }

    /// An action.
    pub fn draw(&self, rng: &mut impl Rng) -> Vec<f64> {
        self.draws(1, rng).remove(0)
    }

    /// `count` actions: each a node by its mass, and a place in its square.
    pub fn draws(&self, count: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
        let running = noise::running_sum(self.masses.iter().copied());
        let mut place = || {
            let middle = self.grid().action(noise::index(rng, &running));
            let sides = middle.into_iter().zip(&self.sides);
            sides
                .map(|(middle, side)| middle + side / self.nodes as f64 * (noise::uniform(rng) - 0.5))
                .collect()
        };
        (0..count).map(|_| place()).collect()
    }

    /// Masses of `cells` equal cells along a coordinate.
    pub fn marginal(&self, coordinate: usize, cells: usize) -> Vec<f64> {
        let grid = self.grid();
        let mut along = vec![0.0; cells];
        for (at, mass) in self.masses.iter().enumerate() {
            along[grid.along(at, coordinate) * cells / self.nodes] += mass;
        }
        along
    }

    /// The same of all coordinates together, `[cells^d]`.
    pub fn joint(&self, cells: usize) -> Vec<f64> {
        let (grid, d) = (self.grid(), self.size());
        let mut joint = vec![0.0; cells.pow(d as u32)];
        for (at, mass) in self.masses.iter().enumerate() {
            let place = |sum, coordinate| sum * cells + grid.along(at, coordinate) * cells / self.nodes;
            joint[(0..d).fold(0, place)] += mass;
        }
        joint
    }

    /// The cell of an action along a coordinate; `None` beyond the box.
    pub fn cell(&self, action: &[f64], coordinate: usize, cells: usize) -> Option<usize> {
        let at = (action[coordinate] - self.low[coordinate]) / self.sides[coordinate] * cells as f64;
        Some(at)
            .filter(|at| (0.0..cells as f64).contains(at))
            .map(|at| at as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::control::description::{Environment, Prior};
    use crate::task::control::world::World;

    #[test]
    fn products_of_factors_are_densities_near_and_far() {
        let world = World::of(&Environment::default()).expect("a bandit");
        let behaviour = Behaviour::of(&Prior::default(), &world).expect("a behaviour");
        let gaussians = behaviour.at(&[]);
        // At the far end the factors are 0.
        let nodes = Nodes {
            low: &[-3.0, -2.0],
            sides: &[80.0, 5.0],
            count: 40,
        };
        let found = nodes.log_probs(&behaviour, &gaussians);
        for (at, found) in found.into_iter().enumerate() {
            let exact = behaviour.log_prob(&gaussians, &nodes.action(at));
            assert!(
                (found - exact).abs() < 1e-9 * exact.abs().max(1.0),
                "{at}: {found} {exact}"
            );
        }
    }
}
