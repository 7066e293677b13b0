//! Trajectories for pictures.

use super::sampling::{CHUNK_BITS, LEARNED};
use super::{Learner, Task};
use crate::engine::host::read;
use crate::engine::noise::Purpose;
use crate::engine::process::Process;
use crate::engine::rollout::Drawn;
use crate::engine::{EngineError, Paths};
use burn::tensor::Tensor;

/// The steps of a chain that pictures show, the last one among them.
pub(crate) fn shown_steps<T: Task>(last: usize) -> Vec<usize> {
    let stride = last.div_ceil(T::PICTURED_STEPS - 1);
    (0..last).step_by(stride).chain([last]).collect()
}

impl<T: Task> Learner<T> {
    /// The condition of every trajectory in a picture; trajectories of one condition are neighbours.
    pub(crate) fn pictured(&self) -> Vec<usize> {
        let conditions = self.task.conditions();
        (0..T::PICTURED)
            .map(|place| conditions.pictured(place, T::PICTURED))
            .collect()
    }

    /// Tempered log r of the ends of trajectories for a picture.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn log_reward_of_ends(&self, paths: &Paths) -> Result<Vec<f32>, EngineError> {
        let log_reward = self.log_reward(&self.pictured(), &paths.ends()).await?;
        Ok(log_reward.into_iter().map(|l| l as f32).collect())
    }

    /// Trajectories of the posterior for a picture, with the same noise in a round each time.
    pub(crate) fn pictured_round(&self, round: u64) -> Drawn<T::Process> {
        let batch = self.batch(Purpose::Pictures, round << CHUNK_BITS, self.pictured());
        self.trainer.chains.draw(&self.trainer.network(), batch, LEARNED)
    }

    /// The prior's trajectories for a picture, with the same noise.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn prior_paths(&self) -> Result<Paths, EngineError> {
        let batch = self.batch(Purpose::Pictures, 0, self.pictured());
        self.thinned(&self.trainer.chains.walk_prior(&batch.fresh, batch.noise))
            .await
    }

    /// Trajectories x_0 to x_T as they are shown.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn thinned(
        &self,
        states: &[<T::Process as Process>::State],
    ) -> Result<Paths, EngineError> {
        let process = &self.trainer.chains.process;
        let steps = shown_steps::<T>(process.steps());
        let shown: Vec<Tensor<2>> = steps.iter().map(|s| process.download(&states[*s])).collect();
        // [rows, shown steps, size]
        let points = read(Tensor::stack::<3>(shown, 1))
            .await
            .map_err(EngineError::Device)?;
        Ok(Paths {
            steps,
            size: process.state_size(),
            points,
        })
    }
}
