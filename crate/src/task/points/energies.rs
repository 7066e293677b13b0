//! Runs that sample densities which are given by their energy, −log density: log Z is that of the density, and is known.

use super::marginal::Coordinate;
use super::parts::{log_likelihood, normal, run};
use super::problem::{PointsProblem, Prior, Reference, Reward};
use crate::run::{Evaluation, Network, Process, Rollout, Run, Tempering, Training};

/// log Z of [`many_well`]: 16·(log ∫ exp(−x⁴ + 6x² + x/2) dx + ½ log 2π), by quadrature.
const MANY_WELL: f64 = 164.695_675_313_144_6;

/// A posterior that is a density given by its logarithm, above coordinates where the chain starts.
fn energy(coordinates: Vec<Coordinate>, log_density: &str, reference: Option<Reference>) -> PointsProblem {
    PointsProblem {
        prior: Prior::Marginals { coordinates },
        reward: Reward::Product {
            rewards: vec![log_likelihood(log_density), Reward::OverPrior {}],
        },
        reference,
        observations: None,
    }
}

/// log Z, which is known.
fn known(log_z: f64) -> Option<Reference> {
    Some(Reference {
        log_z: Some(log_z),
        ..Reference::default()
    })
}

/// 25 Gaussians of variance 0.3 on a square grid, 5 apart; log Z is 0.
pub(super) fn grid() -> Run {
    let along = |name: &str| {
        let each = [10, 5, 0, -5, -10].map(|less| format!("exp(-({name} {less:+})^2/0.6)"));
        format!("log({})", each.join(" + "))
    };
    let scale = 25.0 * std::f64::consts::TAU * 0.3;
    let log_density = format!("{} + {} - {}", along("x1"), along("x2"), scale.ln());
    let coordinates = ["x1", "x2"].map(|name| normal(name, 0.0, 8.0));
    run(energy(coordinates.into(), &log_density, None))
}

/// x1 ~ N(0, 3²), and nine others ~ N(0, e^x1) given it (Neal 2003); log Z is 0.
pub(super) fn funnel() -> Run {
    let others: Vec<String> = (2..=10).map(|at| format!("x{at}")).collect();
    let mut coordinates = vec![normal("x1", 0.0, 3.0)];
    coordinates.extend(others.iter().map(|name| Coordinate::StudentT {
        name: name.clone(),
        freedom: 1.0,
        center: 0.0,
        scale: 1.0,
    }));
    let squares: Vec<String> = others.iter().map(|name| format!("{name}^2")).collect();
    let log_density = format!(
        "-x1^2/18 - exp(-x1)*({})/2 - 4.5*x1 - log(3) - 5*log(2*PI)",
        squares.join(" + ")
    );
    let usual = run(energy(coordinates, &log_density, known(0.0)));
    Run {
        tempering: Tempering {
            floor: -300.0,
            iterations: 300,
            ..usual.tempering
        },
        process: Process {
            steps: 40,
            ..usual.process
        },
        network: Network {
            langevin: true,
            ..usual.network
        },
        rollout: Rollout {
            batch: 256,
            ..usual.rollout
        },
        training: Training {
            iterations: 1200,
            ..usual.training
        },
        evaluation: Evaluation {
            samples: 2000,
            ..usual.evaluation
        },
        ..usual
    }
}

/// 16 independent pairs with the energy x⁴ − 6x² − x/2 + y²/2 (Noé et al. 2019, arXiv 2402.05098).
pub(super) fn many_well() -> Run {
    let pairs = (1..=32)
        .step_by(2)
        .map(|at| [format!("x{at}"), format!("x{}", at + 1)]);
    let (mut coordinates, mut log_density) = (Vec::new(), String::new());
    for [x, y] in pairs {
        // The deviations that the density has.
        coordinates.extend([normal(&x, 0.0, 1.7), normal(&y, 0.0, 1.0)]);
        log_density += &format!(" - {x}^4 + 6*{x}^2 + {x}/2 - {y}^2/2");
    }
    let usual = run(energy(coordinates, log_density.trim_start(), known(MANY_WELL)));
    Run {
        tempering: Tempering {
            floor: -2000.0,
            start: 0.05,
            iterations: 300,
            ..usual.tempering
        },
        process: Process {
            steps: 30,
            ..usual.process
        },
        network: Network {
            langevin: true,
            ..usual.network
        },
        rollout: Rollout {
            batch: 256,
            // No sample of the prior has a weight to speak of.
            noised_share: 0.0,
            ..usual.rollout
        },
        training: Training {
            iterations: 1000,
            ..usual.training
        },
        evaluation: Evaluation {
            samples: 10_000,
            // An evaluation takes as long as many iterations.
            every: 0,
            ..usual.evaluation
        },
        ..usual
    }
}
