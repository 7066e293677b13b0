//! Baselines of single steps: the same gradient on average, with less noise.

use crate::support::{batch, chains, compiled, flat, numbers, small, train};
use burn::module::Module;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::objective::{Balance, Baseline, Objective, Pull, Scores, Weights};
use rtb::engine::process::Process;
use rtb::engine::reward::HostReward;
use rtb::engine::rollout::Follow;
use rtb::message::{Files, Iteration};
use rtb::run::{LogZ, Run};
use rtb::session::Session;

const STEPS: usize = 6;
const VARGRAD: Balance = Balance {
    log_z: LogZ::Vargrad,
    clip: 0.0,
    alpha: 1.0,
};

fn wild(seed: u64, rows: usize) -> Vec<f64> {
    let normal = Noise::new(seed).normal(Purpose::Samples, 0, rows);
    normal.into_iter().map(f64::from).collect()
}

#[test]
fn the_gradient_is_the_same_with_less_noise() {
    let device = cpu_device();
    let run = small("25-to-9", STEPS);
    let (chains, network) = chains(&run, &device);
    let reward = compiled(&run).expect("it compiles");
    let asked = |ends: Vec<f64>| {
        let ends: Vec<f32> = ends.into_iter().map(|v| v as f32).collect();
        reward.log_reward(&ends, &vec![0; ends.len() / 2])
    };
    let tracked = network.clone().train();
    let (rows, batches) = (100, 40);
    let condition = vec![0; rows];
    let both: Vec<[Vec<f32>; 2]> = (0..batches)
        .map(|seed| {
            let run = Run { seed, ..run.clone() };
            let made = chains.roll_out(&network, batch(&run, rows), Follow::Policy { exploration: 0.0 });
            let log_reward = asked(numbers(made.states[STEPS].clone()));
            let ratios = numbers(made.log_ratios.clone());
            let ratios: Vec<Vec<f64>> = ratios.chunks_exact(rows).map(<[f64]>::to_vec).collect();
            let previews = (0..STEPS).map(|step| {
                let preview = chains
                    .process
                    .preview(step, &made.states[step], &made.prior[step]);
                asked(numbers(preview.expect("points have a mean")))
            });
            let baseline = Baseline {
                log_ratios: &ratios,
                log_reward: &log_reward,
                expected: &previews.collect::<Vec<_>>(),
                condition: &condition,
            };
            let weigh = |residual: &f64| VARGRAD.weigh(*residual, rows);
            let by_step: Vec<Vec<f32>> = baseline
                .residuals()
                .iter()
                .map(|left| left.iter().map(weigh).collect())
                .collect();
            let signal = VARGRAD.signal(&Scores {
                log_ratio: &numbers(made.log_ratio()),
                log_reward: &log_reward,
                condition: &condition,
                log_z: &[0.0],
            });
            let steps: Vec<usize> = (0..STEPS).collect();
            let pull = Pull::new(&signal.weights);
            let gradient = |weights| {
                let pull = Pull { weights, ..pull };
                flat(&tracked, &chains.gradient(&tracked, &made, pull, &steps, 10_000))
            };
            [
                gradient(pull.weights),
                gradient(Weights::Steps {
                    weights: &by_step,
                    start: 0,
                }),
            ]
        })
        .collect();
    // Mean and variance over the batches, of every parameter.
    let moments = |of: &dyn Fn(&[Vec<f32>; 2], usize) -> f64| {
        let parameters = both[0][0].len();
        let count = batches as f64;
        let each = (0..parameters).map(|at| {
            let values: Vec<f64> = both.iter().map(|pair| of(pair, at)).collect();
            let mean = values.iter().sum::<f64>() / count;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
            (mean * mean, variance)
        });
        each.fold((0.0, 0.0), |sum, (square, variance)| {
            (sum.0 + square, sum.1 + variance)
        })
    };
    let (gradient, plain) = moments(&|pair, at| f64::from(pair[0][at]));
    let (_, with_baseline) = moments(&|pair, at| f64::from(pair[1][at]));
    let (bias, noise) = moments(&|pair, at| f64::from(pair[0][at]) - f64::from(pair[1][at]));
    let expected = noise / batches as f64;
    assert!(bias < 3.0 * expected, "{bias} is no noise of {expected}");
    assert!(
        gradient > 3.0 * plain / batches as f64,
        "there is a gradient: {gradient} beside {plain}"
    );
    assert!(with_baseline < 0.85 * plain, "{with_baseline} and {plain}");
}

#[test]
fn a_step_answers_for_what_comes_after_it() {
    let rows = 40;
    let condition: Vec<usize> = (0..rows).map(|row| usize::from(row >= 20)).collect();
    let (early, late, log_reward) = (wild(1, rows), wild(2, rows), wild(3, rows));
    let residuals = |early: &[f64], expected: &[Vec<f64>]| {
        let baseline = Baseline {
            log_ratios: &[early.to_vec(), late.clone()],
            log_reward: &log_reward,
            expected,
            condition: &condition,
        };
        baseline.residuals()
    };
    let left = residuals(&early, &[]);
    let other = residuals(&wild(4, rows), &[]);
    assert_eq!(left[1], other[1]);
    assert_ne!(left[0], other[0]);
    for (part, step) in left.iter().flat_map(|step| [(0..20, step), (20..40, step)]) {
        assert!(step[part].iter().sum::<f64>().abs() < 1e-9);
    }
    let to_go: Vec<f64> = late
        .iter()
        .zip(&log_reward)
        .map(|(ratio, log_r)| ratio - log_r)
        .collect();
    // The mean of the others, without the row itself.
    let mean = (to_go[..20].iter().sum::<f64>() - to_go[3]) / 19.0;
    assert!((left[1][3] - (to_go[3] - mean)).abs() < 1e-9);

    // What is known before the step is taken out.
    let known: Vec<f64> = to_go.iter().map(|v| 100.0 - 30.0 * v).collect();
    let left = residuals(&early, &[vec![0.0; rows], known]);
    assert!(left[1].iter().all(|v| v.abs() < 0.01), "{:?}", left[1]);
    let size = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>();
    assert!(size(&left[0]) > 1.0);
}

/// The value of a row changes its own residual one to one: nothing that is taken off knows it.
#[test]
fn what_is_taken_off_does_not_know_the_row() {
    let rows = 12;
    let condition: Vec<usize> = (0..rows).map(|row| row % 3).collect();
    let (ratio, known) = (wild(5, rows), wild(6, rows));
    let residuals = |log_reward: &[f64], expected: &[Vec<f64>]| {
        let baseline = Baseline {
            log_ratios: std::slice::from_ref(&ratio),
            log_reward,
            expected,
            condition: &condition,
        };
        baseline.residuals().remove(0)
    };
    let log_reward = wild(7, rows);
    let mut more = log_reward.clone();
    more[4] += 10.0;
    for expected in [vec![], vec![known]] {
        let change = residuals(&log_reward, &expected)[4] - residuals(&more, &expected)[4];
        assert!((change - 10.0).abs() < 1e-9, "{change}");
    }
}

fn trained(change: &dyn Fn(&mut Run)) -> Vec<Iteration> {
    let mut run = small("25-to-9", 8);
    run.objective.log_z = LogZ::Vargrad;
    change(&mut run);
    let mut session =
        pollster::block_on(Session::open(run, cpu_device(), &Files::default(), None)).expect("it opens");
    train(&mut session, 3)
}

#[test]
fn baselines_are_for_fresh_trajectories_on_policy() {
    let plain = trained(&|_| {});
    let with = trained(&|run| run.objective.baseline = true);
    assert_eq!(plain[0], with[0], "the loss is the same");
    assert_ne!(plain[2], with[2], "another gradient");
    let explore = |run: &mut Run| run.rollout.exploration = 2.0;
    let explored = trained(&|run| {
        explore(run);
        run.objective.baseline = true;
    });
    assert_eq!(trained(&explore), explored);
    // Some are noised back, and keep δ.
    let mixed = trained(&|run| {
        run.rollout.noised_share = 0.5;
        run.objective.baseline = true;
    });
    assert!(mixed.iter().all(|iteration| iteration.loss.is_finite()));
}
