//! How far the simulator is from the one that recorded the data.

use super::body::Simulator;
use rtb::run::ConfigError;
use rtb::task::control::offline::hdf5::Simulated;
use rtb::task::control::offline::{Standard, Transitions};

/// Recorded steps beside the same ones simulated, each from its recorded positions and velocities.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Steps that were simulated.
    pub steps: usize,
    /// Largest difference of what is seen of the recorded positions and velocities from the recorded states.
    pub seen: f64,
    /// Root of the mean square, over the numbers of a state, of the next state's error, in deviations of how they change in
    /// a step.
    pub state: Spread,
    /// Size of a reward's error.
    pub reward: Spread,
    /// Mean of the rewards' errors with their signs.
    pub bias: f64,
    /// Steps after which an episode ends in one of both alone.
    pub ends: usize,
}

/// Where some numbers lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    /// All but one in a hundred are smaller.
    pub most: f64,
    pub largest: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        Self {
            median: at(0.5),
            most: at(0.99),
            largest: at(1.0),
        }
    }
}

/// Simulates up to `most` of the steps, spread over the recording.
///
/// # Errors
///
/// Where the recorded positions and velocities are those of another robot, or no step has a next state.
pub fn replay(
    simulator: &Simulator,
    steps: &Transitions,
    recorded: &Simulated,
    most: usize,
) -> Result<Replay, ConfigError> {
    let robot = &simulator.robot;
    let Simulated {
        positions,
        position_size: p,
        velocities,
        velocity_size: v,
    } = recorded;
    for (key, numbers, found, wanted) in [
        ("infos/qpos", positions, *p, robot.positions),
        ("infos/qvel", velocities, *v, robot.velocities),
    ] {
        if found != wanted || numbers.len() != steps.len() * wanted {
            let told = format!("{} numbers in rows of {found}", numbers.len());
            let allowed = format!(
                "a row of {wanted} for each of the {} steps of {}",
                steps.len(),
                robot.name
            );
            return Err(ConfigError::new(key, told, allowed));
        }
    }
    let known: Vec<usize> = (0..steps.len()).filter(|row| steps.is_followed(*row)).collect();
    if known.is_empty() {
        return Err(ConfigError::missing(
            "next_observations",
            "steps that follow each other",
        ));
    }
    let count = known.len().min(most.max(1));
    let rows: Vec<usize> = (0..count).map(|at| known[at * known.len() / count]).collect();
    let (s, a) = (robot.seen(), robot.actions);
    let changes = rows.iter().flat_map(|row| {
        let before = &steps.states()[row * s..(row + 1) * s];
        let after = &steps.next_states()[row * s..(row + 1) * s];
        after.iter().zip(before).map(|(after, before)| after - before)
    });
    let units = Standard::of(&changes.collect::<Vec<f32>>(), s).deviation;
    let mut body = simulator.body();
    let (mut seen, mut ends) = (0.0f64, 0);
    let (mut of_states, mut of_rewards) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for row in rows {
        let state = recorded.state(row);
        let shown = robot.observation(&state);
        let off = differences(&shown, &steps.states()[row * s..(row + 1) * s]);
        seen = off.fold(seen, |seen, off| seen.max(off.abs()));
        body.place(&state);
        let reward = body.act(&steps.actions()[row * a..(row + 1) * a]);
        let after = robot.observation(body.state());
        let off = differences(&after, &steps.next_states()[row * s..(row + 1) * s]);
        let squares: f64 = off.zip(&units).map(|(off, unit)| (off / unit).powi(2)).sum();
        of_states.push((squares / s as f64).sqrt());
        of_rewards.push(reward - f64::from(steps.rewards()[row]));
        ends += usize::from(robot.has_fallen(body.state()) != steps.terminals()[row]);
    }
    Ok(Replay {
        steps: count,
        seen,
        state: Spread::of(of_states),
        bias: of_rewards.iter().sum::<f64>() / count as f64,
        reward: Spread::of(of_rewards.into_iter().map(f64::abs).collect()),
        ends,
    })
}

fn differences(found: &[f32], wanted: &[f32]) -> impl Iterator<Item = f64> {
    found
        .iter()
        .zip(wanted)
        .map(|(found, wanted)| f64::from(*found) - f64::from(*wanted))
}
