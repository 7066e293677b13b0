//! One method on one run: trained where it has to be, then sampled and held against the truth.
//!
//! A comparison is a list of trials on the same prior, reward and seed.

use crate::config::{Method, PriorKind, Reward, Run};
use crate::message::Outcome;
use crate::metric::{self, log_mean_exp, weighted};
use crate::mixture::Mixture;
use crate::noise::Purpose;
use crate::objective::{objective, selected};
use crate::plane::{Plane, device_name};
use crate::prior::{ExactPrior, PlanePrior};
use crate::process::BrownianBridge;
use crate::sampler::{
    AroundTheEnd, Blind, Composed, Guidance, Guided, Importance, LookAhead, Population, Rejection, Sampler,
    Setting, Smc, Tilted, effective_share, systematic,
};
use crate::session::{Session, SessionError};
use burn::tensor::Device;
use web_time::Instant;

/// Samples of a picture.
const PICTURED: usize = 4000;
/// Samples that a method without populations of its own draws at once.
const BLOCK: usize = 5000;

/// A method at work on a run.
pub struct Trial {
    kind: Kind,
    /// The samples of the last outcome, and what they cost.
    drawn: Drawn,
}

enum Kind {
    Trained(Box<Session>),
    Free(Box<Plane>),
}

#[derive(Default)]
struct Drawn {
    ends: Vec<f32>,
    log_weights: Vec<f64>,
    weighs: bool,
    evaluations: u64,
    seconds: f64,
}

impl Trial {
    /// Sets up the run's method.
    ///
    /// # Errors
    ///
    /// Where the run or the prior's weights are refused.
    pub async fn open(run: Run, device: Device, prior_weights: Option<&[u8]>) -> Result<Self, SessionError> {
        let kind = if run.method.is_trained() {
            Kind::Trained(Box::new(Session::open(run, device, prior_weights, None).await?))
        } else {
            Kind::Free(Box::new(Plane::open(run, device, prior_weights)?))
        };
        Ok(Self {
            kind,
            drawn: Drawn::default(),
        })
    }

    /// The run.
    pub fn run(&self) -> &Run {
        match &self.kind {
            Kind::Trained(session) => session.run(),
            Kind::Free(plane) => &plane.run,
        }
    }

    /// Trains one iteration. Whether there was one left to train.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<bool, SessionError> {
        let Kind::Trained(session) = &mut self.kind else {
            return Ok(false);
        };
        if session.finished() {
            return Ok(false);
        }
        session.step().await?;
        Ok(true)
    }

    /// The outcome so far, over `samples` posterior samples.
    ///
    /// # Errors
    ///
    /// Where the device fails, or the method cannot be used on this run.
    pub async fn outcome(&mut self, samples: usize) -> Result<Outcome, SessionError> {
        match &mut self.kind {
            Kind::Trained(session) => {
                let made = session.learner().weighted_samples(samples).await?;
                let run = session.run();
                // The policy stands above an exact prior, and in place of a learned one.
                let kernels = match run.prior.kind {
                    PriorKind::Exact => 2,
                    PriorKind::Learned => 1,
                };
                self.drawn = Drawn {
                    evaluations: kernels * samples as u64 * run.process.steps as u64,
                    seconds: made.seconds,
                    weighs: true,
                    ends: made.ends,
                    log_weights: made.log_weights,
                };
            }
            Kind::Free(plane) => {
                let started = Instant::now();
                self.drawn = draw(plane, samples).await?;
                self.drawn.seconds = started.elapsed().as_secs_f64();
            }
        }
        self.measure().await
    }

    async fn measure(&mut self) -> Result<Outcome, SessionError> {
        let (iterations, training_seconds) = match &self.kind {
            Kind::Trained(session) => (session.iteration(), session.learner().seconds()),
            Kind::Free(_) => (0, 0.0),
        };
        let plane = match &mut self.kind {
            Kind::Trained(session) => session.plane_mut(),
            Kind::Free(plane) => plane,
        };
        let truth = plane.truth().await?;
        let run = &plane.run;
        let drawn = &self.drawn;
        // A trained policy's samples stand for themselves; their weights only estimate log Z.
        let flat = vec![0.0; drawn.log_weights.len()];
        let mass = if run.method.is_trained() {
            &flat
        } else {
            &drawn.log_weights
        };
        let fit = metric::fit(|| weighted(&drawn.ends, mass), &truth, &plane.mixture);
        let largest = mass.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut total, mut log_reward) = (0.0, 0.0);
        for (p, l) in drawn.ends.chunks_exact(2).zip(mass) {
            let weight = (l - largest).exp();
            total += weight;
            log_reward += weight * plane.reward.log_r([p[0].into(), p[1].into()]);
        }
        let mut rng = plane.noise.stream(Purpose::Resampling, (1 << 48) - 1);
        let pictured = PICTURED.min(mass.len());
        let points = systematic(mass, pictured, &mut rng)
            .into_iter()
            .flat_map(|i| [drawn.ends[2 * i], drawn.ends[2 * i + 1]])
            .collect();
        let info = run.method.info();
        Ok(Outcome {
            method: info.name.to_owned(),
            title: info.title.to_owned(),
            seed: run.seed,
            progress: if run.method.is_trained() {
                iterations as f64 / run.training.iterations as f64
            } else {
                1.0
            },
            iterations,
            samples: mass.len(),
            log_z: drawn
                .weighs
                .then(|| log_mean_exp(drawn.log_weights.iter().copied())),
            log_z_exact: truth.log_z,
            ess: drawn.weighs.then(|| effective_share(&drawn.log_weights)),
            fit,
            log_reward: run.tempering.beta * log_reward / total,
            training_seconds,
            sampling_seconds: drawn.seconds,
            training_evaluations: training_evaluations(run, iterations),
            sampling_evaluations: drawn.evaluations as f64,
            truth: truth.kind,
            device: device_name(&plane.device),
            points,
        })
    }
}

/// Evaluations of a drift for one state in `iterations` of training: prior and policy in the
/// rollout, the policy forward and backward in each epoch.
fn training_evaluations(run: &Run, iterations: usize) -> f64 {
    let Some(objective) = objective(run) else {
        return 0.0;
    };
    let steps = run.process.steps;
    let second = 3 * objective.usage().epochs * selected(steps, run.objective.step_share);
    iterations as f64 * run.rollout.batch as f64 * (2 * steps + second) as f64
}

/// Populations of a training-free method until there are `samples`, pooled by their weights.
async fn draw(plane: &Plane, samples: usize) -> Result<Drawn, SessionError> {
    let mut drawn = Drawn::default();
    let mut counter = 0;
    let block = match plane.run.method {
        // No more particles than samples: a larger population would be a better one.
        Method::Smc { particles, .. } => particles.min(samples),
        _ => BLOCK,
    };
    while drawn.log_weights.len() < samples {
        // A population of particles is whole.
        let rows = match plane.run.method {
            Method::Smc { .. } => block,
            _ => block.min(samples - drawn.log_weights.len()),
        };
        let population = match population(plane, rows, counter).await {
            Ok(population) => population,
            // What there is stands for itself.
            Err(_) if !drawn.log_weights.is_empty() => break,
            Err(why) => return Err(SessionError::Method(why)),
        };
        counter += 1;
        let short = population.log_weights.len() < rows;
        drawn.evaluations += population.evaluations;
        drawn.weighs = population.weighs;
        drawn.ends.extend(population.ends);
        drawn.log_weights.extend(population.log_weights);
        if short {
            break;
        }
    }
    Ok(drawn)
}

async fn population(plane: &Plane, rows: usize, counter: u64) -> Result<Population, String> {
    let setting = plane.setting();
    let data_variance = plane.mixture.variance();
    let guided = |guidance, scale| Guided { guidance, scale };
    match plane.run.method {
        Method::Importance {} => Importance.population(&setting, rows, counter).await,
        Method::Rejection { proposals } => Rejection { proposals }.population(&setting, rows, counter).await,
        Method::Guidance { scale } => {
            guided(Guidance::Classifier, scale)
                .population(&setting, rows, counter)
                .await
        }
        Method::Dps { scale, normalized } => {
            guided(Guidance::Dps { normalized }, scale)
                .population(&setting, rows, counter)
                .await
        }
        Method::LgdMc { scale, points } => {
            guided(
                Guidance::LgdMc {
                    points,
                    data_variance,
                },
                scale,
            )
            .population(&setting, rows, counter)
            .await
        }
        Method::Smc {
            resample_below,
            points,
            guidance,
            ..
        } => {
            // A reward made of priors needs no density of theirs: their kernels' ratios do. Above a
            // learned prior the run's reward is still the mixture's density, so there it is a tilt.
            let exact = plane.run.prior.kind == PriorKind::Exact;
            let beta = plane.run.tempering.beta;
            let composed = |power, others| Smc {
                target: Composed { power, others },
                resample_below,
            };
            match &plane.run.reward {
                Reward::Annealed { power } if exact => {
                    let power = 1.0 + beta * (power - 1.0);
                    composed(power, Vec::<(f64, ExactPrior)>::new())
                        .population(&setting, rows, counter)
                        .await
                }
                Reward::Product { components } if exact => {
                    let other = ExactPrior::new(&Mixture::new(components), &plane.process, &plane.device);
                    composed(1.0, vec![(beta, other)])
                        .population(&setting, rows, counter)
                        .await
                }
                _ if points == 0 => tilted(Blind, &setting, resample_below, rows, counter).await,
                _ => {
                    let ahead = AroundTheEnd {
                        points,
                        guidance,
                        data_variance,
                    };
                    tilted(ahead, &setting, resample_below, rows, counter).await
                }
            }
        }
        trained => Err(format!("`{}` has to be trained", trained.info().name)),
    }
}

/// A population of SMC towards the run's posterior.
async fn tilted<A: LookAhead<BrownianBridge, PlanePrior>>(
    ahead: A,
    setting: &Setting<'_, BrownianBridge, PlanePrior>,
    resample_below: f64,
    rows: usize,
    counter: u64,
) -> Result<Population, String> {
    let smc = Smc {
        target: Tilted { ahead },
        resample_below,
    };
    smc.population(setting, rows, counter).await
}
