//! Hamiltonian Monte Carlo of the prior's noise.

use super::moved::{SHORTEST, Samples, of_step, take};
use super::{Population, Sampler, Setting, Weighs};
use crate::engine::hamiltonian::{leapfrog, widest};
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::process::{Diffusion, Prior, walk};
use burn::tensor::{Tensor, TensorData};

/// Share of the moves that are to be accepted (Beskos et al. 2013).
const ACCEPTED: f64 = 0.65;
/// Least share of the angle that a move has: moves of one length may come back to where they were.
const SHARE: f64 = 0.5;
/// Evaluations of a kernel that a walk and its gradient take: one there, one more on the way back, whose backward pass counts
/// as two.
const WITH_GRADIENT: usize = 4;

/// Independent chains of Hamiltonian moves of the prior's noise, each from a sample of the prior; a move has some
/// leapfrog steps, and with one it is a Langevin move. The gradient of log r goes back through the prior's chain. The
/// chains say nothing of Z, and mix slowly where modes are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hmc {
    /// Moves of a chain; its last state is the sample.
    pub moves: usize,
    /// Leapfrog steps of a move.
    pub leapfrog: usize,
}

impl<P: Diffusion, Q: Prior<P>> Sampler<P, Q> for Hmc {
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let process = setting.process;
        let mut proposals = setting.noise.stream(Purpose::Proposal, counter);
        let mut acceptance = setting.noise.stream(Purpose::Acceptance, counter);
        let noise = noise::normals(&mut proposals, rows * process.steps() * process.noise_size());
        let (mut gradient, ends) = noise_gradient(setting, &noise, rows).await?;
        let mut samples = Samples {
            log_r: setting.log_reward(&ends).await?,
            noise,
            ends,
        };
        let widest = widest(self.leapfrog);
        let mut angle = widest.min(0.5);
        for _ in 0..self.moves {
            let mut momentum = noise::normals(&mut proposals, samples.noise.len());
            let ask = async |noise: &[f32]| noise_gradient(setting, noise, rows).await;
            let from = (&samples.noise[..], &gradient[..]);
            let turn = angle * (SHARE + (1.0 - SHARE) * noise::uniform(&mut proposals));
            let flown = leapfrog(from, &mut momentum, rows, (turn, self.leapfrog), ask).await?;
            let proposed = Samples {
                log_r: setting.log_reward(&flown.found).await?,
                noise: flown.position,
                ends: flown.found,
            };
            let pairs = proposed.log_r.iter().zip(&samples.log_r).zip(&flown.cost);
            let ratios = pairs.map(|((new, old), cost)| new - old - cost);
            let accepted = noise::accepted(&mut acceptance, ratios);
            take(&mut gradient, &flown.gradient, &accepted);
            let share = samples.accept(&proposed, &accepted);
            angle = (angle * (share - ACCEPTED).exp()).clamp(SHORTEST, widest);
        }
        let asked = 1 + self.moves * self.leapfrog;
        Ok(Population {
            log_weights: vec![0.0; rows],
            weighs: Weighs::Nothing,
            evaluations: (rows * process.steps() * WITH_GRADIENT * asked) as u64,
            ends: samples.ends,
        })
    }
}

/// The gradient of tempered log r at the end in the noise of the prior's chain, `[rows][steps·noise_size]`, and the end
/// points.
async fn noise_gradient<P: Diffusion, Q: Prior<P>>(
    setting: &Setting<'_, P, Q>,
    noise: &[f32],
    rows: usize,
) -> Result<(Vec<f32>, Vec<f32>), String> {
    let process = setting.process;
    let of_step = |step| of_step(setting, noise, rows, step);
    let conditions = vec![0; rows];
    let mut kernel = setting.walker(&conditions);
    let mut states = Vec::with_capacity(process.steps());
    let kernels = |step, x: &Tensor<2>| {
        states.push(x.clone());
        kernel(step, x)
    };
    let end = walk(process, &conditions, setting.device, of_step, kernels);
    let ends = read(end).await?;
    let mut cotangent = setting.gradient(&ends).await?;
    // Where r is undefined there is no way to go.
    cotangent
        .iter_mut()
        .filter(|g| !g.is_finite())
        .for_each(|g| *g = 0.0);
    let shape = [rows, process.state_size()];
    let mut cotangent: Tensor<2> = Tensor::from_data(TensorData::new(cotangent, shape), setting.device);
    // Step by step from the end: a graph of all steps would take the memory of as many networks.
    let mut gradients = Vec::with_capacity(states.len());
    for (step, x) in states.into_iter().enumerate().rev() {
        let [x, drawn] = [x, of_step(step)].map(|leaf| leaf.autodiff().require_grad());
        let next = process.transition(step, &x, &setting.prior.kernel(step, &x), drawn.clone(), 0.0);
        let found = (next * cotangent).sum().backward();
        let [of_x, of_noise] = [x, drawn].map(|leaf| {
            leaf.grad(&found)
                .unwrap_or_else(|| leaf.without_autodiff().zeros_like())
        });
        cotangent = of_x;
        gradients.push(of_noise);
    }
    gradients.reverse();
    Ok((read(Tensor::cat(gradients, 1)).await?, ends))
}
