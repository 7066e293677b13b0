//! A denoiser of one's own, any module of burn, as the prior: it is trained on points of a ring, then a
//! posterior is trained above it, stopped half way and resumed from a checkpoint.
//!
//! `cargo run --release --example own_denoiser`

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use rtb::engine::process::VariancePreserving;
use rtb::engine::train::Descent;
use rtb::prelude::*;
use std::f64::consts::TAU;

const CHAIN: VariancePreserving = VariancePreserving {
    steps: 10,
    dimensions: 2,
};

/// E[data | x_i] of a point and a time.
#[derive(Module, Debug)]
struct Denoiser {
    first: Linear,
    second: Linear,
    last: Linear,
}

impl Denoiser {
    fn new(device: &Device) -> Self {
        let layer = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        Self {
            first: layer(3, 32),
            second: layer(32, 32),
            last: layer(32, 2),
        }
    }

    /// The rows of `x` are as many blocks as there are steps.
    fn forward(&self, steps: &[usize], x: Tensor<2>) -> Tensor<2> {
        let each = x.dims()[0] / steps.len();
        let times = steps.iter().flat_map(|step| vec![CHAIN.time(*step) as f32; each]);
        let times = TensorData::new(times.collect(), [x.dims()[0], 1]);
        let times = Tensor::<2>::from_data(times, &x.device());
        let hidden = self.first.forward(Tensor::cat(vec![x, times], 1)).tanh();
        self.last.forward(self.second.forward(hidden).tanh())
    }
}

#[derive(Clone)]
struct Learned(Denoiser);

impl Prior<VariancePreserving> for Learned {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.0.forward(&[step], x.clone())
    }
}

/// The posterior's network is one like the prior's, and starts as its copy.
#[derive(Clone)]
struct InItsPlace;

impl Policy<VariancePreserving> for InItsPlace {
    type Network = Denoiser;

    fn kernel(
        &self,
        network: &Denoiser,
        steps: &[usize],
        _conditions: &[usize],
        x: Tensor<2>,
        _guide: Option<&Tensor<2>>,
        _prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        network.forward(steps, x)
    }
}

/// Trains a denoiser on points of a ring of radius 1.
async fn pretrained(device: &Device) -> Result<Denoiser, EngineError> {
    let (steps, each) = ((0..CHAIN.steps).collect::<Vec<_>>(), 64);
    let rows = steps.len() * each;
    let mut descent = Descent::new(Denoiser::new(device), 3e-3, 0.99, 1000, device)?;
    while !descent.finished() {
        let noise = Noise::new(0).normal(Purpose::Pretraining, descent.iteration() as u64, 3 * rows);
        let (angles, noise) = noise.split_at(rows);
        let data = angles.iter().flat_map(|a| {
            let angle = f64::from(*a) * TAU;
            [angle.cos() as f32, angle.sin() as f32]
        });
        let data: Vec<f32> = data.collect();
        let noised = (0..2 * rows).map(|at| {
            let (alpha, sigma) = CHAIN.at(steps[at / (2 * each)]);
            alpha as f32 * data[at] + sigma as f32 * noise[at]
        });
        let parts = vec![(noised.collect::<Vec<f32>>(), data.clone())];
        let loss = |network: &Denoiser, (noised, data): (Vec<f32>, Vec<f32>)| {
            let tensor = |of| Tensor::<2>::from_data(TensorData::new(of, [rows, 2]), device);
            (network.forward(&steps, tensor(noised)) - tensor(data))
                .square()
                .mean()
        };
        descent.step(parts, loss).await?;
    }
    Ok(descent.network().clone())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = cpu_device();
    // The first weights are drawn by burn.
    device.seed(0);
    let denoiser = pollster::block_on(pretrained(&device))?;
    // Points on the right are wanted.
    let reward = OnHost(Each(|x: &[f32]| f64::from(x[0])));
    let chains = Chains::new(CHAIN, Learned(denoiser.clone()), InItsPlace, device);
    let mut settings = Settings::default();
    settings.optimizer.learning_rate = 3e-3;
    settings.rollout.batch = 256;
    settings.rollout.noised_share = 0.0;
    settings.training.iterations = 1000;
    let open = || {
        let posterior = Plain::new(chains.clone(), denoiser.clone(), reward);
        Learner::new(posterior, settings.clone(), None)
    };
    let mut learner = open()?;
    pollster::block_on(async {
        while learner.iteration() < 500 {
            learner.step().await?;
        }
        let checkpoint = learner.checkpoint()?;
        learner = open()?;
        learner.restore(&checkpoint)?;
        learner.finish().await?;
        let first = |ends: &[f32]| ends.iter().step_by(2).map(|x| f64::from(*x)).collect::<Vec<_>>();
        let learned = learner.simulate(LEARNED, Purpose::Samples, 20_000).await?;
        let mean = Mean::of(first(&learned.ends).into_iter());
        // Few Gaussian steps and a short training leave the mean a little low (30 steps and 4000 iterations
        // halve the error); the weights r·p_θ/p_φ of the trajectories make it good.
        let weighted = Mean::weighted(&learned.log_weights(), first(&learned.ends).into_iter());
        // The exact answer: samples of the prior, weighted by r.
        let prior = learner
            .simulate(Follow::Prior, Purpose::PriorEvaluation, 100_000)
            .await?;
        let exact = Mean::weighted(&prior.log_reward, first(&prior.ends).into_iter());
        let log_z = LogMean::of(prior.log_reward.iter().copied());
        println!("mean of the first coordinate: learned {mean}, weighted {weighted}, exact {exact}");
        let found = LogMean::of(learned.log_weights().into_iter());
        println!("log Z: learned {found}, exact {log_z}");
        Ok(())
    })
}
