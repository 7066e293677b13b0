//! The simulator against Gymnasium's (`tests/golden/robots.py`). Needs MuJoCo and Gymnasium, as `docs/control.md` says;
//! where RTB_REQUIRE_MUJOCO is set, they must be there.

use super::body::Simulator;
use super::episodes::{Episode, play};
use super::place;
use super::replay::replay;
use crate::program::scratch::Scratch;
use rtb::task::control::offline::hdf5::{Simulated, Source};
use rtb::task::control::offline::{ROBOTS, Robot, Transitions};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// MuJoCo's library; `None`, and why, where a robot cannot be simulated.
fn library() -> Option<PathBuf> {
    let found = ROBOTS.iter().try_fold(PathBuf::new(), |_, robot| {
        place::model(None, robot).and_then(|_| place::library())
    });
    match found {
        Ok(path) => Some(path),
        Err(error) => {
            assert!(std::env::var_os("RTB_REQUIRE_MUJOCO").is_none(), "{error}");
            #[expect(clippy::print_stderr, reason = "a test that says what it did not test")]
            {
                eprintln!("not tested here: {error}");
            }
            None
        }
    }
}

fn simulator(library: &Path, robot: Robot) -> Simulator {
    let model = place::model(None, &robot).expect("Gymnasium's");
    Simulator::open(library, &model, robot).expect("it opens")
}

struct Golden {
    steps: Transitions,
    simulated: Simulated,
    version: String,
}

fn golden(robot: &Robot) -> Golden {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/d4rl");
    let path = Path::new(folder).join(format!("{}.hdf5", robot.name));
    let source = Source::open(File::open(path).expect("a golden file")).expect("whole");
    Golden {
        steps: source.transitions(None).expect("sound"),
        simulated: source.simulated().expect("sound").expect("recorded"),
        version: source.text("metadata/mujoco").expect("told"),
    }
}

/// Whole episodes are Gymnasium's, to the last digits where MuJoCo has the same version.
#[test]
fn episodes_are_those_of_gymnasium() {
    let Some(library) = library() else { return };
    for robot in ROBOTS {
        let simulator = simulator(&library, robot);
        let golden = golden(&robot);
        if simulator.version() != golden.version {
            #[expect(clippy::print_stderr, reason = "a test that says what it did not test")]
            {
                let version = &golden.version;
                eprintln!("not tested here: MuJoCo {version}, to the last digits");
            }
            return;
        }
        let mut body = simulator.body();
        for episode in golden.steps.episodes() {
            let first = golden.simulated.state(episode.rows.start);
            body.place(&first);
            for row in episode.rows.clone() {
                let a = robot.actions;
                let reward = body.act(&golden.steps.actions()[row * a..(row + 1) * a]);
                let off = reward - f64::from(golden.steps.rewards()[row]);
                let name = robot.name;
                assert!(
                    off.abs() < 1e-5 * (1.0 + reward.abs()),
                    "{name}, reward of {row}: {off}"
                );
                assert_eq!(
                    robot.has_fallen(body.state()),
                    golden.steps.terminals()[row],
                    "{name}, {row}"
                );
                if row + 1 < episode.rows.end {
                    for (found, wanted) in body.state().iter().zip(golden.simulated.state(row + 1)) {
                        let off = (found - wanted).abs();
                        assert!(off < 1e-9 * (1.0 + wanted.abs()), "{name}, after {row}: {off}");
                    }
                }
            }
        }
    }
}

/// Single steps from recorded states; other versions of MuJoCo are near, too.
#[test]
fn recorded_steps_are_simulated_again() {
    let Some(library) = library() else { return };
    for robot in ROBOTS {
        let simulator = simulator(&library, robot);
        let Golden { steps, simulated, .. } = golden(&robot);
        let found = replay(&simulator, &steps, &simulated, 1000).expect("the same robot");
        let told = format!("{}: {found:?}", robot.name);
        assert_eq!(found.steps, steps.len(), "{told}");
        assert!(found.seen < 1e-4 && found.ends == 0, "{told}");
        assert!(found.state.median < 1e-3 && found.reward.median < 1e-3, "{told}");
        let few = replay(&simulator, &steps, &simulated, 7).expect("the same robot");
        assert_eq!(few.steps, 7);
        let half = Simulated {
            positions: simulated.positions[robot.positions..].to_vec(),
            ..simulated
        };
        let error = replay(&simulator, &steps, &half, 7).expect_err("a row is missing");
        assert!(error.to_string().starts_with("infos/qpos: "), "{error}");
    }
}

#[test]
fn episodes_of_a_seed_are_the_same_beside_others() {
    let Some(library) = library() else { return };
    let hopper = ROBOTS[1];
    let simulator = simulator(&library, hopper);
    let still = |states: &[f32]| Ok(vec![0.0; states.len() / hopper.seen() * hopper.actions]);
    let mut going = Vec::new();
    let both = play(&simulator, &[3, 4], 2, 200, still, |_, left| going.push(left)).expect("played");
    let one = play(&simulator, &[4], 2, 200, still, |_, _| {}).expect("played");
    assert_eq!(both[1], one[0]);
    assert_ne!(both[0], both[1]);
    // A hopper that does nothing falls: it earns about 1 a step until then.
    for Episode { earned, steps } in both.concat() {
        assert!((10..200).contains(&steps), "{steps} steps");
        assert!(
            (earned / steps as f64 - 1.0).abs() < 0.5,
            "{earned} in {steps} steps"
        );
    }
    assert!(
        going.is_sorted_by(|one, next| one >= next) && going.last() == Some(&0),
        "{going:?}"
    );
    let cut = play(&simulator, &[3], 1, 5, still, |_, _| {}).expect("played");
    assert_eq!(cut[0][0].steps, 5);
}

#[test]
fn files_that_are_no_simulator_are_named() {
    let Some(library) = library() else { return };
    let [cheetah, hopper, walker] = ROBOTS;
    let place = Scratch::new();
    let refused = |library: &Path, model: &Path, robot: Robot| {
        let opened = Simulator::open(library, model, robot);
        opened.err().expect("refused").to_string()
    };
    let of = |robot: &Robot| place::model(None, robot).expect("Gymnasium's");
    let junk = place.path().join("junk.xml");
    fs::write(&junk, "<mujoco><worldbody/></mujoc>").expect("written");
    assert!(refused(&library, &junk, hopper).contains("refuses it: XML"));
    let error = refused(&library, &of(&hopper), walker);
    assert!(
        error.contains("6 positions and 6 velocities") && error.contains("walker2d.xml"),
        "{error}"
    );
    assert!(refused(&library, &place.path().join("none.xml"), cheetah).contains("refuses it"));
    let error = place::model(Some(&place.path().join("none.xml")), &cheetah).expect_err("refused");
    assert!(
        error.to_string().contains("--xml") && error.to_string().contains("half_cheetah.xml"),
        "{error}"
    );
    assert!(refused(&junk, &of(&hopper), hopper).contains("cannot load MuJoCo"));
}
