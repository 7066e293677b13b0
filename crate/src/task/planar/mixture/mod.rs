//! Gaussian mixtures of the plane in f64: densities, samples, and their bridge in closed form.

#[cfg(feature = "engine")]
mod sample;

use super::Component;
use std::f64::consts::PI;

/// Deviations from its mean within which a component has all of its mass but 3·10⁻⁴.
#[cfg(feature = "engine")]
const NEAR: f64 = 4.0;

/// A symmetric 2 × 2 matrix `[xx, xy, yy]`.
pub type Symmetric = [f64; 3];

/// The determinant of a symmetric matrix.
pub fn determinant([xx, xy, yy]: Symmetric) -> f64 {
    xx * yy - xy * xy
}

/// The inverse of a symmetric matrix.
pub fn inverse(m: Symmetric) -> Symmetric {
    let d = determinant(m);
    [m[2] / d, -m[1] / d, m[0] / d]
}

/// exp, or 0 where it would not change a sum of which the largest term is 1.
fn negligible_or_exp(exponent: f64) -> f64 {
    if exponent < -40.0 { 0.0 } else { exponent.exp() }
}

fn times([xx, xy, yy]: Symmetric, [x, y]: [f64; 2]) -> [f64; 2] {
    [xx * x + xy * y, xy * x + yy * y]
}

#[derive(Clone, Copy, Debug)]
struct Gaussian {
    weight: f64,
    mean: [f64; 2],
    covariance: Symmetric,
    precision: Symmetric,
    /// log weight − log √((2π)²·det covariance).
    log_scale: f64,
}

/// A mixture with normalised weights.
#[derive(Clone, Debug)]
pub struct Mixture {
    components: Vec<Gaussian>,
}

impl Mixture {
    /// The mixture of validated components.
    pub fn new(components: &[Component]) -> Self {
        let total: f64 = components.iter().map(|c| c.weight).sum();
        let components = components
            .iter()
            .map(|c| {
                let weight = c.weight / total;
                Gaussian {
                    weight,
                    mean: c.mean,
                    covariance: c.covariance,
                    precision: inverse(c.covariance),
                    log_scale: weight.ln() - (2.0 * PI).ln() - 0.5 * determinant(c.covariance).ln(),
                }
            })
            .collect();
        Self { components }
    }

    /// Number of components.
    pub fn len(&self) -> usize {
        self.components.len()
    }

    /// Whether there is no component; never so for a validated mixture.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// Normalised weight of a component.
    pub fn weight(&self, component: usize) -> f64 {
        self.components[component].weight
    }

    /// Variance of a coordinate, the mean of both.
    pub fn variance(&self) -> f64 {
        let mean = |axis: usize| {
            self.components
                .iter()
                .map(|c| c.weight * c.mean[axis])
                .sum::<f64>()
        };
        let center = [mean(0), mean(1)];
        self.components
            .iter()
            .map(|c| {
                let [dx, dy] = [c.mean[0] - center[0], c.mean[1] - center[1]];
                c.weight * 0.5 * (c.covariance[0] + c.covariance[2] + dx * dx + dy * dy)
            })
            .sum()
    }

    fn terms(&self, x: [f64; 2]) -> impl Iterator<Item = f64> + '_ {
        self.components.iter().map(move |c| {
            let d = [x[0] - c.mean[0], x[1] - c.mean[1]];
            let p = times(c.precision, d);
            c.log_scale - 0.5 * (d[0] * p[0] + d[1] * p[1])
        })
    }

    /// log p(x).
    pub fn log_prob(&self, x: [f64; 2]) -> f64 {
        let (mut largest, mut sum) = (f64::NEG_INFINITY, 0.0);
        for term in self.terms(x) {
            if term > largest {
                sum = sum * (largest - term).exp() + 1.0;
                largest = term;
            } else {
                sum += negligible_or_exp(term - largest);
            }
        }
        largest + sum.ln()
    }

    /// The share of each component in the density at x; log p(x).
    pub(super) fn shares(&self, x: [f64; 2], shares: &mut [f64]) -> f64 {
        let mut largest = f64::NEG_INFINITY;
        for (share, term) in shares.iter_mut().zip(self.terms(x)) {
            *share = term;
            largest = largest.max(term);
        }
        let mut total = 0.0;
        for share in &mut *shares {
            *share = negligible_or_exp(*share - largest);
            total += *share;
        }
        shares.iter_mut().for_each(|share| *share /= total);
        largest + total.ln()
    }

    /// ∇ log p(x).
    pub fn score(&self, x: [f64; 2]) -> [f64; 2] {
        let terms: Vec<f64> = self.terms(x).collect();
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut total, mut sum) = (0.0, [0.0; 2]);
        for (c, term) in self.components.iter().zip(&terms) {
            let weight = negligible_or_exp(term - largest);
            let pull = times(c.precision, [c.mean[0] - x[0], c.mean[1] - x[1]]);
            total += weight;
            sum = [sum[0] + weight * pull[0], sum[1] + weight * pull[1]];
        }
        sum.map(|v| v / total)
    }

    /// The component with the largest responsibility for x: the mode x belongs to.
    pub fn mode(&self, x: [f64; 2]) -> usize {
        self.terms(x)
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0, |(k, _)| k)
    }

    /// Whether a component has mass in the square of this half width, and is narrower than it.
    #[cfg(feature = "engine")]
    pub(super) fn is_narrow(&self, center: [f64; 2], half: f64) -> bool {
        self.components.iter().any(|c| {
            let [xx, xy, yy] = c.covariance;
            let smallest = (xx + yy) / 2.0 - ((xx - yy) / 2.0).hypot(xy);
            let deviation = smallest.max(0.0).sqrt();
            let d = [center[0] - c.mean[0], center[1] - c.mean[1]];
            let p = times(c.precision, d);
            // In deviations; the square reaches so many of them at most.
            let reach = 2f64.sqrt() * half / deviation;
            deviation < half && (d[0] * p[0] + d[1] * p[1]).sqrt() < NEAR + reach
        })
    }

    /// What the drift of the Brownian bridge from 0 to this mixture needs at time `t`, for noise
    /// of variance `variance` per unit of time.
    ///
    /// x_t given component k is N(t·μ, S) with S = t²Σ + variance·t(1−t)·I, and
    /// E[x_1 | x_t, k] = μ + t·Σ·S⁻¹·(x_t − t·μ), both affine or quadratic in x_t.
    pub fn bridge(&self, t: f64, variance: f64) -> Vec<BridgeComponent> {
        self.components
            .iter()
            .map(|c| {
                if t == 0.0 {
                    return BridgeComponent {
                        log_weight: [0.0, 0.0, 0.0, 0.0, 0.0, c.weight.ln()],
                        end_x: [0.0, 0.0, c.mean[0]],
                        end_y: [0.0, 0.0, c.mean[1]],
                    };
                }
                let spread = variance * t * (1.0 - t);
                let [xx, xy, yy] = c.covariance.map(|v| t * t * v);
                let s = [xx + spread, xy, yy + spread];
                let p = inverse(s);
                let m = [t * c.mean[0], t * c.mean[1]];
                let pm = times(p, m);
                let constant =
                    c.weight.ln() - 0.5 * determinant(s).ln() - 0.5 * (m[0] * pm[0] + m[1] * pm[1]);
                // A = t·Σ·S⁻¹; Σ and S commute, so A is symmetric too.
                let [cx, cxy, cy] = c.covariance;
                let a = [
                    t * (cx * p[0] + cxy * p[1]),
                    t * (cx * p[1] + cxy * p[2]),
                    t * (cxy * p[1] + cy * p[2]),
                ];
                let am = times(a, m);
                BridgeComponent {
                    log_weight: [-0.5 * p[0], -0.5 * p[2], -p[1], pm[0], pm[1], constant],
                    end_x: [a[0], a[1], c.mean[0] - am[0]],
                    end_y: [a[1], a[2], c.mean[1] - am[1]],
                }
            })
            .collect()
    }

    /// The drift u(x, t) = (E[x_1 | x_t = x] − x)/(1 − t) of the bridge, in f64.
    pub fn drift(&self, x: [f64; 2], t: f64, variance: f64) -> [f64; 2] {
        let parts = self.bridge(t, variance);
        let features = [x[0] * x[0], x[1] * x[1], x[0] * x[1], x[0], x[1], 1.0];
        let dot = |row: &[f64], by: &[f64]| row.iter().zip(by).map(|(a, b)| a * b).sum::<f64>();
        let logs: Vec<f64> = parts.iter().map(|p| dot(&p.log_weight, &features)).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|l| (l - largest).exp()).collect();
        let total: f64 = weights.iter().sum();
        let end = |pick: fn(&BridgeComponent) -> &[f64; 3]| {
            parts
                .iter()
                .zip(&weights)
                .map(|(p, w)| w / total * dot(pick(p), &features[3..]))
                .sum::<f64>()
        };
        [
            (end(|p| &p.end_x) - x[0]) / (1.0 - t),
            (end(|p| &p.end_y) - x[1]) / (1.0 - t),
        ]
    }
}

/// One component of [`Mixture::bridge`]; the rows multiply `[x², y², xy, x, y, 1]` and `[x, y, 1]`.
#[derive(Clone, Copy, Debug)]
pub struct BridgeComponent {
    /// Unnormalised log responsibility.
    pub log_weight: [f64; 6],
    /// First coordinate of E[x_1 | x_t, k].
    pub end_x: [f64; 3],
    /// Second coordinate of E[x_1 | x_t, k].
    pub end_y: [f64; 3],
}
