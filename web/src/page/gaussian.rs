//! Gaussians in the plane as people handle them: a mean, an angle and two standard deviations.

use rtb::config::Component;
use std::f64::consts::TAU;

/// The axes of a covariance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Direction of the longer axis, radians.
    pub angle: f64,
    /// Standard deviation along it.
    pub along: f64,
    /// Standard deviation across it.
    pub across: f64,
}

impl Axes {
    pub fn of([xx, xy, yy]: [f64; 3]) -> Self {
        let (mid, half) = (0.5 * (xx + yy), (0.5 * (xx - yy)).hypot(xy));
        Self {
            angle: if half < 1e-12 {
                0.0
            } else {
                0.5 * (2.0 * xy).atan2(xx - yy)
            },
            along: (mid + half).max(0.0).sqrt(),
            across: (mid - half).max(0.0).sqrt(),
        }
    }

    pub fn covariance(self) -> [f64; 3] {
        let (s, c) = self.angle.sin_cos();
        let (a, b) = (self.along * self.along, self.across * self.across);
        [a * c * c + b * s * s, (a - b) * s * c, a * s * s + b * c * c]
    }
}

/// A mixture made ready for many evaluations.
pub struct Mixture {
    /// Mean, precision [xx, xy, yy], weight over the total and over the normaliser.
    terms: Vec<([f64; 2], [f64; 3], f64)>,
}

impl Mixture {
    pub fn new(components: &[Component]) -> Self {
        let total: f64 = components.iter().map(|c| c.weight).sum();
        let terms = components
            .iter()
            .map(|c| {
                let [xx, xy, yy] = c.covariance;
                let determinant = (xx * yy - xy * xy).max(1e-12);
                let precision = [yy / determinant, -xy / determinant, xx / determinant];
                (c.mean, precision, c.weight / (total * TAU * determinant.sqrt()))
            })
            .collect();
        Self { terms }
    }

    /// The density at a point.
    pub fn density(&self, [x, y]: [f64; 2]) -> f64 {
        self.terms
            .iter()
            .map(|([mx, my], [xx, xy, yy], scale)| {
                let (dx, dy) = (x - mx, y - my);
                let square = xx * dx * dx + 2.0 * xy * dx * dy + yy * dy * dy;
                if square > 80.0 {
                    0.0
                } else {
                    scale * (-0.5 * square).exp()
                }
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_and_covariance_are_inverse() {
        for covariance in [[0.3, 0.0, 0.3], [2.0, 0.7, 1.0], [0.5, -0.2, 3.0]] {
            let back = Axes::of(covariance).covariance();
            for (a, b) in covariance.iter().zip(back) {
                assert!((a - b).abs() < 1e-12, "{covariance:?} {back:?}");
            }
        }
    }

    #[test]
    fn a_mixture_integrates_to_one() {
        let mixture = Mixture::new(&[
            Component {
                weight: 3.0,
                mean: [1.0, -2.0],
                covariance: [1.0, 0.4, 0.7],
            },
            Component::isotropic(1.0, [-4.0, 5.0], 0.5),
        ]);
        let mass: f64 = (0..280 * 280)
            .map(|cell| 0.01 * mixture.density(rtb::picture::center_of(cell, 280)))
            .sum();
        assert!((mass - 1.0).abs() < 1e-6, "{mass}");
    }
}
