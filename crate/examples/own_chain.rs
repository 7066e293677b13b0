//! A chain and a policy of one's own: walks over the corners of a cube, whose posterior is enumerated.
//!
//! `cargo run --release --example own_chain`

use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};
use rtb::prelude::*;

/// The corner of every trajectory, 0 to 7, `[rows, 1]`.
type Corner = Tensor<2, Int>;
/// The log-probabilities of the next corner, `[rows, 8]`.
type LogProbs = Tensor<2>;

/// A walker stays, or goes along one of three edges.
fn chance(from: usize, to: usize) -> f64 {
    if (from ^ to).count_ones() < 2 { 0.25 } else { 0.0 }
}

/// log r, of r = 0.1 + the corner's number.
fn log_reward(corner: &[f32]) -> f64 {
    (0.1 + f64::from(corner[0])).ln()
}

/// The chain, its prior and its policy; it holds log of [`chance`], `[8, 8]`.
#[derive(Clone)]
struct Walk(Tensor<2>);

impl Process for Walk {
    type State = Corner;
    type Kernel = LogProbs;
    fn steps(&self) -> usize {
        3
    }
    fn start(&self, conditions: &[usize], device: &Device) -> Corner {
        Tensor::zeros([conditions.len(), 1], device)
    }
    fn noise_size(&self) -> usize {
        16
    }
    // The first of eight exponential clocks to ring; two normal numbers give a clock.
    fn transition(&self, _: usize, _: &Corner, kernel: &LogProbs, noise: Tensor<2>, extra: f64) -> Corner {
        let squares = noise.square();
        let clocks = squares.clone().narrow(1, 0, 8) + squares.narrow(1, 8, 8);
        (kernel.clone().div_scalar(1.0 + extra) - clocks.log()).argmax(1)
    }
    fn log_prob(&self, _: &[usize], _: &Corner, next: &Corner, kernel: &LogProbs) -> Tensor<1> {
        kernel.clone().gather(1, next.clone()).squeeze_dim(1)
    }
    fn divergence(&self, _: &[usize], _: &Corner, p: &LogProbs, q: &LogProbs) -> Tensor<1> {
        let terms = p.clone().exp() * (p.clone() - q.clone());
        terms.sum_dim(1).squeeze_dim(1)
    }
    fn state_size(&self) -> usize {
        1
    }
}

impl Prior<Walk> for Walk {
    fn kernel(&self, _step: usize, x: &Corner) -> LogProbs {
        self.0.clone().select(0, x.clone().squeeze_dim(1))
    }
}

impl Policy<Walk> for Walk {
    // What it adds to the prior's log-probabilities at every step and corner, `[3·8, 8]`.
    type Network = Param<Tensor<2>>;
    fn kernel(
        &self,
        shift: &Self::Network,
        steps: &[usize],
        _conditions: &[usize],
        x: Corner,
        _guide: Option<&LogProbs>,
        prior: impl FnOnce() -> LogProbs,
    ) -> LogProbs {
        // The rows of `x` are a block a step.
        let each = x.dims()[0] / steps.len();
        let first: Vec<_> = (0..x.dims()[0]).map(|row| 8 * steps[row / each] as i32).collect();
        let rows = Tensor::from_data(first.as_slice(), &x.device()) + x.squeeze_dim::<1>(1);
        log_softmax(prior() + shift.val().select(0, rows), 1)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (device, mut settings) = (cpu_device(), Settings::default());
    // What never happens is very unlikely instead: the difference of two infinities is no number.
    let edges = (0..64).map(|edge| chance(edge / 8, edge % 8).max(1e-30).ln() as f32);
    let edges = TensorData::new(edges.collect(), [8, 8]);
    let walk = Walk(Tensor::from_data(edges, &device));
    let shift = Param::from_tensor(Tensor::zeros([24, 8], &device));
    let chains = Chains::new(walk.clone(), walk.clone(), walk, device);
    let posterior = Plain::new(chains, shift, OnHost(Each(log_reward)));
    settings.rollout.noised_share = 0.0;
    settings.training.iterations = 1000;
    let mut learner = Learner::new(posterior, settings, None)?;
    pollster::block_on(learner.finish())?;
    let samples = pollster::block_on(learner.samples(20_000, 1))?;
    // The exact answer: the chances of all walks, times r where they end.
    let mut exact = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    for _ in 0..3 {
        exact = std::array::from_fn(|to| (0..8).map(|from| exact[from] * chance(from, to)).sum());
    }
    let joint = |corner: usize| exact[corner] * log_reward(&[corner as f32]).exp();
    let z: f64 = (0..8).map(joint).sum();
    for corner in 0..8 {
        let share = samples.iter().filter(|x| **x as usize == corner).count() as f64 / 20_000.0;
        println!(
            "corner {corner}: learned {share:.3}, exact {:.3}",
            joint(corner) / z
        );
    }
    println!("log Z: learned {:.3}, exact {:.3}", learner.log_z()[0], z.ln());
    Ok(())
}
