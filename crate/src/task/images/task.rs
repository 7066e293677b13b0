//! The tasks of images: a prior, and a reward of images.
//!
//! The exact posterior is what rejection keeps of the prior's own chain. Its proposals do not
//! depend on the reward and are kept in a [`Pool`], which grows as time allows.

use super::chain::NetworkOf;
use super::classifiers::Classifiers;
use super::plane::Plane;
use super::pool::{Pool, Scored};
use super::{DenoiserPrior, DescribedPrior, GeneratorPrior, ImagePrior, ImageReward, Learned, ProblemOf};
use crate::engine::Conditions;
use crate::engine::EngineError;
use crate::engine::learner::Task;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::reward::{Reward, tempered};
use crate::engine::rollout::{Chains, Replay};
use crate::engine::sampler::Setting;
use crate::run::{Files, Problem, Run};
use burn::tensor::Device;
use std::sync::Arc;

/// Images under a diffusion model.
pub type ImagesTask = TaskOf<DenoiserPrior>;
/// Images that a generator makes of noise.
pub type LatentsTask = TaskOf<GeneratorPrior>;

/// Images are `[pixels]`, −1 black to 1 full; end points of the chain are what the prior's decoder
/// makes them of.
pub struct TaskOf<Q: ImagePrior> {
    /// The run it was opened for.
    pub run: Run,
    /// What it is about, with what its files say.
    pub problem: ProblemOf<Q::Described>,
    /// What it is computed on.
    pub device: Device,
    pub(super) prior: Q,
    /// The images that the prior learned.
    pub(super) learned: Learned,
    pub(super) process: Q::Process,
    pub(super) classifiers: Classifiers,
    pub(super) reward: ImageReward,
    /// What samples are held against: the policy is not trained on any of it.
    pub(super) pool: Pool,
    /// What the reward makes of the pool, one a condition.
    pub(super) scored: Vec<Scored>,
    /// Variance of a coordinate of the prior's end points, once a method has asked for it.
    pub(super) data_variance: f64,
    /// Of two latents, once it was asked for.
    pub(super) plane: Option<Arc<Plane>>,
    /// What trajectories are noised back from.
    pub(super) given: Pool,
    /// How much of that, so far.
    given_so_far: usize,
}

impl<Q: ImagePrior> TaskOf<Q> {
    /// The task of a run on a device.
    ///
    /// # Errors
    ///
    /// Where the run, the file of the prior or that of a classifier is refused.
    pub fn open(run: Run, device: Device, files: &Files) -> Result<Self, EngineError> {
        run.validate()?;
        let mut problem = ProblemOf::<Q::Described>::of(&run)?.clone();
        problem.prior = problem.prior.completed(files)?;
        let (prior, mut learned) = Q::open(&problem.prior, &run, files, &device)?;
        let classifiers = Classifiers::open(&problem, &learned, files, &device)?;
        learned.classes.clone_from(&classifiers.classes);
        problem.reward = problem.reward.suited(&learned)?;
        let reward = ImageReward::new(
            &problem.reward,
            run.tempering.floor,
            classifiers.asked.clone(),
            prior.decoder().clone(),
            files,
        )?
        .told(problem.prior.prompts().unwrap_or_default());
        let file = files.get("prior").unwrap_or_default();
        let pool = |purpose| Pool::new(&run, &problem.prior, file, purpose);
        Ok(Self {
            pool: pool(Purpose::PriorEvaluation),
            given: pool(Purpose::GivenPriorSamples),
            scored: vec![Scored::default(); problem.conditions()],
            data_variance: f64::NAN,
            plane: None,
            given_so_far: 0,
            learned,
            reward,
            problem,
            process: prior.process(),
            prior,
            classifiers,
            device,
            run,
        })
    }

    /// The task as training-free methods see it, for which there is one condition.
    pub fn setting(&self) -> Setting<'_, Q::Process, Q> {
        Setting {
            process: &self.process,
            prior: &self.prior,
            reward: &self.reward,
            beta: self.run.tempering.beta,
            noise: self.noise(),
            device: &self.device,
        }
    }

    /// The noise of the run.
    pub(super) fn noise(&self) -> Noise {
        Noise::new(self.run.seed)
    }

    /// Conditions there are.
    pub fn count(&self) -> usize {
        self.scored.len()
    }

    /// Images of end points, each under its condition, `[count][pixels]`.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn images_of(
        &self,
        ends: &[f32],
        conditions: &[usize],
    ) -> Result<Vec<f32>, EngineError> {
        let images = self.prior.decoder().images_given(ends, conditions).await;
        images.map_err(EngineError::Device)
    }

    /// Numbers of an end point.
    pub(super) fn size(&self) -> usize {
        self.prior.decoder().size()
    }

    /// Tempered log r of end points, the conditions in turn.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn log_reward(&self, ends: &[f32]) -> Result<Vec<f64>, EngineError> {
        let conditions = self.in_turn(ends.len() / self.size());
        let beta = self.run.tempering.beta;
        let place = (&self.process, &self.device);
        let log_reward = tempered(place, &self.reward, beta, &conditions, ends).await;
        log_reward.map_err(EngineError::Device)
    }

    /// log r of the prior's end points from number `first` on, not tempered, under every condition, `[conditions][rows]`;
    /// not a number of those that the chain made under another one.
    pub(super) async fn log_reward_of_prior(
        &self,
        first: usize,
        ends: &[f32],
    ) -> Result<Vec<Vec<f64>>, EngineError> {
        let count = self.count();
        if self.prior.conditions() == 1 {
            let log_r = self.reward.under_all(&self.device, ends).await;
            return log_r.map_err(EngineError::Device);
        }
        let rows = ends.len() / self.size();
        let conditions = self.of_prior(&(first..first + rows).collect::<Vec<_>>());
        let place = (&self.process, &self.device);
        let log_r = tempered(place, &self.reward, 1.0, &conditions, ends).await;
        let log_r = log_r.map_err(EngineError::Device)?;
        let of = |condition: usize| {
            let rows = log_r.iter().zip(&conditions);
            let own = rows.map(|(log_r, own)| if *own == condition { *log_r } else { f64::NAN });
            own.collect()
        };
        Ok((0..count).map(of).collect())
    }

    /// The conditions that the prior's samples with these numbers were made under.
    pub(super) fn of_prior(&self, numbers: &[usize]) -> Vec<usize> {
        let count = self.prior.conditions();
        numbers.iter().map(|number| number % count).collect()
    }

    /// The conditions of rows that have them in turn.
    pub fn in_turn(&self, rows: usize) -> Vec<usize> {
        let conditions = Conditions::all(self.count());
        (0..rows).map(|row| conditions.in_turn(row)).collect()
    }
}

impl<Q: ImagePrior> Task for TaskOf<Q> {
    type Process = Q::Process;
    type Prior = Q;
    type Policy = Q::Policy;

    const CHUNK: usize = 256;
    const PICTURED: usize = 36;
    const PICTURED_STEPS: usize = 11;

    fn device(&self) -> &Device {
        &self.device
    }

    fn chains(&self) -> Chains<Q::Process, Q, Q::Policy> {
        Chains {
            process: self.process.clone(),
            prior: self.prior.clone(),
            policy: self.prior.policy(&self.run, &self.reward, self.count()),
            device: self.device.clone(),
        }
    }

    fn network(&self, noise: &Noise) -> NetworkOf<Q> {
        self.prior.network(&self.run, self.count(), noise, &self.device)
    }

    fn reward(&self) -> Box<dyn Reward<Q::Process>> {
        Box::new(self.reward.clone())
    }

    fn conditions(&self) -> Conditions {
        Conditions {
            count: self.count(),
            at_once: self.problem.conditions_at_once(self.run.rollout.batch),
        }
    }

    /// Images of the prior, more of them with every iteration, without those whose log r is floored.
    async fn give(
        &mut self,
        iteration: usize,
        _conditions: &[usize],
        given: &mut [Replay],
    ) -> Result<(), EngineError> {
        let [each, most] = self.prior.given();
        let count = (each * (iteration + 1)).min(most);
        if count <= self.given_so_far {
            return Ok(());
        }
        self.given.grow(&self.prior, count, &self.device).await?;
        let (size, floor) = (self.size(), self.run.tempering.floor);
        // As many at once as in an iteration: with others beside them log r rounds in another way, and a resumed run, which
        // has many to make up for, would not go on exactly.
        for first in (self.given_so_far..count).step_by(each) {
            let new = &self.given.ends[first * size..(first + each).min(count) * size];
            let log_r = self.log_reward_of_prior(first, new).await?;
            for (log_r, given) in log_r.iter().zip(&mut *given) {
                for (end, log_r) in new.chunks_exact(size).zip(log_r) {
                    if *log_r > floor {
                        given.push(end, *log_r);
                    }
                }
            }
        }
        self.given_so_far = count;
        Ok(())
    }
}
