//! Learned priors: a network trained on samples of the mixture by bridge matching.

use super::{Mixture, PlaneProblem, PlaneTask, Preconditioning, PriorKind, Truth};
use crate::engine::EngineError;
use crate::engine::learner::Learner;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::{BrownianBridge, Spacing};
use crate::engine::statistics::kl;
use crate::engine::train::{Descent, Pretrain};
use crate::engine::weights::Weights;
use crate::network::{DriftNetwork, DriftNetworkConfig};
use crate::run::{Files, Run};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// How a prior is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PretrainConfig {
    /// Iterations of training, 1 to 10,000,000.
    pub iterations: usize,
    /// Points of an iteration, 2 to 100,000, rounded up to a multiple of 32.
    pub batch: usize,
    /// Units of each hidden layer, 4 to 1024.
    pub width: usize,
    /// Hidden layers, 1 to 8.
    pub depth: usize,
    /// Highest learning rate of the schedule, above 0, at most 1.
    pub learning_rate: f64,
    /// Decay of the average of the weights that is saved.
    pub ema: f64,
    /// Seed of all noise.
    pub seed: u64,
}

impl Default for PretrainConfig {
    fn default() -> Self {
        Self {
            iterations: 20_000,
            batch: 1024,
            width: 64,
            depth: 3,
            learning_rate: 3e-3,
            ema: 0.999,
            seed: 0,
        }
    }
}

/// How good a learned prior is, against the mixture it learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PretrainFigures {
    /// Samples that the figures are about.
    pub samples: usize,
    /// Steps of the chain the samples were drawn with.
    pub steps: usize,
    /// Half the absolute differences of mode weights against the mixture, summed.
    pub mode_total_variation: f64,
    /// Mean over the samples of half the trace of the covariance of their mode.
    pub within_mode_variance: f64,
    /// The same of the mixture.
    pub within_mode_variance_exact: f64,
    /// KL(samples ‖ mixture) of the masses of the cells of a grid.
    pub kl_grid: f64,
}

/// A prior in training.
pub struct Pretraining {
    run: Run,
    config: PretrainConfig,
    mixture: Mixture,
    noise: Noise,
    process: BrownianBridge,
    device: Device,
    descent: Descent<DriftNetwork>,
}

impl Pretraining {
    /// A network of the given shape for the prior mixture of a run.
    ///
    /// # Errors
    ///
    /// Where the run or the learning rate is refused.
    pub fn new(run: &Run, config: PretrainConfig, device: Device) -> Result<Self, EngineError> {
        // The network's checks are those of a run.
        let mut checked = run.clone();
        checked.network.width = config.width;
        checked.network.depth = config.depth;
        checked.optimizer.learning_rate = config.learning_rate;
        checked.rollout.batch = config.batch;
        checked.training.iterations = config.iterations;
        checked.optimizer.ema = config.ema;
        PlaneProblem::of_mut(&mut checked)?.prior.kind = PriorKind::Exact;
        checked.validate()?;
        let noise = Noise::new(config.seed);
        let shape = DriftNetworkConfig {
            inputs: 2,
            outputs: 2,
            width: config.width,
            depth: config.depth,
        };
        let network = shape.init(&noise, &device);
        let process = BrownianBridge {
            steps: run.process.steps,
            variance: run.process.variance,
            dimensions: 2,
            spacing: run.process.spacing,
        };
        Ok(Self {
            mixture: Mixture::new(&PlaneProblem::of(run)?.prior.components),
            descent: Descent::new(
                network,
                config.learning_rate,
                config.ema,
                config.iterations,
                &device,
            )?,
            run: checked,
            config,
            noise,
            process,
            device,
        })
    }

    /// The averaged network as safetensors, f16.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, EngineError> {
        let weights = Weights::of(self.descent.network())
            .await
            .map_err(EngineError::Device)?;
        Ok(weights.to_safetensors(true))
    }

    /// Figures over samples of the saved prior's own chain.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn figures(&self) -> Result<PretrainFigures, EngineError> {
        let mut run = self.run.clone();
        let prior = &mut PlaneProblem::of_mut(&mut run)?.prior;
        prior.kind = PriorKind::Learned;
        prior.weights = Some("itself".into());
        let files = Files::default().with("prior", self.weights().await?);
        let samples = run.evaluation.samples;
        let (seed, steps) = (self.config.seed, run.process.steps);
        // Posterior and prior are the same network before training.
        let task = PlaneTask::open(Run { seed, ..run }, self.device.clone(), &files)?;
        let settings = task.run.settings();
        let ends = Learner::new(task, settings, None)?.samples(samples, 1).await?;
        let learned = Truth::modes_of(super::equally_weighted(&ends), &self.mixture);
        let exact = Truth::modes_of(super::quadrature(&self.mixture), &self.mixture);
        let all: Vec<usize> = (0..self.mixture.len()).collect();
        Ok(PretrainFigures {
            samples,
            steps,
            mode_total_variation: super::total_variation(&learned, &exact),
            within_mode_variance: super::within_mode_variance(&learned, &all),
            within_mode_variance_exact: super::within_mode_variance(&exact, &all),
            kl_grid: kl(
                &super::cell_masses(super::equally_weighted(&ends)),
                &super::cell_masses(super::quadrature(&self.mixture)),
            ),
        })
    }
}

impl Pretrain for Pretraining {
    type Network = DriftNetwork;

    fn descent(&self) -> &Descent<DriftNetwork> {
        &self.descent
    }

    fn descent_mut(&mut self) -> &mut Descent<DriftNetwork> {
        &mut self.descent
    }

    /// One iteration: regress the drift to (x_1 − x_t)/(1 − t) over a grid of 1000 times, each
    /// weighted by the inverse variance that is left. Returns the loss.
    async fn step(&mut self) -> Result<f64, EngineError> {
        const TIMES: usize = 1000;
        // Blocks of rows share a time, as in the chain itself.
        const BLOCKS: usize = 32;
        let fine = BrownianBridge {
            steps: TIMES,
            spacing: Spacing::Even,
            ..self.process
        };
        let scales = Preconditioning::new(fine);
        let mut rng = self
            .noise
            .stream(Purpose::Pretraining, self.descent.iteration() as u64);
        let rows = self.config.batch.div_ceil(BLOCKS);
        // Stratified over [0, 1).
        let offset = noise::uniform(&mut rng);
        let mut blocks = Vec::with_capacity(BLOCKS);
        for block in 0..BLOCKS {
            let step = ((block as f64 + offset) / BLOCKS as f64 * TIMES as f64) as usize;
            let t = fine.time(step);
            let deviation = (fine.variance * t * (1.0 - t)).sqrt();
            let weight = scales.output(t).recip();
            let (mut at, mut target) = (Vec::new(), Vec::new());
            for _ in 0..rows {
                for end in self.mixture.sample(&mut rng) {
                    let x = t * end + deviation * noise::normal(&mut rng);
                    at.push(x as f32);
                    target.push((weight * (end - x) / (1.0 - t)) as f32);
                }
            }
            blocks.push((step, at, target));
        }
        let parts = parallel::split(blocks, parallel::parts(&self.device, self.config.batch));
        let device = &self.device;
        self.descent
            .step(parts, |network, part| {
                let total = part.len() * rows;
                let (mut steps, mut at, mut target) = (Vec::new(), Vec::new(), Vec::new());
                for (step, points, drifts) in part {
                    steps.push(step);
                    at.extend(points);
                    target.extend(drifts);
                }
                let upload = |values| Tensor::<2>::from_data(TensorData::new(values, [total, 2]), device);
                let drift = scales.learned_drift(network, &steps, upload(at));
                let weighted = fine.per_step(&steps, drift, |t| scales.output(t).recip());
                (weighted - upload(target)).square().mean()
            })
            .await
    }
}
