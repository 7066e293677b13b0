//! Training-free methods: exact where they should be, and the Radon–Nikodym estimator's identities.

use crate::support::{mean_and_std, numbers, plane, preset, problem, problem_mut, small};
use burn::tensor::Tensor;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{BrownianBridge, Composable, Diffusion, Prior, Process, Spacing};
use rtb::engine::sampler::{Density, PathNoise, effective_share, log_densities, systematic};
use rtb::engine::statistics::kl;
use rtb::message::{Files, Outcome};
use rtb::run::{Method, Run};
use rtb::session::Trial;
use rtb::task::plane::{Component, ExactPrior, Mixture, PlaneTask, Reward, WeightedPoint, cell_masses};

fn run_with(name: &str, method: &str, samples: usize) -> Run {
    let mut run = preset(name);
    run.method = Method::find(method).expect("the method exists");
    run.evaluation.samples = samples;
    run
}

fn outcome(run: Run) -> Outcome {
    let samples = run.evaluation.samples;
    pollster::block_on(async {
        let mut trial = Trial::open(run, cpu_device(), &Files::default()).await?;
        assert!(!trial.step().await?, "nothing to train");
        trial.outcome(samples).await
    })
    .expect("it samples")
}

/// N(0, 4·I) under log r = 0.8·x − x²/8 − y²/4: x ~ N(1.6, 2), y ~ N(0, 4/3),
/// log Z = 0.64 − ½·log 6.
fn gaussian(method: &str) -> Run {
    let mut run = run_with("25-to-9", method, 8000);
    let problem = problem_mut(&mut run);
    problem.prior.components = vec![Component::isotropic(1.0, [0.0, 0.0], 4.0)];
    problem.reward = Reward::Formula {
        expression: "0.8*x - x^2/8 - y^2/4".into(),
        logarithm: true,
    };
    run.tempering.floor = -100.0;
    run
}

#[test]
fn every_exact_method_finds_the_gaussian_posterior() {
    for method in [
        "importance",
        "rejection",
        "smc",
        "annealed-smc",
        "metropolis",
        "hmc",
    ] {
        let mut run = gaussian(method);
        if let Method::Hmc { moves, .. } = &mut run.method {
            *moves = 12;
        }
        if let Method::Smc { particles, .. } | Method::AnnealedSmc { particles, .. } = &mut run.method {
            *particles = 4000;
        }
        let outcome = outcome(run);
        let log_z = 0.64 - 0.5 * 6f64.ln();
        assert!(
            (outcome.log_z_exact - log_z).abs() < 2e-3,
            "{}",
            outcome.log_z_exact
        );
        if let Some(estimate) = outcome.log_z {
            assert!((estimate - log_z).abs() < 0.08, "{method}: log Z {estimate}");
        }
        let axis = |axis: usize| {
            let values: Vec<f64> = outcome.points[axis..]
                .iter()
                .step_by(2)
                .map(|v| f64::from(*v))
                .collect();
            mean_and_std(&values)
        };
        let ((x, dx), (y, dy)) = (axis(0), axis(1));
        assert!(
            (x - 1.6).abs() < 0.1 && (dx - 2f64.sqrt()).abs() < 0.1,
            "{method}: x {x} ± {dx}"
        );
        let wanted = (4f64 / 3.0).sqrt();
        assert!(
            y.abs() < 0.1 && (dy - wanted).abs() < 0.1,
            "{method}: y {y} ± {dy}"
        );
    }
}

/// Importance resampling weights all of its proposals, and pays for them.
#[test]
fn more_proposals_are_weighted_for_as_many_samples() {
    let drawn = |proposals| {
        let mut run = gaussian("importance");
        run.evaluation.samples = 500;
        run.method = Method::Importance { proposals };
        outcome(run)
    };
    let (one, many) = (drawn(1), drawn(40));
    assert_eq!((one.samples, many.samples), (500, 500));
    assert_eq!(40.0 * one.sampling_evaluations, many.sampling_evaluations);
    let error = |of: &Outcome| (of.log_z.expect("weights") - of.log_z_exact).abs();
    assert!(error(&many) < 0.03, "{}", error(&many));
    assert!(plane(&many.fit).kl_grid < plane(&one.fit).kl_grid);
}

/// For a linear log r, ∇ log E[r(x_1)|x_t] is ∇ log r(E[x_1|x_t]): DPS and LGD-MC are then right.
#[test]
fn guidance_is_exact_for_a_linear_log_reward_only() {
    for method in ["dps", "lgd-mc"] {
        let mut run = gaussian(method);
        problem_mut(&mut run).reward = Reward::Formula {
            expression: "0.8*x".into(),
            logarithm: true,
        };
        let outcome = outcome(run);
        let values: Vec<f64> = outcome.points.iter().step_by(2).map(|v| f64::from(*v)).collect();
        let (mean, std) = mean_and_std(&values);
        assert!((mean - 3.2).abs() < 0.15, "{method}: {mean}");
        assert!((std - 2.0).abs() < 0.1, "{method}: {std}");
        assert!(outcome.log_z.is_none() && outcome.ess.is_none());
    }
    for method in ["guidance", "dps", "dps-normalized", "lgd-mc"] {
        let outcome = outcome(run_with("25-to-9", method, 1000));
        let variation = plane(&outcome.fit).mode_total_variation;
        assert!(variation > 0.1, "{method} is biased: {variation}");
    }
}

#[test]
fn smc_on_the_papers_toy() {
    let outcome = outcome(run_with("25-to-9", "smc", 10_000));
    let error = outcome.log_z.expect("it has weights") - outcome.log_z_exact;
    assert!(error.abs() < 0.06, "log Z error {error}");
    assert!(
        plane(&outcome.fit).mode_total_variation < 0.05,
        "{}",
        plane(&outcome.fit).mode_total_variation
    );
    let importance = self::outcome(run_with("25-to-9", "importance", 10_000));
    assert!(outcome.ess > importance.ess, "steered particles carry more");
}

#[test]
fn a_guided_proposal_is_corrected() {
    let mut run = run_with("25-to-9", "smc", 5000);
    run.method = Method::Smc {
        particles: 5000,
        resample_below: 0.5,
        points: 16,
        guidance: 0.5,
    };
    let outcome = outcome(run);
    assert!(
        plane(&outcome.fit).mode_total_variation < 0.08,
        "{}",
        plane(&outcome.fit).mode_total_variation
    );
    let error = outcome.log_z.expect("it has weights") - outcome.log_z_exact;
    assert!(error.abs() < 0.12, "log Z error {error}");
}

#[test]
fn annealing_and_products_meet_their_grids() {
    let mut annealed = run_with("25-to-9", "smc", 20_000);
    annealed.tempering.floor = -60.0;
    let mut product = annealed.clone();
    problem_mut(&mut annealed).reward = Reward::Annealed { power: 2.0 };
    problem_mut(&mut product).reward = Reward::Product {
        components: vec![
            Component::isotropic(1.0, [-4.0, -4.0], 12.0),
            Component {
                weight: 1.0,
                mean: [5.0, 3.0],
                covariance: [8.0, 3.0, 8.0],
            },
        ],
    };
    for run in [annealed, product] {
        let outcome = outcome(run.clone());
        assert!(
            plane(&outcome.fit).kl_grid <= 0.05,
            "{:?}: KL {}",
            problem(&run).reward,
            plane(&outcome.fit).kl_grid
        );
    }
}

/// One Gaussian annealed: p² of N(0, 4·I) is N(0, 2·I).
#[test]
fn an_annealed_gaussian_is_narrower() {
    let mut run = gaussian("smc");
    problem_mut(&mut run).reward = Reward::Annealed { power: 2.0 };
    let outcome = outcome(run);
    let values: Vec<f64> = outcome.points.iter().map(|v| f64::from(*v)).collect();
    let (_, std) = mean_and_std(&values);
    assert!((std - 2f64.sqrt()).abs() < 0.05, "{std}");
}

/// The prior at another temperature where r is floored: p·r^β = p·max(p^½, e⁻²)^β, a third of it
/// on the floor: the largest log r is ½·log(1/8π).
#[test]
fn a_floor_is_part_of_what_is_annealed() {
    let mut run = gaussian("smc");
    problem_mut(&mut run).reward = Reward::Annealed { power: 1.5 };
    run.tempering.floor = -2.0 + 0.5 * (8.0 * std::f64::consts::PI).ln();
    for beta in [1.0, 0.5] {
        run.tempering.beta = beta;
        let mut unfloored = run.clone();
        unfloored.tempering.floor = -100.0;
        let (outcome, unfloored) = (outcome(run.clone()), outcome(unfloored));
        assert!(
            outcome.log_z_exact - unfloored.log_z_exact > 0.06,
            "the floor matters: {} {}",
            outcome.log_z_exact,
            unfloored.log_z_exact
        );
        for outcome in [outcome, unfloored] {
            let error = outcome.log_z.expect("it has weights") - outcome.log_z_exact;
            assert!(error.abs() < 0.02, "β {beta}: log Z error {error}");
            let (found, wanted) = (
                plane(&outcome.fit).within_mode_variance,
                plane(&outcome.fit).within_mode_variance_exact,
            );
            assert!(
                (found / wanted - 1.0).abs() < 0.08,
                "β {beta}: variance {found} for {wanted}"
            );
        }
    }
}

/// Every state is looked at once, whether or not particles are resampled; composed targets look at
/// the end points too.
#[test]
fn sequential_monte_carlo_wastes_no_evaluations() {
    let evaluations = |reward: Option<Reward>, points, guidance| {
        let mut run = small("25-to-9", 10);
        if let Some(reward) = reward {
            problem_mut(&mut run).reward = reward;
        }
        run.method = Method::Smc {
            particles: 300,
            resample_below: 1.0,
            points,
            guidance,
        };
        run.evaluation.samples = 300;
        outcome(run).sampling_evaluations / 300.0
    };
    assert_eq!(evaluations(None, 0, 0.0), 10.0);
    assert_eq!(evaluations(None, 4, 0.0), 10.0);
    assert_eq!(evaluations(None, 4, 0.5), 30.0);
    assert_eq!(evaluations(Some(Reward::Annealed { power: 2.0 }), 0, 0.0), 11.0);
    let components = vec![Component::isotropic(1.0, [1.0, 2.0], 12.0)];
    assert_eq!(evaluations(Some(Reward::Product { components }), 0, 0.0), 22.0);
}

/// N(0, 25·I) fits in the square; at the power 0.6 its variance is 42.
#[test]
fn a_posterior_that_leaves_the_square_is_refused() {
    let mut run = gaussian("importance");
    problem_mut(&mut run).prior.components = vec![Component::isotropic(1.0, [0.0, 0.0], 25.0)];
    let open = |power: f64, beta: f64| {
        let mut run = run.clone();
        problem_mut(&mut run).reward = Reward::Annealed { power };
        run.tempering.beta = beta;
        PlaneTask::open(run, cpu_device(), &Files::default()).map(|_| ())
    };
    for (power, beta) in [(0.6, 1.0), (0.9, 4.0)] {
        let error = open(power, beta).expect_err("it is too wide").to_string();
        assert!(
            error.starts_with(&format!("reward.power: {power}, which puts 6 %")),
            "{error}"
        );
        assert!(error.contains("at most 2 %"), "{error}");
    }
    for (power, beta) in [(0.95, 1.0), (0.6, 0.1), (2.0, 4.0)] {
        open(power, beta).unwrap_or_else(|e| panic!("{power} {beta}: {e}"));
    }
}

#[test]
fn methods_that_cannot_work_say_why() {
    let mut run = small("25-to-9", 5);
    run.method = Method::Rejection { proposals: 1 };
    problem_mut(&mut run).reward = Reward::Formula {
        expression: "(x > 12)*(y > 12)".into(),
        logarithm: false,
    };
    run.tempering.floor = -100.0;
    let error = pollster::block_on(async {
        let mut trial = Trial::open(run, cpu_device(), &Files::default()).await?;
        trial.outcome(500).await
    })
    .expect_err("no sample can be kept");
    assert!(error.to_string().contains("rejection kept none"), "{error}");
}

#[test]
fn systematic_resampling_takes_the_floor_or_the_ceiling() {
    let mut rng = Noise::new(1).stream(Purpose::Resampling, 0);
    let log_weights: Vec<f64> = Noise::new(2)
        .normal(Purpose::Samples, 0, 200)
        .into_iter()
        .map(|v| 2.0 * f64::from(v))
        .collect();
    let total: f64 = log_weights.iter().map(|l| l.exp()).sum();
    let taken = systematic(&log_weights, 1000, &mut rng);
    for (row, l) in log_weights.iter().enumerate() {
        let expected = 1000.0 * l.exp() / total;
        let times = taken.iter().filter(|t| **t == row).count() as f64;
        assert!(
            (times - expected).abs() < 1.0,
            "row {row}: {times} for {expected}"
        );
    }
    assert_eq!(taken.len(), 1000);
    assert!((effective_share(&[0.3; 7]) - 1.0).abs() < 1e-12);
    assert!((effective_share(&[0.0, f64::NEG_INFINITY]) - 0.5).abs() < 1e-12);
    assert_eq!(effective_share(&[f64::NEG_INFINITY; 3]), 0.0);
}

fn bridge(steps: usize, spacing: Spacing) -> BrownianBridge {
    BrownianBridge {
        steps,
        variance: 5.0,
        dimensions: 2,
        spacing,
    }
}

/// log p_{i+1}(x')/p_i(x) of the mixture's bridge in closed form.
fn exact_ratio(mixture: &Mixture, process: &BrownianBridge, step: usize, x: [f64; 2], next: [f64; 2]) -> f64 {
    let log_marginal = |t: f64, x: [f64; 2]| {
        let features = [x[0] * x[0], x[1] * x[1], x[0] * x[1], x[0], x[1], 1.0];
        let parts = mixture.bridge(t, process.variance);
        let terms = parts.iter().map(|p| {
            p.log_weight
                .iter()
                .zip(&features)
                .map(|(a, b)| a * b)
                .sum::<f64>()
        });
        let terms: Vec<f64> = terms.collect();
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + terms.iter().map(|l| (l - largest).exp()).sum::<f64>().ln()
    };
    log_marginal(process.time(step + 1), next) - log_marginal(process.time(step), x)
}

/// The estimator's ratio of neighbouring marginals, for the chain's own noise and for half of it:
/// its error per step vanishes faster than dt.
#[test]
fn the_radon_nikodym_ratio_is_that_of_the_marginals() {
    let device = cpu_device();
    let mixture = Mixture::new(&[
        Component::isotropic(1.0, [-3.0, 1.0], 0.6),
        Component::isotropic(2.0, [4.0, -2.0], 1.5),
    ]);
    for (factor, spacing) in [
        (1.0, Spacing::Even),
        (0.5, Spacing::Even),
        (1.4, Spacing::Even),
        (0.5, Spacing::Cosine),
    ] {
        let error = |steps: usize| {
            let process = bridge(steps, spacing);
            let prior = ExactPrior::new(&mixture, &process, &device);
            let step = steps / 2;
            let rows = 4000;
            let spread = Noise::new(3).normal(Purpose::Samples, 0, 2 * rows);
            let x: Vec<f32> = spread.iter().map(|v| 1.5 * v).collect();
            let x = process.upload(x, &device);
            let kernel = prior.kernel(step, &x);
            let noise = process.upload(Noise::new(4).normal(Purpose::Samples, 0, 2 * rows), &device);
            let next = process.transition_scaled(step, &x, &kernel, noise, factor);
            let next_kernel = prior.kernel(step + 1, &next);
            let estimate =
                numbers(process.log_marginal_ratio(step, &x, &next, [&kernel, &next_kernel], factor));
            let (x, next) = (numbers(x), numbers(next));
            let pairs = x.chunks_exact(2).zip(next.chunks_exact(2));
            let misses: Vec<f64> = pairs
                .zip(estimate)
                .map(|((x, next), estimate)| {
                    estimate - exact_ratio(&mixture, &process, step, [x[0], x[1]], [next[0], next[1]])
                })
                .collect();
            mean_and_std(&misses).0.abs()
        };
        let (coarse, fine) = (error(50), error(800));
        // Summed over all steps, the mean error goes to 0.
        assert!(
            800.0 * fine < 0.5 * 50.0 * coarse + 0.02,
            "factor {factor}, {spacing:?}: {} at 50 steps, {} at 800",
            50.0 * coarse,
            800.0 * fine
        );
    }
}

/// FKC (arXiv 2503.02819): with the proposal of score β·s and the chain's own noise, the increments
/// β·log p_θ/q + log q/A tend to ½·β(β − 1)·σ²·‖s‖²·dt, up to a term common to all states.
#[test]
fn the_annealing_weight_of_feynman_kac_is_the_limit() {
    let device = cpu_device();
    let mixture = Mixture::new(&[
        Component::isotropic(1.0, [-3.0, 1.0], 0.6),
        Component::isotropic(2.0, [4.0, -2.0], 1.5),
    ]);
    let (steps, beta) = (4000, 2.0);
    let process = bridge(steps, Spacing::Even);
    let prior = ExactPrior::new(&mixture, &process, &device);
    let step = steps / 2;
    let t = process.time(step);
    // Few states, many draws of the proposal's noise at each.
    let (states, draws) = (12, 20_000);
    let places = Noise::new(5).normal(Purpose::Samples, 0, 2 * states);
    let mut found = Vec::new();
    let mut wanted = Vec::new();
    for place in places.chunks_exact(2) {
        let x: Vec<f32> = place.iter().map(|v| 1.5 * v).collect();
        let x = process.upload(x, &device).repeat_dim(0, draws);
        let drift = prior.kernel(step, &x);
        let scaled_score: Tensor<2> = drift.clone() - x.clone().mul_scalar(1.0 / t);
        let proposal = process.guide(step, &drift, scaled_score.clone().mul_scalar((beta - 1.0) / 5.0));
        let noise = process.upload(Noise::new(6).normal(Purpose::Samples, 0, 2 * draws), &device);
        let next = process.transition(step, &x, &proposal, noise, 0.0);
        let change = process.log_prob(&[step], &x, &next, &drift).mul_scalar(beta)
            + process.log_noise(step, &x, &next).mul_scalar(1.0 - beta)
            - process.log_prob(&[step], &x, &next, &proposal);
        found.push(mean_and_std(&numbers(change)).0);
        let score = numbers(scaled_score.narrow(0, 0, 1));
        let square = score[0].powi(2) + score[1].powi(2);
        wanted.push(0.5 * beta * (beta - 1.0) * square / 5.0 * process.dt(step));
    }
    let level = mean_and_std(&found).0 - mean_and_std(&wanted).0;
    let scale = wanted.iter().copied().fold(0.0, f64::max);
    for (found, wanted) in found.iter().zip(&wanted) {
        let error = (found - level - wanted).abs();
        assert!(error < 0.06 * scale, "{found} for {wanted} + {level}");
    }
}

fn densities(path: PathNoise) -> (Density, Vec<f64>) {
    let run = preset("25-to-9");
    let plane = PlaneTask::open(run, cpu_device(), &Files::default()).expect("it opens");
    let mut rng = plane.noise.stream(Purpose::Samples, 0);
    let points: Vec<[f64; 2]> = (0..2000).map(|_| plane.mixture.sample(&mut rng)).collect();
    let exact = points.iter().map(|p| plane.mixture.log_prob(*p)).collect();
    let ends = points.iter().flatten().map(|v| *v as f32).collect();
    let wide = Component::isotropic(1.0, [0.0, 0.0], plane.mixture.variance());
    let reference = Mixture::new(&[wide]);
    let chain = ExactPrior::new(&reference, &plane.process, &plane.device);
    let density = pollster::block_on(log_densities(
        &plane.setting(),
        &chain,
        |p| reference.log_prob([p[0].into(), p[1].into()]),
        ends,
        path,
        0,
    ))
    .expect("it estimates");
    (density, exact)
}

/// At 100 steps, over samples of the prior.
#[test]
fn the_reference_process_cancels_the_discretisation() {
    let error = |estimate: &[f64], exact: &[f64]| {
        estimate
            .iter()
            .zip(exact)
            .map(|(a, b)| (a - b).abs())
            .sum::<f64>()
            / exact.len() as f64
    };
    let (balanced, exact) = densities(PathNoise::Balanced);
    let with = error(&balanced.reference, &exact);
    assert!(with <= 0.1, "mean absolute error {with} nats");
    assert!(error(&balanced.euler, &exact) >= 5.0 * with);
    let (normal, exact) = densities(PathNoise::Normal);
    assert!(error(&normal.euler, &exact) >= 5.0 * with);
    assert!(error(&normal.reference, &exact) < error(&normal.euler, &exact));
}

#[test]
fn points_outside_the_square_count_against_a_method() {
    let at = |x: f64| WeightedPoint {
        x: [x, 0.0],
        weight: 0.5,
    };
    let cells = |points: [f64; 2]| cell_masses(points.into_iter().map(at));
    let (inside, half_out) = (cells([1.0, 2.0]), cells([1.0, 40.0]));
    assert!((half_out.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(kl(&inside, &inside).abs() < 1e-12);
    assert!(kl(&half_out, &inside) > 1.0);
}
