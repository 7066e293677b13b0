//! The one place where a run's values are checked.

use super::{Component, ConfigError, HALF_WIDTH, PriorKind, Reward, Run, Schedule, Shape};

/// Most components of a mixture.
pub const MOST_COMPONENTS: usize = 64;
/// Smallest standard deviation of a component in any direction; below it f32 loses the drift.
pub const SMALLEST_DEVIATION: f64 = 0.1;

type Checked = Result<(), ConfigError>;

pub(super) fn range(field: &str, value: f64, low: f64, high: f64) -> Checked {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a number from {low} to {high}"),
    ))
}

pub(super) fn whole(field: &str, value: usize, low: usize, high: usize) -> Checked {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a whole number from {low} to {high}"),
    ))
}

pub(super) fn positive(field: &str, value: f64, high: f64) -> Checked {
    if value > 0.0 && value <= high {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        value,
        format!("a number above 0, at most {high}"),
    ))
}

fn point(field: &str, p: [f64; 2]) -> Checked {
    range(&format!("{field}[0]"), p[0], -2.0 * HALF_WIDTH, 2.0 * HALF_WIDTH)?;
    range(&format!("{field}[1]"), p[1], -2.0 * HALF_WIDTH, 2.0 * HALF_WIDTH)
}

fn mixture(field: &str, components: &[Component]) -> Checked {
    whole(
        &format!("the number of {field}"),
        components.len(),
        1,
        MOST_COMPONENTS,
    )?;
    for (i, c) in components.iter().enumerate() {
        let at = format!("{field}[{i}]");
        positive(&format!("{at}.weight"), c.weight, 1e6)?;
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

impl Run {
    /// Checks every value; a formula's syntax is checked where it is compiled
    /// (`reward::LogReward::new`).
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, its value and what is allowed.
    pub fn validate(&self) -> Checked {
        // TOML holds no larger whole numbers.
        if self.seed > i64::MAX as u64 {
            return Err(ConfigError::new(
                "seed",
                self.seed,
                format!("a whole number from 0 to {}", i64::MAX),
            ));
        }
        whole("the length of name", self.name.chars().count(), 0, 80)?;
        mixture("prior.components", &self.prior.components)?;
        if self.prior.kind == PriorKind::Learned
            && self.prior.weights.as_deref().unwrap_or_default().is_empty()
        {
            return Err(ConfigError::new(
                "prior.weights",
                "nothing",
                "the name or the file of the learned prior's weights",
            ));
        }
        if self.prior.kind == PriorKind::Learned && self.network.langevin {
            return Err(ConfigError::new(
                "network.langevin",
                true,
                "false with a learned prior: its network has no output for it",
            ));
        }
        self.method.validate()?;
        self.reward.validate()?;
        let t = &self.tempering;
        if let Reward::Annealed { power } = &self.reward {
            // The target is p to this power.
            let power = 1.0 + t.beta * (power - 1.0);
            if power.is_nan() || power <= 0.5 {
                return Err(ConfigError::new(
                    "1 + tempering.beta·(reward.power − 1)",
                    power,
                    "a number above 0.5",
                ));
            }
        }
        range("tempering.beta", t.beta, 0.0, 100.0)?;
        range("tempering.start", t.start, 0.0, 100.0)?;
        whole("tempering.iterations", t.iterations, 0, 10_000_000)?;
        range("tempering.floor", t.floor, -200.0, 0.0)?;
        whole("process.steps", self.process.steps, 2, 1000)?;
        range("process.variance", self.process.variance, 0.01, 100.0)?;
        whole("network.width", self.network.width, 4, 1024)?;
        whole("network.depth", self.network.depth, 1, 8)?;
        range("objective.step_share", self.objective.step_share, 0.01, 1.0)?;
        range("objective.residual_clip", self.objective.residual_clip, 0.0, 1e6)?;
        whole("objective.chunk", self.objective.chunk, 1, 10_000_000)?;
        let r = &self.rollout;
        whole("rollout.batch", r.batch, 2, 100_000)?;
        range("rollout.exploration", r.exploration, 0.0, 100.0)?;
        whole(
            "rollout.exploration_iterations",
            r.exploration_iterations,
            0,
            10_000_000,
        )?;
        range("rollout.replay_share", r.replay_share, 0.0, 1.0)?;
        range("rollout.replay_priority", r.replay_priority, 0.0, 10.0)?;
        whole("rollout.replay_capacity", r.replay_capacity, 1, 1_000_000)?;
        range("rollout.noised_share", r.noised_share, 0.0, 1.0)?;
        if r.replay_share + r.noised_share > 1.0 {
            return Err(ConfigError::new(
                "rollout.replay_share + rollout.noised_share",
                r.replay_share + r.noised_share,
                "at most 1 together",
            ));
        }
        let o = &self.optimizer;
        positive("optimizer.learning_rate", o.learning_rate, 1.0)?;
        positive("optimizer.log_z_learning_rate", o.log_z_learning_rate, 1.0)?;
        range("optimizer.final_share", o.final_share, 0.0, 1.0)?;
        if o.schedule == Schedule::Linear {
            positive("optimizer.final_share", o.final_share, 1.0)?;
        }
        range("optimizer.gradient_clip", o.gradient_clip, 0.0, 1e9)?;
        range("optimizer.ema", o.ema, 0.0, 0.99999)?;
        whole("training.iterations", self.training.iterations, 1, 10_000_000)?;
        whole(
            "training.checkpoint_every",
            self.training.checkpoint_every,
            1,
            10_000_000,
        )?;
        whole("evaluation.samples", self.evaluation.samples, 100, 1_000_000)?;
        whole("evaluation.every", self.evaluation.every, 0, 10_000_000)?;
        whole(
            "evaluation.samples_while_training",
            self.evaluation.samples_while_training,
            100,
            1_000_000,
        )
    }
}

impl Reward {
    fn validate(&self) -> Checked {
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
                        "a number above 0 inside or outside",
                    ));
                }
                shape.validate()
            }
            Reward::Painted { rows } => painted(rows),
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
                range("reward.shape.inner", inner, 0.0, outer)
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

fn painted(rows: &[String]) -> Checked {
    whole("the number of reward.rows", rows.len(), 2, 256)?;
    for (i, row) in rows.iter().enumerate() {
        whole(
            &format!("the length of reward.rows[{i}]"),
            row.len(),
            rows.len(),
            rows.len(),
        )?;
        if let Some(c) = row.chars().find(|c| !c.is_ascii_digit()) {
            return Err(ConfigError::new(
                format!("reward.rows[{i}]"),
                format!("`{c}`"),
                "digits 0 to 9 only",
            ));
        }
    }
    if rows.iter().all(|row| row.bytes().all(|b| b == b'0')) {
        return Err(ConfigError::new(
            "reward.rows",
            "0 everywhere",
            "at least one cell above 0",
        ));
    }
    Ok(())
}
