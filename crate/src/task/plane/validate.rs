//! The values of mixtures and of rewards of points.

use super::{Component, HALF_WIDTH, Prior, PriorKind, Reward, Shape};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use crate::task::planar::{Painted, SMALLEST_DEVIATION};

/// Most components of a mixture.
const MOST_COMPONENTS: usize = 64;
/// Smallest weight of a component; beside the largest, a smaller one may round to 0.
const SMALLEST_WEIGHT: f64 = 1e-9;

fn mixture(field: &str, components: &[Component]) -> Checked {
    whole(
        &format!("the number of {field}"),
        components.len(),
        1,
        MOST_COMPONENTS,
    )?;
    for (i, c) in components.iter().enumerate() {
        let at = format!("{field}[{i}]");
        range(&format!("{at}.weight"), c.weight, SMALLEST_WEIGHT, 1e6)?;
        range(&format!("{at}.mean[0]"), c.mean[0], -HALF_WIDTH, HALF_WIDTH)?;
        range(&format!("{at}.mean[1]"), c.mean[1], -HALF_WIDTH, HALF_WIDTH)?;
        let [xx, xy, yy] = c.covariance;
        let largest = HALF_WIDTH * HALF_WIDTH;
        let smallest = SMALLEST_DEVIATION * SMALLEST_DEVIATION;
        // Both eigenvalues of the covariance.
        let (mid, half) = (0.5 * (xx + yy), (0.25 * (xx - yy).powi(2) + xy * xy).sqrt());
        // A rounding error is not a reason to refuse a component at the limit.
        if !(mid - half >= smallest * (1.0 - 1e-9) && mid + half <= largest) {
            return Err(ConfigError::new(
                format!("{at}.covariance"),
                format!("{:?}", c.covariance),
                format!(
                    "[xx, xy, yy] with standard deviations from {SMALLEST_DEVIATION} to {HALF_WIDTH} in every direction"
                ),
            ));
        }
    }
    Ok(())
}

impl Prior {
    pub(super) fn validate(&self) -> Checked {
        mixture("prior.components", &self.components)?;
        if self.kind == PriorKind::Learned && self.weights.as_deref().unwrap_or_default().is_empty() {
            return Err(ConfigError::missing(
                "prior.weights",
                "the name of a shipped prior (see `rtb list`) or a file of weights",
            ));
        }
        Ok(())
    }
}

impl Reward {
    pub(super) fn validate(&self) -> Checked {
        match self {
            Reward::Ratio {
                numerator,
                denominator,
            } => {
                mixture("reward.numerator", numerator)?;
                if !denominator.is_empty() {
                    mixture("reward.denominator", denominator)?;
                }
                Ok(())
            }
            Reward::Formula { expression, .. } => whole(
                "the length of reward.expression",
                expression.chars().count(),
                1,
                500,
            ),
            Reward::Mask {
                shape,
                inside,
                outside,
            } => {
                range("reward.inside", *inside, 0.0, 1e6)?;
                range("reward.outside", *outside, 0.0, 1e6)?;
                if inside.max(*outside) == 0.0 {
                    return Err(ConfigError::new(
                        "reward.inside",
                        inside,
                        "a number above 0, or set reward.outside above 0",
                    ));
                }
                shape.validate()
            }
            Reward::Painted { rows } => Painted::new("reward.rows", rows).map(drop),
            Reward::Annealed { power } => {
                if *power > 0.5 && *power <= 10.0 {
                    return Ok(());
                }
                Err(ConfigError::new(
                    "reward.power",
                    power,
                    "a number above 0.5, at most 10",
                ))
            }
            Reward::Product { components } => mixture("reward.components", components),
        }
    }
}

impl Shape {
    fn validate(&self) -> Checked {
        match *self {
            Shape::HalfPlane { normal, offset } => {
                point("reward.shape.normal", normal)?;
                range("reward.shape.offset", offset, -1e3, 1e3)?;
                positive(
                    "the length of reward.shape.normal",
                    normal[0].hypot(normal[1]),
                    100.0,
                )
            }
            Shape::Disc { center, radius } => {
                point("reward.shape.center", center)?;
                positive("reward.shape.radius", radius, 100.0)
            }
            Shape::Ring { center, inner, outer } => {
                point("reward.shape.center", center)?;
                positive("reward.shape.outer", outer, 100.0)?;
                if (0.0..=outer).contains(&inner) {
                    return Ok(());
                }
                Err(ConfigError::new(
                    "reward.shape.inner",
                    inner,
                    "a number from 0 to reward.shape.outer",
                ))
            }
            Shape::Box { min, max } => {
                point("reward.shape.min", min)?;
                point("reward.shape.max", max)?;
                range("reward.shape.min[0]", min[0], -2.0 * HALF_WIDTH, max[0])?;
                range("reward.shape.min[1]", min[1], -2.0 * HALF_WIDTH, max[1])
            }
        }
    }
}

fn point(field: &str, p: [f64; 2]) -> Checked {
    range(&format!("{field}[0]"), p[0], -2.0 * HALF_WIDTH, 2.0 * HALF_WIDTH)?;
    range(&format!("{field}[1]"), p[1], -2.0 * HALF_WIDTH, 2.0 * HALF_WIDTH)
}
