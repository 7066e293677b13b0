//! Gradient descent on examples, for energies, priors and classifiers.

use super::average::Average;
use super::{optimizer, sound};
use crate::engine::host::read;
use crate::engine::parallel;
use crate::engine::settings::Optimizer;
use crate::engine::{ConfigError, EngineError};
use burn::lr_scheduler::composed::ComposedLrSchedulerConfig;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::module::{Module, ModuleDisplay};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer, OptimizerRecord};
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device, Tensor};
use serde::{Deserialize, Serialize};

/// Most iterations in which the learning rate rises, and their share of all of them.
const WARM_UP: usize = 100;
const WARM_UP_SHARE: usize = 20;

/// A training of a network on examples, which can be stopped and gone on with.
pub trait Pretrain {
    /// What is trained.
    type Network: Module + ModuleDisplay + Sync;

    /// How far it is, and its checkpoints.
    fn descent(&self) -> &Descent<Self::Network>;

    /// The same, to go on from a checkpoint.
    fn descent_mut(&mut self) -> &mut Descent<Self::Network>;

    /// One iteration; the loss.
    ///
    /// # Errors
    ///
    /// Where the device fails, or the loss is no longer a number.
    fn step(&mut self) -> impl Future<Output = Result<f64, EngineError>>;
}

/// A network in training, and the moving average of its weights.
pub struct Descent<N: Module + ModuleDisplay> {
    recipe: Optimizer,
    iterations: usize,
    device: Device,
    network: N,
    average: Average<N>,
    optimizer: ModuleOptimizer,
    schedule: ModuleLrScheduler,
    iteration: usize,
    remedy: &'static str,
}

/// Its record in a checkpoint.
#[derive(Serialize, Deserialize)]
struct DescentRecord {
    iteration: usize,
    #[serde(with = "serde_bytes")]
    network: Vec<u8>,
    #[serde(with = "serde_bytes")]
    average: Vec<u8>,
    #[serde(with = "serde_bytes")]
    optimizer: Vec<u8>,
}

impl<N: Module + ModuleDisplay + Sync> Descent<N> {
    /// Starts at `network`; the learning rate rises over the first iterations and falls to 0
    /// along a cosine.
    ///
    /// # Errors
    ///
    /// Where the learning rate, the decay of the average or the number of iterations is refused.
    pub fn new(
        network: N,
        learning_rate: f64,
        ema: f64,
        iterations: usize,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        if !(learning_rate > 0.0 && learning_rate <= 1.0) {
            return Err(ConfigError::new(
                "the learning rate",
                learning_rate,
                "a number above 0, at most 1",
            ));
        }
        if iterations == 0 {
            return Err(ConfigError::new("the number of iterations", 0, "at least 1"));
        }
        if !(0.0..1.0).contains(&ema) {
            return Err(ConfigError::new(
                "the decay of the average",
                ema,
                "a number from 0 to below 1",
            ));
        }
        let recipe = Optimizer {
            learning_rate,
            ema,
            ..Optimizer::default()
        };
        Ok(Self {
            average: Average::new(recipe.ema, network.clone()),
            network: network.train(),
            optimizer: optimizer::optimizer(&recipe, device),
            schedule: schedule(learning_rate, iterations, 0),
            recipe,
            iterations,
            device: device.clone(),
            iteration: 0,
            remedy: "a smaller learning rate",
        })
    }

    /// The same, where something else helps a training that diverges; `remedy` completes "try …".
    pub fn with_remedy(self, remedy: &'static str) -> Self {
        Self { remedy, ..self }
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// Whether all iterations are done.
    pub fn finished(&self) -> bool {
        self.iteration >= self.iterations
    }

    /// The averaged network.
    pub fn network(&self) -> &N {
        self.average.network()
    }

    /// One step down the mean over `parts` of a loss `[1]`, which is returned. On the processor every
    /// part has a thread of its own.
    ///
    /// # Errors
    ///
    /// Where the device fails, or the loss, or a weight after the last iteration, is no longer a number.
    pub async fn step<T: Send>(
        &mut self,
        parts: Vec<T>,
        loss: impl Fn(&N, T) -> Tensor<1> + Sync,
    ) -> Result<f64, EngineError> {
        let count = parts.len() as f64;
        let device = self.device.clone().autodiff();
        let made = parallel::map(parts, |part| {
            // A graph of its own, so that parts do not wait for each other.
            let network = self.network.clone().fork(&device);
            let loss = loss(&network, part).div_scalar(count);
            (
                loss.clone(),
                GradientsParams::from_grads(loss.backward(), &network),
            )
        });
        let mut sum = GradientsAccumulator::new();
        let mut total = 0.0;
        // Read when the work of all parts is queued: the first read waits for it, the others do not.
        for (loss, gradients) in made {
            total += f64::from(read(loss).await.map_err(EngineError::Device)?[0]);
            sum.accumulate(&self.network, gradients);
        }
        // Before the step, so that the weights stay those of the last sound iteration.
        if !total.is_finite() {
            return Err(self.diverged(&format!("the loss is {total}"), self.iteration + 1));
        }
        let rates = self.schedule.step();
        let last = self.iteration + 1 == self.iterations;
        let kept = last.then(|| self.network.clone());
        self.network = self.optimizer.step(rates, self.network.clone(), sum.grads());
        // No later loss shows what the last update did.
        if let Some(kept) = kept
            && !sound::is_sound(&self.network).await?
        {
            self.network = kept;
            return Err(self.diverged(sound::BROKEN, self.iteration + 1));
        }
        self.average.update(&self.network.valid(), self.iteration);
        self.iteration += 1;
        Ok(total)
    }

    /// The error of an iteration in which something is no longer a number.
    fn diverged(&self, what: &str, iteration: usize) -> EngineError {
        sound::diverged(what, iteration, self.remedy)
    }

    /// A checkpoint from which training continues exactly.
    ///
    /// # Errors
    ///
    /// Where the device fails, or a weight is no longer a number.
    pub fn checkpoint(&self) -> Result<Vec<u8>, EngineError> {
        if !sound::is_sound_now(&self.network)? {
            return Err(self.diverged(sound::BROKEN, self.iteration));
        }
        let pack = |record: ModuleRecord| record.into_bytes().map(|b| b.to_vec()).map_err(refused);
        let record = DescentRecord {
            iteration: self.iteration,
            network: pack(self.network.clone().into_record())?,
            average: pack(self.average.network().clone().into_record())?,
            optimizer: self.optimizer.into_bytes().map_err(refused)?.to_vec(),
        };
        rmp_serde::to_vec_named(&record).map_err(refused)
    }

    /// Continues from a checkpoint of the same training.
    ///
    /// # Errors
    ///
    /// Says what does not fit.
    pub fn resume(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        let record: DescentRecord = rmp_serde::from_slice(checkpoint).map_err(refused)?;
        let unpack = |bytes: Vec<u8>| ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(refused);
        let network = self.network.clone();
        let network = network
            .try_load_record(unpack(record.network)?)
            .map_err(refused)?;
        self.average.load(unpack(record.average)?).map_err(refused)?;
        let saved = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(record.optimizer)).map_err(refused)?;
        self.network = network.train();
        self.optimizer = optimizer::optimizer(&self.recipe, &self.device).load_record(saved);
        self.schedule = schedule(self.recipe.learning_rate, self.iterations, record.iteration);
        self.iteration = record.iteration;
        Ok(())
    }
}

/// The learning rates of a training, `done` iterations in.
fn schedule(rate: f64, iterations: usize, done: usize) -> ModuleLrScheduler {
    let rising = WARM_UP.min(iterations / WARM_UP_SHARE).max(1);
    // The two are multiplied.
    let mut scheduler = ComposedLrSchedulerConfig::new()
        .cosine(CosineAnnealingLrSchedulerConfig::new(rate, iterations))
        .linear(LinearLrSchedulerConfig::new(1.0 / rising as f64, 1.0, rising))
        .init()
        .expect("the learning rate was checked");
    for _ in 0..done {
        scheduler.step();
    }
    scheduler
}

fn refused(error: impl ToString) -> EngineError {
    EngineError::Checkpoint(error.to_string())
}
