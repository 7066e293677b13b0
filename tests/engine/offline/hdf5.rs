//! Files that h5py wrote in D4RL's layout (`tests/golden/d4rl.py`).

use rtb::task::control::offline::hdf5::Source;
use rtb::task::control::offline::{Episode, Transitions};
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

const STEPS: usize = 24;

fn path(name: &str) -> PathBuf {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/d4rl");
    PathBuf::from(golden).join(format!("{name}.hdf5"))
}

fn source(name: &str) -> Source {
    let file = fs::File::open(path(name)).expect("a golden file");
    Source::open(file).expect("whole")
}

fn transitions(name: &str) -> Transitions {
    source(name).transitions(None).expect("sound")
}

fn refused(name: &str) -> String {
    source(name).transitions(None).expect_err("refused").to_string()
}

/// The numbers as the script makes them.
fn state(row: usize, at: usize) -> f32 {
    (3 * row + at) as f32 / 8.0 - 2.0
}

fn action(row: usize, at: usize) -> f32 {
    ((7 * row + 5 * at) % 17) as f32 / 8.0 - 1.0
}

fn is_as_written(steps: &Transitions) {
    assert_eq!(
        (steps.len(), steps.state_size(), steps.action_size()),
        (STEPS, 3, 2)
    );
    for row in 0..STEPS {
        for at in 0..3 {
            assert_eq!(steps.states()[3 * row + at], state(row, at), "state {row}");
        }
        for at in 0..2 {
            assert_eq!(steps.actions()[2 * row + at], action(row, at), "action {row}");
        }
        assert_eq!(steps.rewards()[row], (row % 5) as f32 / 4.0 - 0.5, "reward {row}");
        assert_eq!(steps.terminals()[row], row == 9, "terminal {row}");
    }
    for bound in [1.0, -1.0] {
        assert!(steps.actions().contains(&bound), "an action of {bound}");
    }
}

fn episode(rows: std::ops::Range<usize>, complete: bool) -> Episode {
    Episode { rows, complete }
}

/// Chunks that cut rows and columns, deflate and shuffle, f32 and booleans, as the published sets; and the same in the
/// newer layout, with checksums and numbers as flags.
#[test]
fn chunked_files_are_read() {
    for name in ["chunked", "latest"] {
        let steps = transitions(name);
        is_as_written(&steps);
        let cut = [
            episode(0..10, true),
            episode(10..18, true),
            episode(18..24, false),
        ];
        assert_eq!(steps.episodes(), cut, "{name}");
        // Neither the last step before the cut nor the last of all has a next state; the terminal one needs none.
        let known: Vec<usize> = (0..23).filter(|row| *row != 17).collect();
        assert_eq!(steps.followed(), known, "{name}");
        for row in known.into_iter().filter(|row| *row != 9) {
            assert_eq!(
                steps.next_states()[3 * row],
                state(row + 1, 0),
                "{name}, row {row}"
            );
        }
    }
}

/// Contiguous f64, next states, no timeouts.
#[test]
fn next_states_are_those_of_the_file() {
    let steps = transitions("contiguous");
    is_as_written(&steps);
    assert_eq!(steps.episodes(), [episode(0..10, true), episode(10..24, false)]);
    assert_eq!(steps.followed().len(), STEPS);
    for (next, state) in steps.next_states().iter().zip(steps.states()) {
        assert_eq!(*next, state + 0.25);
    }
    // A horizon cuts what the file does not.
    let cut = source("contiguous").transitions(Some(8)).expect("sound");
    let expected = [(0..8, true), (8..10, true), (10..18, true), (18..24, false)];
    let expected = expected.map(|(rows, complete)| episode(rows, complete));
    assert_eq!(cut.episodes(), expected);
}

#[test]
fn states_of_the_simulator_are_read_where_they_are() {
    let simulated = source("chunked").simulated().expect("sound").expect("there");
    assert_eq!((simulated.position_size, simulated.velocity_size), (2, 2));
    for row in 0..STEPS {
        let start = row as f64;
        assert_eq!(simulated.positions[2 * row..2 * row + 2], [start, start + 0.5]);
        assert_eq!(simulated.velocities[2 * row..2 * row + 2], [start, start - 0.25]);
    }
    assert_eq!(source("latest").simulated().expect("sound"), None);
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("nan", "rewards[5]: NaN is not allowed; use a finite number"),
        (
            "outside",
            "actions[3, 1]: 1.5 is not allowed; use actions from -1 to 1",
        ),
        (
            "shape",
            "actions: the shape [23, 2] is not allowed; use [24] or [24, size]",
        ),
        (
            "missing",
            "rewards is missing; give a file in D4RL's layout; this one has actions, observations, terminals",
        ),
    ];
    for (name, said) in cases {
        let told = refused(name);
        assert!(told.starts_with(said), "{said} does not begin {told}");
    }
}

/// Every beginning of every file, and bytes that are no HDF5, are refused; no array is read from what is not there.
#[test]
fn files_cut_short_are_refused() {
    for name in ["chunked", "contiguous", "latest"] {
        let whole = fs::read(path(name)).expect("a golden file");
        let wanted = transitions(name);
        for length in (0..whole.len()).step_by(61) {
            let cut = Cursor::new(whole[..length].to_vec());
            match Source::open(cut).and_then(|source| source.transitions(None)) {
                // What was cut off was not among what is read.
                Ok(read) => assert!(read == wanted, "{name}: {length} of {} bytes", whole.len()),
                Err(error) => assert!(
                    error.to_string().contains("whole") || error.value.is_empty(),
                    "{error}"
                ),
            }
        }
    }
    for junk in [&b""[..], b"no HDF5 at all", &[0; 4096]] {
        let error = Source::open(Cursor::new(junk.to_vec()))
            .err()
            .expect("refused")
            .to_string();
        assert!(
            error.starts_with("the data: this file is not allowed; use an HDF5 file"),
            "{error}"
        );
    }
}
