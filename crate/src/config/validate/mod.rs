//! The one place where a run's values are checked.

mod reward;

use super::{Component, ConfigError, Corpus, HALF_WIDTH, PriorKind, Reward, Run, Schedule, Task};

/// Most components of a mixture.
pub const MOST_COMPONENTS: usize = 64;
/// Smallest standard deviation of a component in any direction; below it f32 loses the drift.
pub const SMALLEST_DEVIATION: f64 = 0.1;

/// Most trajectories that a sample is chosen among.
pub const MOST_CANDIDATES: usize = 1000;

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
        match self.task {
            Task::Mixtures => mixture("prior.components", &self.prior.components)?,
            Task::Digits => self.validate_network_prior()?,
            Task::Stories => self.validate_stories()?,
        }
        for (field, given) in [("story", self.story.is_some()), ("corpus", self.corpus.is_some())] {
            if self.task != Task::Stories && given {
                let allowed = format!("none for {}", self.task.name());
                return Err(ConfigError::new(field, "given", allowed));
            }
        }
        if self.prior.kind == PriorKind::Learned
            && self.prior.weights.as_deref().unwrap_or_default().is_empty()
        {
            return Err(ConfigError::new(
                "prior.weights",
                "nothing",
                "the name or the file of the learned prior's weights",
            ));
        }
        if self.network.langevin && !self.may_have_langevin() {
            let allowed = match self.task {
                Task::Mixtures => "false with a learned prior: its network has no output for it",
                Task::Digits => "false where the reward is a black box: it has no gradient",
                Task::Stories => "false for stories: words have no gradient",
            };
            return Err(ConfigError::new("network.langevin", true, allowed));
        }
        self.method.validate()?;
        self.reward.validate(self.task)?;
        let several = match &self.corpus {
            Some(_) => "there is a posterior for every story of the corpus",
            None => "reward.kind is `each_class`, a posterior for every class",
        };
        if !self.takes(&self.method) {
            return Err(ConfigError::new(
                "method",
                format!("`{}`", self.method.info().name),
                format!("a trained one: {several}"),
            ));
        }
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
        range("process.temperature", self.process.temperature, 0.1, 10.0)?;
        whole("network.width", self.network.width, 4, 1024)?;
        whole("network.depth", self.network.depth, 1, 8)?;
        whole("network.rank", self.network.rank, 0, 64)?;
        range("objective.step_share", self.objective.step_share, 0.01, 1.0)?;
        range("objective.residual_clip", self.objective.residual_clip, 0.0, 1e6)?;
        whole("objective.chunk", self.objective.chunk, 1, 10_000_000)?;
        let r = &self.rollout;
        let least = match &self.corpus {
            Some(corpus) => corpus.group,
            None => 2 * self.conditions(),
        };
        whole("rollout.batch", r.batch, least, 100_000)?;
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
        range("rollout.prior_share", r.prior_share, 0.0, 1.0)?;
        let shares = r.replay_share + r.noised_share + r.prior_share;
        if shares > 1.0 {
            return Err(ConfigError::new(
                "rollout.replay_share + rollout.noised_share + rollout.prior_share",
                shares,
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
        whole("evaluation.proposals", self.evaluation.proposals, 100, 1_000_000)?;
        whole("evaluation.every", self.evaluation.every, 0, 10_000_000)?;
        whole(
            "evaluation.samples_while_training",
            self.evaluation.samples_while_training,
            16,
            1_000_000,
        )?;
        whole(
            "evaluation.candidates",
            self.evaluation.candidates,
            1,
            MOST_CANDIDATES,
        )
    }

    /// What only holds for stories; how long a story may be is up to the prior's network.
    fn validate_stories(&self) -> Checked {
        self.validate_network_prior()?;
        let story = match (&self.story, &self.corpus) {
            (Some(story), None) => story,
            (None, Some(corpus)) => return corpus.validate(),
            (None, None) => {
                return Err(ConfigError::new("story", "nothing", "a beginning and an ending"));
            }
            (Some(_), Some(_)) => {
                return Err(ConfigError::new("corpus", "given", "none beside a story"));
            }
        };
        for (field, text) in [
            ("story.beginning", &story.beginning),
            ("story.ending", &story.ending),
        ] {
            whole(&format!("the length of {field}"), text.chars().count(), 0, 2000)?;
        }
        if story.ending.trim().is_empty() && self.reward.asks_for_ending() {
            return Err(ConfigError::new(
                "story.ending",
                "nothing",
                "a sentence, since the reward asks how well it follows",
            ));
        }
        Ok(())
    }

    /// What holds where the prior is a network, and nothing else.
    fn validate_network_prior(&self) -> Checked {
        let task = self.task.name();
        if self.prior.kind != PriorKind::Learned {
            return Err(ConfigError::new(
                "prior.kind",
                "`exact`",
                format!("`learned` for {task}, whose prior is a network"),
            ));
        }
        if !self.prior.components.is_empty() {
            return Err(ConfigError::new(
                "prior.components",
                format!("a mixture of {}", self.prior.components.len()),
                format!("none for {task}, whose prior is a network"),
            ));
        }
        // Every proposal of the exact posterior is kept in memory.
        whole("evaluation.samples", self.evaluation.samples, 100, 100_000)?;
        whole("evaluation.proposals", self.evaluation.proposals, 100, 100_000)
    }
}

impl Corpus {
    fn validate(&self) -> Checked {
        if self.file.is_empty() {
            let allowed = "`stories`, or a file with a story a line";
            return Err(ConfigError::new("corpus.file", "nothing", allowed));
        }
        whole("corpus.stories", self.stories, 1, 100_000)?;
        // The mean over a story's trajectories is its log Z.
        whole("corpus.group", self.group, 2, 10_000)
    }
}
