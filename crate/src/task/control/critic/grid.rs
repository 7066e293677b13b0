//! Q in a maze, from V at the nodes of a grid.

use super::super::behaviour::Behaviour;
use super::super::world::Maze;
use super::Target;
use std::f64::consts::TAU;

/// Nodes along a side of a cell.
const NODES: usize = 5;
/// Steps of a Gaussian along each axis, with their weights (Gauss and Hermite's rule of five), in deviations.
const HERMITE: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];
/// Directions in which the best step is looked for.
const DIRECTIONS: usize = 64;
/// Change of V, in steps, at which the iteration ends, and its most rounds.
const CONVERGED: f64 = 1e-7;
const MOST_ROUNDS: usize = 100_000;

/// V at the middles of `NODES²` squares a cell; between them it is bilinear, over the free nodes alone. A step costs 1.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    maze: Maze,
    discount: f64,
    /// `[rows·NODES][columns·NODES]`; NaN in walls.
    values: Vec<f64>,
}

/// The nodes around a place, with their weights.
type Around = [(usize, f64); 4];

impl Grid {
    /// Values by Gauss and Seidel's iteration over the nodes.
    pub fn solve(target: Target, maze: &Maze, behaviour: &Behaviour, discount: f64) -> Self {
        let mut grid = Self::empty(maze, discount);
        let free = |at: &usize| grid.values[*at] == 0.0 && !maze.is_goal(grid.place(*at));
        let nodes: Vec<usize> = (0..grid.values.len()).filter(free).collect();
        // Where each action of a node leads, and the action's weight.
        let actions = |at: usize| -> Vec<(Around, f64)> {
            let place = grid.place(at);
            let around = |action: [f64; 2]| grid.around(maze.step(place, action));
            match target {
                Target::Optimal => directions(maze.speed())
                    .map(|action| (around(action), 1.0))
                    .collect(),
                Target::Behaviour | Target::Expectile(_) => {
                    let gaussians = behaviour.at(&place);
                    let gaussians = gaussians.iter().zip(behaviour.variances());
                    gaussians
                        .flat_map(|(gaussian, variances)| {
                            let weight = gaussian.log_weight.exp();
                            let mean = [gaussian.mean[0], gaussian.mean[1]];
                            let deviation = [variances[0].sqrt(), variances[1].sqrt()];
                            HERMITE.iter().flat_map(move |(x, of_x)| {
                                HERMITE.iter().map(move |(y, of_y)| {
                                    let action = [mean[0] + deviation[0] * x, mean[1] + deviation[1] * y];
                                    (action, weight * of_x * of_y)
                                })
                            })
                        })
                        .map(|(action, weight)| (around(action), weight))
                        .collect()
                }
            }
        };
        let actions: Vec<Vec<(Around, f64)>> = nodes.iter().map(|at| actions(*at)).collect();
        for _ in 0..MOST_ROUNDS {
            let mut change = 0.0f64;
            for (at, actions) in nodes.iter().zip(&actions) {
                let values = &grid.values;
                let next = |around: &Around| -> f64 {
                    around.iter().map(|(node, weight)| weight * values[*node]).sum()
                };
                let choices = actions.iter().map(|(around, weight)| (next(around), *weight));
                let best = match target {
                    Target::Optimal => choices.fold(f64::NEG_INFINITY, |most, (v, _)| most.max(v)),
                    Target::Behaviour => choices.map(|(v, weight)| v * weight).sum(),
                    Target::Expectile(level) => expectile(&choices.collect::<Vec<_>>(), level),
                };
                let value = discount * best - 1.0;
                change = change.max((value - grid.values[*at]).abs());
                grid.values[*at] = value;
            }
            if change < CONVERGED {
                break;
            }
        }
        grid
    }

    fn empty(maze: &Maze, discount: f64) -> Self {
        let [rows, columns] = maze.size().map(|cells| cells * NODES);
        let mut grid = Self {
            maze: maze.clone(),
            discount,
            values: vec![0.0; rows * columns],
        };
        for at in 0..grid.values.len() {
            if maze.is_wall(grid.place(at)) {
                grid.values[at] = f64::NAN;
            }
        }
        grid
    }

    fn columns(&self) -> usize {
        self.maze.size()[1] * NODES
    }

    fn place(&self, at: usize) -> [f64; 2] {
        [at % self.columns(), at / self.columns()].map(|node| (node as f64 + 0.5) / NODES as f64)
    }

    /// The free nodes around a place that is free. One of them always is: the node of its own square.
    fn around(&self, place: [f64; 2]) -> Around {
        let columns = self.columns();
        let [own_x, own_y] = place.map(|along| (along * NODES as f64) as usize);
        // What is in a wall counts as the place's own node, with no weight.
        let mut around = [(own_y * columns + own_x, 0.0); 4];
        let mut all = 0.0;
        let [x, y] = place.map(|along| along * NODES as f64 - 0.5);
        let (left, top) = (x.floor(), y.floor());
        for (corner, entry) in around.iter_mut().enumerate() {
            let (right, below) = ((corner % 2) as f64, (corner / 2) as f64);
            let weight = (1.0 - (x - left - right).abs()) * (1.0 - (y - top - below).abs());
            // Walls are all around: no node is beyond the grid.
            let node = (top + below) as usize * columns + (left + right) as usize;
            if !self.values[node].is_nan() {
                *entry = (node, weight);
                all += weight;
            }
        }
        around.map(|(node, weight)| (node, weight / all))
    }

    /// Q = −1 + γ·V(s'), where V is 0 at the goal.
    pub fn value(&self, state: [f64; 2], action: [f64; 2]) -> f64 {
        let next = self.maze.step(state, action);
        if self.maze.is_goal(next) {
            return -1.0;
        }
        let around = self.around(next);
        let value: f64 = around
            .iter()
            .map(|(node, weight)| weight * self.values[*node])
            .sum();
        self.discount * value - 1.0
    }

    pub fn best(&self, state: [f64; 2]) -> [f64; 2] {
        let better = |(most, best): (f64, [f64; 2]), action: [f64; 2]| {
            let value = self.value(state, action);
            if value > most {
                (value, action)
            } else {
                (most, best)
            }
        };
        directions(self.maze.speed())
            .fold((f64::NEG_INFINITY, [0.0; 2]), better)
            .1
    }

    pub fn map(&self) -> ([usize; 2], Vec<Option<f64>>) {
        let known = self
            .values
            .iter()
            .map(|value| Some(*value).filter(|v| !v.is_nan()));
        (self.maze.size().map(|cells| cells * NODES), known.collect())
    }
}

fn directions(speed: f64) -> impl Iterator<Item = [f64; 2]> {
    (0..DIRECTIONS).map(move |at| {
        let (sin, cos) = (TAU * at as f64 / DIRECTIONS as f64).sin_cos();
        [speed * cos, speed * sin]
    })
}

/// The τ-expectile of weighted values: m with τ·E\[(v − m)₊\] = (1 − τ)·E\[(m − v)₊\].
fn expectile(values: &[(f64, f64)], level: f64) -> f64 {
    let mut middle = values.iter().map(|(v, weight)| v * weight).sum::<f64>();
    // A mean whose weights depend on it, which settles after a few rounds.
    for _ in 0..50 {
        let (mut sum, mut all) = (0.0, 0.0);
        for (value, weight) in values {
            let weight = weight * if *value > middle { level } else { 1.0 - level };
            sum += weight * value;
            all += weight;
        }
        let next = sum / all;
        if (next - middle).abs() < 1e-10 {
            return next;
        }
        middle = next;
    }
    middle
}

#[cfg(test)]
mod tests {
    use super::{Grid, Target, expectile};
    use crate::task::control::behaviour::Behaviour;
    use crate::task::control::description::{Environment, Prior};
    use crate::task::control::world::World;

    #[test]
    fn an_expectile_balances_what_is_above_and_below() {
        let values = [(0.0, 0.25), (1.0, 0.5), (4.0, 0.25)];
        assert!((expectile(&values, 0.5) - 1.5).abs() < 1e-9);
        for level in [0.6, 0.9] {
            let middle = expectile(&values, level);
            let of = |sign: f64| -> f64 {
                values
                    .iter()
                    .map(|(v, w)| w * (sign * (v - middle)).max(0.0))
                    .sum()
            };
            assert!((level * of(1.0) - (1.0 - level) * of(-1.0)).abs() < 1e-8);
        }
        assert!(expectile(&values, 0.999) > 3.9);
    }

    /// In a straight corridor the best policy needs distance/speed steps.
    #[test]
    fn the_best_value_of_a_corridor_is_the_number_of_steps() {
        let map = ["#######", "#....G#", "#######"];
        let environment = Environment::Maze {
            rows: map.map(str::to_owned).into(),
            speed: 0.5,
        };
        let world = World::of(&environment).expect("a maze");
        let behaviour = Behaviour::of(&Prior::Wandering { deviation: 0.25 }, &world).expect("a behaviour");
        let World::Maze(maze) = &world else { unreachable!() };
        let solved = |target, discount| Grid::solve(target, maze, &behaviour, discount);
        let best = solved(Target::Optimal, 0.9);
        // From 1.1 the goal's edge at 5 is 3.9 away: eight steps, whatever the grid rounds.
        let steps = |q: f64| (1.0 - (1.0 - 0.9) * -q).ln() / 0.9f64.ln();
        let found = steps(best.value([1.1, 1.5], [0.5, 0.0]));
        assert!((found - 8.0).abs() < 0.5, "{found}");
        let [dx, dy] = best.best([2.5, 1.5]);
        assert!(dx > 0.45 && dy.abs() < 0.1, "{dx} {dy}");
        // The behaviour is slower, and an expectile lies between.
        let mean = solved(Target::Behaviour, 0.9).value([1.1, 1.5], [0.5, 0.0]);
        let high = solved(Target::Expectile(0.9), 0.9).value([1.1, 1.5], [0.5, 0.0]);
        assert!(
            mean < high && high < best.value([1.1, 1.5], [0.5, 0.0]),
            "{mean} {high}"
        );
    }
}
