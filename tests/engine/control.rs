//! Control: critics against Bellman's equation and episodes, exact policies in closed form, and the learned policy.

use crate::support::{report, train};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::host::read;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::Prior;
use rtb::message::Files;
use rtb::run::Run;
use rtb::session::Session;
use rtb::task::control::critic::Critic;
use rtb::task::control::episodes::{Episode, play};
use rtb::task::control::exact::Exact;
use rtb::task::control::{ControlFit, ControlTask, ControlView, Traces};

/// One coordinate with a drift, one push, and a behaviour of a single Gaussian.
const SCALAR: &str = r#"
    task = "control"
    [environment]
    kind = "linear"
    transition = [[0.9]]
    control = [[0.5]]
    state_cost = [1.0]
    action_cost = [0.2]
    noise = 0.1
    spread = 1.0
    [prior]
    kind = "feedback"
    components = [{ weight = 1.0, gain = [[-0.3]], mean = [0.2], variances = [0.25] }]
    [reward]
    kind = "behaviour"
    alpha = 0.5
    [episodes]
    states = 64
    looked_at = 8
    discount = 0.9
    horizon = 120
    count = 200
    [process]
    steps = 10
    [network]
    width = 32
    langevin = true
    [rollout]
    batch = 256
    noised_share = 0.5
    [tempering]
    iterations = 0
"#;

/// A reward that falls by half of a unit from left to right, per unit of the first number.
const PAINTED: &str = r#"
    task = "control"
    [environment]
    kind = "painted"
    rows = ['90', '90']
    reach = 20
    best = 10
    [prior]
    kind = "feedback"
    components = [{ weight = 1.0, mean = [0.3, -0.2], variances = [0.25, 0.5] }]
    [reward]
    kind = "optimal"
    alpha = 0.5
"#;

const MAZE: &str = r#"
    task = "control"
    [environment]
    kind = "maze"
    rows = ['######', '#S...#', '#.##.#', '#.#G.#', '######']
    speed = 0.5
    [prior]
    kind = "wandering"
    deviation = 0.3
    [reward]
    kind = "behaviour"
    alpha = 0.5
    [episodes]
    states = 64
    looked_at = 8
    discount = 0.95
    horizon = 300
    count = 100
    [network]
    width = 32
    langevin = true
    [process]
    steps = 10
    [rollout]
    batch = 256
    noised_share = 0.5
    [tempering]
    iterations = 0
"#;

fn run_of(text: &str) -> Run {
    Run::from_toml(text).expect("a valid run")
}

fn task_of(text: &str) -> ControlTask {
    ControlTask::open(run_of(text), cpu_device()).expect("it opens")
}

fn open(text: &str) -> Session {
    let files = Files::default();
    pollster::block_on(Session::open(run_of(text), cpu_device(), &files, None)).expect("it opens")
}

/// Mean and standard error of what episodes of the behaviour earn, and the mean of Q at their first actions.
fn behaviour_earns(text: &str, count: usize) -> [f64; 3] {
    let task = task_of(text);
    let (mut rng, mut first) = (Noise::new(5).stream(Purpose::Actions, 0), 0.0);
    let (behaviour, critic) = (&task.judge.behaviour, &task.judge.critic);
    let n = task.world.state();
    let noise = Noise::new(5);
    let played = play(
        &task.world,
        &task.problem.episodes,
        &noise,
        count,
        async |states, _, time| {
            let actions = states.chunks_exact(n).flat_map(|state| {
                let action = behaviour.draw(&behaviour.at(state), &mut rng);
                if time == 0 {
                    first += critic.value(state, &action) / count as f64;
                }
                action
            });
            Ok(actions.collect())
        },
    );
    let played: Vec<Episode> = pollster::block_on(played).expect("it plays");
    let mean = played.iter().map(|episode| episode.earned).sum::<f64>() / count as f64;
    let squares = played.iter().map(|episode| (episode.earned - mean).powi(2));
    let error = (squares.sum::<f64>() / count as f64 / count as f64).sqrt();
    [mean, error, first]
}

#[test]
fn q_of_a_behaviour_is_what_its_episodes_earn() {
    // Of the maze the grid between the nodes adds an error of its own.
    for (text, count, more) in [(SCALAR, 20_000, 0.0), (MAZE, 4000, 0.1)] {
        let [mean, error, q] = behaviour_earns(text, count);
        assert!(
            (mean - q).abs() < 4.0 * error + more,
            "{mean} ± {error}, Q says {q}"
        );
        assert!(mean < -1.0 && error < 0.1, "{mean} ± {error}");
    }
}

#[test]
fn q_of_the_best_policy_solves_riccatis_equation() {
    let task = task_of(&SCALAR.replace("kind = \"behaviour\"", "kind = \"optimal\""));
    let (a, b, q, c, discount) = (0.9, 0.5, 1.0, 0.2, 0.9);
    let mut p: f64 = 0.0;
    for _ in 0..10_000 {
        p = q + discount * a * a * p - (discount * a * b * p).powi(2) / (c + discount * b * b * p);
    }
    let critic: &Critic = &task.judge.critic;
    let gain = -discount * a * b * p / (c + discount * b * b * p);
    let best = critic.best(&[2.0]).expect("known")[0];
    assert!((best - 2.0 * gain).abs() < 1e-9, "{best} for {}", 2.0 * gain);
    // V(s) = −P·s² less what the noise costs for ever.
    let value = critic.value(&[2.0], &[best]);
    let wanted = -p * 4.0 - discount * p * 0.01 / (1.0 - discount);
    assert!((value - wanted).abs() < 1e-8, "{value} for {wanted}");
    let slope = critic.gradient(&[2.0], &[best])[0];
    assert!(slope.abs() < 1e-6, "{slope}");
}

/// μ is N(m, v) and Q is quadratic, so π is a Gaussian, and Z an integral of one.
#[test]
fn the_exact_policy_of_a_gaussian_behaviour_is_that_in_closed_form() {
    let task = task_of(SCALAR);
    let (alpha, state) = (0.5, [1.3]);
    let critic = &task.judge.critic;
    let q = |a: f64| critic.value(&state, &[a]) / alpha;
    let (curve, slope) = ((q(1.0) + q(-1.0)) / 2.0 - q(0.0), (q(1.0) - q(-1.0)) / 2.0);
    let (mean, variance) = (-0.3 * 1.3 + 0.2, 0.25);
    let precision = 1.0 / variance - 2.0 * curve;
    let middle = (mean / variance + slope) / precision;
    let log_z = q(0.0) - 0.5 * (variance * precision).ln() + 0.5 * (precision * middle * middle)
        - 0.5 * mean * mean / variance;
    for exact in [Exact::of, Exact::coarse].map(|of| of(&task.judge.behaviour, critic, alpha, &state)) {
        let found = exact.log_z + exact.peak / alpha;
        assert!((found - log_z).abs() < 1e-5, "{found} for {log_z}");
        let mut rng = Noise::new(1).stream(Purpose::Samples, 0);
        let drawn = exact.draws(100_000, &mut rng).concat();
        let average = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let squares: f64 = drawn.iter().map(|a| (a - average).powi(2)).sum();
        assert!((average - middle).abs() < 0.01, "{average} for {middle}");
        let found = squares / drawn.len() as f64;
        assert!(
            (found * precision - 1.0).abs() < 0.03,
            "{found} for {}",
            1.0 / precision
        );
    }
}

/// Between the middles of two columns a painting is linear, and a linear log r moves a Gaussian without a change of its width.
#[test]
fn a_painted_slope_moves_a_gaussian() {
    let task = task_of(PAINTED);
    let exact = Exact::of(&task.judge.behaviour, &task.judge.critic, 0.5, &[]);
    let (mean, variance, slope) = (0.3, 0.25, -10.0 / 20.0 / 0.5);
    let middle: f64 = mean + variance * slope;
    let log_z = 10.0 + slope * mean + 0.5 * slope * slope * variance;
    let found = exact.log_z + exact.peak / 0.5;
    assert!((found - log_z).abs() < 1e-5, "{found} for {log_z}");
    let mut rng = Noise::new(1).stream(Purpose::Samples, 0);
    let drawn = exact.draws(100_000, &mut rng);
    for (axis, wanted) in [middle, -0.2].into_iter().enumerate() {
        let average = drawn.iter().map(|a| a[axis]).sum::<f64>() / drawn.len() as f64;
        assert!((average - wanted).abs() < 0.01, "{average} for {wanted}");
    }
}

/// Q leads far from the behaviour: the grid follows, and weights of the policy say the same.
#[test]
fn an_exact_policy_far_from_the_behaviour_is_found() {
    let task = task_of(&SCALAR.replace("alpha = 0.5", "alpha = 0.01"));
    let (alpha, state) = (0.01, [30.0]);
    let critic = &task.judge.critic;
    let best = critic.best(&state).expect("known")[0];
    let exact = Exact::of(&task.judge.behaviour, critic, alpha, &state);
    let mut rng = Noise::new(1).stream(Purpose::Samples, 0);
    let drawn = exact.draws(20_000, &mut rng).concat();
    let average = drawn.iter().sum::<f64>() / drawn.len() as f64;
    let q = |a: f64| critic.value(&state, &[a]) / alpha;
    let (curve, slope) = ((q(1.0) + q(-1.0)) / 2.0 - q(0.0), (q(1.0) - q(-1.0)) / 2.0);
    let middle = ((-0.3 * 30.0 + 0.2) / 0.25 + slope) / (4.0 - 2.0 * curve);
    let behaviour = -0.3 * 30.0 + 0.2;
    assert!(
        (middle - behaviour).abs() > 2.5,
        "beyond five deviations: {middle} {best}"
    );
    assert!((average - middle).abs() < 0.01, "{average} for {middle}");
}

#[test]
fn a_reward_without_bounds_is_refused_and_holes_in_one_are_not() {
    let bandit = |expression: &str| {
        let text = format!(
            "task = \"control\"\nreward = {{ kind = \"optimal\", alpha = 0.5 }}\nrollout.batch = 64\nnetwork = {{ width = 16, langevin = true }}\n[environment]\nkind = \"bandit\"\nstate = 0\naction = 2\nexpression = \"{expression}\"\n"
        );
        ControlTask::open(run_of(&text), cpu_device()).map(|_| text)
    };
    for expression in ["1/(a1-a1)", "sqrt(-1-a1^2)"] {
        let error = bandit(expression).expect_err("refused").to_string();
        assert!(
            error.starts_with("environment: a reward without bounds"),
            "{error}"
        );
    }
    let mut session = open(&bandit("log(a1)").expect("there is a largest value"));
    train(&mut session, 3);
}

/// The kernels of many states are those that each state has alone.
#[test]
fn the_behaviours_kernels_follow_the_state() {
    let many = task_of(MAZE);
    let conditions = [3, 0, 60, 3];
    let x = vec![0.3f32, -0.4, 1.2, 0.1, -0.8, 0.9, 0.2, 0.2];
    let kernel = |task: &ControlTask, conditions: &[usize], x: Vec<f32>| {
        let x = Tensor::<2>::from_data(TensorData::new(x, [conditions.len(), 2]), &cpu_device());
        pollster::block_on(read(task.prior.kernel_given(7, conditions, &x))).expect("it is read")
    };
    let together = kernel(&many, &conditions, x.clone());
    assert_ne!(together[..2], together[6..8], "another place, another kernel");
    for (row, condition) in conditions.iter().enumerate() {
        let alone = kernel(&many, &[*condition], x[2 * row..2 * row + 2].to_vec());
        for (a, b) in together[4 * row..4 * row + 4].iter().zip(&alone) {
            assert!((a - b).abs() < 1e-5, "{together:?} {alone:?}");
        }
    }
    // Where the way is free on one side only, the behaviour goes there.
    let behaviour = &many.judge.behaviour;
    let corner = behaviour.at(&[1.5, 1.05]);
    let up = corner[6].log_weight;
    let down = corner[2].log_weight;
    assert!(down > up + 1.0, "{corner:?}");
}

#[test]
fn a_policy_learns_all_states_and_earns_what_the_exact_one_does() {
    let mut session = open(SCALAR);
    let before: ControlFit = report(&mut session, 4000).fit.of().expect("control");
    train(&mut session, 150);
    let report = report(&mut session, 16_000);
    let after: ControlFit = report.fit.of().expect("control");
    let bound = |fit: &ControlFit| fit.total_variation_bound.expect("measured");
    assert!(
        bound(&after) < 0.1 && bound(&before) > 3.0 * bound(&after),
        "{before:?} {after:?}"
    );
    assert!(
        after.total_variation < after.total_variation_exact + 0.05,
        "{after:?}"
    );
    assert!(after.log_z_off.expect("measured") < 0.02, "{after:?}");
    let earned = after.earned.expect("at the end");
    assert!(
        earned.return_off.abs() < 3.0 * earned.return_off_error + 0.05,
        "{earned:?}"
    );
    assert!(
        earned.return_exact > earned.return_behaviour && earned.return_optimal > Some(earned.return_exact),
        "{earned:?}"
    );
    assert_eq!(report.conditions.len(), 8);
}

#[test]
fn a_maze_is_shown_with_its_values_and_episodes() {
    let mut session = open(MAZE);
    let scene = pollster::block_on(session.scene()).expect("a scene");
    let view = scene.view.of::<ControlView>().expect("control");
    let ([rows, columns], values) = view.value.as_ref().expect("a map");
    assert_eq!(values.len(), rows * columns);
    assert!(values[0].is_nan(), "a wall");
    let free = values.iter().filter(|value| !value.is_nan());
    assert!(free.clone().all(|value| (-20.0..=0.0).contains(value)));
    assert_eq!(view.spots.len(), 8);
    let mass = |cells: &[f32], spot: &rtb::task::control::Spot| {
        let area = spot.sides.iter().product::<f32>() / (spot.side * spot.side) as f32;
        cells.iter().sum::<f32>() * area
    };
    for spot in &view.spots {
        assert!(
            (mass(&spot.prior, spot) - 1.0).abs() < 0.02,
            "{}",
            mass(&spot.prior, spot)
        );
    }
    assert!(view.exact.earned.mean > view.behaviour.earned.mean);
    let snapshot = pollster::block_on(session.snapshot(1)).expect("a snapshot");
    let traces = Traces::from_numbers(&snapshot.more);
    assert!(!traces.lengths.is_empty());
    assert_eq!(traces.states.len(), 2 * traces.lengths.iter().sum::<usize>());
    assert_eq!(traces, Traces::from_numbers(&traces.to_numbers()));
    assert_eq!(Traces::from_numbers(&[]), Traces::default());
    assert_eq!(Traces::from_numbers(&[5.0, 1.0]), Traces::default());
}

#[test]
fn steps_of_a_run_are_the_same_again() {
    let trained = || {
        let mut session = open(MAZE);
        train(&mut session, 3)
    };
    assert_eq!(trained(), trained());
}

#[test]
fn other_descriptions_are_refused_by_the_field() {
    for (text, from, to, said) in [
        (
            SCALAR,
            "[[0.9]]",
            "[[0.9, 1.0]]",
            "environment.transition: rows of 2 numbers",
        ),
        (
            SCALAR,
            "[[0.5]]",
            "[[0.5], [0.1]]",
            "the number of environment.control",
        ),
        (
            SCALAR,
            "action_cost = [0.2]",
            "action_cost = [0.0]",
            "environment.action_cost: 0",
        ),
        (
            SCALAR,
            "gain = [[-0.3]]",
            "gain = [[-0.3, 1.0]]",
            "the length of prior.components[0].gain[0]",
        ),
        (
            SCALAR,
            "variances = [0.25]",
            "variances = []",
            "the number of prior.components[0].variances",
        ),
        (
            SCALAR,
            "kind = \"behaviour\"\n    alpha",
            "kind = \"expectile\"\n    level = 0.7\n    alpha",
            "reward.kind",
        ),
        (SCALAR, "alpha = 0.5", "alpha = 0.0", "reward.alpha: 0"),
        (
            SCALAR,
            "looked_at = 8",
            "looked_at = 65",
            "episodes.looked_at: 65",
        ),
        (SCALAR, "discount = 0.9", "discount = 1.0", "episodes.discount: 1"),
        (MAZE, "'#S...#'", "'#S..?#'", "environment.rows: `?` in row 2"),
        (
            MAZE,
            "kind = \"wandering\"\n    deviation = 0.3",
            "kind = \"feedback\"\n    components = [{ weight = 1.0, mean = [0.0, 0.0], variances = [1.0, 1.0] }]",
            "prior.kind",
        ),
        (MAZE, "speed = 0.5", "speed = 2.0", "environment.speed: 2"),
        (PAINTED, "reach = 20", "reach = 0", "environment.reach: 0"),
        (PAINTED, "best = 10", "best = inf", "environment.best: inf"),
        (
            PAINTED,
            "['90', '90']",
            "['90', '9']",
            "the length of environment.rows[1]",
        ),
        (
            PAINTED,
            "['90', '90']",
            "['00', '00']",
            "environment.rows: 0 everywhere",
        ),
    ] {
        let text = text.replacen(from, to, 1);
        let error = Run::from_toml(&text).expect_err(said).to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    let wild = SCALAR.replace("[[0.9]]", "[[3.0]]");
    let error = ControlTask::open(run_of(&wild), cpu_device())
        .err()
        .expect("refused");
    assert!(error.to_string().starts_with("episodes.discount: 0.9"), "{error}");
    let learned = format!("{SCALAR}    [objective]\n    log_z = \"learned\"\n");
    let error = Run::from_toml(&learned).expect_err("refused").to_string();
    assert!(error.contains("one posterior per state"), "{error}");
}
