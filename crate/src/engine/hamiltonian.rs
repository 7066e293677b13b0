//! Hamiltonian moves of standard normal noise.

use std::f64::consts::FRAC_PI_2;

/// Longest gradient that moves a row; one without numbers moves nothing. The moves stay reversible with any field.
const LONGEST: f32 = 1e6;

/// Where a move leads.
pub(crate) struct Flown<E> {
    /// `[rows][numbers]`.
    pub position: Vec<f32>,
    /// ∇ log r there.
    pub gradient: Vec<f32>,
    /// What the moves lose in the logarithm of the density of noise and momentum, one a row: a move is accepted with
    /// probability min(1, r(new)/r(old)·e^−`cost`).
    pub cost: Vec<f64>,
    /// What the last answer held beside the gradient.
    pub found: E,
}

/// The largest angle of a step: a quarter of a turn in all makes new noise where r is flat.
pub(crate) fn widest(steps: usize) -> f64 {
    FRAC_PI_2 / steps as f64
}

/// Leapfrog steps towards N(0, I)·r from `position`, `[rows][numbers]`, where log r has this `gradient`, with standard
/// normal `momentum`, which is moved too.
///
/// Each is half a kick by the gradient, a rotation of position and momentum by `angle`, which leaves N(0, I) as it is, and
/// half a kick (Hilbert-space HMC, Beskos et al. 2011): where r is flat every move is accepted, in any dimension. One
/// step is a Langevin proposal (the preconditioned Crank–Nicolson Langevin one of Cotter et al. 2013).
///
/// `ask` is given positions and answers with their gradients.
pub(crate) async fn leapfrog<E>(
    (position, gradient): (&[f32], &[f32]),
    momentum: &mut [f32],
    rows: usize,
    (angle, steps): (f64, usize),
    ask: impl AsyncFn(&[f32]) -> Result<(Vec<f32>, E), String>,
) -> Result<Flown<E>, String> {
    let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
    let size = position.len() / rows;
    let mut position = position.to_vec();
    let mut gradient = gradient.to_vec();
    bound(&mut gradient, size);
    let mut cost = vec![0.0; rows];
    let mut found = None;
    for _ in 0..steps {
        kick(momentum, &gradient, 0.5 * angle, &mut cost);
        for (x, v) in position.iter_mut().zip(&mut *momentum) {
            (*x, *v) = (cos * *x + sin * *v, cos * *v - sin * *x);
        }
        let (there, answer) = ask(&position).await?;
        gradient = there;
        bound(&mut gradient, size);
        kick(momentum, &gradient, 0.5 * angle, &mut cost);
        found = Some(answer);
    }
    Ok(Flown {
        position,
        gradient,
        cost,
        found: found.ok_or("a move needs a step")?,
    })
}

/// Adds `time` times the gradient to the momentum, and what that gains in ½|v|² to the cost: rotations change nothing of
/// the density, and two large sums would lose the difference.
fn kick(momentum: &mut [f32], gradient: &[f32], time: f64, cost: &mut [f64]) {
    let size = momentum.len() / cost.len();
    let rows = momentum.chunks_exact_mut(size).zip(gradient.chunks_exact(size));
    for ((momentum, gradient), cost) in rows.zip(cost) {
        for (v, g) in momentum.iter_mut().zip(gradient) {
            let (before, by) = (f64::from(*v), time * f64::from(*g));
            *cost += by * (before + 0.5 * by);
            *v = (before + by) as f32;
        }
    }
}

/// Shortens gradients beyond [`LONGEST`].
fn bound(gradient: &mut [f32], size: usize) {
    for row in gradient.chunks_exact_mut(size) {
        let length = row.iter().map(|g| g * g).sum::<f32>().sqrt();
        if length.is_nan() || length == f32::INFINITY {
            row.fill(0.0);
        } else if length > LONGEST {
            row.iter_mut().for_each(|g| *g *= LONGEST / length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Flown, leapfrog};
    use crate::engine::noise::{Noise, Purpose};

    const ROWS: usize = 50;
    const SIZE: usize = 3;

    /// log r = −|x|⁴/5.
    fn log_r(x: &[f32]) -> f64 {
        -0.2 * square(x).powi(2)
    }

    fn square(x: &[f32]) -> f64 {
        x.iter().map(|x| f64::from(*x).powi(2)).sum()
    }

    fn gradient(x: &[f32]) -> Vec<f32> {
        let rows = x.chunks_exact(SIZE);
        let of_row = |x: &[f32]| {
            x.iter()
                .map(|v| -0.8 * square(x) as f32 * v)
                .collect::<Vec<f32>>()
        };
        rows.flat_map(of_row).collect()
    }

    fn flown(
        position: &[f32],
        momentum: &mut [f32],
        moves: (f64, usize),
        field: fn(&[f32]) -> Vec<f32>,
    ) -> Flown<()> {
        let from = field(position);
        let ask = async |x: &[f32]| Ok((field(x), ()));
        pollster::block_on(leapfrog((position, &from), momentum, ROWS, moves, ask)).expect("it moves")
    }

    fn start() -> [Vec<f32>; 2] {
        [0, 1].map(|counter| Noise::new(3).normal(Purpose::Proposal, counter, ROWS * SIZE))
    }

    fn near(found: &[f32], wanted: &[f32]) {
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-4, "{found} for {wanted}");
        }
    }

    #[test]
    fn a_move_goes_back_on_its_way_with_the_momentum_turned() {
        let [position, momentum] = start();
        let mut moved = momentum.clone();
        let there = flown(&position, &mut moved, (0.05, 7), gradient);
        moved.iter_mut().for_each(|v| *v = -*v);
        let back = flown(&there.position, &mut moved, (0.05, 7), gradient);
        moved.iter_mut().for_each(|v| *v = -*v);
        near(&back.position, &position);
        near(&moved, &momentum);
        for (found, wanted) in back.cost.iter().zip(&there.cost) {
            assert!((found + wanted).abs() < 1e-3, "{found} for {wanted}");
        }
    }

    /// The largest change of log r − ½|x|² − ½|v|².
    fn energy_error(angle: f64, steps: usize) -> f64 {
        let [position, momentum] = start();
        let mut moved = momentum.clone();
        let end = flown(&position, &mut moved, (angle, steps), gradient);
        let mut largest = 0.0f64;
        for (row, cost) in end.cost.iter().enumerate() {
            let of = |numbers: &[f32]| numbers[row * SIZE..(row + 1) * SIZE].to_vec();
            let [from, to] = [of(&position), of(&end.position)];
            let noise = 0.5 * (square(&to) + square(&of(&moved)) - square(&from) - square(&of(&momentum)));
            assert!((noise - cost).abs() < 1e-4, "{noise} for {cost}");
            largest = largest.max((log_r(&to) - log_r(&from) - cost).abs());
        }
        largest
    }

    /// Of the same way in all, the error of energy is of the second order in the step.
    #[test]
    fn energy_is_kept_up_to_the_second_order() {
        let (coarse, fine) = (energy_error(0.04, 10), energy_error(0.01, 40));
        assert!(fine < 0.05, "{fine}");
        assert!((8.0..32.0).contains(&(coarse / fine)), "{coarse} after {fine}");
    }

    #[test]
    fn noise_alone_is_kept_exactly() {
        let [position, mut momentum] = start();
        let end = flown(&position, &mut momentum, (0.4, 3), |x| vec![0.0; x.len()]);
        assert!(end.cost.iter().all(|cost| *cost == 0.0));
    }
}
