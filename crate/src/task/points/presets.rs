//! Runs of points.

use super::component::Component;
use super::energies;
use super::marginal::Coordinate;
use super::parts::{log_likelihood, normal, run};
use super::problem::{PointsProblem, Prior, Reward};
use crate::run::Preset;

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

/// The presets of points.
pub(super) fn presets() -> Vec<Preset> {
    vec![
        Preset::new(
            "banana",
            "A bent ridge",
            "Two normal coordinates under a likelihood that bends them.",
            run(PointsProblem::default()),
        ),
        Preset::new(
            "eight-schools",
            "Eight schools",
            "The effects of coaching in eight schools, with a common mean and spread: ten coordinates.",
            run(schools()),
        ),
        Preset::new(
            "clusters",
            "Four clusters in ten dimensions",
            "A mixture of Gaussians in R¹⁰, cut by a soft half space.",
            run(clusters()),
        ),
        Preset::new(
            "energy-grid",
            "25 Gaussians from their energy",
            "A density without samples: 25 narrow Gaussians in the plane, found from a wide normal start.",
            energies::grid(),
        ),
        Preset::new(
            "energy-funnel",
            "A funnel from its energy",
            "Neal's funnel in R¹⁰: one coordinate is the logarithm of the variance of the nine others.",
            energies::funnel(),
        ),
        Preset::new(
            "energy-many-well",
            "Many wells from their energy",
            "16 double wells side by side in R³²: 65,536 modes, and log Z by quadrature.",
            energies::many_well(),
        ),
    ]
}
