//! The behaviour against laws that are known.

use super::recipe;
use burn::tensor::Tensor;
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose, normal, uniform};
use rtb::engine::process::State;
use rtb::engine::train::Pretrain;
use rtb::task::control::offline::behaviour::{BehaviourNetworkConfig, BehaviourShape, BehaviourTraining};
use rtb::task::control::offline::{Behaviour, Recorded, Transitions};

use crate::support::{numbers, shaken};

const SMALL: BehaviourShape = BehaviourShape {
    width: 64,
    depth: 2,
    steps: 20,
};

/// Episodes of 25 steps of a state uniform on −1 to 1, and an action tanh(x), x = s + 0.3·ε, or in the other half of the
/// cases its opposite: two modes that come together where s = 0; beside it an action that knows nothing of the state.
fn recorded(n: usize) -> Transitions {
    let mut rng = Noise::new(5).stream(Purpose::Samples, 0);
    let (mut states, mut actions) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let state = 2.0 * uniform(&mut rng) - 1.0;
        let x = state + 0.3 * normal(&mut rng);
        let side = if uniform(&mut rng) < 0.5 { 1.0 } else { -1.0 };
        states.push(10.0 + 5.0 * state as f32);
        actions.extend([
            (side * x).tanh() as f32,
            (0.4 + 0.5 * normal(&mut rng)).tanh() as f32,
        ]);
    }
    let recorded = Recorded {
        state_size: 1,
        action_size: 2,
        states,
        actions,
        rewards: vec![0.0; n],
        next_states: None,
        terminals: vec![false; n],
        timeouts: (0..n).map(|row| row % 25 == 24).collect(),
    };
    Transitions::new(recorded).expect("sound")
}

fn trained(iterations: usize) -> BehaviourTraining {
    let recipe = recipe(iterations, 256, 3e-3, 0.99);
    let training = BehaviourTraining::new(&recorded(10_000), SMALL, recipe, cpu_device());
    let mut training = training.expect("allowed");
    for _ in 0..iterations {
        block_on(training.step()).expect("a number");
    }
    training
}

/// At states −1, 0 and 1 the law of x is an even mixture of N(±s, 0.3²): its first two moments, and those of |x|.
#[test]
fn actions_follow_the_law_of_their_state() {
    let training = trained(2500);
    let figures = block_on(training.figures()).expect("the processor answers");
    assert!(figures.held_out == 1000 && figures.samples == 1000, "{figures:?}");
    assert!(
        figures.mean_error < 0.15 && figures.deviation_error < 0.1,
        "{figures:?}"
    );
    // Of a Gaussian coordinate, the second, nothing can be predicted: its loss is 1 at best.
    assert!(
        figures.denoising_loss < 1.0 && figures.denoising_loss_trained > 0.5,
        "{figures:?}"
    );
    let gap = figures.denoising_loss - figures.denoising_loss_trained;
    assert!(gap.abs() < 0.08, "{figures:?}");
    let behaviour = training.behaviour();
    for state in [-0.9f32, 0.0, 0.9] {
        let count = 4000;
        let states = vec![10.0 + 5.0 * state; count];
        let (noise, device) = (Noise::new(3), cpu_device());
        let drawn = block_on(behaviour.sample(&states, &noise, (Purpose::Samples, 0), &device));
        let drawn = drawn.expect("the processor answers");
        let moment = |of: &dyn Fn(f64) -> f64, at: usize| {
            let values = drawn.iter().skip(at).step_by(2);
            values.map(|action| of(f64::from(*action).atanh())).sum::<f64>() / count as f64
        };
        let s = f64::from(state);
        let (mean, square) = (moment(&|x| x, 0), moment(&|x| x * x, 0));
        assert!(mean.abs() < 0.08, "state {state}: mean {mean}");
        assert!(
            (square - (s * s + 0.09)).abs() < 0.1,
            "state {state}: square {square}"
        );
        // Between two modes there is little.
        let between = moment(&|x| f64::from(x.abs() < 0.3), 0);
        if s != 0.0 {
            assert!(between < 0.12, "state {state}: {between}");
        }
        let (mean, square) = (moment(&|x| x, 1), moment(&|x| (x - 0.4).powi(2), 1));
        assert!(
            (mean - 0.4).abs() < 0.1 && (square - 0.25).abs() < 0.06,
            "{mean}, {square}"
        );
    }
}

#[test]
fn a_file_holds_the_same_behaviour() {
    let training = trained(20);
    let file = block_on(training.weights()).expect("the processor answers");
    let (read, own) = (
        Behaviour::read(&file, &cpu_device()).expect("whole"),
        training.behaviour(),
    );
    assert_eq!(
        (read.state_size(), read.action_size(), read.process),
        (1, 2, own.process)
    );
    let states: Vec<f32> = (0..50).map(|at| at as f32 / 3.0).collect();
    let draw = |of: &Behaviour| {
        block_on(of.sample(&states, &Noise::new(7), (Purpose::Samples, 0), &cpu_device())).expect("actions")
    };
    assert_eq!(draw(&read), draw(&own));
    let actions = [0.99f32, -0.5, 0.0, 0.25];
    let ends = read.ends(&actions);
    for (again, action) in read.actions(&ends).iter().zip(actions) {
        assert!((again - action).abs() < 1e-5);
    }
    let on_device = numbers(read.actions_of(Tensor::from_numbers(ends, 2, &cpu_device())));
    for (again, action) in on_device.iter().zip(actions) {
        assert!((again - f64::from(action)).abs() < 1e-5);
    }
    let told = |file: &[u8]| Behaviour::read(file, &cpu_device()).expect_err("refused");
    assert_eq!(told(b"junk"), "not a safetensors file, or a damaged one");
    let text = String::from_utf8_lossy(&file).into_owned();
    let at = text.find("deviation").expect("a header");
    let mut damaged = file.clone();
    damaged[at] = b'x';
    assert_eq!(told(&damaged), "its header is damaged");
}

/// A row sees its own state and time, however rows are put into blocks.
#[test]
fn rows_of_blocks_are_rows_alone() {
    let config = BehaviourNetworkConfig {
        states: 3,
        actions: 2,
        width: 16,
        depth: 3,
    };
    let (noise, device) = (Noise::new(2), cpu_device());
    let network = shaken(config.init(&noise, &device));
    assert_eq!(network.config(), config);
    let (times, n, k) = ([0.1, 0.6], 3, 4);
    let states = noise.normal(Purpose::Samples, 0, n * 3);
    let x = noise.normal(Purpose::Samples, 1, 2 * n * k * 2);
    let upload = |values: &[f32], size| Tensor::<2>::from_numbers(values.to_vec(), size, &device);
    let all = numbers(network.forward(&times, upload(&states, 3), upload(&x, 2)));
    // The same with a state for every row.
    let of_row = |row: usize| &states[3 * (row / k % n)..3 * (row / k % n) + 3];
    let own: Vec<f32> = (0..2 * n * k).flat_map(|row| of_row(row).to_vec()).collect();
    let each = numbers(network.forward(&times, upload(&own, 3), upload(&x, 2)));
    for (each, all) in each.iter().zip(&all) {
        assert!((each - all).abs() < 1e-5, "{each} and {all}");
    }
    for row in 0..2 * n * k {
        let (block, state) = (row / (n * k), row / k % n);
        let alone = numbers(network.forward(
            &times[block..=block],
            upload(&states[3 * state..3 * state + 3], 3),
            upload(&x[2 * row..2 * row + 2], 2),
        ));
        for (alone, all) in alone.iter().zip(&all[2 * row..]) {
            assert!((alone - all).abs() < 1e-5, "row {row}: {alone} and {all}");
        }
    }
}

#[test]
fn shapes_that_are_not_allowed_are_named() {
    let steps = recorded(100);
    let refused = |shape: BehaviourShape, batch: usize| {
        let made = BehaviourTraining::new(&steps, shape, recipe(10, batch, 1e-3, 0.9), cpu_device());
        made.err().expect("refused").to_string()
    };
    assert!(refused(BehaviourShape { width: 3, ..SMALL }, 8).starts_with("--width: 3"));
    assert!(refused(BehaviourShape { depth: 9, ..SMALL }, 8).starts_with("--depth: 9"));
    assert!(refused(BehaviourShape { steps: 0, ..SMALL }, 8).starts_with("--steps: 0"));
    assert!(refused(SMALL, 0).starts_with("the batch: 0"));
}
