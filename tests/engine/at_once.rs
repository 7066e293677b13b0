//! Trajectories that a GPU draws in one launch, against the same kernels step by step.

use super::support::{PlaneChains, chains, gpu, numbers, small};
use burn::tensor::{Device, Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{Policy, Prior, Process, Rows, Spacing};
use rtb::engine::rollout::{Batch, Follow};
use rtb::network::DriftNetwork;
use rtb::run::Run;

/// Of the largest number, which is at least 1: roundings of f32.
const TOLERANCE: f64 = 1e-5;

/// Spacing of the steps, width, depth, fresh and given rows, extra variance.
const CASES: [(Spacing, usize, usize, usize, usize, f64); 5] = [
    (Spacing::Even, 64, 2, 40, 0, 0.0),
    (Spacing::Cosine, 64, 2, 30, 13, 2.0),
    (Spacing::Even, 16, 1, 3, 0, 0.0),
    (Spacing::Cosine, 100, 3, 0, 6, 0.0),
    (Spacing::Even, 4, 4, 1, 1, 1.0),
];

fn batch(run: &Run, fresh: usize, given: usize) -> Batch {
    let normal = |purpose, count| Noise::new(3).normal(purpose, 0, count);
    let of_walk = 2 * run.process.steps;
    Batch {
        fresh: vec![0; fresh],
        noise: normal(Purpose::Rollout, fresh * of_walk),
        given: normal(Purpose::GivenEndPoints, 2 * given)
            .iter()
            .map(|v| 8.0 * v)
            .collect(),
        given_noise: normal(Purpose::Noising, given * of_walk),
        given_conditions: vec![0; given],
        given_log_r: vec![None; given],
        ..Batch::default()
    }
}

/// Chains on a device, whose policy draws all steps at once where it can.
fn at_once(run: &Run, device: &Device) -> (PlaneChains, DriftNetwork) {
    let (mut chains, network) = chains(run, device);
    chains.policy = chains.policy.at_once(&chains.prior, device);
    (chains, network)
}

fn agree(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1f64, |largest, v| largest.max(v.abs()));
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{what}, number {at}: {a}, expected {b}"
        );
    }
}

#[test]
fn one_launch_gives_the_numbers_of_the_steps() {
    let Some(device) = gpu() else { return };
    for case in CASES {
        let (spacing, width, depth, fresh, given, exploration) = case;
        let mut run = small("25-to-9", 12);
        run.process.spacing = spacing;
        (run.network.width, run.network.depth) = (width, depth);
        let follow = Follow::Policy { exploration };
        let batch = batch(&run, fresh, given);
        let (fast, network) = at_once(&run, &device);
        let made = fast.roll_out(&network, batch.clone(), follow);
        let what = |name: &str, step: usize| format!("{case:?}: {name} at step {step}");
        // Its own states and kernels are where the next are held: an unstable step would magnify roundings of the one
        // before.
        let (slow, network) = chains(&run, &device);
        let (process, conditions) = (&slow.process, &made.conditions);
        let mut log_ratio = vec![0.0; fresh + given];
        for step in 0..process.steps {
            let [x, next] = [step, step + 1].map(|at| made.states[at].clone());
            let (prior, posterior) = (made.prior[step].clone(), made.posterior[step].clone());
            // Responsibilities are the exponentials of numbers of some thousands.
            let expected = numbers(slow.prior.kernel(step, &x));
            agree(&what("prior", step), &numbers(prior.clone()), &expected, 1e-3);
            let of_prior = || prior.clone();
            let expected = slow
                .policy
                .kernel(&network, &[step], conditions, x.clone(), None, of_prior);
            agree(
                &what("policy", step),
                &numbers(posterior.clone()),
                &numbers(expected),
                TOLERANCE,
            );
            if fresh > 0 {
                let noise = batch.noise[2 * step * fresh..2 * (step + 1) * fresh].to_vec();
                let noise = Tensor::from_data(TensorData::new(noise, [fresh, 2]), &device);
                let [from, kernel, to] = [&x, &posterior, &next].map(|rows| rows.some_rows(0, fresh));
                let expected = numbers(process.transition(step, &from, &kernel, noise, exploration));
                agree(&what("state", step + 1), &numbers(to), &expected, TOLERANCE);
            }
            let ratios = numbers(process.log_ratio(&[step], &x, &next, &posterior, &prior));
            log_ratio
                .iter_mut()
                .zip(ratios)
                .for_each(|(sum, ratio)| *sum += ratio);
        }
        agree(
            &format!("{case:?}: log ratios"),
            &numbers(made.log_ratio()),
            &log_ratio,
            1e-4,
        );
        // What is noised back is what the processor makes of it, and so are the walks, up to such steps.
        let (reference, network) = chains(&run, &cpu_device());
        let expected = reference.roll_out(&network, batch, follow);
        for step in 0..=process.steps {
            let [found, expected] = [&made, &expected].map(|made| numbers(made.states[step].clone()));
            let back = 2 * fresh..;
            agree(
                &what("noised back", step),
                &found[back.clone()],
                &expected[back],
                TOLERANCE,
            );
            agree(&what("walk", step), &found, &expected, 1e-2);
        }
    }
}

#[test]
fn the_processor_goes_step_by_step() {
    let run = small("25-to-9", 6);
    let [a, b] = [chains(&run, &cpu_device()), at_once(&run, &cpu_device())].map(|(chains, network)| {
        let made = chains.roll_out(&network, batch(&run, 20, 4), Follow::Policy { exploration: 0.0 });
        numbers(made.log_ratio())
    });
    assert_eq!(a, b);
}
