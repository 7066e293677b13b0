//! Gaussians in the plane as people handle them: a mean, an angle and two standard deviations.

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
}
