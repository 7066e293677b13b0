//! Episodes of a policy.

use super::body::{Body, Simulator};
use crate::program::error::ProgramError;
use rtb::engine::noise::{Noise, Purpose};

/// What an episode earned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Episode {
    /// Sum of the rewards.
    pub earned: f64,
    /// Number of actions.
    pub steps: usize,
}

/// Episodes of several seeds side by side, `count` each: `act` gives actions in the states of those that go on,
/// `[rows][states]` → `[rows][actions]`. An episode is cut after `longest` steps; `told` hears of every step. The first states
/// are those of the seeds, whatever the policy does. Returns `[seeds][count]`.
///
/// # Errors
///
/// What `act` says.
pub fn play(
    simulator: &Simulator,
    seeds: &[u64],
    count: usize,
    longest: usize,
    mut act: impl FnMut(&[f32]) -> Result<Vec<f32>, ProgramError>,
    mut told: impl FnMut(usize, usize),
) -> Result<Vec<Vec<Episode>>, ProgramError> {
    let robot = &simulator.robot;
    let firsts = seeds.iter().flat_map(|seed| {
        let noise = Noise::new(*seed);
        (0..count as u64).map(move |episode| {
            let mut rng = noise.stream(Purpose::Episodes, episode);
            robot.first(&simulator.rest, &mut rng)
        })
    });
    let mut bodies: Vec<Body> = firsts
        .map(|first| {
            let mut body = simulator.body();
            body.place(&first);
            body
        })
        .collect();
    let mut played = vec![Episode::default(); bodies.len()];
    let mut going: Vec<usize> = (0..bodies.len()).collect();
    for time in 0..longest {
        if going.is_empty() {
            break;
        }
        let states: Vec<f32> = going
            .iter()
            .flat_map(|at| robot.observation(bodies[*at].state()))
            .collect();
        let actions = act(&states)?;
        for (at, action) in going.iter().zip(actions.chunks_exact(robot.actions)) {
            played[*at].earned += bodies[*at].act(action);
            played[*at].steps += 1;
        }
        going.retain(|at| !robot.has_fallen(bodies[*at].state()));
        told(time + 1, going.len());
    }
    Ok(played.chunks(count).map(<[Episode]>::to_vec).collect())
}
