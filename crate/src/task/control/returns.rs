//! What the learned policy earns, beside others in the same episodes.

use super::ControlTask;
use super::critic::Critic;
use super::description::{Episodes, Reward};
use super::episodes::{Episode, play};
use super::exact::Exact;
use super::messages::Earned;
use super::others::Others;
use super::world::World;
use crate::engine::EngineError;
use crate::engine::learner::Learner;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::parallel;
use rand_chacha::ChaCha8Rng;

/// Actions of the behaviour among which the best is taken.
const BEST_OF: usize = 32;
/// Bits of the number of a state among those of a time.
const ROW_BITS: u32 = 20;
/// The streams of policies that are no network.
const BEHAVIOUR: u64 = 1 << 44;
const EXACT: u64 = 2 << 44;
const CHOSEN: u64 = 3 << 44;

impl ControlTask {
    /// `count` episodes in which every action comes from its state alone.
    async fn played(
        &self,
        episodes: &Episodes,
        count: usize,
        streams: u64,
        act: impl Fn(&[f64], &mut ChaCha8Rng) -> Vec<f64> + Sync,
    ) -> Result<Vec<Episode>, EngineError> {
        let n = self.world.state();
        let noise: Noise = self.noise;
        play(
            &self.world,
            episodes,
            &noise,
            count,
            async |states, rows, time| {
                let actions = parallel::map((0..rows).collect(), |row: usize| {
                    let counter = streams | (time as u64) << ROW_BITS | row as u64;
                    act(
                        &states[row * n..(row + 1) * n],
                        &mut noise.stream(Purpose::Actions, counter),
                    )
                });
                Ok(actions.concat())
            },
        )
        .await
    }

    /// Episodes of the behaviour.
    async fn of_behaviour(&self, episodes: &Episodes, count: usize) -> Result<Vec<Episode>, EngineError> {
        let behaviour = &self.judge.behaviour;
        self.played(episodes, count, BEHAVIOUR, |state, rng| {
            behaviour.draw(&behaviour.at(state), rng)
        })
        .await
    }

    /// Episodes of the exact policy.
    async fn of_exact(&self, episodes: &Episodes, count: usize) -> Result<Vec<Episode>, EngineError> {
        let (judge, alpha) = (&self.judge, self.alpha());
        self.played(episodes, count, EXACT, |state, rng| {
            Exact::coarse(&judge.behaviour, &judge.critic, alpha, state).draw(rng)
        })
        .await
    }

    /// Episodes of the best, by Q, of some actions of the behaviour.
    async fn of_best(&self, episodes: &Episodes, count: usize) -> Result<Vec<Episode>, EngineError> {
        let judge = &self.judge;
        self.played(episodes, count, CHOSEN, |state, rng| {
            let gaussians = judge.behaviour.at(state);
            let mut best = (f64::NEG_INFINITY, Vec::new());
            for _ in 0..BEST_OF {
                let action = judge.behaviour.draw(&gaussians, rng);
                let value = judge.critic.value(state, &action);
                if value > best.0 || best.1.is_empty() {
                    best = (value, action);
                }
            }
            best.1
        })
        .await
    }

    /// Episodes of the best policy, where it is known.
    async fn of_optimal(
        &self,
        episodes: &Episodes,
        count: usize,
    ) -> Result<Option<Vec<Episode>>, EngineError> {
        if let World::Bandit(_) = self.world {
            return Ok(None);
        }
        let alpha = self.judge.alpha;
        let solved;
        let critic = match self.problem.reward {
            Reward::Optimal { .. } => &self.judge.critic,
            _ => {
                let best = Reward::Optimal { alpha };
                solved = Critic::solve(&best, &self.world, &self.judge.behaviour, episodes)?;
                &solved
            }
        };
        let act = |state: &[f64], _: &mut ChaCha8Rng| critic.best(state).unwrap_or_default();
        Ok(Some(self.played(episodes, count, 0, act).await?))
    }
}

impl ControlTask {
    /// Policies that are not learned, in so many of the run's episodes.
    pub(super) async fn of_others(&self, count: usize) -> Result<Others, EngineError> {
        let episodes = &self.problem.episodes;
        Ok(Others {
            behaviour: self.of_behaviour(episodes, count).await?,
            exact: self.of_exact(episodes, count).await?,
            best_of: Earned::of(&self.of_best(episodes, count).await?),
            optimal: (self.of_optimal(episodes, count).await?).map(|played| Earned::of(&played)),
        })
    }
}

/// So many of the run's episodes of the learned policy.
pub(super) async fn of_learned(
    learner: &Learner<ControlTask>,
    count: usize,
) -> Result<Vec<Episode>, EngineError> {
    let (task, network) = (&learner.task, learner.network());
    let episodes = &task.problem.episodes;
    let act =
        async |states: &[f64], rows: usize, time: usize| task.act(&network, states, rows, time as u64).await;
    play(&task.world, episodes, &task.noise, count, act).await
}
