//! Gradients of log r in the chain's space, and the chains that follow them.

use super::{CONJUGATE, Outside, run_of, task};
use crate::support::{ask, mean_and_std, numbers};
use rtb::engine::device::cpu_device;
use rtb::engine::reward::Reward;
use rtb::message::{Files, Outcome};
use rtb::run::{Method, Run};
use rtb::session::Trial;
use std::sync::Arc;

const LAWS: &str = r#"
    [prior]
    kind = "marginals"
    coordinates = [
        { family = "normal", name = "a", mean = 1.0, deviation = 3.0 },
        { family = "student_t", name = "b", freedom = 3.0, center = 0.5, scale = 1.5 },
        { family = "log_normal", name = "c", mean = -1.0, deviation = 0.5 },
        { family = "gamma", name = "g", shape = 2.0, rate = 3.0 },
        { family = "uniform", name = "f", low = -1.0, high = 4.0 },
    ]
    [reward]
    kind = "product"
    rewards = [
        { kind = "formula", logarithm = true, expression = "-sum((y - a*x)^2)/(2*c^2) - b^2*g", data = "data.csv" },
        { kind = "formula", expression = "1 + sin(f)*(b > 0)" },
        { kind = "over_prior" },
    ]
"#;

const MIXTURE: &str = r#"
    [prior]
    kind = "mixture"
    names = ["a", "b"]
    components = [
        { mean = [0.0, 1.0], covariance = [[1.0, 0.8], [0.8, 2.0]] },
        { mean = [3.0, -1.0], covariance = [[0.5, 0.0], [0.0, 0.3]] },
    ]
    [reward]
    kind = "formula"
    logarithm = true
    expression = "-(a - b)^2 + sin(a*b)"
"#;

/// Observations are constants to the gradient.
const OBSERVED: &str = r#"
    [prior]
    kind = "marginals"
    coordinates = [{ family = "normal", name = "a", mean = 0.0, deviation = 2.0 }]
    [reward]
    kind = "formula"
    logarithm = true
    expression = "-(y - a)^2*exp(y)"
    [observations]
    file = "y.csv"
"#;

#[test]
fn gradients_are_those_of_central_differences() {
    let files = Files::default()
        .with("reward", b"x,y\n1,2\n0.5,-1\n".to_vec())
        .with("observations", b"y\n0.3\n-0.7\n".to_vec());
    for text in [LAWS, MIXTURE, OBSERVED] {
        let task = task(&run_of(&format!("task = \"points\"\n{text}")), &files);
        let (d, rows) = (task.size(), 6);
        let ends: Vec<f32> = (0..rows * d).map(|at| (at as f32 * 1.7).sin()).collect();
        let conditions: Vec<usize> = (0..rows).map(|row| row % task.observed.rows()).collect();
        let reward = &task.reward;
        let gradient = ask(&task.process, &conditions, &ends, async |ends| {
            reward.log_reward_gradient(ends).await
        });
        let gradient = numbers(gradient.expect("formulas"));
        for at in 0..d {
            let moved = |by: f32| {
                let of = |(place, z): (usize, &f32)| if place % d == at { z + by } else { *z };
                let ends: Vec<f32> = ends.iter().enumerate().map(of).collect();
                reward
                    .of_points(&task.space.points(&ends), &conditions)
                    .expect("formulas")
            };
            let h = 1.0 / 512.0;
            for (row, (up, down)) in moved(h).iter().zip(moved(-h)).enumerate() {
                let (found, wanted) = (gradient[row * d + at], (up - down) / f64::from(2.0 * h));
                let near = (found - wanted).abs() < 1e-3 * (1.0 + wanted.abs());
                assert!(near, "{text}: coordinate {at}: {found} for {wanted}");
            }
        }
    }
}

fn outcome(run: Run, files: &Files) -> Result<Outcome, String> {
    pollster::block_on(async {
        let samples = run.evaluation.samples;
        let mut trial = Trial::open(run, cpu_device(), files).await?;
        trial.outcome(samples).await
    })
    .map_err(|why| why.to_string())
}

fn hmc(text: &str, moves: usize, leapfrog: usize) -> Run {
    let mut run = run_of(text);
    run.process.steps = 4;
    run.method = Method::Hmc { moves, leapfrog };
    run.evaluation.samples = 8000;
    run.evaluation.proposals = 1000;
    run
}

/// Of one leapfrog step a move is a Langevin one. A mixture's chain is not the noise itself.
#[test]
fn hamiltonian_chains_find_a_conjugate_posterior() {
    let mixture = super::energy::as_mixture(CONJUGATE);
    for (text, moves, leapfrog) in [(CONJUGATE, 12, 3), (CONJUGATE, 40, 1), (&mixture, 12, 3)] {
        let outcome = outcome(hmc(text, moves, leapfrog), &Files::default()).expect("it samples");
        assert_eq!((outcome.log_z, outcome.ess), (None, None));
        let asked = 8000 * 4 * 4 * (1 + moves * leapfrog);
        assert_eq!(outcome.sampling_evaluations, asked as f64);
        for (at, (mean, variance)) in [(0.25, 0.05), (-0.1, 0.05), (0.0, 0.1f64)]
            .into_iter()
            .enumerate()
        {
            let of = outcome.points.iter().skip(at).step_by(3);
            let (found, deviation) = mean_and_std(&of.map(|x| f64::from(*x)).collect::<Vec<_>>());
            assert!((found - mean).abs() < 0.02, "{moves}: mean {found} for {mean}");
            let wanted = variance.sqrt();
            assert!(
                (deviation / wanted - 1.0).abs() < 0.06,
                "{moves}: {deviation} for {wanted}"
            );
        }
    }
}

#[test]
fn a_black_box_has_no_gradient_to_follow() {
    let text = CONJUGATE
        .replace("kind = \"formula\"", "kind = \"command\"")
        .replace("logarithm = true", "run = [\"python3\", \"reward.py\"]");
    let text: Vec<&str> = text.lines().filter(|line| !line.contains("expression")).collect();
    let files = Files::default().with_black_box("reward", Arc::new(Outside { fails: false }));
    let error = outcome(hmc(&text.join("\n"), 2, 2), &files).expect_err("refused");
    assert!(
        error.contains("this reward has no gradient, but this method needs one"),
        "{error}"
    );
}
