//! Trained baselines: what their losses are, and how they relate to RTB.

use crate::support::{
    batch, chains, compiled, flat, mean_and_std, numbers, problem_mut, relative_difference, shape, small,
};
use burn::module::Module;
use rtb::engine::Conditions;
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::objective::{
    Balance, ClippedPolicyGradient, Objective, PolicyGradient, Pull, Scores, Signal, objective,
};
use rtb::engine::process::{BrownianBridge, Policy, Process};
use rtb::engine::reward::{HostReward, OnHost};
use rtb::engine::rollout::Follow;
use rtb::engine::train::Trainer;
use rtb::engine::weights::Weights;
use rtb::message::Files;
use rtb::network::DriftNetwork;
use rtb::run::{Advantage, LogZ, Method, Run};
use rtb::session::Session;
use rtb::task::plane::{Component, PlanePolicy, PlanePrior, Reward, Shape};

const FOLLOW: Follow = Follow::Policy { exploration: 0.0 };
const STEPS: [usize; 5] = [0, 1, 2, 3, 4];

/// log ratios and log rewards: any numbers.
fn scores(rows: usize) -> (Vec<f64>, Vec<f64>) {
    let wild = |seed| Noise::new(seed).normal(Purpose::Samples, 0, rows);
    let double = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<_>>();
    (double(wild(5)), double(wild(6)))
}

fn signal(objective: &impl Objective, log_ratio: &[f64], log_reward: &[f64], log_z: f64) -> Signal {
    objective.signal(&Scores {
        log_ratio,
        log_reward,
        condition: &vec![0; log_ratio.len()],
        log_z: &[log_z],
    })
}

#[test]
fn trust_pcl_is_alpha_squared_times_rtb() {
    let (ratio, reward) = scores(50);
    let balance = |alpha| Balance {
        log_z: LogZ::Learned,
        clip: 0.0,
        alpha,
    };
    for alpha in [0.3, 1.0, 2.5] {
        // Path consistency in Trust-PCL's own terms: V_0 − R + α·Σ log π/π̃, V_0 = α·log Z and
        // R = α·log r.
        let value = alpha * 0.7;
        let errors = ratio
            .iter()
            .zip(&reward)
            .map(|(q, r)| value - alpha * r + alpha * q);
        let loss = errors.map(|e| e * e).sum::<f64>() / 50.0;
        let trust = signal(&balance(alpha), &ratio, &reward, 0.7);
        let rtb = signal(&balance(1.0), &ratio, &reward, 0.7);
        assert!((trust.loss - loss).abs() < 1e-12);
        assert!((trust.loss - alpha * alpha * rtb.loss).abs() < 1e-12);
        for (a, b) in trust.weights.iter().zip(&rtb.weights) {
            assert!((f64::from(*a) - alpha * alpha * f64::from(*b)).abs() < 1e-6);
        }
    }
}

#[test]
fn the_kl_regularised_policy_gradient_is_half_of_vargrad_on_policy() {
    let (ratio, reward) = scores(50);
    let regularised = PolicyGradient {
        advantage: Advantage::LogReward,
        kl_weight: 1.0,
    };
    let vargrad = Balance {
        log_z: LogZ::Vargrad,
        clip: 0.0,
        alpha: 1.0,
    };
    let (a, b) = (
        signal(&regularised, &ratio, &reward, 0.0),
        signal(&vargrad, &ratio, &reward, 0.0),
    );
    for (x, y) in a.weights.iter().zip(&b.weights) {
        assert!((2.0 * x - y).abs() < 1e-6, "{x} {y}");
    }
    assert_eq!(a.log_z, b.log_z);
}

/// The weights are the derivatives of the surrogate Σ_j of each loss in log p_φ, with the
/// advantage held fixed; the squared penalty of the paper's code is stationary at
/// log p_φ − log p_θ = (r − mean r)/2α.
#[test]
fn the_papers_baseline_rests_at_the_exponential_of_r() {
    let alpha = 0.8;
    let objective = PolicyGradient {
        advantage: Advantage::Reward,
        kl_weight: alpha,
    };
    let (_, reward) = scores(40);
    let mean = reward.iter().map(|l| l.exp()).sum::<f64>() / 40.0;
    let resting: Vec<f64> = reward.iter().map(|l| (l.exp() - mean) / (2.0 * alpha)).collect();
    let at = signal(&objective, &resting, &reward, 0.0);
    assert!(at.weights.iter().all(|w| w.abs() < 1e-7));
    // The posterior's own ratio, log r − log Z, is not where it rests.
    let posterior: Vec<f64> = reward.iter().map(|l| l - mean.ln()).collect();
    let away = signal(&objective, &posterior, &reward, 0.0);
    assert!(away.weights.iter().any(|w| w.abs() > 1e-3));
}

#[test]
fn ddpo_does_not_notice_the_scale_of_log_r() {
    let (ratio, reward) = scores(40);
    let scaled: Vec<f64> = reward.iter().map(|r| 3.0 * r + 2.0).collect();
    let ddpo = ClippedPolicyGradient {
        clip: 0.1,
        epochs: 2,
        divergence: 0.0,
    };
    let dpok = ClippedPolicyGradient {
        divergence: 0.5,
        ..ddpo
    };
    let ratio_of = |objective: &ClippedPolicyGradient| {
        let a = signal(objective, &ratio, &reward, 0.0).weights;
        let b = signal(objective, &ratio, &scaled, 0.0).weights;
        let pairs = a
            .iter()
            .zip(&b)
            .map(|(x, y)| f64::from(y / x))
            .collect::<Vec<_>>();
        mean_and_std(&pairs)
    };
    let ((once, spread), (thrice, wide)) = (ratio_of(&ddpo), ratio_of(&dpok));
    assert!((once - 1.0).abs() < 1e-4 && spread < 1e-3, "{once} ± {spread}");
    assert!((thrice - 3.0).abs() < 1e-3 && wide < 1e-2, "{thrice} ± {wide}");
    assert!(
        signal(&dpok, &ratio, &reward, 0.0).divergence > 0.0,
        "DPOK pulls towards the prior"
    );
}

/// On the batch that made the trajectories all ratios are 1, so clipping changes nothing.
#[test]
fn importance_ratios_start_at_one_and_are_clipped() {
    let device = cpu_device();
    let run = small("25-to-9", 5);
    let (chains, network) = chains(&run, &device);
    let made = chains.roll_out(&network, batch(&run, 30), FOLLOW);
    let tracked = network.clone().train();
    let weights: Vec<f32> = scores(30).0.iter().map(|w| *w as f32).collect();
    let gradient = |network: &DriftNetwork, weights: &[f32], ratio_clip| {
        let pull = Pull {
            ratio_clip,
            ..Pull::new(weights)
        };
        flat(network, &chains.gradient(network, &made, pull, &STEPS, 1000))
    };
    let plain = gradient(&tracked, &weights, None);
    let clipped = gradient(&tracked, &weights, Some(0.1));
    assert!(relative_difference(&plain, &clipped) < 1e-4);

    // After the network has moved, the engine's gradient is that of the weights times the ratios,
    // without the steps whose ratio is beyond the clip on the side that the weight pushes to.
    let moved = shape(&run).network().init(&Noise::new(99), &device);
    let step = 2;
    let kernel = Policy::kernel(
        &chains.policy,
        &moved,
        &[step],
        &[],
        made.states[step].clone(),
        None,
        || made.prior[step].clone(),
    );
    let (x, next) = (&made.states[step], &made.states[step + 1]);
    let ratios = chains
        .process
        .log_ratio(&[step], x, next, &kernel, &made.posterior[step]);
    let ratios: Vec<f64> = numbers(ratios).into_iter().map(f64::exp).collect();
    let mut sorted: Vec<f64> = ratios.iter().map(|r| (r - 1.0).abs()).collect();
    sorted.sort_by(f64::total_cmp);
    // Half of the steps are beyond it.
    let clip = sorted[15];
    let moved = moved.train();
    for sign in [-1.0f32, 1.0] {
        let weights = vec![sign; 30];
        let by_hand: Vec<f32> = ratios
            .iter()
            .map(|ratio| {
                // A negative weight raises the density, and with it the ratio.
                let beyond = if sign < 0.0 {
                    *ratio > 1.0 + clip
                } else {
                    *ratio < 1.0 - clip
                };
                if beyond { 0.0 } else { sign * *ratio as f32 }
            })
            .collect();
        let of = |weights: &[f32], ratio_clip| {
            let pull = Pull {
                ratio_clip,
                ..Pull::new(weights)
            };
            flat(&moved, &chains.gradient(&moved, &made, pull, &[step], 1000))
        };
        let difference = relative_difference(&of(&by_hand, None), &of(&weights, Some(clip)));
        assert!(difference < 1e-3, "weight {sign}: {difference}");
        assert!(by_hand.contains(&0.0) && by_hand.iter().any(|w| *w != 0.0));
    }
}

/// The gradient of the steps' KL against finite differences of its sum.
#[test]
fn the_divergence_has_the_right_gradient() {
    let device = cpu_device();
    let run = small("25-to-9", 5);
    let (chains, network) = chains(&run, &device);
    let made = chains.roll_out(&network, batch(&run, 30), FOLLOW);
    let total = |network: &DriftNetwork| -> f64 {
        let sums = (0..5).map(|step| {
            let (x, prior) = (made.states[step].clone(), made.prior[step].clone());
            let kernel = Policy::kernel(&chains.policy, network, &[step], &[], x, None, || prior.clone());
            numbers(
                chains
                    .process
                    .divergence(&[step], &made.states[step], &kernel, &prior),
            )
            .iter()
            .sum::<f64>()
        });
        sums.sum()
    };
    let tracked = network.clone().train();
    let none = vec![0.0; 30];
    let pull = Pull {
        divergence: 0.7,
        ..Pull::new(&none)
    };
    let gradient = flat(&tracked, &chains.gradient(&tracked, &made, pull, &STEPS, 60));
    let h = 1e-2;
    let (up, direction) = crate::gradient::moved(&network, h);
    let (down, _) = crate::gradient::moved(&network, -h);
    let finite = 0.7 * (total(&up) - total(&down)) / (2.0 * h);
    let along: f64 = gradient
        .iter()
        .zip(&direction)
        .map(|(g, d)| f64::from(*g) * f64::from(*d))
        .sum();
    assert!((finite - along).abs() < 2e-2 * finite.abs(), "{finite} {along}");
}

/// The steps' KL in closed form against the mean of log p_φ − log p_θ over the kernel's own draws.
#[test]
fn the_divergence_is_the_mean_of_the_log_ratio() {
    let device = cpu_device();
    let run = small("25-to-9", 5);
    let (chains, network) = chains(&run, &device);
    let made = chains.roll_out(&network, batch(&run, 20_000), FOLLOW);
    let step = 3;
    let ratio = numbers(chains.process.log_ratio(
        &[step],
        &made.states[step],
        &made.states[step + 1],
        &made.posterior[step],
        &made.prior[step],
    ));
    let exact = numbers(chains.process.divergence(
        &[step],
        &made.states[step],
        &made.posterior[step],
        &made.prior[step],
    ));
    let ((mean, spread), (exact, _)) = (mean_and_std(&ratio), mean_and_std(&exact));
    let error = 4.0 * spread / (ratio.len() as f64).sqrt();
    assert!((mean - exact).abs() < error, "{mean} {exact} ± {error}");
    assert!(exact > 1e-4);
}

/// A Gaussian prior N(0, 4·I) under r = exp(x): the posterior is N((4, 0), 4·I) and log Z = 2.
fn gaussian(method: Method) -> Run {
    let mut run = small("25-to-9", 20);
    let problem = problem_mut(&mut run);
    problem.prior.components = vec![Component::isotropic(1.0, [0.0, 0.0], 4.0)];
    problem.reward = Reward::Formula {
        expression: "x".into(),
        logarithm: true,
    };
    run.method = method;
    run.tempering.floor = -50.0;
    run.rollout.batch = 256;
    run.rollout.noised_share = 0.25;
    run.training.iterations = 250;
    run.network.width = 32;
    run
}

#[test]
fn right_objectives_find_the_gaussian_posterior() {
    for method in [
        Method::Rtb {},
        Method::TrustPcl { alpha: 2.0 },
        Method::find("policy-gradient-kl").expect("it is there"),
    ] {
        let report = pollster::block_on(async {
            let mut session = Session::open(gaussian(method), cpu_device(), &Files::default(), None).await?;
            while !session.finished() {
                session.step().await?;
            }
            session.evaluate(4000, 1).await
        })
        .expect("it trains");
        let name = method.info().name;
        assert!((report.log_z_exact - 2.0).abs() < 1e-3, "{}", report.log_z_exact);
        let error = (report.log_z_importance - 2.0).abs();
        assert!(error < 0.05, "{name}: log Z {}", report.log_z_importance);
        assert!(report.ess > 0.9, "{name}: ESS {}", report.ess);
    }
}

/// Without a penalty nothing holds the policy: its samples run up the reward, away from the
/// posterior.
#[test]
fn without_a_penalty_the_reward_is_all() {
    for name in ["policy-gradient", "ddpo"] {
        let mut run = gaussian(Method::find(name).expect("it is there"));
        problem_mut(&mut run).reward = Reward::Mask {
            shape: Shape::HalfPlane {
                normal: [1.0, 0.0],
                offset: 1.0,
            },
            inside: 1.0,
            outside: 0.1,
        };
        let (before, after) = pollster::block_on(async {
            let mut session = Session::open(run, cpu_device(), &Files::default(), None).await?;
            let before = session.evaluate(2000, 1).await?;
            while !session.finished() {
                session.step().await?;
            }
            Ok::<_, EngineError>((before, session.evaluate(2000, 1).await?))
        })
        .expect("it trains");
        assert!(after.floored_mass == 0.0 && after.elbo.is_finite());
        assert!(
            after.residual_std > before.residual_std,
            "{name} leaves the prior"
        );
        assert!(after.ess < 0.5 * before.ess.max(0.5), "{name}: ESS {}", after.ess);
    }
}

fn trainer(run: &Run, reward: impl HostReward + 'static) -> Trainer<BrownianBridge, PlanePrior, PlanePolicy> {
    let (chains, network) = chains(run, &cpu_device());
    let objective = objective(run.method, &run.objective).expect("it is trained");
    let asked = (Conditions::all(1), Box::new(OnHost(reward)) as _);
    Trainer::new(run.settings(), chains, asked, objective, network)
}

/// An iteration moves the average once, however many optimiser steps it takes; at first it keeps a tenth.
#[test]
fn the_average_moves_once_an_iteration() {
    let mut run = small("25-to-9", 5);
    run.method = Method::Ddpo { clip: 0.1, epochs: 4 };
    let mut weights = |ema: f64, iterations: usize| {
        run.optimizer.ema = ema;
        let mut trainer = trainer(&run, compiled(&run).expect("it compiles"));
        for _ in 0..iterations {
            pollster::block_on(trainer.step()).expect("it trains");
        }
        let read = pollster::block_on(Weights::of(&trainer.network())).expect("they are read");
        let all = read.tensors.into_iter().flat_map(|(_, _, values)| values);
        all.collect::<Vec<f32>>()
    };
    let (start, end, average) = (weights(0.0, 0), weights(0.0, 1), weights(0.75, 1));
    assert!(relative_difference(&start, &end) > 1e-3, "the network moved");
    let expected: Vec<f32> = start.iter().zip(&end).map(|(s, e)| 0.1 * s + 0.9 * e).collect();
    assert!(relative_difference(&average, &expected) < 1e-6);
}

#[test]
fn a_diverged_loss_is_told_what_helps_its_method() {
    struct Broken;
    impl HostReward for Broken {
        fn log_reward(&self, _ends: &[f32], conditions: &[usize]) -> Vec<f64> {
            vec![f64::NAN; conditions.len()]
        }
    }
    for method in Method::all().into_iter().filter(Method::is_trained) {
        let mut run = small("25-to-9", 5);
        run.method = method;
        let error = pollster::block_on(trainer(&run, Broken).step()).expect_err("it is not a number");
        let text = error.to_string();
        assert!(
            text.contains("iteration 1") && text.contains("optimizer.learning_rate"),
            "{text}"
        );
        // Policy gradients have no residual.
        assert_eq!(text.contains("residual_clip"), !method.is_on_policy(), "{text}");
    }
}

/// A smaller learning rate would not help.
#[test]
fn a_huge_log_r_is_told_where_training_diverges() {
    struct Huge;
    impl HostReward for Huge {
        fn log_reward(&self, _ends: &[f32], conditions: &[usize]) -> Vec<f64> {
            (0..conditions.len()).map(|row| -1e200 * row as f64).collect()
        }
    }
    let mut trainer = trainer(&small("25-to-9", 5), Huge);
    let error = pollster::block_on(trainer.step()).expect_err("its square is no number");
    let text = error.to_string();
    assert!(
        text.contains("log r is as large as") && text.contains("e201") && !text.contains("learning_rate"),
        "{text}"
    );
}

#[test]
fn on_policy_methods_take_fresh_trajectories_only() {
    for (method, wanted) in [
        (Method::Rtb {}, 40),
        (Method::find("dpok").expect("it is there"), 64),
    ] {
        let mut run = small("25-to-9", 5);
        run.method = method;
        run.rollout.noised_share = 0.0;
        run.rollout.replay_share = 0.25;
        run.rollout.prior_share = 0.125;
        run.rollout.exploration = 5.0;
        let mut trainer = trainer(&run, compiled(&run).expect("it compiles"));
        // After the first iteration there are end points to replay.
        pollster::block_on(trainer.step()).expect("it trains");
        let batch = trainer.batch();
        assert_eq!(batch.fresh.len(), wanted);
        let of_prior = if wanted == 40 { 8 } else { 0 };
        assert_eq!(batch.walked.len(), of_prior);
        assert_eq!(trainer.exploration() > 0.0, method == Method::Rtb {});
    }
}
