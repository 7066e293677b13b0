//! `rtb simulate`: what policies earn that were learned from recorded steps.

mod agreement;
mod earned;
mod entrants;

use super::pretrain::RecordedSteps;
use crate::program::data;
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::number::{whole, within};
use crate::program::output::{print, say};
use crate::program::simulator::body::Simulator;
use crate::program::simulator::library::warnings;
use crate::program::simulator::place;
use crate::program::storage;
use pollster::block_on;
use rtb::run::ConfigError;
use rtb::task::control::offline::hdf5::Source;
use rtb::task::control::offline::{ROBOTS, Reference, Robot, Transitions};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
MuJoCo's library and the robot's description are those of the packages `mujoco` and `gymnasium` of the `python3` that is
found first (pip install \"gymnasium[mujoco]\"); RTB_MUJOCO names another library, --xml another description.

First the recorded steps are simulated again: scores mean what they mean in publications only where that agrees.
Then policies act in the same first states:
  - the behaviour;
  - the best of many of its actions by Q;
  - with --alpha, one of them in proportion to exp(Q/α), as IDQL has it (arXiv 2304.10573);
  - the policies of runs.
Where a policy has several networks, they take turns: seed s is played by number s, as in publications.

Examples:
  rtb simulate hopper_medium-v2 --behaviour behaviour.safetensors --critic critic.safetensors
  rtb simulate hopper_medium-v2 --run runs/hopper-seed0 --run runs/hopper-seed1 --seeds 2";

/// Let policies that were learned from recorded steps act in MuJoCo, and print their scores
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    data: RecordedSteps,
    /// Files that `rtb pretrain behaviour` wrote [default: those of the runs]
    #[arg(
        long,
        value_name = "FILE",
        requires = "critic",
        required_unless_present = "run"
    )]
    behaviour: Vec<PathBuf>,
    /// Files that `rtb pretrain critic` wrote [default: those of the runs]
    #[arg(long, value_name = "FILE", requires = "behaviour")]
    critic: Vec<PathBuf>,
    /// Folders that `rtb run` wrote, of runs above recorded steps; those of the same name are one policy, seed by seed
    #[arg(long, value_name = "DIR")]
    run: Vec<PathBuf>,
    /// α of exp(Q/α), in units in which the returns of the data's complete episodes span 1000
    #[arg(long, value_name = "ALPHA", value_parser = within(1e-4, 1e6))]
    alpha: Option<f64>,
    /// Actions among which one is chosen
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = whole::<usize>(1, 10_000))]
    candidates: usize,
    /// Number of seeds, 0 to N − 1
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = whole::<u64>(1, 1000))]
    seeds: u64,
    /// Episodes of a seed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = whole::<usize>(1, 10_000))]
    episodes: usize,
    /// Steps after which an episode is cut
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = whole::<usize>(1, 1_000_000))]
    longest: usize,
    /// halfcheetah, hopper or walker2d [default: what the data's name begins with]
    #[arg(long, value_name = "NAME")]
    robot: Option<String>,
    /// The robot's description [default: that of the installed Gymnasium]
    #[arg(long, value_name = "FILE")]
    xml: Option<PathBuf>,
    /// File (CSV) for the return of every episode
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
}

/// Holds the simulator against the data, lets policies act, and prints both tables.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    if let Some(path) = &args.out {
        storage::probe(path)?;
    }
    let file = args.data.find()?;
    let source = file.open()?;
    let robot = robot(args, &file, &source)?;
    let description = place::model(args.xml.as_deref(), &robot)?;
    let simulator = Simulator::open(&place::library()?, &description, robot)?;
    let steps = args.data.of(&file)?;
    check_sizes(&steps, &robot).map_err(|error| file.refused(error))?;
    let entrants = entrants::entrants(args, &robot)?;
    let agreement = agreement::agreement(args, &simulator, &steps, &source);
    print(&agreement.map_err(|error| match error {
        ProgramError::Config(error) => file.refused(error),
        other => other,
    })?)?;
    let mut rows = Vec::new();
    for entrant in entrants {
        rows.push(earned::row(
            args,
            &simulator,
            entrant.policy,
            entrant.actors,
            |actor, states| Ok(block_on(actor.actions(states))?),
        )?);
    }
    for warning in warnings() {
        say(format_args!("MuJoCo warned: {warning}"));
    }
    let reference = Reference::of(robot.name).expect("every robot has one");
    if let Some(path) = &args.out {
        storage::write(path, earned::csv(&rows, &reference).as_bytes())?;
    }
    print(&earned::table(&steps, &rows, &reference))
}

/// The robot that the data are of.
fn robot(args: &Args, file: &data::Steps, source: &Source) -> Result<Robot, ProgramError> {
    let names: Vec<String> = match &args.robot {
        Some(name) => vec![name.clone()],
        None => [file.name()]
            .into_iter()
            .chain(source.text("metadata/environment"))
            .collect(),
    };
    let found = names.iter().find_map(|name| Robot::of(name));
    found.ok_or_else(|| {
        let known: Vec<_> = ROBOTS.iter().map(|robot| robot.name).collect();
        ConfigError::new("--robot", format!("`{}`", names.join("`, `")), known.join(", ")).into()
    })
}

/// Refuses steps of another robot.
fn check_sizes(steps: &Transitions, robot: &Robot) -> Result<(), ConfigError> {
    let (found, wanted) = (
        [steps.state_size(), steps.action_size()],
        [robot.seen(), robot.actions],
    );
    match found == wanted {
        true => Ok(()),
        false => Err(ConfigError::new(
            "observations and actions",
            format!("rows of {} and {} numbers", found[0], found[1]),
            format!("{} and {}, those of {}", wanted[0], wanted[1], robot.name),
        )),
    }
}
