//! A task of images: digits under a diffusion prior, and a reward of images.

use crate::config::{ConfigError, ImageReward, Run};
use crate::image::{CLASSES, PIXELS};
use crate::metric::{log_mean_exp, see};
use crate::network::{Classify, StridedClassifier, UNet};
use crate::noise::{self, Noise, Purpose};
use crate::prior::{DenoiserPrior, Denoising};
use crate::process::VariancePreserving;
use crate::reward::ImageLogReward;
use crate::rollout::{Chains, Follow, Replay};
use crate::sampler::effective_share;
use crate::session::{Learner, SessionError, Task};
use crate::train::{EndReward, tempered};
use burn::tensor::Device;

/// Images are `[PIXELS]`, −1 black to 1 white. The posterior is the prior's network with low-rank
/// corrections, or a whole copy of it.
pub struct Digits {
    run: Run,
    reward: ImageReward,
    rank: usize,
    prior: DenoiserPrior,
    classifier: StridedClassifier,
    device: Device,
}

impl Digits {
    /// The task of a run's chain length, rollouts, objective and optimiser. Of its own it has the
    /// reward, the rank of the posterior's corrections (0 trains all weights), the prior's network
    /// and the classifier that rewards ask.
    ///
    /// # Errors
    ///
    /// Where the run or the reward is refused.
    pub fn new(
        run: Run,
        reward: ImageReward,
        rank: usize,
        network: UNet,
        classifier: StridedClassifier,
        device: Device,
    ) -> Result<Self, ConfigError> {
        run.validate()?;
        reward.validate()?;
        Ok(Self {
            prior: DenoiserPrior::new(network, run.process.steps),
            run,
            reward,
            rank,
            classifier,
            device,
        })
    }
}

/// The exact posterior of the prior's own chain: its images, kept with probability r^β. Rewards of
/// images are at most 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageTruth {
    /// log E\[r^β\], and its standard error.
    pub log_z: f64,
    pub log_z_error: f64,
    /// What was kept, `[count][PIXELS]`.
    pub images: Vec<f32>,
    /// Mean tempered log r of it.
    pub log_reward: f64,
}

/// How a learned posterior of images compares to the exact one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageFit {
    /// log mean of the importance weights r^β·p_θ(τ)/p_φ(τ).
    pub log_z_importance: f64,
    /// Effective sample size of those weights over the number of samples.
    pub ess: f64,
    /// Mean tempered log r.
    pub log_reward: f64,
    /// Fréchet distance of the evaluation classifier's features to those of the exact posterior.
    pub fid: f64,
    /// Mean cosine distance of two images' features.
    pub diversity: f64,
    pub diversity_exact: f64,
    /// Share of every class in the eyes of the evaluation classifier.
    pub classes: [f64; CLASSES],
    pub classes_exact: [f64; CLASSES],
    /// Images behind these figures.
    pub samples: usize,
}

impl Digits {
    /// Rejection from `proposals` images of the prior's chain.
    ///
    /// # Errors
    ///
    /// Where the device fails, or fewer than two images are kept.
    pub async fn truth(&self, proposals: usize) -> Result<ImageTruth, SessionError> {
        let noise = self.noise();
        let images = self
            .prior
            .samples(&noise, Purpose::PriorEvaluation, proposals, &self.device)
            .await
            .map_err(SessionError::Device)?;
        let beta = self.run.tempering.beta;
        let log_r = tempered(self.reward().as_ref(), beta, &images).await;
        let log_r = log_r.map_err(SessionError::Device)?;
        let mut draw = noise.stream(Purpose::Acceptance, 0);
        let kept: Vec<usize> = (0..proposals)
            .filter(|at| noise::uniform(&mut draw).ln() < log_r[*at])
            .collect();
        if kept.len() < 2 {
            return Err(SessionError::Method(format!(
                "rejection kept {} of {proposals} images: r is too rare under the prior",
                kept.len()
            )));
        }
        let count = proposals as f64;
        let mean = log_r.iter().map(|l| l.exp()).sum::<f64>() / count;
        let square = log_r.iter().map(|l| (2.0 * l).exp()).sum::<f64>() / count;
        let of_kept = kept.iter().map(|at| log_r[*at]);
        Ok(ImageTruth {
            log_z: mean.ln(),
            log_z_error: ((square - mean * mean) / count).sqrt() / mean,
            log_reward: of_kept.sum::<f64>() / kept.len() as f64,
            images: kept
                .iter()
                .flat_map(|at| &images[at * PIXELS..(at + 1) * PIXELS])
                .copied()
                .collect(),
        })
    }
}

impl Learner<Digits> {
    /// The figures over `count` images of the policy; `judge` is a classifier that no reward uses.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn fit<N: Classify + Sync>(
        &self,
        truth: &ImageTruth,
        judge: &N,
        count: usize,
    ) -> Result<ImageFit, SessionError> {
        let follow = Follow::Policy { exploration: 0.0 };
        let made = self.simulate(follow, Purpose::Evaluation, count).await?;
        let weights = made.log_weights();
        let device = &self.task.device;
        let learned = see(judge, &made.ends, device)
            .await
            .map_err(SessionError::Device)?;
        let exact = see(judge, &truth.images, device)
            .await
            .map_err(SessionError::Device)?;
        Ok(ImageFit {
            log_z_importance: log_mean_exp(weights.iter().copied()),
            ess: effective_share(&weights),
            log_reward: made.log_reward.iter().sum::<f64>() / count as f64,
            fid: learned.moments().frechet(&exact.moments()),
            diversity: learned.diversity(),
            diversity_exact: exact.diversity(),
            classes: learned.histogram(),
            classes_exact: exact.histogram(),
            samples: count,
        })
    }
}

impl Task for Digits {
    type Process = VariancePreserving;
    type Prior = DenoiserPrior;
    type Policy = Denoising;

    const CHUNK: usize = 128;

    fn run(&self) -> &Run {
        &self.run
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn noise(&self) -> Noise {
        Noise::new(self.run.seed)
    }

    fn chains(&self) -> Chains<VariancePreserving, DenoiserPrior, Denoising> {
        Chains {
            process: self.prior.denoising().process,
            prior: self.prior.clone(),
            policy: self.prior.denoising(),
            device: self.device.clone(),
        }
    }

    fn network(&self) -> UNet {
        let network = self.prior.network().clone();
        match self.rank {
            0 => network,
            rank => network.adapted(rank, &self.noise(), &self.device),
        }
    }

    fn reward(&self) -> Box<dyn EndReward> {
        Box::new(ImageLogReward::new(
            self.reward.clone(),
            self.run.tempering.floor,
            self.classifier.clone(),
            self.device.clone(),
        ))
    }

    /// None: training starts from the policy's own trajectories, which are the prior's.
    fn given(&self) -> Replay {
        Replay::new(1, self.prior.denoising().process.dimensions)
    }
}
