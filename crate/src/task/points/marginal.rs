//! Coordinates of a prior, each with a law of its own.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range};
use serde::{Deserialize, Serialize};

#[cfg(feature = "engine")]
use statrs::distribution::{Beta, Continuous, ContinuousCDF, Gamma, Normal, StudentsT};

/// Largest absolute value of a parameter.
const LARGEST: f64 = 1e9;

/// A named coordinate and its law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "family", rename_all = "snake_case", deny_unknown_fields)]
pub enum Coordinate {
    /// A normal law.
    Normal {
        /// The coordinate's name.
        name: String,
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        deviation: f64,
    },
    /// A positive number whose logarithm is normal.
    LogNormal {
        /// The coordinate's name.
        name: String,
        /// The mean of its logarithm.
        mean: f64,
        /// The standard deviation of its logarithm.
        deviation: f64,
    },
    /// A uniform law on an interval.
    Uniform {
        /// The coordinate's name.
        name: String,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// A normal law, kept between two bounds.
    TruncatedNormal {
        /// The coordinate's name.
        name: String,
        /// The mean before it is cut.
        mean: f64,
        /// The standard deviation before it is cut.
        deviation: f64,
        /// The lower bound; none if it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<f64>,
        /// The upper bound; none if it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high: Option<f64>,
    },
    /// An exponential law.
    Exponential {
        /// The coordinate's name.
        name: String,
        /// One over its mean.
        rate: f64,
    },
    /// A gamma law.
    Gamma {
        /// The coordinate's name.
        name: String,
        /// Its shape.
        shape: f64,
        /// Its rate: the mean is shape/rate.
        rate: f64,
    },
    /// A beta law on [0, 1].
    Beta {
        /// The coordinate's name.
        name: String,
        /// Its first shape.
        a: f64,
        /// Its second shape: the mean is a/(a + b).
        b: f64,
    },
    /// A Laplace law.
    Laplace {
        /// The coordinate's name.
        name: String,
        /// Its centre.
        center: f64,
        /// Its scale.
        scale: f64,
    },
    /// Student's t.
    StudentT {
        /// The coordinate's name.
        name: String,
        /// Degrees of freedom; 1 is a Cauchy law.
        freedom: f64,
        /// Its centre.
        center: f64,
        /// Its scale.
        scale: f64,
    },
}

impl Coordinate {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Normal { name, .. }
            | Self::LogNormal { name, .. }
            | Self::Uniform { name, .. }
            | Self::TruncatedNormal { name, .. }
            | Self::Exponential { name, .. }
            | Self::Gamma { name, .. }
            | Self::Beta { name, .. }
            | Self::Laplace { name, .. }
            | Self::StudentT { name, .. } => name,
        }
    }

    /// Its name, to change.
    pub fn name_mut(&mut self) -> &mut String {
        match self {
            Self::Normal { name, .. }
            | Self::LogNormal { name, .. }
            | Self::Uniform { name, .. }
            | Self::TruncatedNormal { name, .. }
            | Self::Exponential { name, .. }
            | Self::Gamma { name, .. }
            | Self::Beta { name, .. }
            | Self::Laplace { name, .. }
            | Self::StudentT { name, .. } => name,
        }
    }

    /// Checks its parameters; `at` is its field.
    pub(super) fn validate(&self, at: &str) -> Checked {
        let number = |field: &str, value| range(&format!("{at}.{field}"), value, -LARGEST, LARGEST);
        let above = |field: &str, value| positive(&format!("{at}.{field}"), value, LARGEST);
        let ordered = |low: f64, high: f64| {
            number("low", low)?;
            number("high", high)?;
            if low < high {
                return Ok(());
            }
            let both = format!("`low` {low} and `high` {high}");
            Err(ConfigError::new(at, both, "a `low` below `high`"))
        };
        match *self {
            Self::Normal { mean, deviation, .. } => {
                number("mean", mean)?;
                above("deviation", deviation)
            }
            Self::LogNormal { mean, deviation, .. } => {
                range(&format!("{at}.mean"), mean, -100.0, 100.0)?;
                positive(&format!("{at}.deviation"), deviation, 20.0)
            }
            Self::Uniform { low, high, .. } => ordered(low, high),
            Self::TruncatedNormal {
                mean,
                deviation,
                low,
                high,
                ..
            } => {
                number("mean", mean)?;
                above("deviation", deviation)?;
                ordered(low.unwrap_or(-LARGEST), high.unwrap_or(LARGEST))?;
                // Farther out, quantiles cannot be told apart.
                const FAR: f64 = 8.0;
                let (low, high) = (low.unwrap_or(-LARGEST), high.unwrap_or(LARGEST));
                let near = |bound: f64| (bound - mean) / deviation;
                if near(low) > FAR || near(high) < -FAR {
                    let allowed = format!("bounds that leave something within {FAR} deviations of the mean");
                    let both = format!("`low` {low} and `high` {high}");
                    return Err(ConfigError::new(at, both, allowed));
                }
                Ok(())
            }
            Self::Exponential { rate, .. } => above("rate", rate),
            Self::Gamma { shape, rate, .. } => {
                range(&format!("{at}.shape"), shape, 0.01, 1e6)?;
                above("rate", rate)
            }
            Self::Beta { a, b, .. } => {
                range(&format!("{at}.a"), a, 0.01, 1e6)?;
                range(&format!("{at}.b"), b, 0.01, 1e6)
            }
            Self::Laplace { center, scale, .. } => {
                number("center", center)?;
                above("scale", scale)
            }
            Self::StudentT {
                freedom,
                center,
                scale,
                ..
            } => {
                range(&format!("{at}.freedom"), freedom, 0.1, 1e6)?;
                number("center", center)?;
                above("scale", scale)
            }
        }
    }
}

/// Largest absolute value of noise: beyond it a uniform law of f64 has no more quantiles.
#[cfg(feature = "engine")]
const FARTHEST: f64 = 8.2;

/// How a coordinate is made of standard normal noise: its quantile function after the normal one.
#[cfg(feature = "engine")]
#[derive(Clone, Debug)]
pub(super) enum Quantile {
    /// center + scale·z.
    Affine {
        center: f64,
        scale: f64,
    },
    LogNormal {
        mean: f64,
        deviation: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    /// `tails` are the masses of the normal law below and above the bounds.
    Truncated {
        mean: f64,
        deviation: f64,
        tails: [f64; 2],
    },
    Exponential {
        rate: f64,
    },
    Gamma(Gamma),
    Beta(Beta),
    Laplace {
        center: f64,
        scale: f64,
    },
    StudentT(StudentsT),
}

#[cfg(feature = "engine")]
impl Quantile {
    /// That of a coordinate which has been checked.
    pub(super) fn new(coordinate: &Coordinate) -> Self {
        const CHECKED: &str = "the parameters have been checked";
        match *coordinate {
            Coordinate::Normal { mean, deviation, .. } => Self::Affine {
                center: mean,
                scale: deviation,
            },
            Coordinate::LogNormal { mean, deviation, .. } => Self::LogNormal { mean, deviation },
            Coordinate::Uniform { low, high, .. } => Self::Uniform { low, high },
            Coordinate::TruncatedNormal {
                mean,
                deviation,
                low,
                high,
                ..
            } => {
                let below = low.map_or(0.0, |low| below((low - mean) / deviation));
                let above = high.map_or(0.0, |high| self::below((mean - high) / deviation));
                Self::Truncated {
                    mean,
                    deviation,
                    tails: [below, above],
                }
            }
            Coordinate::Exponential { rate, .. } => Self::Exponential { rate },
            Coordinate::Gamma { shape, rate, .. } => Self::Gamma(Gamma::new(shape, rate).expect(CHECKED)),
            Coordinate::Beta { a, b, .. } => Self::Beta(Beta::new(a, b).expect(CHECKED)),
            Coordinate::Laplace { center, scale, .. } => Self::Laplace { center, scale },
            Coordinate::StudentT {
                freedom,
                center,
                scale,
                ..
            } => Self::StudentT(StudentsT::new(center, scale, freedom).expect(CHECKED)),
        }
    }

    /// The coordinate of this noise. The smaller of both tails is always looked at: 1 − 10⁻²⁰ is 1.
    pub(super) fn at(&self, z: f64) -> f64 {
        let z = z.clamp(-FARTHEST, FARTHEST);
        let (left, right) = (below(z), below(-z));
        match self {
            Self::Affine { center, scale } => center + scale * z,
            Self::LogNormal { mean, deviation } => (mean + deviation * z).exp(),
            Self::Uniform { low, high } => {
                if z < 0.0 {
                    low + (high - low) * left
                } else {
                    high - (high - low) * right
                }
            }
            Self::Truncated {
                mean,
                deviation,
                tails: [under, over],
            } => {
                let kept = 1.0 - under - over;
                let (left, right) = (under + kept * left, over + kept * right);
                let z = if left < right {
                    quantile(left)
                } else {
                    -quantile(right)
                };
                mean + deviation * z
            }
            Self::Exponential { rate } => -right.ln() / rate,
            Self::Gamma(gamma) => gamma.inverse_cdf(left.min(1.0 - f64::EPSILON)),
            Self::Beta(beta) => beta.inverse_cdf(left),
            Self::Laplace { center, scale } => {
                let side = if z < 0.0 {
                    (2.0 * left).ln()
                } else {
                    -(2.0 * right).ln()
                };
                center + scale * side
            }
            Self::StudentT(student) => {
                let center = student.location();
                // Symmetric about its centre.
                let lower = student.inverse_cdf(left.min(right));
                if z < 0.0 { lower } else { 2.0 * center - lower }
            }
        }
    }
}

#[cfg(feature = "engine")]
impl Quantile {
    /// The logarithm of the law's density at a value that it may have.
    pub(super) fn log_prob(&self, x: f64) -> f64 {
        let normal = |mean: f64, deviation: f64, x: f64| {
            Normal::standard().ln_pdf((x - mean) / deviation) - deviation.ln()
        };
        match self {
            Self::Affine { center, scale } => normal(*center, *scale, x),
            Self::LogNormal { mean, deviation } => normal(*mean, *deviation, x.ln()) - x.ln(),
            Self::Uniform { low, high } => -(high - low).ln(),
            Self::Truncated {
                mean,
                deviation,
                tails: [under, over],
            } => normal(*mean, *deviation, x) - (1.0 - under - over).ln(),
            Self::Exponential { rate } => rate.ln() - rate * x,
            Self::Gamma(gamma) => gamma.ln_pdf(x),
            Self::Beta(beta) => beta.ln_pdf(x),
            Self::Laplace { center, scale } => -(x - center).abs() / scale - (2.0 * scale).ln(),
            Self::StudentT(student) => student.ln_pdf(x),
        }
    }

    /// The derivative of [`Self::log_prob`].
    pub(super) fn score(&self, x: f64) -> f64 {
        match self {
            Self::Affine { center, scale } => (center - x) / scale.powi(2),
            Self::LogNormal { mean, deviation } => -(1.0 + (x.ln() - mean) / deviation.powi(2)) / x,
            Self::Uniform { .. } => 0.0,
            Self::Truncated { mean, deviation, .. } => (mean - x) / deviation.powi(2),
            Self::Exponential { rate } => -rate,
            Self::Gamma(gamma) => (gamma.shape() - 1.0) / x - gamma.rate(),
            Self::Beta(beta) => (beta.shape_a() - 1.0) / x - (beta.shape_b() - 1.0) / (1.0 - x),
            Self::Laplace { center, scale } => (center - x).signum() / scale,
            Self::StudentT(student) => {
                let (freedom, away) = (student.freedom(), x - student.location());
                -(freedom + 1.0) * away / (freedom * student.scale().powi(2) + away.powi(2))
            }
        }
    }

    /// x′(z) at the noise z that x is made of: the ratio of the densities.
    pub(super) fn slope(&self, z: f64, x: f64) -> f64 {
        // Farther out the coordinate stays where it is.
        if z.abs() > FARTHEST {
            return 0.0;
        }
        (Normal::standard().ln_pdf(z) - self.log_prob(x)).exp()
    }
}

/// The mass of the standard normal law below z.
#[cfg(feature = "engine")]
fn below(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The z below which this mass lies.
#[cfg(feature = "engine")]
fn quantile(mass: f64) -> f64 {
    Normal::standard().inverse_cdf(mass)
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::{Coordinate, Quantile};

    fn at(coordinate: Coordinate, z: f64) -> f64 {
        Quantile::new(&coordinate).at(z)
    }

    /// Values of scipy.stats: `law.ppf(norm.cdf(z))`.
    #[test]
    fn quantiles_are_those_of_the_laws() {
        let name = || "a".to_owned();
        let uniform = || Coordinate::Uniform {
            name: name(),
            low: -3.0,
            high: 5.0,
        };
        let cases = [
            (at(uniform(), 0.0), 1.0),
            (at(uniform(), 1.0), 3.730_757_968_548_343),
            (at(uniform(), -9.0), -3.0),
            (
                at(
                    Coordinate::Exponential {
                        name: name(),
                        rate: 2.0,
                    },
                    1.0,
                ),
                0.920_510_822_504_631_7,
            ),
            (
                at(
                    Coordinate::Gamma {
                        name: name(),
                        shape: 2.0,
                        rate: 3.0,
                    },
                    0.0,
                ),
                0.559_448_996_672_388_5,
            ),
            (
                at(
                    Coordinate::Beta {
                        name: name(),
                        a: 1.0,
                        b: 3.0,
                    },
                    0.0,
                ),
                1.0 - 0.5f64.powf(1.0 / 3.0),
            ),
            (
                at(
                    Coordinate::StudentT {
                        name: name(),
                        freedom: 1.0,
                        center: 2.0,
                        scale: 3.0,
                    },
                    1.0,
                ),
                2.0 + 3.0 / (std::f64::consts::PI * 0.158_655_253_931_457_05).tan(),
            ),
            (
                at(
                    Coordinate::Laplace {
                        name: name(),
                        center: 1.0,
                        scale: 2.0,
                    },
                    1.0,
                ),
                1.0 - 2.0 * (2.0 * 0.158_655_253_931_457_05f64).ln(),
            ),
            (
                at(
                    Coordinate::TruncatedNormal {
                        name: name(),
                        mean: 0.0,
                        deviation: 1.0,
                        low: Some(0.0),
                        high: None,
                    },
                    0.0,
                ),
                0.674_489_750_196_081_7,
            ),
        ];
        for (at, (value, wanted)) in cases.into_iter().enumerate() {
            assert!((value - wanted).abs() < 1e-9, "case {at}: {value} for {wanted}");
        }
    }

    /// p(x(z))·x′(z) is the density of the noise, whatever the law.
    #[test]
    fn densities_are_those_of_the_quantiles() {
        let laws = [
            "family = 'normal'\nmean = 1.0\ndeviation = 3.0",
            "family = 'log_normal'\nmean = 0.5\ndeviation = 0.7",
            "family = 'uniform'\nlow = -3.0\nhigh = 5.0",
            "family = 'truncated_normal'\nmean = 0.5\ndeviation = 2.0\nlow = 0.0",
            "family = 'exponential'\nrate = 2.0",
            "family = 'gamma'\nshape = 2.0\nrate = 3.0",
            "family = 'beta'\na = 2.0\nb = 3.0",
            "family = 'laplace'\ncenter = 1.0\nscale = 2.0",
            "family = 'student_t'\nfreedom = 3.0\ncenter = 2.0\nscale = 3.0",
        ];
        for law in laws {
            let coordinate: Coordinate = toml::from_str(&format!("name = 'a'\n{law}")).expect(law);
            let quantile = Quantile::new(&coordinate);
            for z in [-2.0, -0.6, 0.3, 1.7] {
                let slope = (quantile.at(z + 1e-4) - quantile.at(z - 1e-4)) / 2e-4;
                let log_prob = quantile.log_prob(quantile.at(z)) + slope.ln();
                let wanted = -0.5 * z * z - 0.5 * std::f64::consts::TAU.ln();
                assert!(
                    (log_prob - wanted).abs() < 1e-4,
                    "{law} at {z}: {log_prob} for {wanted}"
                );
                let x = quantile.at(z);
                let rise = (quantile.log_prob(x + 1e-5) - quantile.log_prob(x - 1e-5)) / 2e-5;
                for (found, wanted) in [(quantile.slope(z, x), slope), (quantile.score(x), rise)] {
                    let near = (found - wanted).abs() < 1e-4 * (1.0 + wanted.abs());
                    assert!(near, "{law} at {z}: {found} for {wanted}");
                }
            }
        }
    }
}
