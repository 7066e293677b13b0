//! What a run of control is about: an environment, a behaviour μ(a|s), and the critic whose Q is the reward.

use super::behaviour::Behaviour;
use super::description::{Environment, Episodes, Prior, Reward};
use super::world::World;
use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive};
use crate::run::{FileKind, FileNeed, LogZ, Problem, Run};
use serde::{Deserialize, Serialize};

/// Fewest actions of a state in an iteration that it takes part in.
const LEAST_OF_EACH: usize = 8;

/// The roles of recorded steps and of a learned critic.
pub(super) const STEPS: &str = "steps";
pub(super) const CRITIC: &str = "critic";

/// An environment, a behaviour and a critic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ControlProblem {
    /// Where actions lead, and what they are worth.
    pub environment: Environment,
    /// The behaviour μ(a|s), which is the prior.
    pub prior: Prior,
    /// The critic: log r is Q(s, a)/α.
    pub reward: Reward,
    /// The states that are learned, and the episodes in which policies are compared.
    pub episodes: Episodes,
}

impl ControlProblem {
    /// The problem of a run of control.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of(run: &Run) -> Result<&Self, ConfigError> {
        run.problem.get().ok_or_else(|| super::other_task(run))
    }

    /// The same, to change.
    ///
    /// # Errors
    ///
    /// Where the run is about something else.
    pub fn of_mut(run: &mut Run) -> Result<&mut Self, ConfigError> {
        let refused = super::other_task(run);
        run.problem.get_mut().ok_or(refused)
    }

    /// Whether states come from recorded steps.
    pub fn is_recorded(&self) -> bool {
        matches!(self.environment, Environment::Recorded { .. })
    }

    /// Refuses what does not go with recorded steps.
    fn check_recorded(&self, data: &str) -> Checked {
        let (Prior::Learned { weights: behaviour }, Reward::Learned { weights: critic, .. }) =
            (&self.prior, &self.reward)
        else {
            let (field, kind) = match &self.prior {
                Prior::Learned { .. } => ("reward.kind", self.reward.kind()),
                other => ("prior.kind", other.kind()),
            };
            let allowed = "`learned` above recorded steps: nothing else is known of them";
            return Err(ConfigError::new(field, format!("`{kind}`"), allowed));
        };
        let named = |field, name: &str, needed| match name.is_empty() {
            true => Err(ConfigError::missing(field, needed)),
            false => Ok(()),
        };
        named(
            "environment.data",
            data,
            "a file in D4RL's layout, or the name of a published set",
        )?;
        named(
            "prior.weights",
            behaviour,
            "a file that `rtb pretrain behaviour` wrote",
        )?;
        named(
            "reward.weights",
            critic,
            "a file that `rtb pretrain critic` wrote",
        )
    }

    /// Refuses a behaviour or a critic that is not known in the environment.
    fn check_known(&self) -> Checked {
        let world = &World::of(&self.environment)?;
        let behaviour = &Behaviour::of(&self.prior, world)?;
        if let Reward::Learned { .. } = self.reward {
            return Err(self.reward.only_above_steps());
        }
        if let (Reward::Expectile { .. }, World::Linear(_)) = (&self.reward, world) {
            return Err(ConfigError::new(
                "reward.kind",
                "`expectile`",
                "`behaviour` or `optimal` in a linear environment",
            ));
        }
        if let (World::Maze(_), Some(_)) = (world, behaviour.feedbacks()) {
            // Its Gaussians may be as wide as the maze, and the rule over actions is made for steps.
            return Err(ConfigError::new(
                "prior.kind",
                "`feedback`",
                "`wandering` in a maze",
            ));
        }
        Ok(())
    }

    /// Number of states that are learned: one without numbers is the only one.
    pub fn states(&self) -> usize {
        match &self.environment {
            Environment::Bandit { state: 0, .. } | Environment::Painted { .. } => 1,
            _ => self.episodes.states,
        }
    }
}

impl Problem for ControlProblem {
    fn task(&self) -> &'static str {
        super::NAME
    }

    fn validate(&self, run: &Run) -> Checked {
        match &self.environment {
            Environment::Recorded { data } => self.check_recorded(data)?,
            _ => self.check_known()?,
        }
        self.reward.validate()?;
        self.episodes.validate()?;
        if self.is_amortised() && run.objective.log_z == LogZ::Learned {
            return Err(ConfigError::new(
                "objective.log_z",
                "`learned`",
                "`vargrad`, as there is one posterior per state",
            ));
        }
        positive("tempering.beta", run.tempering.beta, 1e3)
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let (
            Environment::Recorded { data },
            Prior::Learned { weights: behaviour },
            Reward::Learned { weights: critic, .. },
        ) = (&self.environment, &self.prior, &self.reward)
        else {
            return Vec::new();
        };
        let trained = |role, name, field, what| FileNeed {
            role,
            name,
            field,
            kind: FileKind::Pretrained { what, data },
        };
        vec![
            FileNeed {
                role: STEPS,
                name: data,
                field: "environment.data",
                kind: FileKind::Steps,
            },
            trained("prior", behaviour, "prior.weights", "behaviour"),
            trained(CRITIC, critic, "reward.weights", "critic"),
        ]
    }

    fn conditions(&self) -> usize {
        self.states()
    }

    fn conditions_at_once(&self, batch: usize) -> usize {
        (batch / LEAST_OF_EACH / 2).clamp(1, self.states())
    }

    fn least_batch(&self) -> usize {
        if self.is_amortised() { 2 * LEAST_OF_EACH } else { 2 }
    }

    fn why_several(&self) -> &'static str {
        "there is one posterior per state"
    }

    /// The correction to the prior's kernels starts at 0.
    fn starts_at_prior(&self, _run: &Run) -> bool {
        true
    }

    fn langevin_is_of_host(&self) -> bool {
        true
    }

    fn without_langevin(&self) -> Option<&'static str> {
        None
    }
}
