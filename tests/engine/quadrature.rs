//! The exact posterior of the plane against closed forms, where a fixed grid would miss it.

use crate::support::{compiled, preset, problem_mut};
use rtb::task::plane::{Component, Mixture, Reward, Shape, Truth, quadrature};

/// The truth of a reward above one Gaussian.
fn truth(covariance: [f64; 3], reward: Reward) -> Truth {
    let mut run = preset("ring-tilt");
    let component = Component {
        weight: 1.0,
        mean: [0.0, 0.0],
        covariance,
    };
    problem_mut(&mut run).prior.components = vec![component];
    problem_mut(&mut run).reward = reward;
    // Closed forms know no floor.
    run.tempering.floor = -200.0;
    let mixture = Mixture::new(&[component]);
    Truth::quadrature(&mixture, &compiled(&run).expect("the reward compiles"), 1.0)
}

fn formula(text: &str) -> Reward {
    Reward::Formula {
        expression: text.to_owned(),
        logarithm: true,
    }
}

fn near(name: &str, truth: &Truth, exact: f64) {
    let error = (truth.log_z - exact).abs();
    assert!(error < 2e-4, "{name}: log Z {}, exact {exact}", truth.log_z);
    assert!(
        error <= truth.log_z_error + 1e-9 && truth.log_z_error < 2e-3,
        "{name}: an error of {error}, bound {}",
        truth.log_z_error
    );
}

#[test]
fn narrow_posteriors_are_found() {
    for (variance, at) in [(4e-4, 1.0), (4e-5, 0.37)] {
        let reward = formula(&format!("-((x-{at})^2+(y-{at})^2)/{}", 2.0 * variance));
        let truth = truth([1.0, 0.0, 1.0], reward);
        let total: f64 = 1.0 + variance;
        near("narrow", &truth, (variance / total).ln() - at * at / total);
        let mode = truth.modes[0];
        assert!((mode.mass - 1.0).abs() < 1e-9 && (mode.mean[0] - at / total).abs() < 1e-4);
        let expected = variance / total;
        assert!((mode.covariance[0] / expected - 1.0).abs() < 0.01, "{mode:?}");
    }
}

#[test]
fn edges_are_found() {
    // P(x > 0.3) of a normal number.
    let half_plane = Reward::Mask {
        shape: Shape::HalfPlane {
            normal: [1.0, 0.0],
            offset: 0.3,
        },
        inside: 1.0,
        outside: 0.0,
    };
    near(
        "an edge",
        &truth([1.0, 0.0, 1.0], half_plane),
        0.382_088_577_811_047_2f64.ln(),
    );
}

#[test]
fn narrow_priors_are_seen() {
    let round = |mean, variance| Component::isotropic(1.0, mean, variance);
    let ridge = |angle: f64| {
        let (sin, cos) = angle.sin_cos();
        let (long, short) = (4.0, 1e-4);
        Component {
            weight: 1.0,
            mean: [0.1, -0.2],
            covariance: [
                long * cos * cos + short * sin * sin,
                (long - short) * sin * cos,
                long * sin * sin + short * cos * cos,
            ],
        }
    };
    let priors = [
        vec![round([0.0, 0.0], 0.01)],
        vec![round([1.234, 5.678], 1e-5)],
        vec![round([-3.0, 2.0], 1e-3), round([3.0, -2.0], 2.0)],
        vec![ridge(0.7)],
    ];
    for components in priors {
        let mixture = Mixture::new(&components);
        let mass: f64 = quadrature(&mixture).map(|point| point.weight).sum();
        assert!((mass - 1.0).abs() < 2e-4, "{components:?}: {mass}");
    }
}
