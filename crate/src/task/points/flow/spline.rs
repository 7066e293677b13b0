//! Monotone rational-quadratic splines (arXiv 1906.04032, §3.1) on the host.

/// Bins of a spline, and parameters: widths, heights and inner derivatives.
pub const BINS: usize = 16;
pub const PARAMETERS: usize = 3 * BINS - 1;
/// A spline is the identity beyond ±REACH.
pub const REACH: f64 = 5.0;
/// Least share of a bin, and least derivative.
pub const LEAST: f64 = 1e-3;

/// What is added to the raw derivatives, so that parameters of 0 are the identity: softplus(x) = 1 − LEAST.
pub fn shift() -> f64 {
    (1.0 - LEAST).exp_m1().ln()
}

/// A spline: its knots, and the derivatives there.
pub struct Spline {
    x: [f64; BINS + 1],
    y: [f64; BINS + 1],
    slope: [f64; BINS + 1],
}

/// Where a point lies between two knots.
struct Bin {
    at: usize,
    width: f64,
    height: f64,
    /// The mean slope.
    mean: f64,
    /// The sum of the slopes at the knots less twice the mean.
    bent: f64,
}

impl Spline {
    /// The spline of these parameters, [`PARAMETERS`] numbers.
    pub fn new(parameters: &[f64]) -> Self {
        let (widths, rest) = parameters.split_at(BINS);
        let (heights, slopes) = rest.split_at(BINS);
        let mut slope = [1.0; BINS + 1];
        for (slope, raw) in slope[1..BINS].iter_mut().zip(slopes) {
            *slope = LEAST + softplus(raw + shift());
        }
        Self {
            x: knots(widths),
            y: knots(heights),
            slope,
        }
    }

    /// y(x) and log y′(x).
    pub fn forward(&self, x: f64) -> (f64, f64) {
        if x.abs() >= REACH {
            return (x, 0.0);
        }
        let bin = self.bin(&self.x, x);
        let share = (x - self.x[bin.at]) / bin.width;
        (
            self.y[bin.at] + bin.height * self.risen(&bin, share),
            self.log_slope(&bin, share),
        )
    }

    /// x(y) and log y′(x(y)).
    pub fn inverse(&self, y: f64) -> (f64, f64) {
        if y.abs() >= REACH {
            return (y, 0.0);
        }
        let bin = self.bin(&self.y, y);
        let above = y - self.y[bin.at];
        let slope = self.slope[bin.at];
        let a = bin.height * (bin.mean - slope) + above * bin.bent;
        let b = bin.height * slope - above * bin.bent;
        let c = -bin.mean * above;
        // The root in [0, 1] without cancellation.
        let share = 2.0 * c / (-b - (b * b - 4.0 * a * c).max(0.0).sqrt());
        (self.x[bin.at] + bin.width * share, self.log_slope(&bin, share))
    }

    fn bin(&self, knots: &[f64; BINS + 1], value: f64) -> Bin {
        let at = knots[1..BINS].partition_point(|knot| *knot <= value);
        let (width, height) = (self.x[at + 1] - self.x[at], self.y[at + 1] - self.y[at]);
        let mean = height / width;
        Bin {
            at,
            width,
            height,
            mean,
            bent: self.slope[at] + self.slope[at + 1] - 2.0 * mean,
        }
    }

    /// The share of a bin's height at a share of its width.
    fn risen(&self, bin: &Bin, share: f64) -> f64 {
        let both = share * (1.0 - share);
        (bin.mean * share * share + self.slope[bin.at] * both) / (bin.mean + bin.bent * both)
    }

    fn log_slope(&self, bin: &Bin, share: f64) -> f64 {
        let (rest, both) = (1.0 - share, share * (1.0 - share));
        let slopes =
            self.slope[bin.at + 1] * share * share + 2.0 * bin.mean * both + self.slope[bin.at] * rest * rest;
        2.0 * bin.mean.ln() + slopes.ln() - 2.0 * (bin.mean + bin.bent * both).ln()
    }
}

/// Knots from −REACH to REACH.
fn knots(raw: &[f64]) -> [f64; BINS + 1] {
    let most = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = raw.iter().map(|value| (value - most).exp()).sum();
    let mut knots = [-REACH; BINS + 1];
    for (at, value) in raw.iter().enumerate() {
        let share = LEAST + (1.0 - LEAST * BINS as f64) * (value - most).exp() / sum;
        knots[at + 1] = knots[at] + 2.0 * REACH * share;
    }
    knots[BINS] = REACH;
    knots
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::{PARAMETERS, REACH, Spline};
    use crate::engine::noise::{Noise, Purpose, normal};

    fn splines() -> Vec<Spline> {
        let mut rng = Noise::new(1).stream(Purpose::Samples, 0);
        let mut drawn = |scale: f64| {
            (0..PARAMETERS)
                .map(|_| scale * normal(&mut rng))
                .collect::<Vec<_>>()
        };
        [0.0, 1.0, 2.0].map(|scale| Spline::new(&drawn(scale))).into()
    }

    fn places() -> impl Iterator<Item = f64> {
        (-599..600).map(|at| f64::from(at) * REACH / 500.0 + 1e-3)
    }

    #[test]
    fn parameters_of_zero_are_the_identity() {
        for x in places() {
            let (y, log_slope) = splines()[0].forward(x);
            assert!((y - x).abs() < 1e-12 && log_slope.abs() < 1e-12, "{y} for {x}");
        }
    }

    #[test]
    fn inverses_and_slopes_are_those_of_the_spline() {
        for spline in splines() {
            let mut last = f64::NEG_INFINITY;
            for x in places() {
                let (y, log_slope) = spline.forward(x);
                assert!(y > last, "it rises");
                last = y;
                let (back, same) = spline.inverse(y);
                assert!(
                    (back - x).abs() < 1e-9 && (same - log_slope).abs() < 1e-6,
                    "{back} for {x}"
                );
                let ahead = 1e-6;
                let slope = (spline.forward(x + ahead).0 - spline.forward(x - ahead).0) / (2.0 * ahead);
                assert!(
                    (slope.ln() - log_slope).abs() < 1e-3,
                    "{} for {log_slope} at {x}",
                    slope.ln()
                );
            }
        }
    }
}
