//! Points of R^d against closed forms.

use crate::support::{numbers, preset, report, train};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{OrnsteinUhlenbeck, Prior as _, Process};
use rtb::engine::reward::BlackBox;
use rtb::engine::rollout::{Batch, Chains, Follow};
use rtb::engine::weights::{Weights, load_tensors};
use rtb::message::{Files, Report};
use rtb::run::{Method, Run, Training};
use rtb::session::{Session, Trial};
use rtb::task::points::pretrain::{Bounds, PretrainConfig, Pretraining};
use rtb::task::points::{Observed, PointsFit, PointsPolicy, PointsPrior, PointsProblem, PointsTask, Table};
use std::sync::Arc;

fn matrix(values: &[f64], columns: usize) -> Tensor<2> {
    let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    let rows = values.len() / columns;
    Tensor::from_data(TensorData::new(values, [rows, columns]), &cpu_device())
}

fn log_normal(x: &[f64]) -> f64 {
    let squares: f64 = x.iter().map(|x| x * x).sum();
    -0.5 * squares - 0.5 * x.len() as f64 * std::f64::consts::TAU.ln()
}

#[test]
fn noise_is_left_as_it_is_by_a_reversible_chain() {
    let process = OrnsteinUhlenbeck {
        steps: 7,
        dimensions: 3,
    };
    assert_eq!(process.mix(0), (0.0, 1.0));
    for step in 0..7 {
        let (kept, gained) = process.mix(step);
        assert!((kept * kept + gained * gained - 1.0).abs() < 1e-12, "step {step}");
    }
    // Detailed balance: N(z)·p(z'|z) = N(z')·p(z|z').
    let (z, next) = ([0.3, -1.2, 0.7], [0.9, -0.4, -1.1]);
    let [x, y] = [z, next].map(|z| matrix(&z, 3));
    let nothing = OrnsteinUhlenbeck::kernel_of(x.zeros_like());
    for step in 1..7 {
        let there = numbers(process.log_prob(&[step], &x, &y, &nothing))[0];
        let back = numbers(process.log_prob(&[step], &y, &x, &nothing))[0];
        let noised = numbers(process.log_noise(step, &x, &y))[0];
        let balance = log_normal(&z) + there - log_normal(&next) - back;
        assert!(balance.abs() < 1e-3, "step {step}: {balance}");
        assert!((noised - back).abs() < 1e-4, "step {step}");
    }
}

#[test]
fn ratio_and_divergence_are_those_of_the_densities() {
    let process = OrnsteinUhlenbeck {
        steps: 5,
        dimensions: 2,
    };
    let rows = |seed: u64| {
        let noise = Noise::new(seed).normal(Purpose::Samples, 0, 12);
        Tensor::<2>::from_data(TensorData::new(noise, [6, 2]), &cpu_device())
    };
    // Moves, and scales of half their size.
    let kernel = |seed| Tensor::cat(vec![rows(seed), rows(seed + 10).mul_scalar(0.5)], 1);
    let (x, next, one, other) = (rows(1), rows(2), kernel(3), kernel(4));
    // Two blocks of three rows.
    let steps = [1, 3];
    let log_prob = |kernel| numbers(process.log_prob(&steps, &x, &next, kernel));
    let ratio = numbers(process.log_ratio(&steps, &x, &next, &one, &other));
    for ((ratio, a), b) in ratio.iter().zip(log_prob(&one)).zip(log_prob(&other)) {
        assert!((ratio - (a - b)).abs() < 1e-4, "{ratio} for {}", a - b);
    }
    // The mean of the log ratio over transitions of the first kernel.
    let many = 200_000;
    let repeated = |rows: &Tensor<2>| rows.clone().narrow(0, 0, 1).repeat_dim(0, many);
    let noise = Noise::new(5).normal(Purpose::Samples, 0, 2 * many);
    let noise = Tensor::from_data(TensorData::new(noise, [many, 2]), &cpu_device());
    let (x, one, other) = (repeated(&x), repeated(&one), repeated(&other));
    let next = process.transition(2, &x, &one, noise, 0.0);
    let ratio = numbers(process.log_ratio(&[2], &x, &next, &one, &other));
    let mean = ratio.iter().sum::<f64>() / many as f64;
    let exact = numbers(process.divergence(&[2], &x, &one, &other))[0];
    assert!((mean - exact).abs() < 0.02 * (1.0 + exact), "{mean} for {exact}");
}

fn run_of(text: &str) -> Run {
    Run::from_toml(text).expect("a valid run")
}

fn task(run: &Run, files: &Files) -> PointsTask {
    PointsTask::open(run.clone(), cpu_device(), files).expect("it opens")
}

/// The kernel of a mixture against the score of the noised mixture, by differences of its density in f64.
#[test]
fn a_mixture_has_its_score_in_closed_form() {
    let run = run_of(
        r#"
        task = "points"
        [process]
        steps = 10
        [prior]
        kind = "mixture"
        [[prior.components]]
        weight = 1.0
        mean = [3.0, -1.0, 0.5]
        covariance = [[1.0, 0.3, 0.0], [0.3, 0.5, -0.2], [0.0, -0.2, 0.8]]
        [[prior.components]]
        weight = 2.0
        mean = [-2.0, 1.0, 0.0]
        variances = [0.4, 2.0, 0.1]
        [reward]
        kind = "formula"
        expression = "1"
        "#,
    );
    let task = task(&run, &Files::default());
    let PointsProblem { prior, .. } = &task.problem;
    let rtb::task::points::Prior::Mixture { components, .. } = prior else {
        panic!("a mixture");
    };
    // The noised mixture by samples would be noisy: its density is an average over many data points of N(α·data, σ²).
    let ends = Noise::new(3);
    let mut rng = ends.stream(Purpose::Samples, 0);
    let data: Vec<[f64; 3]> = (0..200_000)
        .map(|_| {
            let which = if rtb::engine::noise::uniform(&mut rng) < 1.0 / 3.0 {
                0
            } else {
                1
            };
            let component = &components[which];
            let e: [f64; 3] = std::array::from_fn(|_| rtb::engine::noise::normal(&mut rng));
            if which == 1 {
                return std::array::from_fn(|i| component.mean[i] + component.variances[i].sqrt() * e[i]);
            }
            // The Cholesky factor of the covariance above, by hand.
            let b = (0.5f64 - 0.09).sqrt();
            let c = -0.2 / b;
            let f = (0.8 - c * c).sqrt();
            [
                3.0 + e[0],
                -1.0 + 0.3 * e[0] + b * e[1],
                0.5 + c * e[1] + f * e[2],
            ]
        })
        .collect();
    // In the chain's space the mixture has mean 0 and covariance I: its inverse map by solving for z.
    let unit = |at: usize| {
        let mut z = [0f32; 3];
        if at < 3 {
            z[at] = 1.0;
        }
        task.space.points(&z)
    };
    let zero = unit(3);
    let columns: Vec<Vec<f64>> = (0..3)
        .map(|at| unit(at).iter().zip(&zero).map(|(a, b)| a - b).collect())
        .collect();
    let standard = |x: &[f64; 3]| {
        let mut z = [0.0; 3];
        for row in 0..3 {
            let before: f64 = (0..row).map(|k| columns[k][row] * z[k]).sum();
            z[row] = (x[row] - zero[row] - before) / columns[row][row];
        }
        z
    };
    let data: Vec<[f64; 3]> = data.iter().map(standard).collect();
    let second = |i: usize, j: usize| data.iter().map(|z| z[i] * z[j]).sum::<f64>() / data.len() as f64;
    for (i, j) in [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2)] {
        let wanted = if i == j { 1.0 } else { 0.0 };
        assert!((second(i, j) - wanted).abs() < 0.02, "{i} {j}: {}", second(i, j));
    }
    for (step, z) in [
        (3, [0.4, -0.3, 0.2]),
        (6, [-0.6, 0.5, 0.1]),
        (6, [0.9, 0.1, -0.5]),
    ] {
        let (alpha, sigma) = task.process.at(step);
        let (mut sum, mut total) = ([0.0; 3], 0.0);
        for data in &data {
            let miss: f64 = (0..3).map(|d| (z[d] - alpha * data[d]).powi(2)).sum();
            let weight = (-0.5 * miss / sigma.powi(2)).exp();
            total += weight;
            (0..3).for_each(|d| sum[d] += weight * data[d]);
        }
        let kernel = task.prior.kernel(step, &matrix(&z, 3));
        let expected = numbers(task.process.expected_ends(&[step], &matrix(&z, 3), &kernel));
        for d in 0..3 {
            let wanted = sum[d] / total;
            assert!(
                (expected[d] - wanted).abs() < 0.03,
                "step {step}: {expected:?} for {wanted} at {d}"
            );
        }
    }
}

fn fit(report: &Report) -> PointsFit {
    report.fit.of().expect("a run of points")
}

fn open(run: Run, files: &Files) -> Result<Session, EngineError> {
    pollster::block_on(Session::open(run, cpu_device(), files, None))
}

/// Prior N(0, 0.1), data 0.5 and −0.2 with noise 0.1 each: a posterior in closed form.
const CONJUGATE: &str = r#"
    task = "points"
    [prior]
    kind = "marginals"
    [[prior.coordinates]]
    family = "normal"
    name = "a"
    mean = 0.0
    deviation = 0.31622776601683794
    [[prior.coordinates]]
    family = "normal"
    name = "b"
    mean = 0.0
    deviation = 0.31622776601683794
    [[prior.coordinates]]
    family = "normal"
    name = "c"
    mean = 0.0
    deviation = 0.31622776601683794
    [reward]
    kind = "formula"
    logarithm = true
    expression = "-((a - 0.5)^2 + (b + 0.2)^2)/0.2"
"#;

fn log_z() -> f64 {
    // N(y; 0, 0.2) for each, less the normalisation of the likelihood that the formula leaves out.
    -(0.25 + 0.04) / 0.4 + 0.5f64.ln()
}

#[test]
fn a_conjugate_posterior_is_learned() {
    let mut run = run_of(CONJUGATE);
    run.process.steps = 12;
    run.network.width = 32;
    run.rollout.batch = 128;
    run.tempering.iterations = 0;
    run.training = Training {
        iterations: 300,
        ..Training::default()
    };
    run.evaluation.proposals = 200_000;
    let mut session = open(run, &Files::default()).expect("it opens");
    train(&mut session, 300);
    let report = report(&mut session, 20_000);
    let fit = fit(&report);
    assert!((report.log_z_exact - log_z()).abs() < 0.01, "{report:?}");
    assert!((report.log_z_importance - log_z()).abs() < 0.02, "{report:?}");
    assert!(
        report.elbo <= log_z() + 0.01 && report.elbo > log_z() - 0.1,
        "{report:?}"
    );
    assert!(fit.marginal_error < 0.05, "{fit:?}");
    let samples = pollster::block_on(session.samples(20_000, 1)).expect("samples");
    for (at, (mean, variance)) in [(0.25, 0.05), (-0.1, 0.05), (0.0, 0.1)].into_iter().enumerate() {
        let column: Vec<f64> = samples
            .iter()
            .skip(at)
            .step_by(3)
            .map(|x| f64::from(*x))
            .collect();
        let m = column.iter().sum::<f64>() / column.len() as f64;
        let v = column.iter().map(|x| (x - m).powi(2)).sum::<f64>() / column.len() as f64;
        assert!((m - mean).abs() < 0.03, "mean {m} for {mean}");
        assert!((v / variance - 1.0).abs() < 0.15, "variance {v} for {variance}");
    }
}

/// The floor is measured from the largest log r, so a constant in log r changes nothing of what is suggested.
#[test]
fn a_floor_is_suggested_below_the_largest_log_r() {
    let wanted = |constant: f64| {
        let mut run = run_of(&CONJUGATE.replace("0.2\"", &format!("0.002 - {constant}\"")));
        run.process.steps = 4;
        run.tempering.floor = -1.0;
        run.evaluation.proposals = 1000;
        let mut session = open(run, &Files::default()).expect("it opens");
        report(&mut session, 1000).floor_wanted.expect("a floor")
    };
    let floor = wanted(0.0);
    assert!(floor < -100.0, "{floor}");
    assert_eq!(wanted(1000.0), floor);
}

/// A Gaussian likelihood under a uniform prior in one dimension, by quadrature.
#[test]
fn quadrature_knows_log_z() {
    let run = run_of(
        r#"
        task = "points"
        [tempering]
        floor = -200.0
        [prior]
        kind = "marginals"
        [[prior.coordinates]]
        family = "uniform"
        name = "a"
        low = -4.0
        high = 4.0
        [reward]
        kind = "formula"
        logarithm = true
        expression = "-(a - 1)^2/0.02"
        "#,
    );
    let mut task = task(&run, &Files::default());
    let truth = &pollster::block_on(task.truths()).expect("quadrature")[0];
    let exact = (0.02 * std::f64::consts::PI).sqrt().ln() - 8f64.ln();
    assert!((truth.log_z - exact).abs() < 1e-3, "{} for {exact}", truth.log_z);
    assert_eq!(truth.effective, 0.0);
}

#[test]
fn a_sum_goes_over_the_rows_of_a_table() {
    let text = CONJUGATE.replace(
        "\"-((a - 0.5)^2 + (b + 0.2)^2)/0.2\"",
        "\"-sum((y - a*x - b)^2)/2\"\n    data = \"data.csv\"",
    );
    let run = run_of(&text);
    let files = Files::default().with("reward", b"x,y\n0,1\n1,2.5\n2,2\n".to_vec());
    let task = task(&run, &files);
    let (a, b) = (0.3, -0.2);
    let wanted: f64 = [(0.0, 1.0), (1.0, 2.5), (2.0, 2.0)]
        .map(|(x, y): (f64, f64)| (y - a * x - b).powi(2))
        .iter()
        .sum();
    let log_r = task.reward.of_points(&[a, b, 0.0], &[0]).expect("a formula");
    assert!((log_r[0] + wanted / 2.0).abs() < 1e-12);

    let refused = |expression: &str| {
        let run = run_of(&text.replace("-sum((y - a*x - b)^2)/2", expression));
        let refused = PointsTask::open(run, cpu_device(), &files)
            .err()
            .expect("refused");
        refused.to_string()
    };
    assert!(refused("y").contains("column of the table"), "{}", refused("y"));
    assert!(refused("sum(sum(y))").contains("within another sum"));
    assert!(refused("theta").contains("a, b, c"));
}

/// Counts what it is asked, and fails from some point on.
struct Outside {
    fails: bool,
}

impl BlackBox for Outside {
    fn log_reward(&self, samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String> {
        if self.fails {
            return Err("reward.run: `reward.py` has ended with exit status 1".to_owned());
        }
        Ok(samples
            .chunks_exact(shape[0])
            .map(|x| -((x[0] - 0.5).powi(2) + (x[1] + 0.2).powi(2)) / 0.2)
            .collect())
    }
}

#[test]
fn a_black_box_is_a_formula_of_its_values() {
    let text = CONJUGATE
        .replace("kind = \"formula\"", "kind = \"command\"")
        .replace(
            "logarithm = true\n    expression = \"-((a - 0.5)^2 + (b + 0.2)^2)/0.2\"",
            "run = [\"reward.py\"]",
        );
    let small = |text: &str| {
        let mut run = run_of(text);
        run.process.steps = 5;
        run.network.width = 8;
        run.rollout.batch = 32;
        run.evaluation.proposals = 1000;
        run
    };
    let boxed = |fails| Files::default().with_black_box("reward", Arc::new(Outside { fails }));
    let (mut one, mut other) = (
        open(small(&text), &boxed(false)).expect("it opens"),
        open(small(CONJUGATE), &Files::default()).expect("it opens"),
    );
    assert_eq!(train(&mut one, 5), train(&mut other, 5));
    let missing = open(small(&text), &Files::default()).err().expect("refused");
    assert!(missing.to_string().contains("reward.run"), "{missing}");
    let failed = open(small(&text), &boxed(true)).err().expect("refused");
    assert!(failed.to_string().contains("exit status 1"), "{failed}");
    let scaled = text
        .replace("kind = \"command\"", "kind = \"onnx\"\nmean = [0.5]")
        .replace("run = [\"reward.py\"]", "model = \"m.onnx\"");
    let refused = Run::from_toml(&scaled)
        .expect_err("points have no pixels")
        .to_string();
    assert!(
        refused.starts_with("reward.mean: [0.5] is not allowed; use no mean"),
        "{refused}"
    );
}

/// A table with a bounded column: samples of the learned prior keep its bounds, moments and correlation.
#[test]
fn a_prior_is_learned_from_a_table() {
    let mut rng = Noise::new(4).stream(Purpose::Samples, 0);
    let mut text = "level,share\n".to_owned();
    for _ in 0..4000 {
        let (u, v) = (
            rtb::engine::noise::normal(&mut rng),
            rtb::engine::noise::normal(&mut rng),
        );
        let (level, free) = (10.0 + 3.0 * u, 0.8 * u + 0.6 * v);
        text.push_str(&format!("{level},{}\n", 1.0 / (1.0 + (-free).exp())));
    }
    let table = Table::read(text.as_bytes()).expect("a table");
    let bounds = [Bounds {
        name: "share".to_owned(),
        low: Some(0.0),
        high: Some(1.0),
    }];
    let config = PretrainConfig {
        iterations: 400,
        batch: 256,
        width: 32,
        depth: 2,
        ema: 0.98,
        ..PretrainConfig::default()
    };
    let mut training = Pretraining::new(&table, &bounds, config, cpu_device()).expect("it starts");
    while !training.descent().finished() {
        pollster::block_on(training.step()).expect("a step");
    }
    let figures = pollster::block_on(training.figures()).expect("figures");
    assert!(figures.marginal_error < 0.15, "{figures:?}");
    assert!(figures.correlation_error < 0.08, "{figures:?}");

    let file = pollster::block_on(training.weights()).expect("weights");
    let run = run_of(
        r#"
        task = "points"
        [evaluation]
        proposals = 5000
        [prior]
        kind = "learned"
        weights = "prior.safetensors"
        [reward]
        kind = "formula"
        expression = "share > 0.5"
        "#,
    );
    let mut task = task(&run, &Files::default().with("prior", file));
    assert_eq!(task.space.names(), ["level", "share"]);
    let truth = &pollster::block_on(task.truths()).expect("weighted samples")[0];
    // Half of the mass.
    assert!((truth.log_z - 0.5f64.ln()).abs() < 0.1, "{}", truth.log_z);
    assert!(truth.points.chunks_exact(2).all(|x| x[1] > 0.0 && x[1] < 1.0));
}

#[test]
fn bad_descriptions_are_refused_by_name() {
    let refused = |from: &str, to: &str| {
        Run::from_toml(&CONJUGATE.replacen(from, to, 1))
            .expect_err("refused")
            .to_string()
    };
    for (from, to, named) in [
        ("name = \"a\"", "name = \"exp\"", "coordinate 0"),
        (
            "name = \"a\"",
            "name = \"b\"",
            "that no other coordinate or column has",
        ),
        ("name = \"a\"", "name = \"1a\"", "begins with a letter"),
        (
            "deviation = 0.31622776601683794",
            "deviation = 0.0",
            "prior.coordinates[0].deviation",
        ),
        ("family = \"normal\"", "family = \"gauss\"", "one of `normal`"),
        ("kind = \"formula\"", "kind = \"classifier\"", "reward.kind"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(named), "{to}: {error}");
    }
    let infinite = run_of(&CONJUGATE.replace("-((a - 0.5)^2", "1/(a > 0) + ((a - 0.5)^2"));
    let error = open(infinite, &Files::default())
        .err()
        .expect("refused")
        .to_string();
    assert!(
        error.starts_with("reward.expression: infinite at a = "),
        "{error}"
    );
    let many: String = (0..65)
        .map(|i| {
            format!(
                "[[prior.coordinates]]\nfamily = \"normal\"\nname = \"x{i}\"\nmean = 0.0\ndeviation = 1.0\n"
            )
        })
        .collect();
    let text = format!(
        "task = \"points\"\n[prior]\nkind = \"marginals\"\n{many}[reward]\nkind = \"formula\"\nexpression = \"1\"\n"
    );
    let error = Run::from_toml(&text).expect_err("65 coordinates").to_string();
    assert!(error.contains("from 1 to 64"), "{error}");
}

#[test]
fn presets_of_points_train() {
    for name in ["banana", "eight-schools", "clusters"] {
        let mut run = preset(name);
        run.process.steps = 6;
        run.network.width = 8;
        run.rollout.batch = 32;
        run.evaluation.proposals = 2000;
        let mut session = open(run, &Files::default()).expect("it opens");
        train(&mut session, 3);
        let report = report(&mut session, 500);
        assert!(
            report.log_z_importance.is_finite() && report.log_z_exact.is_finite(),
            "{name}: {report:?}"
        );
    }
}

/// The policy's Gaussian in closed form: over the chain its kernels less the prior's are log r of the end point, for
/// every trajectory and any T.
#[test]
fn a_gaussian_posterior_is_exact_for_any_number_of_steps() {
    let (center, spread) = ([1.5f32, -0.4], [0.01f64, 1.7]);
    let device = cpu_device();
    for steps in [1, 2, 9] {
        let process = OrnsteinUhlenbeck { steps, dimensions: 2 };
        let policy = PointsPolicy::new(process, true, &Observed::nothing());
        let network = policy.network(8, 1, &Noise::new(0), &device);
        let mut weights = pollster::block_on(Weights::of(&network)).expect("weights");
        for (name, _, values) in &mut weights.tensors {
            // Both are kept over 5.
            match name.as_str() {
                "center" => values.copy_from_slice(&center.map(|m| m / 5.0)),
                "spread" => values.copy_from_slice(&spread.map(|s| (s.powi(2).ln() / 5.0) as f32)),
                _ => {}
            }
        }
        let network = load_tensors(network, &weights).expect("its own weights");
        let chains = Chains::new(process, PointsPrior::Noise, policy, device.clone());
        let rows = 400;
        let batch = Batch {
            fresh: vec![0; rows],
            noise: Noise::new(1).normal(Purpose::Samples, 0, rows * 2 * steps),
            ..Batch::default()
        };
        let drawn = chains.draw(&network, batch, Follow::Policy { exploration: 0.0 });
        let ends = numbers(process.download(&drawn.states[steps]));
        let ratios = numbers(chains.score(drawn).log_ratio());
        for (end, ratio) in ends.chunks_exact(2).zip(ratios) {
            let log_r: f64 = (0..2)
                .map(|d| {
                    let (z, m, s) = (end[d], f64::from(center[d]), spread[d]);
                    -0.5 * ((z - m) / s).powi(2) - s.ln() + 0.5 * z * z
                })
                .sum();
            assert!((ratio - log_r).abs() < 0.02, "{steps} steps: {ratio} for {log_r}");
        }
    }
}

/// Samples that the prior hardly ever draws: log Z is −17, and importance resampling repeats a single one.
#[test]
fn annealed_smc_reaches_what_the_prior_hardly_draws() {
    let likelihood = "-((a - 1)^2 + (b - 1)^2 + (c - 1)^2)/0.02";
    let mut run = run_of(&CONJUGATE.replace("-((a - 0.5)^2 + (b + 0.2)^2)/0.2", likelihood));
    run.process.steps = 4;
    run.method = Method::find("annealed-smc").expect("a method");
    run.tempering.floor = -2000.0;
    let outcome = pollster::block_on(async {
        let mut trial = Trial::open(run, cpu_device(), &Files::default()).await?;
        trial.outcome(4000).await
    })
    .expect("it samples");
    // N(1; 0, 0.11) for each, less the normalisation of the likelihood that the formula leaves out.
    let log_z = 3.0 * (-1.0 / 0.22 + 0.5 * (0.01f64 / 0.11).ln());
    let estimate = outcome.log_z.expect("weights");
    assert_eq!(outcome.ess, None);
    assert!((estimate - log_z).abs() < 0.3, "{estimate} for {log_z}");
    for (at, x) in outcome.points.iter().enumerate() {
        assert!((f64::from(*x) - 10.0 / 11.0).abs() < 0.6, "{at}: {x}");
    }
}

/// Noise that is noised back and drawn again is noise of the correlation that the steps between leave.
#[test]
fn redrawn_noise_is_noise() {
    let process = OrnsteinUhlenbeck {
        steps: 8,
        dimensions: 1,
    };
    let policy = PointsPolicy::new(process, true, &Observed::nothing());
    let chains = Chains::new(process, PointsPrior::Noise, policy, cpu_device());
    let (rows, depth) = (100_000, 3);
    let before = Noise::new(1).normal(Purpose::Samples, 0, rows);
    let noise = Noise::new(2).normal(Purpose::LocalSearch, 0, 2 * depth * rows);
    let after = numbers(process.download(&chains.redrawn(before.clone(), depth, noise)));
    let mean = |of: &dyn Fn(usize) -> f64| (0..rows).map(of).sum::<f64>() / rows as f64;
    let kept: f64 = (8 - depth..8).map(|step| process.mix(step).0.powi(2)).product();
    assert!((0.1..0.9).contains(&kept), "{kept}");
    assert!(mean(&|at| after[at]).abs() < 0.015);
    assert!((mean(&|at| after[at].powi(2)) - 1.0).abs() < 0.02);
    assert!((mean(&|at| after[at] * f64::from(before[at])) - kept).abs() < 0.02);
}

/// End points that are replayed in equal shares are better where they have moved.
#[test]
fn local_search_moves_towards_the_posterior() {
    let replayed = |local_search| {
        let mut run = run_of(&CONJUGATE.replace("0.2\"", "0.02\""));
        run.process.steps = 10;
        run.rollout.batch = 200;
        run.rollout.noised_share = 0.0;
        run.rollout.replay_share = 1.0;
        run.rollout.replay_priority = 0.0;
        run.rollout.local_search = local_search;
        run.tempering.iterations = 0;
        let mut session = open(run, &Files::default()).expect("it opens");
        train(&mut session, 4)[3].log_reward
    };
    let (still, moved) = (replayed(0), replayed(10));
    assert!(moved > still + 3.0, "{moved} after {still}");
}

/// The density of the posterior over that of the prior: log Z is that of the density, and of no prior.
#[test]
fn a_sampler_of_an_energy_has_the_normalisation_of_its_density() {
    let run = run_of(
        r#"
        task = "points"
        [process]
        steps = 10
        [prior]
        kind = "marginals"
        coordinates = [
            { family = "normal", name = "a", mean = 0.0, deviation = 2.0 },
            { family = "student_t", name = "b", freedom = 3.0, center = 0.5, scale = 1.5 },
        ]
        [reward]
        kind = "product"
        rewards = [
            { kind = "formula", logarithm = true, expression = "-(a - 1)^2/2 - (b + 1)^2/2" },
            { kind = "over_prior" },
        ]
        "#,
    );
    let mut task = task(&run, &Files::default());
    let truth = &pollster::block_on(task.truths()).expect("quadrature")[0];
    let exact = std::f64::consts::TAU.ln();
    assert!((truth.log_z - exact).abs() < 1e-3, "{} for {exact}", truth.log_z);
    let learned = "task = \"points\"\n[prior]\nkind = \"mixture\"\ncomponents = [{ mean = [0.0], variances = [1.0] }]\n\
                   [reward]\nkind = \"over_prior\"";
    let why = Run::from_toml(learned).expect_err("no density").to_string();
    assert!(
        why.starts_with("reward.kind: `over_prior` is not allowed;"),
        "{why}"
    );
}
