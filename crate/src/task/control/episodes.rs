//! Episodes: what policies earn in an environment.

use super::description::Episodes;
use super::messages::Earned;
use super::world::World;
use crate::engine::EngineError;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::statistics::Mean;

/// Episodes that have a stream of noise each.
const STREAMS: u64 = 1 << 24;

/// What an episode earned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Episode {
    /// Σ γ^t·reward.
    pub earned: f64,
    /// Actions.
    pub steps: usize,
    /// Whether it ended before the horizon.
    pub arrived: bool,
    /// The states, `[steps + 1][n]`.
    pub states: Vec<f32>,
}

impl Earned {
    /// That of some episodes.
    pub fn of(episodes: &[Episode]) -> Self {
        let count = episodes.len() as f64;
        let earned = Mean::of(episodes.iter().map(|episode| episode.earned));
        Self {
            mean: earned.value,
            error: earned.error,
            steps: episodes.iter().map(|episode| episode.steps as f64).sum::<f64>() / count,
            arrived: episodes.iter().filter(|episode| episode.arrived).count() as f64 / count,
        }
    }
}

/// `count` episodes side by side: `act` gives the actions in states `[rows][n]`, so many rows, at a time. First states and the
/// environment's noise are the same whatever the policy does.
///
/// # Errors
///
/// Where `act` fails.
pub async fn play(
    world: &World,
    episodes: &Episodes,
    noise: &Noise,
    count: usize,
    mut act: impl AsyncFnMut(&[f64], usize, usize) -> Result<Vec<f64>, EngineError>,
) -> Result<Vec<Episode>, EngineError> {
    let (n, d) = (world.state(), world.action());
    let stream = |episode: usize| noise.stream(Purpose::Episodes, STREAMS + episode as u64);
    let mut streams: Vec<_> = (0..count).map(stream).collect();
    let mut states: Vec<Vec<f64>> = streams.iter_mut().map(|rng| world.start(rng)).collect();
    let mut played: Vec<Episode> = states
        .iter()
        .map(|state| Episode {
            states: state.iter().map(|value| *value as f32).collect(),
            ..Episode::default()
        })
        .collect();
    let mut going: Vec<usize> = (0..count).collect();
    let mut worth = 1.0;
    for time in 0..episodes.horizon {
        if going.is_empty() {
            break;
        }
        let now: Vec<f64> = going.iter().flat_map(|at| &states[*at]).copied().collect();
        let actions = act(&now, going.len(), time).await?;
        let mut still = Vec::with_capacity(going.len());
        for (at, action) in going.iter().zip(actions.chunks_exact(d)) {
            let outcome = world.step(&states[*at], action, &mut streams[*at]);
            let episode = &mut played[*at];
            episode.earned += worth * outcome.reward;
            episode.steps += 1;
            episode
                .states
                .extend(outcome.next.iter().map(|value| *value as f32));
            episode.arrived = outcome.done;
            states[*at] = outcome.next;
            if !outcome.done {
                still.push(*at);
            }
        }
        going = still;
        worth *= episodes.discount;
    }
    debug_assert!(
        played
            .iter()
            .all(|episode| episode.states.len() == (episode.steps + 1) * n)
    );
    Ok(played)
}
