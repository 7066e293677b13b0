//! The mixtures of the presets.

use super::Component;
use std::f64::consts::PI;

/// The prior of the paper's toy (arXiv 2405.20971, §3.1): 25 equal Gaussians on a grid.
pub(super) fn twenty_five() -> Vec<Component> {
    let side = [-10.0, -5.0, 0.0, 5.0, 10.0];
    side.iter()
        .flat_map(|&x| side.iter().map(move |&y| Component::isotropic(1.0, [x, y], 0.3)))
        .collect()
}

/// The posterior of the paper's toy: nine of the prior's modes with unequal weights.
pub(super) fn nine() -> Vec<Component> {
    [
        (4.0, [-10.0, -5.0]),
        (10.0, [-5.0, -10.0]),
        (4.0, [-5.0, 0.0]),
        (5.0, [10.0, -5.0]),
        (10.0, [0.0, 0.0]),
        (5.0, [0.0, 5.0]),
        (4.0, [5.0, -5.0]),
        (15.0, [5.0, 0.0]),
        (4.0, [5.0, 10.0]),
    ]
    .map(|(weight, mean)| Component::isotropic(weight, mean, 0.3))
    .to_vec()
}

/// A Gaussian stretched along the direction `angle`: standard deviations `along` and `across`.
pub(super) fn stretched(weight: f64, mean: [f64; 2], angle: f64, along: f64, across: f64) -> Component {
    let (s, c) = angle.sin_cos();
    let (a, b) = (along * along, across * across);
    let covariance = [a * c * c + b * s * s, (a - b) * s * c, a * s * s + b * c * c];
    Component {
        weight,
        mean: mean.map(rounded),
        covariance: covariance.map(rounded),
    }
}

/// Four decimals: presets are the same on every machine, and their links stay short.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// `count` Gaussians along an arc, each stretched along it so that they melt into one band.
fn arc(center: [f64; 2], radius: f64, from: f64, to: f64, count: usize) -> Vec<Component> {
    let step = (to - from) / count as f64;
    (0..count)
        .map(|i| {
            let angle = from + (i as f64 + 0.5) * step;
            let mean = [center[0] + radius * angle.cos(), center[1] + radius * angle.sin()];
            stretched(1.0, mean, angle + PI / 2.0, 0.5 * radius * step.abs(), 0.5)
        })
        .collect()
}

pub(super) fn ring() -> Vec<Component> {
    arc([0.0, 0.0], 8.0, 0.0, 2.0 * PI, 16)
}

pub(super) fn moons() -> Vec<Component> {
    let mut upper = arc([-3.5, -1.5], 7.0, 0.0, PI, 10);
    upper.extend(arc([3.5, 1.5], 7.0, PI, 2.0 * PI, 10));
    upper
}

pub(super) fn checkerboard() -> Vec<Component> {
    let side = [-7.5, -2.5, 2.5, 7.5];
    (0..16)
        .filter(|i| (i / 4 + i % 4) % 2 == 0)
        .flat_map(|i| {
            let (x, y) = (side[i / 4], side[i % 4]);
            [[-1.1, -1.1], [-1.1, 1.1], [1.1, -1.1], [1.1, 1.1]]
                .map(|d| Component::isotropic(1.0, [x + d[0], y + d[1]], 0.5))
        })
        .collect()
}

/// One heavy mode in the middle and four light ones far away.
pub(super) fn islands() -> Vec<Component> {
    let mut all = vec![Component::isotropic(1.0, [0.0, 0.0], 0.6)];
    all.extend(
        [[9.0, 9.0], [-9.0, 9.0], [-9.0, -9.0], [9.0, -9.0]].map(|m| Component::isotropic(1e-4, m, 0.6)),
    );
    all
}
