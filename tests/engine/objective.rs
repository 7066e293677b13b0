//! Identities of the residual, of log Z and of VarGrad.

use crate::support::{
    assert_close, batch, chains, compiled, flat, mean_and_std, numbers, problem_mut, relative_difference,
    shape, small,
};
use burn::module::Module;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::objective::{Balance, Objective, Pull, Scores, Signal};
use rtb::engine::process::Policy;
use rtb::engine::reward::HostReward;
use rtb::engine::rollout::{Batch, Follow};
use rtb::message::Files;
use rtb::network::DriftNetwork;
use rtb::run::LogZ;
use rtb::session::Session;
use rtb::task::plane::Reward;

const FOLLOW: Follow = Follow::Policy { exploration: 0.0 };

fn balance(log_z: LogZ) -> Balance {
    Balance {
        log_z,
        clip: 0.0,
        alpha: 1.0,
    }
}

fn signal(
    objective: &impl Objective,
    log_ratio: &[f64],
    log_reward: &[f64],
    condition: &[usize],
    log_z: &[f64],
) -> Signal {
    objective.signal(&Scores {
        log_ratio,
        log_reward,
        condition,
        log_z,
    })
}

#[test]
fn a_constant_reward_leaves_no_residual_at_the_start() {
    let device = cpu_device();
    let mut run = small("25-to-9", 20);
    problem_mut(&mut run).reward = Reward::Formula {
        expression: "2.5".into(),
        logarithm: false,
    };
    let (chains, _) = chains(&run, &device);
    let untrained = shape(&run).network().init(&Noise::new(0), &device);
    let made = chains.roll_out(&untrained, batch(&run, 50), FOLLOW);
    let log_ratio = numbers(made.log_ratio());
    let ends: Vec<f32> = numbers(made.states[20].clone())
        .iter()
        .map(|v| *v as f32)
        .collect();
    let log_reward = compiled(&run).expect("it compiles");
    let log_reward = log_reward.log_reward(&ends, &[0; 50]);
    let residuals = signal(
        &balance(LogZ::Learned),
        &log_ratio,
        &log_reward,
        &[0; 50],
        &[2.5f64.ln()],
    );
    assert!(residuals.loss < 1e-10, "loss {}", residuals.loss);
}

/// log ratios, log rewards: any numbers.
fn numbers_for(rows: usize) -> (Vec<f64>, Vec<f64>) {
    let wild = |seed| {
        Noise::new(seed)
            .normal(Purpose::Samples, 0, rows)
            .into_iter()
            .map(f64::from)
    };
    (wild(1).collect(), wild(2).map(|v| 3.0 * v).collect())
}

#[test]
fn scaling_the_reward_moves_only_log_z() {
    let (ratio, reward) = numbers_for(40);
    let scaled: Vec<f64> = reward.iter().map(|r| r + 1.7).collect();
    let condition = [0; 40];
    let learned =
        |reward: &[f64], log_z| signal(&balance(LogZ::Learned), &ratio, reward, &condition, &[log_z]);
    let vargrad = |reward: &[f64]| signal(&balance(LogZ::Vargrad), &ratio, reward, &condition, &[0.0]);
    let close = |a: &Signal, b: &Signal| a.delta.iter().zip(&b.delta).all(|(x, y)| (x - y).abs() < 1e-12);
    assert!(close(&learned(&reward, 0.3), &learned(&scaled, 2.0)));
    assert!(close(&vargrad(&reward), &vargrad(&scaled)));
    assert!((vargrad(&scaled).log_z[0] - vargrad(&reward).log_z[0] - 1.7).abs() < 1e-12);
    assert!(!close(&learned(&reward, 0.3), &learned(&scaled, 0.3)));
}

#[test]
fn vargrad_is_rtb_at_the_batch_optimum_of_log_z() {
    let (ratio, reward) = numbers_for(60);
    // Two conditions, in no order.
    let condition: Vec<usize> = (0..60).map(|i| usize::from(i * 7 % 5 < 2)).collect();
    let vargrad = signal(&balance(LogZ::Vargrad), &ratio, &reward, &condition, &[0.0, 0.0]);
    let learned = signal(
        &balance(LogZ::Learned),
        &ratio,
        &reward,
        &condition,
        &vargrad.log_z,
    );
    assert_eq!(vargrad.weights, learned.weights, "the same gradient");
    for gradient in learned.log_z_gradient {
        assert!(
            gradient.abs() < 1e-6,
            "log Z is at its optimum, its gradient is {gradient}"
        );
    }
    // The loss is the variance within each condition.
    let within: f64 = [0, 1]
        .map(|c| {
            let of: Vec<f64> = (0..60)
                .filter(|i| condition[*i] == c)
                .map(|i| reward[i] - ratio[i])
                .collect();
            mean_and_std(&of).1.powi(2) * of.len() as f64
        })
        .iter()
        .sum();
    assert!((vargrad.loss - within / 60.0).abs() < 1e-12);
}

#[test]
fn the_gradient_of_log_z_is_that_of_the_loss() {
    let (ratio, reward) = numbers_for(30);
    let loss = |z: f64| signal(&balance(LogZ::Learned), &ratio, &reward, &[0; 30], &[z]).loss;
    let at = signal(&balance(LogZ::Learned), &ratio, &reward, &[0; 30], &[0.4]);
    let finite = (loss(0.4 + 1e-5) - loss(0.4 - 1e-5)) / 2e-5;
    assert!((finite - f64::from(at.log_z_gradient[0])).abs() < 1e-4);
}

#[test]
fn clipping_bounds_the_weights_and_nothing_else() {
    let (ratio, reward) = numbers_for(30);
    let free = signal(&balance(LogZ::Learned), &ratio, &reward, &[0; 30], &[0.0]);
    let clipped = Balance {
        clip: 1.0,
        ..balance(LogZ::Learned)
    };
    let clipped = signal(&clipped, &ratio, &reward, &[0; 30], &[0.0]);
    assert_eq!(free.delta, clipped.delta);
    assert_eq!(free.loss, clipped.loss);
    for ((delta, weight), unclipped) in clipped.delta.iter().zip(&clipped.weights).zip(&free.weights) {
        let expected = if delta.abs() <= 1.0 {
            *unclipped
        } else {
            (2.0 / 30.0 * delta.signum()) as f32
        };
        assert!((weight - expected).abs() < 1e-7);
    }
}

/// Exploration changes where a trajectory goes, never how it is scored.
#[test]
fn density_is_scored_without_exploration() {
    let device = cpu_device();
    let run = small("25-to-9", 10);
    let (chains, network) = chains(&run, &device);
    let explored = chains.roll_out(&network, batch(&run, 30), Follow::Policy { exploration: 4.0 });
    let plain = chains.roll_out(&network, batch(&run, 30), FOLLOW);
    assert!(numbers(explored.states[10].clone()) != numbers(plain.states[10].clone()));
    let log_prob = |step: usize, x: &[f64], next: &[f64], drift: &[f64]| -> f64 {
        let dt = chains.process.dt(step);
        (0..2)
            .map(|d| -0.5 * (next[d] - x[d] - drift[d] * dt).powi(2) / (run.process.variance * dt))
            .sum()
    };
    let reported = numbers(explored.log_ratio());
    for (row, reported) in reported.iter().enumerate() {
        let mut expected = 0.0;
        for step in 0..10 {
            let of = |t: burn::tensor::Tensor<2>| numbers(t)[2 * row..2 * row + 2].to_vec();
            let (x, next) = (
                explored.states[step].clone(),
                of(explored.states[step + 1].clone()),
            );
            let prior = explored.prior[step].clone();
            let posterior = Policy::kernel(&chains.policy, &network, &[step], &[], x.clone(), None, || {
                prior.clone()
            });
            expected += log_prob(step, &of(x.clone()), &next, &of(posterior))
                - log_prob(step, &of(x), &next, &of(prior));
        }
        assert!(
            (reported - expected).abs() < 1e-3 * expected.abs().max(1.0),
            "row {row}: {} and {expected}",
            reported
        );
    }
}

#[test]
fn rows_of_a_batch_follow_the_prior() {
    let device = cpu_device();
    let run = small("25-to-9", 10);
    let (chains, network) = chains(&run, &device);
    let own = batch(&run, 4);
    let mixed = Batch {
        given: vec![3.0, -2.0],
        given_noise: batch(&run, 1).noise,
        given_conditions: vec![0],
        walked: own.fresh.clone(),
        walked_noise: own.noise.clone(),
        ..own.clone()
    };
    let made = chains.roll_out(&network, mixed.clone(), FOLLOW);
    let walked = chains.walk_prior(&own.fresh, own.noise);
    assert_eq!((made.fresh, made.conditions.len()), (4, 9));
    for (all, walked) in made.states.iter().zip(walked) {
        assert_eq!(numbers(all.clone())[2 * 5..], numbers(walked)[..]);
    }
    let end = numbers(made.states[10].clone());
    assert_eq!(end[2 * 4..2 * 5], [3.0, -2.0]);
    assert!(end[..2 * 4] != end[2 * 5..], "the policy is not the prior");
    // The parts of a batch are the batch.
    let parts = mixed.split(&chains.process, 2, 9);
    let of_parts = parts
        .into_iter()
        .map(|part| chains.roll_out(&network, part, FOLLOW));
    let mut apart: Vec<f64> = of_parts.flat_map(|part| numbers(part.log_ratio())).collect();
    let mut whole = numbers(made.log_ratio());
    whole.sort_by(f64::total_cmp);
    apart.sort_by(f64::total_cmp);
    assert_close(&apart, &whole, 1e-4);
}

#[test]
fn vargrad_and_learned_log_z_train_to_the_same_log_z() {
    let log_z = |kind: LogZ| {
        let mut run = small("ring-tilt", 10);
        run.objective.log_z = kind;
        run.rollout.batch = 256;
        run.training.iterations = 150;
        run.network.width = 32;
        run.optimizer.learning_rate = 1e-2;
        run.optimizer.log_z_learning_rate = 0.1;
        pollster::block_on(async {
            let mut session = Session::open(run, cpu_device(), &Files::default(), None)
                .await
                .expect("it opens");
            let mut last = 0.0;
            while !session.finished() {
                last = session.step().await.expect("it trains").log_z;
            }
            (last, session.evaluate(4000, 1).await.expect("it evaluates"))
        })
    };
    let (learned, report) = log_z(LogZ::Learned);
    let (vargrad, _) = log_z(LogZ::Vargrad);
    assert!(
        (learned - vargrad).abs() < 0.1,
        "learned {learned}, VarGrad {vargrad}"
    );
    // On policy, the loss is smallest where log Z is the mean log weight.
    assert!(
        (learned - report.elbo).abs() < 0.1,
        "learned {learned}, {report:?}"
    );
    // The prior's chain of ten steps is not the mixture: its own log Z is the reference.
    assert!(
        (report.log_z_importance - report.log_z_prior).abs() < 0.1,
        "{report:?}"
    );
    assert!(
        report.elbo <= report.log_z_importance + 1e-9
            && report.log_z_prior <= report.eubo.expect("measured") + 0.02,
        "{report:?}"
    );
}

#[test]
fn zero_gradients_where_residuals_are_zero() {
    let device = cpu_device();
    let run = small("25-to-9", 5);
    let (chains, network) = chains(&run, &device);
    let made = chains.roll_out(&network, batch(&run, 20), FOLLOW);
    let tracked: DriftNetwork = network.train();
    let gradient = chains.gradient(&tracked, &made, Pull::new(&[0.0; 20]), &[0, 1, 2, 3, 4], 1000);
    assert!(flat(&tracked, &gradient).iter().all(|g| *g == 0.0));
    let gradient = chains.gradient(&tracked, &made, Pull::new(&[1.0; 20]), &[0, 1, 2, 3, 4], 1000);
    assert!(
        relative_difference(
            &flat(&tracked, &gradient),
            &vec![0.0; flat(&tracked, &gradient).len()]
        ) > 0.5
    );
}
