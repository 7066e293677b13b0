//! One description of a run: prior, reward, process, objective, rollouts, optimiser, seed.
//!
//! [`Run`] is the TOML file of the native program, the message to a worker and, compressed, the
//! fragment of the page's URL ([`link`]). Whatever its origin, a value passes [`Run::validate`]
//! before anything is built from it, so the engine itself never meets a bad one.

mod digits;
mod error;
mod experiment;
mod files;
pub mod link;
mod method;
mod preset;
mod reward;
mod shipped;
mod stories;
mod table;
mod validate;

pub use error::ConfigError;
pub use experiment::{Experiment, experiments};
pub use files::FileNames;
pub use method::{Advantage, Method, MethodInfo};
pub use preset::{Preset, presets};
pub use reward::{ClassesBy, PAINT_LEVELS, Reward, Shape, Tempering};
pub use shipped::ShippedPrior;
pub use stories::{Corpus, Part, Story};
pub use table::{assignment, merge};
pub use validate::MOST_CANDIDATES;

use serde::{Deserialize, Serialize};

/// Half the side of the square `[−HALF_WIDTH, HALF_WIDTH]`² in which everything is drawn and every
/// exact integral is taken.
pub const HALF_WIDTH: f64 = 14.0;

/// Everything that determines a run. Two equal values give the same trajectories on every
/// backend up to rounding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Run {
    /// What people see as the run's title; presets put their own name here.
    pub name: String,
    /// Which family of state spaces the run lives in.
    pub task: Task,
    /// Seed of all noise, on the host.
    pub seed: u64,
    /// What is known of a story, for stories only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<Story>,
    /// Many stories in place of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus: Option<Corpus>,
    pub prior: Prior,
    pub reward: Reward,
    pub tempering: Tempering,
    pub method: Method,
    pub process: Process,
    pub network: Network,
    pub objective: Objective,
    pub rollout: Rollout,
    pub optimizer: Optimizer,
    pub training: Training,
    pub evaluation: Evaluation,
}

impl Run {
    /// Whether a posterior that nothing has trained yet is its prior, kernel by kernel: above images
    /// without the Langevin term, and above stories whose ending nobody asks for.
    pub fn starts_at_prior(&self) -> bool {
        match self.task {
            Task::Mixtures => false,
            Task::Digits => !self.network.langevin,
            Task::Stories => !self.reward.asks_for_ending(),
        }
    }

    /// Whether there is a gradient for the Langevin term, and a network with a scale for it.
    pub fn may_have_langevin(&self) -> bool {
        match self.task {
            Task::Mixtures => self.prior.kind == PriorKind::Exact,
            Task::Digits => self.reward.has_gradient(),
            Task::Stories => false,
        }
    }
}

impl Run {
    /// Posteriors that are trained at once, each under a condition of its own.
    pub fn conditions(&self) -> usize {
        match &self.corpus {
            Some(corpus) => corpus.stories,
            None => self.reward.conditions(),
        }
    }

    /// The methods of its task that can be used on it.
    pub fn methods(&self) -> Vec<Method> {
        let mut methods = self.task.methods();
        methods.retain(|method| self.takes(method));
        methods
    }

    /// Whether a method gives as many posteriors as there are: several at once have to be trained.
    fn takes(&self, method: &Method) -> bool {
        self.conditions() == 1 || method.is_trained()
    }

    /// Conditions that take part in an iteration.
    pub fn conditions_at_once(&self) -> usize {
        match &self.corpus {
            Some(corpus) => (self.rollout.batch / corpus.group).min(corpus.stories),
            None => self.reward.conditions(),
        }
    }

    /// The condition of a row where all have their turn.
    pub fn in_turn(&self, row: usize) -> usize {
        row % self.conditions()
    }

    /// The condition at a place of a picture, where those of one condition are neighbours.
    pub fn pictured(&self, place: usize, places: usize) -> usize {
        place * self.conditions() / places
    }
}

/// The state space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Points of the plane under a Gaussian mixture.
    #[default]
    Mixtures,
    /// Images of digits under a learned diffusion prior.
    Digits,
    /// The middle of a story under a language model that unmasks words.
    Stories,
}

impl Task {
    pub const ALL: [Self; 3] = [Self::Mixtures, Self::Digits, Self::Stories];

    /// Its name, as in the TOML file.
    pub fn name(self) -> &'static str {
        match self {
            Task::Mixtures => "mixtures",
            Task::Digits => "digits",
            Task::Stories => "stories",
        }
    }

    /// The run that fields which a file leaves out are taken from.
    pub fn defaults(self) -> Run {
        match self {
            Task::Mixtures => Run::default(),
            Task::Digits => digits::defaults(),
            Task::Stories => stories::defaults(),
        }
    }
}

/// One Gaussian of a mixture in the plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Relative weight, > 0; the weights of a mixture need not sum to one.
    pub weight: f64,
    pub mean: [f64; 2],
    /// The covariance as `[xx, xy, yy]`.
    pub covariance: [f64; 3],
}

impl Component {
    /// A component with covariance `variance`·I.
    pub fn isotropic(weight: f64, mean: [f64; 2], variance: f64) -> Self {
        Self {
            weight,
            mean,
            covariance: [variance, 0.0, variance],
        }
    }
}

/// The distribution to start from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prior {
    pub kind: PriorKind,
    /// For a learned prior: the name of weights the program ships, or a file of the native
    /// program (safetensors).
    pub weights: Option<String>,
    /// The mixture; none for digits and stories.
    pub components: Vec<Component>,
}

impl Default for Prior {
    fn default() -> Self {
        Self {
            kind: PriorKind::Exact,
            weights: None,
            components: preset::twenty_five(),
        }
    }
}

/// Where the prior's drift comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorKind {
    /// The closed form for the mixture.
    #[default]
    Exact,
    /// A network trained by `rtb pretrain` on samples of the mixture, on images or on stories.
    Learned,
}

/// The Markov chain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Process {
    /// T, the number of transitions from x_0 to x_T. A causal language model makes a word a step and
    /// ignores it.
    pub steps: usize,
    /// σ², the variance of the Brownian bridge per unit of time. The chains of images and of words
    /// have schedules of their own and ignore it.
    pub variance: f64,
    /// Divides the logits of a language model: below 1 it keeps to what is likely. Part of what the
    /// prior of stories is; points and images ignore it.
    pub temperature: f64,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            steps: 100,
            variance: 5.0,
            temperature: 1.0,
        }
    }
}

/// The posterior's network. Above a learned prior it is a copy of the prior's, whatever is said
/// here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Units of each hidden layer.
    pub width: usize,
    /// Number of hidden layers.
    pub depth: usize,
    /// Adds the Langevin term, ∇ log r times a learned scale, to the drift (arXiv 2405.20971, §E); of
    /// images, where the reward or a factor of it has a gradient.
    pub langevin: bool,
    /// Rank of the corrections that are trained of a posterior of images or stories, whose weights
    /// else are the prior's (LoRA, arXiv 2106.09685); 0 trains all weights. Mixtures ignore it.
    pub rank: usize,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            width: 64,
            depth: 2,
            langevin: false,
            rank: 0,
        }
    }
}

/// How log Z enters the residual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogZ {
    /// A parameter with a learning rate of its own.
    #[default]
    Learned,
    /// The mean over the batch of the same condition (VarGrad, arXiv 2010.10436).
    Vargrad,
}

/// How a trained method's loss is taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// For RTB and Trust-PCL.
    pub log_z: LogZ,
    /// Share of the T steps whose gradient is taken in an iteration, rescaled so that the gradient
    /// stays unbiased; 1 takes them all.
    pub step_share: f64,
    /// |δ| is clipped to this value in the gradient; 0 leaves it alone.
    pub residual_clip: f64,
    /// For RTB and Trust-PCL: steps of fresh trajectories without exploration answer for what their own
    /// noise had a part in, not for all of δ, which leaves the gradient unbiased and less noisy. r is
    /// asked T times as often.
    pub baseline: bool,
    /// Rows (trajectory, step) of one backward pass; memory grows with this, not with T.
    pub chunk: usize,
}

impl Default for Objective {
    fn default() -> Self {
        Self {
            log_z: LogZ::Learned,
            step_share: 1.0,
            residual_clip: 0.0,
            baseline: false,
            chunk: 2000,
        }
    }
}

/// Where trajectories come from. The shares of replay, of noised trajectories and of the prior's are
/// taken from the batch; what is left follows the policy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// Trajectories of one iteration.
    pub batch: usize,
    /// Extra variance of the policy's transitions at iteration 0, per unit of time, annealed
    /// linearly to 0. Where transitions make words, their log-probabilities are divided by 1 + this.
    pub exploration: f64,
    /// Iterations over which exploration is annealed; 0 never anneals.
    pub exploration_iterations: usize,
    /// Share of the batch noised back from end points in the replay buffer.
    pub replay_share: f64,
    /// Replay end points are drawn by reward, r^replay_priority; 0 draws uniformly.
    pub replay_priority: f64,
    /// End points kept.
    pub replay_capacity: usize,
    /// Share of the batch noised back from given end points: samples of the prior, resampled in
    /// proportion to r^β.
    pub noised_share: f64,
    /// Share of the batch that follows the prior.
    pub prior_share: f64,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            batch: 500,
            exploration: 0.0,
            exploration_iterations: 1000,
            replay_share: 0.0,
            replay_priority: 1.0,
            replay_capacity: 5000,
            noised_share: 0.25,
            prior_share: 0.0,
        }
    }
}

/// The optimisation algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    #[default]
    Adam,
    AdamW,
    RmsProp,
    Sgd,
}

/// How the learning rates change over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    Constant,
    /// Linear to `final_share` of the start.
    Linear,
    /// Cosine to `final_share` of the start.
    #[default]
    Cosine,
}

/// The optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Optimizer {
    pub algorithm: Algorithm,
    pub learning_rate: f64,
    /// Learning rate of log Z, where it is learned.
    pub log_z_learning_rate: f64,
    pub schedule: Schedule,
    /// The learning rate at the end of the run as a share of the one at its start.
    pub final_share: f64,
    /// Each parameter's gradient is clipped to this norm; 0 leaves it alone.
    pub gradient_clip: f64,
    /// Decay of the exponential moving average of the weights, which takes them in once an
    /// iteration; 0 turns it off.
    pub ema: f64,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Adam,
            learning_rate: 5e-3,
            log_z_learning_rate: 5e-2,
            schedule: Schedule::Cosine,
            final_share: 0.01,
            gradient_clip: 0.0,
            ema: 0.0,
        }
    }
}

/// How long to train and how often to save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    pub iterations: usize,
    /// Iterations between two checkpoints of the native program.
    pub checkpoint_every: usize,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            iterations: 2000,
            checkpoint_every: 200,
        }
    }
}

/// What is measured, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Samples of the final evaluation.
    pub samples: usize,
    /// Samples of the prior that the exact posterior is computed from, where it needs any.
    pub proposals: usize,
    /// Iterations between two evaluations while training; 0 evaluates only at the end.
    pub every: usize,
    /// Samples of an evaluation while training.
    pub samples_while_training: usize,
    /// Where it is more than 1, the final evaluation also measures samples each of which is one of so
    /// many, chosen in proportion to r·p_θ/p_φ.
    pub candidates: usize,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            samples: 20_000,
            proposals: 20_000,
            every: 100,
            samples_while_training: 2000,
            candidates: 1,
        }
    }
}
