//! The task of images: digits under a diffusion prior, and a reward of images.
//!
//! The exact posterior is what rejection keeps of the prior's own chain. Its proposals do not
//! depend on the reward and are kept in a [`Pool`], which grows as time allows.

mod exact;
mod policy;
mod pool;

pub use exact::Exact;
pub use policy::DigitsPolicy;
pub use pool::Pool;

use crate::config::{self, ConfigError, Run};
use crate::message::Files;
use crate::network::{Denoiser, PooledClassifier, StridedClassifier, load_tensors, read_tensors};
use crate::noise::Noise;
use crate::prior::DenoiserPrior;
use crate::process::VariancePreserving;
use crate::reward::ImageLogReward;
use crate::rollout::{Chains, Replay};
use crate::sampler::Setting;
use crate::session::{SessionError, Task, other_task, prior_network};
use crate::train::{EndReward, tempered_given};
use burn::module::Module;
use burn::tensor::Device;
use pool::Scored;

/// Images of the prior that an iteration adds to those that trajectories are noised back from, and the
/// most of them: a run starts at once, what it has at an iteration does not depend on time, and few
/// would be learned by heart.
const GIVEN_AN_ITERATION: usize = 32;
const GIVEN: usize = 1 << 14;

/// Images are `[PIXELS]`, −1 black to 1 white; end points of the chain are what the prior's decoder
/// makes them of. The posterior is the prior's network with low-rank
/// corrections, or a whole copy of it.
pub struct Digits {
    pub run: Run,
    pub device: Device,
    prior: DenoiserPrior,
    process: VariancePreserving,
    /// Asked by rewards.
    classifier: StridedClassifier,
    /// Only measures.
    judge: PooledClassifier,
    pool: Pool,
    /// One a condition.
    posteriors: Vec<Posterior>,
    /// Images of the pool that trajectories may be noised back from, so far.
    given: usize,
}

/// One of a run's posteriors.
struct Posterior {
    reward: ImageLogReward,
    scored: Scored,
}

impl Digits {
    /// The task of a run on a device.
    ///
    /// # Errors
    ///
    /// Where the run, the file of the prior or that of a classifier is refused.
    pub fn open(run: Run, device: Device, files: &Files) -> Result<Self, SessionError> {
        run.validate()?;
        if run.task != config::Task::Digits {
            return Err(other_task(&run, config::Task::Digits));
        }
        let prior = prior_network(&run, files, |file| {
            DenoiserPrior::read(file, run.process.steps, &device)
        })?;
        let classifier = shipped(
            StridedClassifier::new(&Noise::new(0), &device),
            "classifier",
            files.reward.as_deref(),
        )?;
        let judge = shipped(
            PooledClassifier::new(&Noise::new(0), &device),
            "evaluation classifier",
            files.judge.as_deref(),
        )?;
        let floor = run.tempering.floor;
        let posterior = |condition| {
            let reward = run.reward.given(condition);
            let reward = ImageLogReward::new(
                &reward,
                floor,
                classifier.clone(),
                prior.decoder().clone(),
                device.clone(),
            )?;
            Ok(Posterior {
                reward,
                scored: Scored::default(),
            })
        };
        let posteriors: Result<_, ConfigError> = (0..run.reward.conditions()).map(posterior).collect();
        Ok(Self {
            pool: Pool::new(&run, files.prior.as_deref().unwrap_or_default()),
            posteriors: posteriors?,
            given: 0,
            process: prior.denoising().process,
            prior,
            classifier,
            judge,
            device,
            run,
        })
    }

    /// The task as training-free methods see it, for which there is one condition.
    pub fn setting(&self) -> Setting<'_, VariancePreserving, DenoiserPrior> {
        Setting {
            process: &self.process,
            prior: &self.prior,
            reward: &self.posteriors[0].reward,
            beta: self.run.tempering.beta,
            noise: self.noise(),
            device: &self.device,
        }
    }

    /// Conditions there are.
    pub fn conditions(&self) -> usize {
        self.posteriors.len()
    }

    /// Images of end points, `[count][PIXELS]`.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn images_of(&self, ends: &[f32]) -> Result<Vec<f32>, SessionError> {
        let images = self.prior.decoder().images(ends).await;
        images.map_err(SessionError::Device)
    }

    /// Numbers of an end point.
    pub(crate) fn size(&self) -> usize {
        self.prior.decoder().size()
    }

    /// Tempered log r of end points, the conditions in turn.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn log_reward(&self, ends: &[f32]) -> Result<Vec<f64>, SessionError> {
        let conditions = self.in_turn(ends.len() / self.size());
        let beta = self.run.tempering.beta;
        let log_reward = tempered_given(&self.rewards(), &conditions, beta, ends).await;
        log_reward.map_err(SessionError::Device)
    }

    /// The conditions of rows that have them in turn.
    pub fn in_turn(&self, rows: usize) -> Vec<usize> {
        (0..rows).map(|row| self.run.in_turn(row)).collect()
    }
}

fn shipped<N: Module>(network: N, name: &str, file: Option<&[u8]>) -> Result<N, SessionError> {
    file.ok_or_else(|| "its weights are needed".to_owned())
        .and_then(read_tensors)
        .and_then(|weights| load_tensors(network, &weights))
        .map_err(|why| SessionError::Weights(format!("of the {name}: {why}")))
}

impl Task for Digits {
    type Process = VariancePreserving;
    type Prior = DenoiserPrior;
    type Policy = DigitsPolicy;

    const CHUNK: usize = 256;
    const PICTURED: usize = 36;
    const PICTURED_STEPS: usize = 11;

    fn run(&self) -> &Run {
        &self.run
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<VariancePreserving, DenoiserPrior, DigitsPolicy> {
        let policy = if self.run.network.langevin {
            let rewards = self.posteriors.iter().map(|of| of.reward.clone());
            DigitsPolicy::with_langevin(&self.prior, rewards.collect(), self.run.tempering.beta)
        } else {
            DigitsPolicy::new(&self.prior)
        };
        Chains {
            process: self.process,
            prior: self.prior.clone(),
            policy,
            device: self.device.clone(),
        }
    }

    fn network(&self) -> Denoiser {
        let network = self.prior.network().clone();
        let network = match self.run.network.rank {
            0 => network,
            rank => network.adapted(rank, &self.noise(), &self.device),
        };
        let network = if self.run.network.langevin {
            network.with_langevin(&self.device)
        } else {
            network
        };
        match self.conditions() {
            1 => network,
            conditions => network.conditional(conditions, &self.device),
        }
    }

    fn rewards(&self) -> Vec<Box<dyn EndReward>> {
        let rewards = self.posteriors.iter().map(|of| of.reward.clone());
        rewards.map(|reward| Box::new(reward) as _).collect()
    }

    /// The first images of the pool, more of them with every iteration, without those whose log r is
    /// floored.
    async fn give(
        &mut self,
        iteration: usize,
        _conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), SessionError> {
        let count = (GIVEN_AN_ITERATION * (iteration + 1)).min(GIVEN);
        self.grow(count).await?;
        for at in self.given..count {
            let end = &self.ends()[at * self.size()..(at + 1) * self.size()];
            for (of, given) in self.posteriors.iter().zip(given.iter_mut()) {
                let log_r = of.scored.log_r[at];
                if log_r > self.run.tempering.floor {
                    given.push(end, self.run.tempering.beta * log_r);
                }
            }
        }
        self.given = self.given.max(count);
        Ok(())
    }
}

/// The rows at these places, of `size` numbers each.
pub(crate) fn picked(rows: &[f32], size: usize, places: impl IntoIterator<Item = usize>) -> Vec<f32> {
    let row = |at: usize| &rows[at * size..(at + 1) * size];
    places.into_iter().flat_map(row).copied().collect()
}
