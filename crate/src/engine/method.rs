//! The methods, trained and training-free, that a run can use to make its posterior.

use super::{ConfigError, check};
use serde::{Deserialize, Serialize};

/// Most points at which a population's reward is evaluated at once.
const MOST_POINTS: usize = 10_000_000;

/// The method of a run. A trained method changes a copy of the prior, iteration by iteration; a
/// training-free one draws weighted samples from the prior's own chain and is run by `rtb compare`.
///
/// A method without settings is an empty struct, not a unit: serde would let a unit have any fields.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Relative trajectory balance (arXiv 2405.20971, eq. 8). Trained.
    Rtb {},
    /// Path consistency with entropy weight α (Trust-PCL, arXiv 1707.01891) for the reward α·log r.
    /// Trained; its loss is α² times RTB's.
    TrustPcl {
        /// The entropy weight α.
        #[serde(default = "default::one")]
        alpha: f64,
    },
    /// REINFORCE on the policy's own trajectories, with the batch mean as baseline. Trained.
    PolicyGradient {
        /// What the policy is made to increase.
        #[serde(default)]
        advantage: Advantage,
        /// Weight of the penalty on the path's KL to the prior; 0 leaves it out.
        #[serde(default = "default::one")]
        kl_weight: f64,
    },
    /// Denoising diffusion policy optimisation with clipped importance ratios (DDPO-IS,
    /// arXiv 2305.13301). Trained; it has no KL term and maximises log r.
    Ddpo {
        /// ε: the importance ratio of a step is clipped to `[1 − ε, 1 + ε]`.
        #[serde(default = "default::clip")]
        clip: f64,
        /// Optimiser steps on each batch.
        #[serde(default = "default::epochs")]
        epochs: usize,
    },
    /// Policy gradient with the KL of every step to the prior's (DPOK, arXiv 2305.16381). Trained.
    Dpok {
        /// Weight of Σ_i KL(p_φ(·|x_i) ‖ p_θ(·|x_i)); log r has weight 1.
        #[serde(default = "default::one")]
        kl_weight: f64,
        /// ε: the importance ratio of a step is clipped to `[1 − ε, 1 + ε]`.
        #[serde(default = "default::clip")]
        clip: f64,
        /// Optimiser steps on each batch.
        #[serde(default = "default::epochs")]
        epochs: usize,
    },
    /// Samples of the prior, weighted by r. Training-free.
    Importance {
        /// Prior samples that are drawn and weighted, as a multiple of the samples wanted.
        #[serde(default = "default::one_each")]
        proposals: usize,
    },
    /// Samples of the prior, each kept with probability r/max r. Training-free.
    Rejection {
        /// Most prior samples drawn, as a multiple of the samples wanted.
        #[serde(default = "default::proposals")]
        proposals: usize,
    },
    /// Classifier guidance (arXiv 2105.05233): adds ∇ log r at the noisy state to the score. Training-free
    /// and biased.
    Guidance {
        /// Factor of the gradient that is added to the score; 0 samples the prior.
        #[serde(default = "default::one")]
        scale: f64,
    },
    /// Diffusion posterior sampling (arXiv 2209.14687): adds the gradient of log r at the expected end
    /// point to the score. Training-free and biased.
    Dps {
        /// Factor of the gradient that is added to the score; 0 samples the prior.
        #[serde(default = "default::one")]
        scale: f64,
        /// Whether each sample's gradient is divided by √(2·(log max r − log r)), which for a Gaussian
        /// measurement is the norm of the residual.
        #[serde(default)]
        normalized: bool,
    },
    /// Loss-guided diffusion by Monte Carlo (LGD-MC, ICML 2023): as `dps`, with r averaged around the
    /// expected end point. Training-free and biased.
    LgdMc {
        /// Factor of the gradient that is added to the score; 0 samples the prior.
        #[serde(default = "default::one")]
        scale: f64,
        /// Points over which r is averaged.
        #[serde(default = "default::points")]
        points: usize,
    },
    /// Sequential Monte Carlo on the prior's chain, with weights from the Radon–Nikodym estimator (RNE,
    /// arXiv 2506.05668). Training-free.
    Smc {
        /// Particles of a population. Populations are drawn until there are enough samples; the particles times
        /// `points` are at most 10,000,000.
        #[serde(default = "default::particles")]
        particles: usize,
        /// Particles are resampled when their effective share falls below this; 0 never resamples.
        #[serde(default = "default::resample_below")]
        resample_below: f64,
        /// Points of the Monte Carlo estimate of log `E[r | x_t]` in the intermediate targets; 0 applies the
        /// reward at the end only. Chains of words need 0.
        #[serde(default = "default::smc_points")]
        points: usize,
        /// Factor of that estimate's gradient in the proposal; 0 proposes from the prior and needs no
        /// gradient. Must be 0 where `points` is 0.
        #[serde(default)]
        guidance: f64,
    },
    /// Sequential Monte Carlo over powers of the reward from 0 to 1, with Metropolis moves of the prior's noise
    /// (preconditioned Crank–Nicolson). Training-free; it needs no gradient.
    AnnealedSmc {
        /// Particles of a population. Populations are drawn until there are enough samples.
        #[serde(default = "default::particles")]
        particles: usize,
        /// Effective share of the particles that an increase of the power leaves.
        #[serde(default = "default::resample_below")]
        resample_below: f64,
        /// Metropolis moves after each increase of the power.
        #[serde(default = "default::moves")]
        moves: usize,
    },
    /// Independent Metropolis chains of the prior's noise (preconditioned Crank–Nicolson), each from a sample of the
    /// prior. Training-free; it needs no gradient, and says nothing of Z.
    Metropolis {
        /// Moves of a chain; its last state is the sample.
        #[serde(default = "default::chain")]
        moves: usize,
    },
    /// Independent chains of Hamiltonian Monte Carlo of the prior's noise (Hilbert-space HMC, Beskos et al. 2011), each from
    /// a sample of the prior. Training-free; it needs the gradient of log r, and says nothing of Z.
    Hmc {
        /// Moves of a chain; its last state is the sample.
        #[serde(default = "default::flights")]
        moves: usize,
        /// Leapfrog steps of a move, each with a gradient; with 1 it is a Langevin move (MALA).
        #[serde(default = "default::leapfrog")]
        leapfrog: usize,
    },
}

impl Default for Method {
    fn default() -> Self {
        Self::Rtb {}
    }
}

mod default {
    pub const fn one() -> f64 {
        1.0
    }
    pub const fn clip() -> f64 {
        0.1
    }
    pub const fn epochs() -> usize {
        2
    }
    pub const fn proposals() -> usize {
        100
    }
    pub const fn one_each() -> usize {
        1
    }
    pub const fn points() -> usize {
        8
    }
    pub const fn smc_points() -> usize {
        16
    }
    pub const fn particles() -> usize {
        5000
    }
    pub const fn resample_below() -> f64 {
        0.5
    }
    pub const fn moves() -> usize {
        20
    }
    pub const fn chain() -> usize {
        200
    }
    pub const fn flights() -> usize {
        20
    }
    pub const fn leapfrog() -> usize {
        5
    }
}

/// What a policy gradient increases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Advantage {
    /// log r − kl_weight·(log p_φ − log p_θ). With `kl_weight = 1` its optimum is p·r.
    #[default]
    LogReward,
    /// r, with kl_weight·(log p_φ − log p_θ)² added to the loss, as in the paper's code. Its optimum is
    /// p·exp(r/(2·kl_weight)).
    Reward,
}

/// A method's name, and a sentence about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodInfo {
    /// Its name on the command line and in tables.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// One sentence about it: what it does, where it is right or wrong.
    pub description: &'static str,
}

impl Method {
    /// Whether it is trained before it samples.
    pub fn is_trained(&self) -> bool {
        matches!(
            self,
            Self::Rtb {}
                | Self::TrustPcl { .. }
                | Self::PolicyGradient { .. }
                | Self::Ddpo { .. }
                | Self::Dpok { .. }
        )
    }

    /// Whether it may only be trained on the policy's own trajectories; exploration, replay and
    /// noised end points are then left out.
    pub fn is_on_policy(&self) -> bool {
        matches!(
            self,
            Self::PolicyGradient { .. } | Self::Ddpo { .. } | Self::Dpok { .. }
        )
    }

    /// Every method with its default settings, in the order of a comparison. A task may have others.
    pub fn all() -> Vec<Method> {
        let (one, points) = (default::one(), default::points());
        let (clip, epochs) = (default::clip(), default::epochs());
        vec![
            Self::Rtb {},
            Self::TrustPcl { alpha: one },
            Self::PolicyGradient {
                advantage: Advantage::LogReward,
                kl_weight: one,
            },
            Self::PolicyGradient {
                advantage: Advantage::LogReward,
                kl_weight: 0.0,
            },
            Self::PolicyGradient {
                advantage: Advantage::Reward,
                kl_weight: one,
            },
            Self::Ddpo { clip, epochs },
            Self::Dpok {
                kl_weight: one,
                clip,
                epochs,
            },
            Self::Importance {
                proposals: default::one_each(),
            },
            Self::Rejection {
                proposals: default::proposals(),
            },
            Self::Guidance { scale: one },
            Self::Dps {
                scale: one,
                normalized: false,
            },
            Self::Dps {
                scale: one,
                normalized: true,
            },
            Self::LgdMc { scale: one, points },
            Self::Smc {
                particles: default::particles(),
                resample_below: default::resample_below(),
                points: default::smc_points(),
                guidance: 0.0,
            },
            Self::AnnealedSmc {
                particles: default::particles(),
                resample_below: default::resample_below(),
                moves: default::moves(),
            },
            Self::Metropolis {
                moves: default::chain(),
            },
            Self::Hmc {
                moves: default::flights(),
                leapfrog: default::leapfrog(),
            },
        ]
    }

    /// The method of that name, with its default settings.
    ///
    /// # Errors
    ///
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        let all = Self::all();
        let names: Vec<_> = all.iter().map(|m| m.info().name).collect();
        all.iter()
            .find(|m| m.info().name == name)
            .copied()
            .ok_or_else(|| {
                ConfigError::new(
                    "method",
                    format!("`{name}`"),
                    format!("one of {}", names.join(", ")),
                )
            })
    }

    /// Name, title and description.
    pub fn info(&self) -> MethodInfo {
        let info = |name, title, description| MethodInfo {
            name,
            title,
            description,
        };
        match self {
            Self::Rtb {} => info(
                "rtb",
                "RTB",
                "Relative trajectory balance: minimises the squared residual of trajectories, on-policy or off-policy; its optimum is p·r.",
            ),
            Self::TrustPcl { .. } => info(
                "trust-pcl",
                "Trust-PCL",
                "Path consistency of entropy-regularised reinforcement learning: its loss is α² times that of RTB.",
            ),
            Self::PolicyGradient {
                advantage: Advantage::LogReward,
                kl_weight,
            } if *kl_weight > 0.0 => info(
                "policy-gradient-kl",
                "Policy gradient, log r − KL",
                "REINFORCE on log r with the trajectory's KL to the prior: it follows the gradient of KL(policy ‖ p·r), but only on-policy.",
            ),
            Self::PolicyGradient {
                advantage: Advantage::LogReward,
                ..
            } => info(
                "policy-gradient",
                "Policy gradient, log r",
                "REINFORCE on log r without a penalty: it seeks the best sample and forgets the prior.",
            ),
            Self::PolicyGradient { .. } => info(
                "policy-gradient-reward",
                "Policy gradient, r (paper's code)",
                "REINFORCE on r with a squared penalty on the trajectory: its optimum is p·exp(r/2α), which is not p·r for any α.",
            ),
            Self::Ddpo { .. } => info(
                "ddpo",
                "DDPO",
                "Policy gradient with clipped importance ratios and no penalty: it maximises log r.",
            ),
            Self::Dpok { .. } => info(
                "dpok",
                "DPOK",
                "Policy gradient with the KL of each step to the prior at the visited states; its gradient ignores that the policy changes which states are visited.",
            ),
            Self::Importance { .. } => info(
                "importance",
                "Importance resampling",
                "Resamples prior samples in proportion to r: exact in the limit of many samples, wasteful where a high r is rare.",
            ),
            Self::Rejection { .. } => info(
                "rejection",
                "Rejection",
                "Keeps each prior sample with probability r/max r: exact samples for the discretised prior, as far as max r is known.",
            ),
            Self::Guidance { .. } => info(
                "guidance",
                "Classifier guidance",
                "Adds the gradient of log r at the noisy state to every step: biased, because r is not meant for noisy states.",
            ),
            Self::Dps {
                normalized: false, ..
            } => info(
                "dps",
                "DPS",
                "Adds the gradient of log r at the expected end point to every step: biased, because it uses r(E[x]) instead of E[r(x)].",
            ),
            Self::Dps { .. } => info(
                "dps-normalized",
                "DPS, normalised",
                "DPS with the gradient of each sample divided by the norm of its residual, as in the DPS paper.",
            ),
            Self::LgdMc { .. } => info(
                "lgd-mc",
                "LGD-MC",
                "Like DPS, but r is averaged over points around the expected end point.",
            ),
            Self::Smc { .. } => info(
                "smc",
                "SMC (RNE)",
                "Sequential Monte Carlo: particles follow the prior's chain, are weighted by Radon–Nikodym ratios and resampled between steps.",
            ),
            Self::AnnealedSmc { .. } => info(
                "annealed-smc",
                "Annealed SMC (pCN)",
                "Particles of the prior are resampled towards rising powers of r and moved by Metropolis steps of their noise: exact in the limit of many particles and moves.",
            ),
            Self::Metropolis { .. } => info(
                "metropolis",
                "Metropolis (pCN)",
                "Chains of Metropolis steps of the prior's noise, from samples of the prior: exact in the limit of many moves, slow between modes that are apart.",
            ),
            Self::Hmc { .. } => info(
                "hmc",
                "HMC",
                "Chains of Hamiltonian moves of the prior's noise along ∇ log r, from samples of the prior: exact in the limit of many moves, slow between modes that are apart.",
            ),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        use check::{positive, range, whole};
        match *self {
            Self::Rtb {} => Ok(()),
            Self::TrustPcl { alpha } => positive("method.alpha", alpha, 100.0),
            Self::PolicyGradient { kl_weight, .. } => range("method.kl_weight", kl_weight, 0.0, 1000.0),
            Self::Ddpo { clip, epochs } => clipping(clip, epochs),
            Self::Dpok {
                kl_weight,
                clip,
                epochs,
            } => {
                positive("method.kl_weight", kl_weight, 1000.0)?;
                clipping(clip, epochs)
            }
            Self::Importance { proposals } => whole("method.proposals", proposals, 1, 10_000),
            Self::Rejection { proposals } => whole("method.proposals", proposals, 1, 1_000_000),
            Self::AnnealedSmc {
                particles,
                resample_below,
                moves,
            } => {
                whole("method.particles", particles, 10, 1_000_000)?;
                range("method.resample_below", resample_below, 0.01, 0.99)?;
                whole("method.moves", moves, 1, 10_000)
            }
            Self::Metropolis { moves } => whole("method.moves", moves, 1, 100_000),
            Self::Hmc { moves, leapfrog } => {
                whole("method.moves", moves, 1, 100_000)?;
                whole("method.leapfrog", leapfrog, 1, 1000)
            }
            Self::Guidance { scale } | Self::Dps { scale, .. } => range("method.scale", scale, 0.0, 100.0),
            Self::LgdMc { scale, points } => {
                range("method.scale", scale, 0.0, 100.0)?;
                whole("method.points", points, 1, 1000)
            }
            Self::Smc {
                particles,
                resample_below,
                points,
                guidance,
            } => {
                whole("method.particles", particles, 10, 1_000_000)?;
                range("method.resample_below", resample_below, 0.0, 1.0)?;
                whole("method.points", points, 0, 1000)?;
                whole(
                    "method.particles × method.points",
                    particles.saturating_mul(points),
                    0,
                    MOST_POINTS,
                )?;
                range("method.guidance", guidance, 0.0, 10.0)?;
                if guidance > 0.0 && points == 0 {
                    return Err(ConfigError::new(
                        "method.guidance",
                        guidance,
                        "0, or set method.points above 0: guidance is the gradient of their average",
                    ));
                }
                Ok(())
            }
        }
    }
}

fn clipping(clip: f64, epochs: usize) -> Result<(), ConfigError> {
    check::positive("method.clip", clip, 10.0)?;
    check::whole("method.epochs", epochs, 1, 100)
}
