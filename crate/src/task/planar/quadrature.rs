//! Integrals over the drawn square, by a rule that refines itself where the integrand asks for it.

use super::picture::{self, PICTURE_SIDE};
use super::{HALF_WIDTH, Mixture};

/// The error that is aimed at, as a share of the integral.
const TOLERANCE: f64 = 3e-4;
/// Most nodes; the coarsest grid has 112,896.
const MOST: usize = 500_000;
/// Halvings of a cell of the coarsest grid, which is a quarter wide.
const DEEPEST: u32 = 12;
/// Nodes of the rule of Gauss and Legendre on [−1, 1], and their weights.
const NODES: [f64; 3] = [-0.774_596_669_241_483_4, 0.0, 0.774_596_669_241_483_4];
const WEIGHTS: [f64; 3] = [5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0];
/// A rule of degree 3 on five of the same nodes: the corners and the centre.
const CORNER: f64 = 5.0 / 36.0;
const CENTRE: f64 = 4.0 / 9.0;
/// Where log r is looked at besides: just inside of a cell's corners, so that an edge of r along a side of
/// cells is in none of them.
const INSIDE: f64 = 0.999;
/// From so far beside a plane on, log r may have a step in the cell, which no node need see.
const UNEVEN: f64 = 0.05;

/// A point of a weighted set that stands for a distribution.
#[derive(Clone, Copy, Debug)]
pub struct WeightedPoint {
    /// Where it lies, `[x, y]`.
    pub x: [f64; 2],
    /// Its mass.
    pub weight: f64,
}

/// A point of a prior's quadrature, and the logarithm of what it is weighted by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The point and its mass under the prior.
    pub point: WeightedPoint,
    /// log r of the point.
    pub log_r: f64,
}

/// The nodes of all cells, and what is known of the error.
pub(crate) struct Nodes {
    /// In the order of their cells.
    pub all: Vec<Node>,
    /// A bound on the error of ∫ p·r^β as a share of it, and so on that of its logarithm, summed over the
    /// cells: of smooth ones what the rules of degree 5 and 3 differ by, of others a quarter of the
    /// largest integrand. The error itself is mostly far smaller.
    pub error: f64,
}

/// What is integrated.
struct Integrand<'a, R> {
    mixture: &'a Mixture,
    beta: f64,
    log_r: R,
}

/// A value and a bound on its error.
#[derive(Clone, Copy, Default)]
struct Integral {
    value: f64,
    error: f64,
}

/// A square with its nodes.
struct Cell {
    center: [f64; 2],
    half: f64,
    depth: u32,
    nodes: [Node; 9],
    /// ∫ p over it.
    prior: Integral,
    /// ∫ p·r^β over it, divided by the exponential of `largest`: β·log r may be far beyond what exp can hold.
    weighted: Integral,
    /// The largest β·log r of its nodes.
    largest: f64,
}

/// The share of a cell that a node stands for, under the rule of degree 5 and under that of degree 3.
fn shares(at: usize) -> [f64; 2] {
    let (row, column) = (at / 3, at % 3);
    let less = match (row, column) {
        (1, 1) => CENTRE,
        (1, _) | (_, 1) => 0.0,
        _ => CORNER,
    };
    [WEIGHTS[row] * WEIGHTS[column], less]
}

impl Integral {
    /// Of values that are already weighted by the rule of degree 5, in a cell where the logarithm is so far
    /// from a plane.
    fn new(values: [f64; 9], uneven: f64) -> Self {
        let mut differ = 0.0;
        let mut highest = 0.0f64;
        for (at, value) in values.iter().enumerate() {
            let [full, less] = shares(at);
            differ += value * (1.0 - less / full);
            highest = highest.max(value / full);
        }
        let step = match uneven {
            even if even <= UNEVEN => 0.0,
            uneven => highest * uneven.min(1.0) / 4.0,
        };
        Self {
            value: values.iter().sum(),
            error: differ.abs().max(step),
        }
    }
}

impl<R: Fn([f64; 2]) -> f64> Integrand<'_, R> {
    fn cell(&self, center: [f64; 2], half: f64, depth: u32) -> Cell {
        let at = |[x, y]: [f64; 2]| [center[0] + half * x, center[1] + half * y];
        let place = |node: usize| [NODES[node % 3], NODES[node / 3]];
        let nodes: [Node; 9] = std::array::from_fn(|node| {
            let x = at(place(node));
            let weight = self.mixture.log_prob(x).exp() * shares(node)[0] * 4.0 * half * half;
            Node {
                point: WeightedPoint { x, weight },
                log_r: (self.log_r)(x),
            }
        });
        let corners = [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]];
        let [a, b, c, d] = corners.map(|corner| (self.log_r)(at(corner.map(|v| INSIDE * v))));
        // The plane that is nearest to the corners.
        let level = (a + b + c + d) / 4.0;
        let slope = [(b + d - a - c) / 4.0, (c + d - a - b) / 4.0];
        let beside = |[x, y]: [f64; 2], log_r: f64| (log_r - level - slope[0] * x - slope[1] * y).abs();
        let of_nodes = nodes.iter().enumerate();
        let of_nodes = of_nodes.map(|(at, node)| beside(place(at), node.log_r));
        let uneven = self.beta * of_nodes.fold(beside([1.0, 1.0], d), f64::max);
        let largest = nodes.iter().map(|node| self.beta * node.log_r);
        let largest = largest.fold(f64::NEG_INFINITY, f64::max);
        let weighted = nodes.map(|node| node.point.weight * (self.beta * node.log_r - largest).exp());
        Cell {
            center,
            half,
            depth,
            prior: Integral::new(nodes.map(|node| node.point.weight), 0.0),
            weighted: Integral::new(weighted, uneven),
            largest,
            nodes,
        }
    }

    /// Puts quarters in the place of the cells that are too coarse; whether there were any.
    fn refine(&self, cells: &mut Vec<Cell>, coarse: impl Fn(&Cell) -> bool) -> bool {
        let mut finer = Vec::with_capacity(cells.len());
        let before = cells.len();
        for cell in cells.drain(..) {
            if cell.depth == DEEPEST || !coarse(&cell) {
                finer.push(cell);
                continue;
            }
            let half = cell.half / 2.0;
            for [x, y] in [[-half, -half], [half, -half], [-half, half], [half, half]] {
                let center = [cell.center[0] + x, cell.center[1] + y];
                finer.push(self.cell(center, half, cell.depth + 1));
            }
        }
        *cells = finer;
        cells.len() > before
    }
}

/// Points over the drawn square that stand for a mixture, with their masses.
pub fn quadrature(mixture: &Mixture) -> impl Iterator<Item = WeightedPoint> + use<> {
    let nodes = nodes(mixture, 0.0, |_| 0.0).all;
    nodes.into_iter().map(|node| node.point)
}

/// Nodes over the drawn square for a mixture weighted by r^β. Cells are quartered where the error may be
/// largest, of the mixture and of what is weighted, until both are known to within [`TOLERANCE`], or there
/// are [`MOST`] nodes; and before that where a component of the mixture is narrower than they are, which
/// nodes might not see.
pub(crate) fn nodes(mixture: &Mixture, beta: f64, log_r: impl Fn([f64; 2]) -> f64) -> Nodes {
    let integrand = Integrand { mixture, beta, log_r };
    let half = HALF_WIDTH / PICTURE_SIDE as f64;
    let coarsest = 0..PICTURE_SIDE * PICTURE_SIDE;
    let coarsest = coarsest.map(|cell| integrand.cell(picture::center_of(cell, PICTURE_SIDE), half, 0));
    let mut cells: Vec<Cell> = coarsest.collect();
    while integrand.refine(&mut cells, |cell| mixture.is_narrow(cell.center, cell.half)) {}
    loop {
        // Where there is no prior there is no posterior, however large r is.
        let there = cells.iter().filter(|cell| cell.prior.value > 0.0);
        let largest = there.map(|cell| cell.largest).fold(f64::NEG_INFINITY, f64::max);
        let weighted = |cell: &Cell| match cell.prior.value {
            0.0 => Integral::default(),
            _ => {
                let scale = (cell.largest - largest).exp();
                Integral {
                    value: scale * cell.weighted.value,
                    error: scale * cell.weighted.error,
                }
            }
        };
        let most = [
            most_of_a_cell(cells.iter().map(weighted)),
            most_of_a_cell(cells.iter().map(|cell| cell.prior)),
        ];
        let coarse = |cell: &Cell| weighted(cell).error > most[0] || cell.prior.error > most[1];
        if 9 * cells.len() >= MOST || !integrand.refine(&mut cells, coarse) {
            let sum = |of: fn(Integral) -> f64| cells.iter().map(|cell| of(weighted(cell))).sum::<f64>();
            let error = sum(|of| of.error) / sum(|of| of.value);
            let all = cells.into_iter().flat_map(|cell| cell.nodes).collect();
            return Nodes { all, error };
        }
    }
}

/// The largest error that a cell may have, so that all together are within the tolerance: half of it is
/// left to those that stay, since quarters have errors too.
fn most_of_a_cell(cells: impl Iterator<Item = Integral> + Clone) -> f64 {
    let sum = |of: fn(Integral) -> f64| cells.clone().map(of).sum::<f64>();
    let allowed = TOLERANCE * sum(|of| of.value);
    if sum(|of| of.error) <= allowed {
        return f64::INFINITY;
    }
    let mut errors: Vec<f64> = cells.map(|of| of.error).collect();
    errors.sort_by(f64::total_cmp);
    let mut left = 0.0;
    let stay = errors.iter().take_while(|error| {
        left += **error;
        left <= allowed / 2.0
    });
    stay.last().copied().unwrap_or(0.0)
}
