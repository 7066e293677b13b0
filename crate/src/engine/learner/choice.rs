//! Samples of a trained policy that are each chosen among several.

use super::{LEARNED, Learner, Simulated, Task};
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::rollout::Drawn;
use crate::engine::statistics::Weighed;
use crate::engine::{EngineError, Paths};
use burn::tensor::Tensor;
use rand_chacha::rand_core::Rng;

/// Chooses for every row one of the rounds that it is offered, in proportion to weight.
struct Reservoir {
    /// Logarithm of the sum of a row's weights so far.
    log_sums: Vec<f64>,
}

impl Reservoir {
    /// The rows for which a round takes the place of what was chosen before.
    fn offer(&mut self, log_weights: &[f64], rng: &mut impl Rng) -> Vec<usize> {
        let offered = self.log_sums.iter_mut().zip(log_weights);
        let taken = offered.map(|(sum, log_weight)| {
            let (high, low) = (sum.max(*log_weight), sum.min(*log_weight));
            // log of the sum of both, taken from the larger one so that nothing overflows.
            *sum = high + (low - high).exp().ln_1p();
            noise::uniform(rng) < (log_weight - *sum).exp()
        });
        let taken: Vec<bool> = taken.collect();
        (0..taken.len()).filter(|row| taken[*row]).collect()
    }
}

/// Trajectories of which each was chosen among as many as there were rounds, in proportion to its
/// weight r·p_θ/p_φ: sampling-importance-resampling, the more exact the more rounds (Rubin 1987).
pub struct Choice {
    /// The chosen ones.
    pub taken: Simulated,
    /// Candidates of each.
    pub rounds: usize,
    /// Of all rounds, for every trajectory.
    pub log_weights: Vec<f64>,
    conditions: Vec<usize>,
    reservoir: Reservoir,
}

/// Trajectories for a picture.
pub(crate) struct Pictured {
    pub paths: Paths,
    /// Tempered log r of their ends.
    pub log_reward: Vec<f32>,
    /// What else is told of each, in as many numbers a row.
    pub more: Vec<f32>,
}

impl Choice {
    /// A first round, of which everything is taken.
    fn of(first: Simulated) -> Self {
        let log_weights = first.log_weights();
        Self {
            rounds: 1,
            reservoir: Reservoir {
                log_sums: log_weights.clone(),
            },
            log_weights,
            conditions: first.conditions.clone(),
            taken: first,
        }
    }

    /// Another round.
    fn offer(&mut self, made: &Simulated, rng: &mut impl Rng) {
        let log_weights = made.log_weights();
        for row in self.reservoir.offer(&log_weights, rng) {
            self.taken.replace(row, made);
        }
        self.log_weights.extend(log_weights);
        self.conditions.extend(&made.conditions);
        self.rounds += 1;
    }

    /// log mean of the weights of all rounds, the mean over the conditions.
    pub fn log_z(&self) -> f64 {
        // Learned estimates of log Z are no part of it.
        let unknown = vec![f64::NAN; self.conditions.iter().max().map_or(0, |last| last + 1)];
        Weighed::of(&self.log_weights, &self.conditions, &unknown).log_z_importance
    }

    /// Mean tempered log r of the chosen ones.
    pub fn log_reward(&self) -> f64 {
        let log_reward = &self.taken.log_reward;
        log_reward.iter().sum::<f64>() / log_reward.len() as f64
    }
}

impl Pictured {
    /// Puts another's rows in the place of these.
    fn replace(&mut self, rows: &[usize], other: &Self) {
        let count = self.log_reward.len();
        let pairs = [
            (&mut self.paths.points, &other.paths.points),
            (&mut self.log_reward, &other.log_reward),
            (&mut self.more, &other.more),
        ];
        for (own, others) in pairs {
            let size = own.len() / count;
            for row in rows {
                let row = row * size..(row + 1) * size;
                own[row.clone()].copy_from_slice(&others[row]);
            }
        }
    }
}

impl<T: Task> Learner<T> {
    /// Trajectories of the posterior for a picture, each chosen among so many; with one candidate the
    /// noise is the same each time, and that of the prior's.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn pictures(
        &self,
        candidates: usize,
        more: impl Fn(&T, &Drawn<T::Process>) -> Option<Tensor<2>>,
    ) -> Result<Pictured, EngineError> {
        let round = async |round: u64| {
            let drawn = self.pictured_round(round);
            let paths = self.thinned(&drawn.states).await?;
            let log_reward = self.log_reward_of_ends(&paths).await?;
            let more = match more(&self.task, &drawn) {
                Some(more) => read(more).await.map_err(EngineError::Device)?,
                None => Vec::new(),
            };
            let pictured = Pictured {
                paths,
                log_reward,
                more,
            };
            Ok::<_, EngineError>((pictured, drawn))
        };
        let log_weights = async |pictured: &Pictured, drawn| {
            let log_ratio = read(self.log_ratio(drawn)).await.map_err(EngineError::Device)?;
            let pairs = pictured.log_reward.iter().zip(log_ratio);
            Ok::<_, EngineError>(pairs.map(|(r, q)| f64::from(r - q)).collect::<Vec<f64>>())
        };
        let (mut chosen, drawn) = round(0).await?;
        if candidates == 1 {
            return Ok(chosen);
        }
        let mut reservoir = Reservoir {
            log_sums: log_weights(&chosen, drawn).await?,
        };
        for at in 1..candidates as u64 {
            let (offered, drawn) = round(at).await?;
            let mut rng = self.noise().stream(Purpose::Pictures, at);
            let rows = reservoir.offer(&log_weights(&offered, drawn).await?, &mut rng);
            chosen.replace(&rows, &offered);
        }
        Ok(chosen)
    }

    /// Chooses for every trajectory of the policy that was made for this purpose among so many.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn choose(
        &self,
        made: Simulated,
        purpose: Purpose,
        candidates: usize,
    ) -> Result<Choice, EngineError> {
        let count = made.log_reward.len();
        let mut choice = Choice::of(made);
        for round in 1..candidates as u64 {
            let made = self.simulate_round(LEARNED, purpose, round, count).await?;
            let mut rng = self.noise().stream(Purpose::Resampling, round);
            choice.offer(&made, &mut rng);
        }
        Ok(choice)
    }
}
