//! Steps, episodes and what is refused.

use super::line;
use rtb::task::control::offline::{
    Episode, LARGEST, Recorded, Standard, Transitions, log_jacobian, squashed, unsquashed,
};

/// Ten steps: number 2 is terminal, number 6 the last before a cut, and the recording stops within an episode.
fn recorded() -> Recorded {
    let mut recorded = line(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]);
    recorded.terminals[2] = true;
    recorded.timeouts[6] = true;
    recorded
}

fn transitions(recorded: Recorded) -> Transitions {
    Transitions::new(recorded).expect("sound")
}

#[test]
fn episodes_end_with_a_terminal_step_a_cut_and_the_recording() {
    let steps = transitions(recorded());
    let episode = |rows, complete| Episode { rows, complete };
    let expected = [episode(0..3, true), episode(3..7, true), episode(7..10, false)];
    assert_eq!(steps.episodes(), expected);
    // The last one has no return, since nobody knows how it ended.
    assert_eq!(steps.returns(), [7.0, 120.0]);
    // A next step of the same episode is needed, except where nothing follows.
    assert_eq!(steps.followed(), [0, 1, 2, 3, 4, 5, 7, 8]);
    for row in [0, 1, 3, 4, 5, 7, 8] {
        assert_eq!(steps.next_states()[row], steps.states()[row] + 1.0, "row {row}");
    }
    let half = [3.0, 4.0, 4.0, 32.0, 48.0, 64.0, 64.0, 384.0, 512.0, 512.0];
    let sums: Vec<f64> = steps.discounted(0.5);
    assert_eq!(sums[..3], half[..3]);
    assert_eq!(
        sums[3..7],
        [8.0 + 8.0 + 8.0 + 8.0, 16.0 + 16.0 + 16.0, 32.0 + 32.0, 64.0]
    );
    assert_eq!(sums[7..], [128.0 + 128.0 + 128.0, 256.0 + 256.0, 512.0]);
}

#[test]
fn recorded_next_states_are_known_for_all_steps() {
    let mut recorded = recorded();
    recorded.next_states = Some(recorded.states.iter().map(|state| state + 0.5).collect());
    let steps = transitions(recorded);
    assert_eq!(steps.followed(), (0..10).collect::<Vec<_>>());
    assert_eq!(steps.next_states()[6], 6.5);
    assert_eq!(steps.next_states()[9], 9.5);
}

/// A horizon counts from the last end, and cuts no step that is terminal anyway.
#[test]
fn a_horizon_cuts_episodes() {
    let mut recorded = recorded();
    recorded.timeouts[6] = false;
    recorded.cut_after(3);
    let cut: Vec<usize> = (0..10).filter(|row| recorded.timeouts[*row]).collect();
    assert_eq!(cut, [5, 8]);
}

#[test]
fn what_is_refused_is_named_by_key_and_place() {
    type Change = fn(&mut Recorded);
    let with = |change: Change| {
        let mut recorded = recorded();
        recorded.action_size = 2;
        recorded.actions = vec![0.5; 20];
        change(&mut recorded);
        Transitions::new(recorded).expect_err("refused").to_string()
    };
    let cases: [(Change, &str); 9] = [
        (
            |r| r.rewards[4] = f32::NAN,
            "rewards[4]: NaN is not allowed; use a finite number",
        ),
        (|r| r.states[3] = f32::INFINITY, "observations[3]: inf is not"),
        (|r| r.actions[5] = f32::NEG_INFINITY, "actions[2, 1]: -inf is not"),
        (
            |r| r.actions[6] = -1.5,
            "actions[3, 0]: -1.5 is not allowed; use actions from -1 to 1",
        ),
        (
            |r| r.actions.truncate(19),
            "actions: 19 numbers is not allowed; use 20",
        ),
        (|r| r.terminals.truncate(9), "terminals: 9 numbers"),
        (|r| r.timeouts.push(true), "timeouts: 11 numbers"),
        (
            |r| r.next_states = Some(vec![f32::NAN; 10]),
            "next_observations[0]: NaN",
        ),
        (|r| *r = Recorded::default(), "observations and actions: 0 steps"),
    ];
    for (change, said) in cases {
        let told = with(change);
        assert!(told.starts_with(said), "{said} does not begin {told}");
    }
}

#[test]
fn actions_at_their_bounds_are_kept_and_clipped_before_arctanh() {
    let mut recorded = recorded();
    recorded.actions[..3].copy_from_slice(&[1.0, -1.0, 1.0 + 5e-7]);
    let steps = transitions(recorded);
    assert_eq!(steps.actions()[..3], [1.0, -1.0, 1.0]);
    let x = unsquashed(steps.actions(), LARGEST);
    assert!(x.iter().all(|x| x.is_finite()));
    let actions = squashed(&x);
    for (found, wanted) in actions.iter().zip([LARGEST, -LARGEST, LARGEST, 0.5]) {
        assert!((found - wanted).abs() < 1e-6, "{found} for {wanted}");
    }
}

/// Against the derivative of tanh by differences.
#[test]
fn the_jacobian_of_tanh_is_its_derivative() {
    let x = [-2.5f32, -0.3, 0.0, 1.2, 9.0, -9.0];
    let found = log_jacobian(&x, 2);
    let slope = |x: &f32| {
        let (x, h) = (f64::from(*x), 1e-6);
        (((x + h).tanh() - (x - h).tanh()) / (2.0 * h)).ln()
    };
    for (row, found) in x.chunks_exact(2).zip(found) {
        let wanted: f64 = row.iter().map(slope).sum();
        assert!((found - wanted).abs() < 1e-2, "{found} for {wanted}");
    }
    // Where tanh is 1 in f64 the logarithm is still right: 4·e^{−2x}.
    let far = log_jacobian(&[40.0], 1)[0];
    assert!((far - (4f64.ln() - 80.0)).abs() < 1e-9, "{far}");
}

#[test]
fn standardised_numbers_have_mean_0_and_deviation_1_and_come_back() {
    let values: Vec<f32> = (0..400)
        .map(|at| if at % 2 == 0 { (at % 14) as f32 } else { 7.25 })
        .collect();
    let standard = Standard::of(&values, 2);
    assert_eq!((standard.mean[1], standard.deviation[1]), (7.25, 1.0));
    let made = standard.standardised(&values);
    let again = Standard::of(&made, 2);
    assert!(again.mean.iter().all(|mean| mean.abs() < 1e-6), "{again:?}");
    assert!((again.deviation[0] - 1.0).abs() < 1e-6, "{again:?}");
    for (restored, value) in standard.restored(&made).iter().zip(&values) {
        assert!((restored - value).abs() < 1e-5);
    }
}
