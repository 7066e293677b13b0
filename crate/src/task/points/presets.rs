//! Runs of points.

use super::component::Component;
use super::marginal::Coordinate;
use super::problem::{PointsProblem, Prior, Reward};
use crate::run::{Evaluation, LogZ, Network, Objective, Optimizer, Preset, Process, Run, Tempering};

fn normal(name: &str, mean: f64, deviation: f64) -> Coordinate {
    Coordinate::Normal {
        name: name.to_owned(),
        mean,
        deviation,
    }
}

fn log_likelihood(expression: &str) -> Reward {
    Reward::Formula {
        expression: expression.to_owned(),
        logarithm: true,
        data: None,
    }
}

/// A run with the task's own defaults.
pub(super) fn run(problem: PointsProblem) -> Run {
    Run {
        tempering: Tempering {
            // Likelihoods fall by hundreds of nats where the prior still is.
            floor: -50.0,
            ..Tempering::default()
        },
        process: Process {
            steps: 50,
            ..Process::default()
        },
        network: Network {
            width: 128,
            ..Network::default()
        },
        objective: Objective {
            log_z: LogZ::Vargrad,
            ..Objective::default()
        },
        optimizer: Optimizer {
            learning_rate: 2e-3,
            ..Optimizer::default()
        },
        evaluation: Evaluation {
            samples: 10_000,
            proposals: 200_000,
            ..Evaluation::default()
        },
        ..Run::new(problem)
    }
}

/// Mean effect and its standard error in the eight schools (Rubin 1981).
const SCHOOLS: [(f64, f64); 8] = [
    (28.0, 15.0),
    (8.0, 10.0),
    (-3.0, 16.0),
    (7.0, 11.0),
    (-1.0, 9.0),
    (1.0, 11.0),
    (18.0, 10.0),
    (12.0, 18.0),
];

/// The effect of school i is mu + tau·eta_i, with half-Cauchy tau of scale 5.
fn schools() -> PointsProblem {
    let mut coordinates = vec![
        normal("mu", 0.0, 5.0),
        Coordinate::StudentT {
            name: "t".to_owned(),
            freedom: 1.0,
            center: 0.0,
            scale: 5.0,
        },
    ];
    coordinates.extend((1..=8).map(|i| normal(&format!("eta{i}"), 0.0, 1.0)));
    let terms: Vec<String> = SCHOOLS
        .iter()
        .enumerate()
        .map(|(i, (effect, error))| format!("(({effect} - mu - abs(t)*eta{})/{error})^2", i + 1))
        .collect();
    PointsProblem {
        prior: Prior::Marginals { coordinates },
        reward: log_likelihood(&format!("-({})/2", terms.join(" + "))),
        reference: None,
        observations: None,
    }
}

/// Four Gaussians in ten dimensions, of which the reward keeps a side.
fn clusters() -> PointsProblem {
    let component = |weight, corner: [f64; 2]| Component {
        weight,
        mean: (0..10).map(|at| corner[at % 2]).collect(),
        variances: vec![0.5; 10],
        covariance: Vec::new(),
    };
    PointsProblem {
        prior: Prior::Mixture {
            names: Vec::new(),
            components: vec![
                component(1.0, [2.0, 2.0]),
                component(2.0, [-2.0, 2.0]),
                component(3.0, [-2.0, -2.0]),
                component(4.0, [2.0, -2.0]),
            ],
        },
        reward: Reward::Product {
            rewards: vec![
                log_likelihood("-2*max(0, x1 + x3)^2"),
                log_likelihood("-abs(x2)/4"),
            ],
        },
        reference: None,
        observations: None,
    }
}

/// A posterior that is a density given by its logarithm, above normal coordinates of this deviation.
fn energy<const D: usize>(names: [&str; D], deviation: f64, log_density: &str) -> PointsProblem {
    PointsProblem {
        prior: Prior::Marginals {
            coordinates: names.map(|name| normal(name, 0.0, deviation)).into(),
        },
        reward: Reward::Product {
            rewards: vec![log_likelihood(log_density), Reward::OverPrior {}],
        },
        reference: None,
        observations: None,
    }
}

/// 25 Gaussians of variance 0.3 on a square grid, 5 apart; log Z is 0.
fn grid() -> PointsProblem {
    let along = |name: &str| {
        let each = [10, 5, 0, -5, -10].map(|less| format!("exp(-({name} {less:+})^2/0.6)"));
        format!("log({})", each.join(" + "))
    };
    let scale = 25.0 * std::f64::consts::TAU * 0.3;
    let log_density = format!("{} + {} - {}", along("x1"), along("x2"), scale.ln());
    energy(["x1", "x2"], 8.0, &log_density)
}

/// The presets of points.
pub(super) fn presets() -> Vec<Preset> {
    let preset = |name: &'static str, title: &'static str, description: &'static str, problem| Preset {
        name,
        title,
        description,
        run: Run {
            name: name.to_owned(),
            ..run(problem)
        },
    };
    vec![
        preset(
            "banana",
            "A bent ridge",
            "Two normal coordinates under a likelihood that bends them.",
            PointsProblem::default(),
        ),
        preset(
            "eight-schools",
            "Eight schools",
            "The effects of coaching in eight schools, with a common mean and spread: ten coordinates.",
            schools(),
        ),
        preset(
            "clusters",
            "Four clusters in ten dimensions",
            "A mixture of Gaussians in R¹⁰, cut by a soft half space.",
            clusters(),
        ),
        preset(
            "energy-grid",
            "25 Gaussians from their energy",
            "A density without samples: 25 narrow Gaussians in the plane, found from a wide normal start.",
            grid(),
        ),
    ]
}
