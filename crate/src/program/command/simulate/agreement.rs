//! How far the simulator is from the one that recorded the data.

use super::Args;
use super::earned::{Earned, row};
use crate::program::error::ProgramError;
use crate::program::grid::Grid;
use crate::program::simulator::body::Simulator;
use crate::program::simulator::replay::{Replay, Spread, replay};
use rtb::engine::noise::{Noise, Purpose};
use rtb::run::ConfigError;
use rtb::task::control::offline::hdf5::Source;
use rtb::task::control::offline::{Recorder, Transitions};

/// Most recorded steps that are simulated again.
const REPLAYED: usize = 10_000;
/// From here on a difference of states is no rounding.
const MISREAD: f64 = 1e-3;

/// What is printed of it.
pub fn agreement(
    args: &Args,
    simulator: &Simulator,
    steps: &Transitions,
    source: &Source,
) -> Result<String, ProgramError> {
    let version = source.text("metadata/mujoco");
    let version = version.map_or(
        "The file does not tell with which it was recorded".to_owned(),
        |version| format!("The data were recorded with {version}"),
    );
    let again = match source.simulated()? {
        None => {
            "It has no infos/qpos and infos/qvel: how far one is from the other is not known.\n".to_owned()
        }
        Some(recorded) => simulated_again(steps, &replay(simulator, steps, &recorded, REPLAYED)?),
    };
    let policy = match source.recorder()? {
        None => "The file has no policy that recorded it (metadata/policy).\n".to_owned(),
        Some(recorder) => recorded_again(args, simulator, steps, &recorder)?,
    };
    Ok(format!(
        "\nThe simulator is MuJoCo {} with {}. {version}.\n{again}{policy}",
        simulator.version(),
        simulator.robot.model
    ))
}

fn simulated_again(steps: &Transitions, found: &Replay) -> String {
    let row = |name: &str, spread: Spread| {
        let figures = [spread.median, spread.most, spread.largest];
        let figures = figures.map(|value| format!("{value:.1e}"));
        std::iter::once(name.to_owned()).chain(figures).collect()
    };
    let headings = ["error of a step", "median", "99 %", "largest"];
    let grid = Grid {
        headings: headings.map(str::to_owned).to_vec(),
        rows: vec![
            row("next state, in deviations of a step", found.state),
            row("reward", found.reward),
        ],
        words: 1,
    };
    let shown = match found.seen {
        0.0 => "These show the recorded states exactly.".to_owned(),
        seen if seen < MISREAD => format!("These show the recorded states but for {seen:.0e}."),
        seen => format!(
            "But these show other states, off by up to {seen:.1}: they are of another robot (--robot), or of another moment."
        ),
    };
    format!(
        "{} of {} steps were simulated again, each from its recorded positions and velocities. {shown}\n\n{}\n\
         Mean error of the rewards: {:.1e}. Steps that end an episode in one simulator alone: {}.\n",
        found.steps,
        steps.len(),
        grid.text(),
        found.bias,
        found.ends
    )
}

/// What the policy that recorded the data earns here, beside what it earned there.
fn recorded_again(
    args: &Args,
    simulator: &Simulator,
    steps: &Transitions,
    recorder: &Recorder,
) -> Result<String, ProgramError> {
    let (s, a) = (simulator.robot.seen(), simulator.robot.actions);
    let found = [recorder.state_size(), recorder.action_size()];
    if found != [s, a] {
        let told = format!("a network of {} and {} numbers", found[0], found[1]);
        return Err(ConfigError::new("metadata/policy", told, format!("one of {s} and {a}")).into());
    }
    let noise = Noise::new(0).stream(Purpose::Actions, 0);
    let name = "the data's policy".to_owned();
    let actors = vec![(noise, (0..args.seeds).collect())];
    let here = row(args, simulator, name, actors, |noise, states| {
        let actions = states
            .chunks_exact(s)
            .flat_map(|state| recorder.action(state, noise));
        Ok(actions.collect())
    })?;
    Ok(format!(
        "The policy that recorded the data earns {} here, and earned {} there.\n",
        here.mean(|episode| episode.earned),
        Earned::over(&steps.returns())
    ))
}
