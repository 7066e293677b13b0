//! Samples of a trained policy, each chosen among several candidates.

use super::{LEARNED, Learner, Simulated, Task};
use crate::engine::host::read;
use crate::engine::noise::{self, Purpose};
use crate::engine::rollout::Drawn;
use crate::engine::statistics::Weighed;
use crate::engine::{EngineError, Paths};
use burn::tensor::Tensor;
use rand_chacha::rand_core::Rng;

/// Chooses one of several rounds for every row, in proportion to the weights of its candidates.
struct Reservoir {
    /// Logarithm of the sum of a row's weights so far.
    log_sums: Vec<f64>,
}

impl Reservoir {
    /// Offers a round of log weights; returns the rows whose choice moves to this round.
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

/// Trajectories that were each chosen among K candidates (one per round) in proportion to the weight r·p_θ/p_φ:
/// sampling-importance-resampling (Rubin 1987). For finite K their distribution differs from the posterior by a
/// term in 1/K; regions where the policy rarely goes are underrepresented.
pub struct Choice {
    /// The chosen trajectories.
    pub taken: Simulated,
    /// Number of candidates per trajectory.
    pub rounds: usize,
    /// Log weights of all rounds.
    pub log_weights: Vec<f64>,
    conditions: Vec<usize>,
    reservoir: Reservoir,
}

/// Trajectories for a picture.
pub(crate) struct Pictured {
    pub paths: Paths,
    /// Tempered log r of their ends.
    pub log_reward: Vec<f32>,
    /// Further numbers of the task, equally many for each trajectory.
    pub more: Vec<f32>,
}

impl Choice {
    /// Starts with a first round, all of which is chosen.
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

    /// log mean of the weights of every trajectory's candidates: the weight of the chosen one, as with it the
    /// chosen ones estimate what all candidates estimate.
    pub fn mean_log_weights(&self) -> Vec<f64> {
        let candidates = (self.rounds as f64).ln();
        self.reservoir
            .log_sums
            .iter()
            .map(|sum| sum - candidates)
            .collect()
    }

    /// Mean tempered log r of the chosen ones.
    pub fn log_reward(&self) -> f64 {
        let log_reward = &self.taken.log_reward;
        log_reward.iter().sum::<f64>() / log_reward.len() as f64
    }
}

impl Pictured {
    /// Replaces these rows by the rows of another.
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
    /// Trajectories of the posterior for a picture, each chosen among `candidates`. With one candidate, the
    /// noise is the same each time and equals that of the prior's picture.
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

    /// Draws `candidates` rounds of policy trajectories with the noise of this purpose and chooses among them.
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
        let conditions = made.conditions.clone();
        let mut choice = Choice::of(made);
        for round in 1..candidates as u64 {
            let made = self.simulate_round(LEARNED, purpose, round, &conditions).await?;
            let mut rng = self.noise().stream(Purpose::Resampling, round);
            choice.offer(&made, &mut rng);
        }
        Ok(choice)
    }
}

#[cfg(test)]
mod tests {
    use super::Reservoir;
    use crate::engine::noise::{self, Noise, Purpose};

    /// Draws are a or b, as likely; b has three times the weight of a, so that it is 3/4 of the target.
    const TARGET: f64 = 0.75;

    /// The probability that b is taken among so many draws, summed over how many of them are b.
    fn taken(draws: i32) -> f64 {
        let mut ways = 1.0;
        let mut sum = 0.0;
        for b in 0..=draws {
            let weight = 3.0 * f64::from(b);
            sum += ways * 0.5f64.powi(draws) * weight / (weight + f64::from(draws - b));
            ways *= f64::from(draws - b) / f64::from(b + 1);
        }
        sum
    }

    #[test]
    fn the_bias_of_a_choice_falls_with_one_over_the_candidates() {
        for draws in [8, 16, 32, 64] {
            let halved = (TARGET - taken(draws)) / (TARGET - taken(2 * draws));
            assert!((halved - 2.0).abs() < 2.0 / f64::from(draws), "{draws}: {halved}");
        }
    }

    #[test]
    fn a_reservoir_takes_each_candidate_by_its_share_of_the_weights() {
        const ROWS: usize = 40_000;
        let mut rng = Noise::new(0).stream(Purpose::Resampling, 0);
        let mut draw = || -> Vec<bool> { (0..ROWS).map(|_| noise::uniform(&mut rng) < 0.5).collect() };
        let weights =
            |drawn: &[bool]| -> Vec<f64> { drawn.iter().map(|b| if *b { 3f64.ln() } else { 0.0 }).collect() };
        let mut choice = draw();
        let mut reservoir = Reservoir {
            log_sums: weights(&choice),
        };
        let mut coins = Noise::new(1).stream(Purpose::Resampling, 0);
        for draws in 2..=8 {
            let offered = draw();
            for row in reservoir.offer(&weights(&offered), &mut coins) {
                choice[row] = offered[row];
            }
            let share = choice.iter().filter(|b| **b).count() as f64 / ROWS as f64;
            let error = 4.0 * (0.25 / ROWS as f64).sqrt();
            assert!(
                (share - taken(draws)).abs() < error,
                "{draws}: {share} for {}",
                taken(draws)
            );
        }
    }
}
