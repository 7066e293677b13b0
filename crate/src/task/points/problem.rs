//! What a run of points is about: a prior of named coordinates, and a reward.

use super::component::{self, Component};
use super::marginal::Coordinate;
use super::names::MOST_COORDINATES;
use super::observations::{LEAST_OF_EACH, Observations};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, range, whole};
use crate::run::{Command, FileKind, FileNeed, MOST_FACTORS, Onnx, OnnxDenoiser, Problem, Run};
use crate::task::formula::{Formula, Names};
use serde::{Deserialize, Serialize};

/// The role of the prior's file.
pub(super) const PRIOR: &str = "prior";
/// Largest absolute value of a known log Z.
const MOST_LOG_Z: f64 = 1e9;
/// The roles of the files of rewards.
const ROLES: [&str; MOST_FACTORS] = [
    "reward", "reward-1", "reward-2", "reward-3", "reward-4", "reward-5", "reward-6", "reward-7",
];

/// Prior and reward of points of R^d.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PointsProblem {
    /// The prior p(x).
    pub prior: Prior,
    /// The reward r(x).
    pub reward: Reward,
    /// What is known of the posterior from elsewhere, to hold the run against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Many observations: the run has a posterior for each, and one network learns them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observations: Option<Observations>,
}

impl Default for PointsProblem {
    fn default() -> Self {
        let normal = |name: &str| Coordinate::Normal {
            name: name.to_owned(),
            mean: 0.0,
            deviation: 1.0,
        };
        Self {
            prior: Prior::Marginals {
                coordinates: vec![normal("x1"), normal("x2")],
            },
            reward: Reward::default(),
            reference: None,
            observations: None,
        }
    }
}

/// What is known of the posterior from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Reference {
    /// Samples of it that somebody else made: a table (CSV with a header, or .npy) with a column for each coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<String>,
    /// log ∫ p(x)·r(x) dx, where it is known. It is the exact log Z where `tempering.beta` is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_z: Option<f64>,
}

impl Reference {
    fn validate(&self, beside_observations: bool) -> Checked {
        if let Some(log_z) = self.log_z {
            range("reference.log_z", log_z, -MOST_LOG_Z, MOST_LOG_Z)?;
        }
        let (field, value) = match (&self.samples, self.log_z) {
            (Some(samples), _) => ("reference.samples", format!("`{samples}`")),
            (None, Some(log_z)) => ("reference.log_z", log_z.to_string()),
            (None, None) => return Err(ConfigError::missing("reference", "`samples`, `log_z` or both")),
        };
        match beside_observations {
            false => Ok(()),
            true => Err(ConfigError::new(
                field,
                format!("{value} beside observations"),
                "no reference: it is of a single posterior",
            )),
        }
    }
}

/// The prior p(x).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Prior {
    /// Independent coordinates, each with a law of its own. The chain runs in the space of the standard normal
    /// noise that they are made of (outsourced diffusion, arXiv 2502.06999), so the prior is exact for any T.
    Marginals {
        /// The coordinates, each with a name and the parameters of its family.
        coordinates: Vec<Coordinate>,
    },
    /// A mixture of Gaussians; the drift of its chain has a closed form.
    Mixture {
        /// The names of the coordinates; x1, x2, … if there are none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
        /// The Gaussians.
        components: Vec<Component>,
    },
    /// A network that `rtb pretrain points` trained on samples.
    Learned {
        /// The file of its weights, which also names the coordinates.
        weights: String,
    },
    /// A flow that `rtb pretrain flow` trained, or one that ships: x = f(z) of standard normal noise z, in whose space the
    /// chain runs, so the prior is exact for any T. f has an inverse, so p(x) is known.
    Flow {
        /// The file of its weights, which also names the coordinates.
        weights: String,
    },
    /// A denoiser that somebody else trained, as an ONNX file. The prior is what the run's chain makes of it.
    Onnx(Box<OnnxDenoiser>),
}

/// The reward r(x).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// A formula in the names of the coordinates, and of the columns of observations, for r or log r.
    Formula {
        /// The formula, as for mixtures, in these names. With `data`, `sum(…)` and `mean(…)` go over the
        /// rows of the table, whose columns have their names there.
        expression: String,
        /// Whether the formula's value is log r; otherwise it is r.
        #[serde(default)]
        logarithm: bool,
        /// A table (CSV with a header, or .npy) whose columns `sum` and `mean` may name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
    },
    /// A program that is given points, each followed by its observation if there are any, and answers with log r. Both are
    /// .npy arrays of float64, one a batch, whose first axis goes over the points.
    Command(Command),
    /// An ONNX model that is given points, each followed by its observation if there are any.
    Onnx(Onnx),
    /// 1/p(x), where p is the density of the prior's `marginals` or `flow`. In a product, what the other factors hold is then
    /// the posterior's density itself, up to Z, and the prior is where the chain starts: a sampler of an energy.
    OverPrior {},
    /// The product of rewards.
    Product {
        /// The factors.
        rewards: Vec<Reward>,
    },
}

/// The kinds of [`Reward`], as in the TOML file.
pub const REWARDS: &[&str] = &["formula", "command", "onnx", "over_prior", "product"];

impl Default for Reward {
    fn default() -> Self {
        Self::Formula {
            expression: "-4*(x2 - x1^2)^2 - x1^2/8".to_owned(),
            logarithm: true,
            data: None,
        }
    }
}

impl Reward {
    /// The factors of a product, or the reward itself, with their fields.
    pub(super) fn factors(&self) -> Vec<(String, &Self)> {
        match self {
            Self::Product { rewards } => rewards
                .iter()
                .enumerate()
                .map(|(at, factor)| (format!("reward.rewards[{at}]"), factor))
                .collect(),
            one => vec![("reward".to_owned(), one)],
        }
    }

    /// The role of the file of a factor.
    #[cfg(feature = "engine")]
    pub(super) fn role(factor: usize) -> &'static str {
        ROLES[factor]
    }

    fn validate(&self) -> Checked {
        let factors = self.factors();
        whole("the number of reward.rewards", factors.len(), 1, MOST_FACTORS)?;
        for (field, factor) in factors {
            match factor {
                Self::Formula { expression, .. } => {
                    let length = expression.chars().count();
                    whole(&format!("the length of {field}.expression"), length, 1, 5000)?;
                }
                Self::Command(command) => command.validate(&field)?,
                Self::Onnx(onnx) => onnx.validate_without_images(&field)?,
                Self::OverPrior {} => {}
                Self::Product { .. } => {
                    return Err(ConfigError::new(
                        format!("{field}.kind"),
                        "`product`",
                        "no product within a product",
                    ));
                }
            }
        }
        Ok(())
    }
}

impl PointsProblem {
    /// The problem of a run of points.
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

    /// Refuses to divide by a density that is not known.
    fn check_density(&self) -> Checked {
        let over_prior = |(_, factor): &(String, &Reward)| matches!(factor, Reward::OverPrior {});
        match (self.reward.factors().into_iter().find(over_prior), &self.prior) {
            (None, _) | (_, Prior::Marginals { .. } | Prior::Flow { .. }) => Ok(()),
            (Some((field, _)), _) => Err(ConfigError::new(
                format!("{field}.kind"),
                "`over_prior`",
                "it above a prior of `marginals` or a `flow`, whose density is known",
            )),
        }
    }

    /// Refuses formulas that cannot be compiled, as far as all names that they may use are known without a file.
    fn check_formulas(&self) -> Checked {
        let (Some(names), None) = (self.prior.names(), &self.observations) else {
            return Ok(());
        };
        let names = Names {
            coordinates: &names,
            columns: &[],
        };
        for (field, factor) in self.reward.factors() {
            if let Reward::Formula {
                expression,
                data: None,
                ..
            } = factor
            {
                Formula::new(&format!("{field}.expression"), expression, names)?;
            }
        }
        Ok(())
    }
}

impl Prior {
    /// The names of the coordinates; `None` where a file has them.
    pub fn names(&self) -> Option<Vec<String>> {
        match self {
            Self::Marginals { coordinates } => {
                Some(coordinates.iter().map(|c| c.name().to_owned()).collect())
            }
            Self::Mixture { names, components } if names.is_empty() => {
                let d = components.first().map_or(0, |c| c.mean.len());
                Some((1..=d).map(|at| format!("x{at}")).collect())
            }
            Self::Mixture { names, .. } => Some(names.clone()),
            Self::Onnx(denoiser) => Some(denoiser.names.clone()),
            Self::Learned { .. } | Self::Flow { .. } => None,
        }
    }

    fn validate(&self) -> Checked {
        let names = self.names().unwrap_or_default();
        match self {
            Self::Marginals { coordinates } => {
                whole(
                    "the number of prior.coordinates",
                    coordinates.len(),
                    1,
                    MOST_COORDINATES,
                )?;
                for (at, coordinate) in coordinates.iter().enumerate() {
                    let checked = coordinate.validate(&format!("prior.coordinates[{at}]"));
                    checked.map_err(|error| error.of(coordinate.name()))?;
                }
                super::names::check(&names, |at| format!("the name of coordinate {}", at + 1))
            }
            Self::Mixture {
                names: own,
                components,
            } => {
                component::check_all(components, own)?;
                super::names::check(&names, |_| "prior.names".to_owned())
            }
            Self::Learned { weights } if weights.is_empty() => Err(ConfigError::missing(
                "prior.weights",
                "a file that `rtb pretrain points` wrote",
            )),
            Self::Flow { weights } if weights.is_empty() => Err(ConfigError::missing(
                "prior.weights",
                "a file that `rtb pretrain flow` wrote, or `flow-25`, which ships",
            )),
            Self::Learned { .. } | Self::Flow { .. } => Ok(()),
            Self::Onnx(denoiser) => {
                whole(
                    "the number of prior.names",
                    denoiser.names.len(),
                    1,
                    MOST_COORDINATES,
                )?;
                denoiser.validate("prior")?;
                super::names::check(&names, |_| "prior.names".to_owned())
            }
        }
    }
}

impl Problem for PointsProblem {
    fn task(&self) -> &'static str {
        super::NAME
    }

    fn validate(&self, run: &Run) -> Checked {
        self.prior.validate()?;
        self.reward.validate()?;
        if let Some(observations) = &self.observations {
            observations.validate(run)?;
        }
        if let Some(reference) = &self.reference {
            reference.validate(self.observations.is_some())?;
        }
        self.check_formulas()?;
        self.check_density()?;
        whole("evaluation.proposals", run.evaluation.proposals, 100, 10_000_000)
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let mut needs = Vec::new();
        let prior = match &self.prior {
            Prior::Learned { weights } | Prior::Flow { weights } => {
                Some((&**weights, "prior.weights", FileKind::Weights))
            }
            Prior::Onnx(denoiser) => Some((
                &*denoiser.model,
                "prior.model",
                FileKind::Denoiser(denoiser.file()),
            )),
            Prior::Marginals { .. } | Prior::Mixture { .. } => None,
        };
        needs.extend(prior.map(|(name, field, kind)| FileNeed {
            role: PRIOR,
            name,
            field,
            kind,
        }));
        for (at, (_, factor)) in self.reward.factors().into_iter().enumerate() {
            let (name, field, kind) = match factor {
                Reward::Formula { data: Some(data), .. } => (&**data, "reward.data", FileKind::Table),
                Reward::Command(command) => (command.program(), "reward.run", FileKind::Command(command)),
                Reward::Onnx(onnx) => (&*onnx.model, "reward.model", FileKind::Onnx(onnx)),
                Reward::Formula { data: None, .. } | Reward::OverPrior {} | Reward::Product { .. } => {
                    continue;
                }
            };
            needs.push(FileNeed {
                role: ROLES[at],
                name,
                field,
                kind,
            });
        }
        if let Some(samples) = self.reference.as_ref().and_then(|known| known.samples.as_ref()) {
            needs.push(FileNeed {
                role: "reference",
                name: samples,
                field: "reference.samples",
                kind: FileKind::Table,
            });
        }
        if let Some(observations) = &self.observations {
            needs.extend(observations.files());
        }
        needs
    }

    fn is_amortised(&self) -> bool {
        self.observations.is_some()
    }

    fn least_batch(&self) -> usize {
        self.observations.as_ref().map_or(2, |_| LEAST_OF_EACH)
    }

    fn why_several(&self) -> &'static str {
        "there is one posterior per observation"
    }

    /// The correction to the prior's kernels starts at 0.
    fn starts_at_prior(&self, _run: &Run) -> bool {
        true
    }

    fn langevin_is_of_host(&self) -> bool {
        true
    }

    fn without_langevin(&self) -> Option<&'static str> {
        let outside = |(_, factor): (String, &Reward)| matches!(factor, Reward::Command(_) | Reward::Onnx(_));
        if self.reward.factors().into_iter().any(outside) {
            return Some("false with a script or a model as reward: it has no gradient");
        }
        let flow = matches!(self.prior, Prior::Flow { .. });
        flow.then_some("false above a flow: there is no gradient through it")
    }
}
