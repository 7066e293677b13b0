//! The rules of robots, and the policies that recorded them, against Gymnasium and NumPy (`tests/golden/robots.py`).

use rtb::engine::noise::{Noise, Purpose};
use rtb::task::control::offline::hdf5::Source;
use rtb::task::control::offline::{Layer, ROBOTS, Recorder, Reference, Robot};
use std::fs::File;
use std::path::Path;

/// Seconds of an action.
const SECONDS: [f64; 3] = [0.05, 0.008, 0.008];

fn source(robot: &Robot) -> Source {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/d4rl");
    let path = Path::new(folder).join(format!("{}.hdf5", robot.name));
    Source::open(File::open(path).expect("a golden file")).expect("whole")
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-5 * (1.0 + wanted.abs())
}

#[test]
fn what_is_seen_rewarded_and_an_end_is_gymnasiums() {
    for (robot, seconds) in ROBOTS.into_iter().zip(SECONDS) {
        let (source, name) = (source(&robot), robot.name);
        let steps = source.transitions(None).expect("sound");
        let simulated = source.simulated().expect("sound").expect("recorded");
        assert_eq!(
            (steps.state_size(), steps.action_size()),
            (robot.seen(), robot.actions)
        );
        let (p, v) = (robot.positions, robot.velocities);
        assert_eq!((simulated.position_size, simulated.velocity_size), (p, v));
        let state = |row: usize| {
            let positions = &simulated.positions[row * p..(row + 1) * p];
            [positions, &simulated.velocities[row * v..(row + 1) * v]].concat()
        };
        let (mut compared, mut clipped) = (0, 0);
        for episode in steps.episodes() {
            for row in episode.rows.clone() {
                let seen = robot.observation(&state(row));
                let wanted = &steps.states()[row * robot.seen()..(row + 1) * robot.seen()];
                assert_eq!(seen, wanted, "{name}, what is seen before step {row}");
                clipped += wanted.iter().filter(|value| value.abs() == 10.0).count();
                // The state after the last step of an episode is not recorded.
                if row + 1 == episode.rows.end {
                    continue;
                }
                let action = &steps.actions()[row * robot.actions..(row + 1) * robot.actions];
                let reward = robot.reward(&state(row), action, &state(row + 1), seconds);
                let wanted = f64::from(steps.rewards()[row]);
                assert!(
                    near(reward, wanted),
                    "{name}, reward of step {row}: {reward}, not {wanted}"
                );
                assert!(!robot.has_fallen(&state(row + 1)), "{name}, after step {row}");
                compared += 1;
            }
        }
        assert!(compared > 15, "{name}: {compared} steps");
        assert_eq!(
            clipped > 0,
            name != "halfcheetah",
            "{name}: {clipped} clipped velocities"
        );
        assert_eq!(
            Robot::of(&format!("{}_medium-v2", name.to_uppercase())),
            Some(robot)
        );
        assert!(Reference::of(name).is_some(), "{name} has a score");
    }
    assert_eq!(Robot::of("ant-v2"), None);
}

#[test]
fn a_robot_falls_beyond_its_bounds() {
    let [cheetah, hopper, walker] = ROBOTS;
    let with = |robot: &Robot, at: usize, value: f64| {
        let mut state = vec![0.0; robot.positions + robot.velocities];
        state[1] = 1.0;
        state[at] = value;
        robot.has_fallen(&state)
    };
    let table = [
        (hopper, 1, [0.71, 0.69]),
        (hopper, 2, [-0.19, -0.21]),
        (hopper, 2, [0.19, 0.21]),
        (hopper, 11, [99.0, -101.0]),
        (hopper, 5, [99.0, f64::NAN]),
        (walker, 1, [0.81, 0.79]),
        (walker, 1, [1.99, 2.01]),
        (walker, 2, [0.99, 1.01]),
    ];
    for (robot, at, [stands, falls]) in table {
        assert!(
            !with(&robot, at, stands) && with(&robot, at, falls),
            "{} {at}",
            robot.name
        );
    }
    assert!(!with(&walker, 17, 500.0) && !with(&cheetah, 1, -5.0));
    // How far it has come counts for nothing.
    assert!(!with(&hopper, 0, 500.0));
}

/// Moments of first states: uniform positions, normal velocities of the cheetah.
#[test]
fn episodes_start_near_rest() {
    for (robot, spread) in ROBOTS.into_iter().zip([0.1, 5e-3, 5e-3]) {
        let rest: Vec<f64> = (0..robot.positions).map(|at| at as f64).collect();
        let mut rng = Noise::new(1).stream(Purpose::Episodes, 0);
        let firsts: Vec<Vec<f64>> = (0..4000).map(|_| robot.first(&rest, &mut rng)).collect();
        for at in 0..robot.positions + robot.velocities {
            let centre = rest.get(at).copied().unwrap_or(0.0);
            let off = || firsts.iter().map(|first| (first[at] - centre) / spread);
            let square = off().map(|off| off * off).sum::<f64>() / 4000.0;
            let largest = off().fold(0.0, |largest: f64, off| largest.max(off.abs()));
            let is_normal = robot.name == "halfcheetah" && at >= robot.positions;
            let (wanted, bounds) = if is_normal {
                (1.0, 3.0..6.0)
            } else {
                (1.0 / 3.0, 0.99..1.0)
            };
            assert!(
                (square - wanted).abs() < 0.08 * wanted.sqrt(),
                "{} {at}: {square}",
                robot.name
            );
            assert!(bounds.contains(&largest), "{} {at}: {largest}", robot.name);
        }
    }
}

#[test]
fn recorders_are_read_as_numpy_has_them() {
    for robot in ROBOTS {
        let source = source(&robot);
        let recorder = source.recorder().expect("sound").expect("there is one");
        assert_eq!(
            (recorder.state_size(), recorder.action_size()),
            (robot.seen(), robot.actions)
        );
        let steps = source.transitions(None).expect("sound");
        let first = steps.episodes().swap_remove(0);
        for row in first.rows {
            let state = &steps.states()[row * robot.seen()..(row + 1) * robot.seen()];
            let [mean, log_deviation] = recorder.law(state);
            // One deviation is below what is allowed.
            assert_eq!(log_deviation[0], -20.0);
            let actions = &steps.actions()[row * robot.actions..(row + 1) * robot.actions];
            for ((mean, log_deviation), action) in mean.iter().zip(&log_deviation).zip(actions) {
                let found = (mean + log_deviation.exp()).tanh();
                assert!(
                    (found - action).abs() < 1e-5,
                    "{}: {found}, not {action}",
                    robot.name
                );
            }
        }
        let state = &steps.states()[..robot.seen()];
        let [mean, log_deviation] = recorder.law(state);
        let mut rng = Noise::new(2).stream(Purpose::Actions, 0);
        let drawn: Vec<Vec<f32>> = (0..2000).map(|_| recorder.action(state, &mut rng)).collect();
        for at in 0..robot.actions {
            let deviation = f64::from(log_deviation[at].exp());
            // Half of a Gaussian is below its mean, and 84 % below a deviation more.
            for (shift, share) in [(1e-4, 0.5), (deviation, 0.8413)] {
                let bound = (f64::from(mean[at]) + shift).tanh() as f32;
                let below = drawn.iter().filter(|action| action[at] < bound).count() as f64 / 2000.0;
                let wanted = if at == 0 { 1.0 } else { share };
                let is_near = at == 0 && shift < 1e-4 || (below - wanted).abs() < 0.05;
                assert!(is_near, "{} {at}: {below} below {bound}", robot.name);
            }
        }
    }
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let layer = |inputs: usize, outputs: usize| Layer {
        weight: vec![0.5; inputs * outputs],
        bias: vec![0.0; outputs],
    };
    let made = |hidden: &[(usize, usize)], mean: (usize, usize), deviation: (usize, usize)| {
        let hidden = hidden.iter().map(|(i, o)| layer(*i, *o)).collect();
        Recorder::new(hidden, layer(mean.0, mean.1), layer(deviation.0, deviation.1))
    };
    let sound = made(&[(3, 4), (4, 5)], (5, 2), (5, 2)).expect("sound");
    assert_eq!((sound.state_size(), sound.action_size()), (3, 2));
    assert!(made(&[], (3, 2), (3, 2)).is_ok());
    for wrong in [
        made(&[(3, 4), (3, 5)], (5, 2), (5, 2)),
        made(&[(3, 4)], (5, 2), (5, 2)),
        made(&[(3, 4)], (4, 2), (4, 1)),
        made(&[(3, 0)], (0, 2), (0, 2)),
        made(&[], (3, 0), (3, 0)),
    ] {
        let error = wrong.expect_err("refused").to_string();
        assert!(error.starts_with("metadata/policy: "), "{error}");
    }
}
