//! What the learned policy earns, beside others in the same episodes.

use super::critic::Critic;
use super::description::{Episodes, Reward};
use super::episodes::{Episode, play};
use super::exact::Exact;
use super::messages::Earned;
use super::world::World;
use super::{ControlTask, Returns};
use crate::engine::EngineError;
use crate::engine::learner::Learner;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::parallel;
use crate::engine::statistics::Mean;
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

/// Episodes of policies that are not learned.
pub(super) struct Others {
    pub behaviour: Vec<Episode>,
    pub exact: Vec<Episode>,
    best_of: Earned,
    /// Of the best policy, where it is known.
    optimal: Option<Earned>,
}

impl Others {
    /// In so many of the run's episodes.
    pub async fn play(task: &ControlTask, count: usize) -> Result<Self, EngineError> {
        let episodes = &task.problem.episodes;
        Ok(Self {
            behaviour: task.of_behaviour(episodes, count).await?,
            exact: task.of_exact(episodes, count).await?,
            best_of: Earned::of(&task.of_best(episodes, count).await?),
            optimal: (task.of_optimal(episodes, count).await?).map(|played| Earned::of(&played)),
        })
    }
}

/// What all policies earn in as many of the run's episodes.
pub(super) fn returns(learned: &[Episode], others: &Others) -> Returns {
    let pairs = learned.iter().zip(&others.exact);
    let off = Mean::of(pairs.map(|(learned, exact)| learned.earned - exact.earned));
    let [learned, exact, behaviour] = [learned, &others.exact, &others.behaviour].map(Earned::of);
    let (best_of, optimal) = (others.best_of, others.optimal);
    Returns {
        return_learned: learned.mean,
        return_error: learned.error,
        return_exact: exact.mean,
        return_exact_error: exact.error,
        return_off: off.value,
        return_off_error: off.error,
        return_behaviour: behaviour.mean,
        return_best_of: best_of.mean,
        return_optimal: optimal.map(|earned| earned.mean),
        steps_learned: learned.steps,
        steps_exact: exact.steps,
        steps_behaviour: behaviour.steps,
        steps_optimal: optimal.map(|earned| earned.steps),
    }
}
