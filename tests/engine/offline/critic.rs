//! Critics against the exact values of a small decision process.

use super::{line, recipe};
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::train::Pretrain;
use rtb::task::control::offline::critic::{CriticShape, CriticTraining};
use rtb::task::control::offline::{Critic, Recorded, Transitions};

const STATES: usize = 4;
const DISCOUNT: f64 = 0.8;
/// Three actions, and how often each is recorded in a state: the behaviour.
const ACTIONS: [f32; 3] = [-1.0, 0.0, 1.0];
const COUNTS: [[usize; 3]; STATES] = [[3, 1, 2], [1, 1, 4], [2, 3, 1], [1, 4, 1]];

/// The next state, and the reward. From state 3 the right action ends the episode.
fn next(state: usize, action: usize) -> usize {
    (state + [STATES - 1, 0, 1][action]) % STATES
}

fn reward(state: usize, action: usize) -> f64 {
    [
        [0.0, 0.3, -0.5],
        [1.0, -0.2, 0.4],
        [-1.0, 0.0, 0.8],
        [0.5, 0.1, 2.0],
    ][state][action]
}

fn is_terminal(state: usize, action: usize) -> bool {
    (state, action) == (3, 2)
}

/// Every transition as often as the behaviour takes it.
fn recorded() -> Transitions {
    let mut steps = Recorded {
        state_size: STATES,
        action_size: 1,
        next_states: Some(Vec::new()),
        ..Recorded::default()
    };
    let one_hot = |state: usize| (0..STATES).map(move |at| f32::from(at == state));
    for (state, counts) in COUNTS.iter().enumerate() {
        for (action, count) in counts.iter().enumerate() {
            for _ in 0..*count {
                steps.states.extend(one_hot(state));
                steps.actions.push(ACTIONS[action]);
                steps.rewards.push(reward(state, action) as f32);
                steps
                    .next_states
                    .get_or_insert_default()
                    .extend(one_hot(next(state, action)));
                steps.terminals.push(is_terminal(state, action));
                steps.timeouts.push(!is_terminal(state, action));
            }
        }
    }
    Transitions::new(steps).expect("sound")
}

/// Q where V is this of a state's values and counts: the fixed point.
fn exact(value: impl Fn(&[f64; 3], &[usize; 3]) -> f64) -> [[f64; 3]; STATES] {
    let mut q = [[0.0; 3]; STATES];
    for _ in 0..500 {
        let v: Vec<f64> = q
            .iter()
            .zip(&COUNTS)
            .map(|(q, counts)| value(q, counts))
            .collect();
        for (state, q) in q.iter_mut().enumerate() {
            for (action, q) in q.iter_mut().enumerate() {
                let follows = if is_terminal(state, action) {
                    0.0
                } else {
                    v[next(state, action)]
                };
                *q = reward(state, action) + DISCOUNT * follows;
            }
        }
    }
    q
}

/// The expectile of numbers with weights: the root of Σ w·|τ − 1(x < e)|·(x − e).
fn expectile(tau: f64) -> impl Fn(&[f64; 3], &[usize; 3]) -> f64 {
    move |q, counts| {
        let (mut low, mut high) = (-10.0, 20.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            let pull = |(q, count): (&f64, &usize)| {
                let side = if *q < middle { 1.0 - tau } else { tau };
                *count as f64 * side * (q - middle)
            };
            match q.iter().zip(counts).map(pull).sum::<f64>() > 0.0 {
                true => low = middle,
                false => high = middle,
            }
        }
        low
    }
}

fn shape(of: CriticShape, tau: f64) -> CriticShape {
    CriticShape {
        width: 32,
        discount: DISCOUNT,
        expectile: tau,
        ..of
    }
}

fn trained(shape: CriticShape, iterations: usize) -> CriticTraining {
    let recipe = recipe(iterations, 128, 3e-3, 0.98);
    let training = CriticTraining::new(&recorded(), shape, recipe, cpu_device());
    let mut training = training.expect("allowed");
    for _ in 0..iterations {
        block_on(training.step()).expect("a number");
    }
    training
}

/// Every state with every action.
fn pairs() -> (Vec<f32>, Vec<f32>) {
    let one_hot = |state: usize| (0..STATES).map(move |at| f32::from(at == state));
    let states = (0..STATES).flat_map(|state| one_hot(state).chain(one_hot(state)).chain(one_hot(state)));
    (states.collect(), ACTIONS.repeat(STATES))
}

/// The largest error of a critic.
fn error(critic: &Critic, exact: &[[f64; 3]; STATES]) -> f64 {
    let (states, actions) = pairs();
    let found = block_on(critic.values(&states, &actions, &cpu_device())).expect("the processor answers");
    let errors = found.iter().zip(exact.as_flattened());
    errors
        .map(|(found, exact)| (f64::from(*found) - exact).abs())
        .fold(0.0, f64::max)
}

/// τ = ½: V is the behaviour's mean of Q, whose values solve linear equations.
#[test]
fn the_value_of_the_behaviour_is_that_of_its_equations() {
    let mean = |q: &[f64; 3], counts: &[usize; 3]| {
        let all: usize = counts.iter().sum();
        q.iter()
            .zip(counts)
            .map(|(q, count)| q * *count as f64)
            .sum::<f64>()
            / all as f64
    };
    let exact = exact(mean);
    for of in [
        CriticShape::IQL,
        CriticShape {
            networks: 5,
            ..CriticShape::ENSEMBLE
        },
    ] {
        let error = error(&trained(shape(of, 0.5), 2500).critic(), &exact);
        assert!(error < 0.05, "{of:?}: {error}");
    }
}

/// At any τ the values are those of expectiles; near 1 they are nearly the best policy's.
#[test]
fn a_high_expectile_approaches_the_best_policy() {
    let best = exact(|q, _| q.iter().copied().fold(f64::MIN, f64::max));
    let mut away = Vec::new();
    for tau in [0.7, 0.97] {
        let critic = trained(shape(CriticShape::IQL, tau), 2500).critic();
        let error_of = error(&critic, &exact(expectile(tau)));
        assert!(error_of < 0.08, "τ = {tau}: {error_of}");
        away.push(error(&critic, &best));
    }
    assert!(away[1] < 0.3 * away[0], "{away:?}");
}

#[test]
fn figures_are_in_the_units_of_rewards() {
    let training = trained(shape(CriticShape::IQL, 0.5), 1500);
    let figures = block_on(training.figures()).expect("the processor answers");
    assert_eq!((figures.steps, figures.episodes), (24, 24));
    assert!(
        figures.residual < 0.1 && figures.disagreement < 0.1,
        "{figures:?}"
    );
    assert!(
        (figures.bound - 2.0 / (1.0 - DISCOUNT)).abs() < 1e-4,
        "{figures:?}"
    );
    let mean = recorded().rewards().iter().sum::<f32>() / 24.0;
    assert!((figures.mean_return.expect("episodes") - f64::from(mean)).abs() < 1e-6);
    assert_eq!(training.critic().returns(), Some([-1.0, 2.0]));
}

#[test]
fn a_file_holds_the_same_critic_with_its_gradient() {
    let training = trained(
        shape(
            CriticShape {
                networks: 3,
                ..CriticShape::ENSEMBLE
            },
            0.7,
        ),
        30,
    );
    let file = block_on(training.weights()).expect("the processor answers");
    let (read, own) = (
        Critic::read(&file, &cpu_device()).expect("whole"),
        training.critic(),
    );
    let (states, actions) = pairs();
    let values = |of: &Critic, actions: &[f32]| {
        block_on(of.values(&states, actions, &cpu_device())).expect("the processor answers")
    };
    assert_eq!(values(&read, &actions), values(&own, &actions));
    assert_eq!((read.discount(), read.state_size()), (DISCOUNT, STATES));
    let inside = vec![0.3; actions.len()];
    let gradients = block_on(read.gradients(&states, &inside, &cpu_device())).expect("gradients");
    let step = 1e-2;
    let moved = |by: f32| {
        values(
            &read,
            &inside.iter().map(|action| action + by).collect::<Vec<_>>(),
        )
    };
    for ((gradient, up), down) in gradients.iter().zip(moved(step)).zip(moved(-step)) {
        let wanted = (up - down) / (2.0 * step);
        assert!((gradient - wanted).abs() < 0.02, "{gradient} for {wanted}");
    }
    let told = |file: &[u8]| Critic::read(file, &cpu_device()).expect_err("refused");
    assert_eq!(told(b"junk"), "not a safetensors file, or a damaged one");
    let text = String::from_utf8_lossy(&file).into_owned();
    let mut damaged = file.clone();
    damaged[text.find("pessimism").expect("a header")] = b'x';
    assert_eq!(told(&damaged), "its header is damaged");
}

#[test]
fn what_is_not_allowed_is_named() {
    let refused = |steps: &Transitions, shape: CriticShape| {
        let made = CriticTraining::new(steps, shape, recipe(10, 8, 1e-3, 0.9), cpu_device());
        made.err().expect("refused").to_string()
    };
    let (steps, iql) = (recorded(), CriticShape::IQL);
    for (shape, said) in [
        (
            CriticShape {
                expectile: 1.0,
                ..iql
            },
            "--expectile: 1 ",
        ),
        (CriticShape { discount: 1.0, ..iql }, "--discount: 1 "),
        (CriticShape { networks: 0, ..iql }, "--networks: 0"),
        (
            CriticShape {
                pessimism: -1.0,
                ..iql
            },
            "--pessimism: -1",
        ),
    ] {
        let told = refused(&steps, shape);
        assert!(told.starts_with(said), "{told}");
    }
    let alone = Transitions::new(line(&[1.0])).expect("a step");
    let told = refused(&alone, iql);
    assert!(
        told.starts_with("the number of steps with a next state in the data: 0"),
        "{told}"
    );
}
