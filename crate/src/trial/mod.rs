//! One method on one run: trained where it has to be, then sampled and held against the truth.
//!
//! A comparison is a list of trials on the same prior, reward and seed.

mod digits;
mod plane;
mod stories;

use crate::config::{self, Method, PriorKind, Run};
use crate::digits::{Digits, Pool};
use crate::message::{Files, Fit, Outcome, Truth};
use crate::metric::weighed;
use crate::noise::{Noise, Purpose};
use crate::objective::{objective, selected};
use crate::plane::Plane;
use crate::process::{Diffusion, Prior, Process};
use crate::sampler::{
    AroundTheEnd, Blind, Guidance, Guided, Importance, LookAhead, Population, Rejection, Sampler, Setting,
    Smc, Tilted, systematic,
};
use crate::session::{Session, SessionError, TaskOf, device_name};
use crate::stories::Stories;
use burn::tensor::Device;
use web_time::Instant;

/// A method at work on a run.
pub struct Trial(Kind);

enum Kind {
    Trained(Box<Session>),
    FreeOnPlane(Box<Plane>),
    FreeOnDigits(Box<Digits>),
    FreeOnStories(Box<Stories>),
}

/// Samples of a method, and what they cost.
#[derive(Default)]
struct Drawn {
    ends: Vec<f32>,
    /// One a sample, or of all candidates that it was chosen among, one after the other.
    log_weights: Vec<f64>,
    /// Whether the weights estimate log Z.
    weighs: bool,
    evaluations: u64,
    seconds: f64,
}

/// What samples come to, held against the truth of their task.
struct Measured {
    fit: Fit,
    log_reward: f64,
    log_z_exact: f64,
    truth: Truth,
    /// Samples to draw.
    points: Vec<f32>,
}

impl Trial {
    /// Sets up the run's method.
    ///
    /// # Errors
    ///
    /// Where the run or a file it needs is refused.
    pub async fn open(run: Run, device: Device, files: &Files) -> Result<Self, SessionError> {
        let kind = match run.task {
            _ if run.method.is_trained() => {
                Kind::Trained(Box::new(Session::open(run, device, files, None).await?))
            }
            config::Task::Mixtures => Kind::FreeOnPlane(Box::new(Plane::open(run, device, files)?)),
            config::Task::Digits => Kind::FreeOnDigits(Box::new(Digits::open(run, device, files)?)),
            config::Task::Stories => Kind::FreeOnStories(Box::new(Stories::open(run, device, files)?)),
        };
        Ok(Self(kind))
    }

    fn task(&mut self) -> TaskOf<'_> {
        match &mut self.0 {
            Kind::Trained(session) => session.task(),
            Kind::FreeOnPlane(plane) => TaskOf::Plane(plane),
            Kind::FreeOnDigits(digits) => TaskOf::Digits(digits),
            Kind::FreeOnStories(stories) => TaskOf::Stories(stories),
        }
    }

    /// The run.
    pub fn run(&self) -> &Run {
        match &self.0 {
            Kind::Trained(session) => session.run(),
            Kind::FreeOnPlane(plane) => &plane.run,
            Kind::FreeOnDigits(digits) => &digits.run,
            Kind::FreeOnStories(stories) => &stories.run,
        }
    }

    /// Goes on with images of the same prior that a trial before this one has made, if there are any
    /// among these.
    pub fn adopt(&mut self, pools: &mut Vec<Pool>) {
        if let TaskOf::Digits(digits) = self.task() {
            digits.adopt(pools);
        }
    }

    /// What a later trial can go on with.
    pub fn into_pool(self) -> Option<Pool> {
        match self.0 {
            Kind::Trained(session) => session.into_pool(),
            Kind::FreeOnPlane(_) | Kind::FreeOnStories(_) => None,
            Kind::FreeOnDigits(digits) => Some(digits.into_pool()),
        }
    }

    /// Makes `samples` more samples of the prior, as [`Session::grow_truth`] does; an outcome makes
    /// those that lack.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow_truth(&mut self, samples: usize) -> Result<bool, SessionError> {
        match self.task() {
            TaskOf::Plane(_) => Ok(false),
            TaskOf::Digits(digits) => digits.grow_by(samples).await,
            TaskOf::Stories(stories) => stories.grow_by(samples).await,
        }
    }

    /// Trains one iteration. Whether there was one left to train.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<bool, SessionError> {
        let Kind::Trained(session) = &mut self.0 else {
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
        let started = Instant::now();
        let drawn = match &mut self.0 {
            Kind::Trained(session) => trained(session, samples, 1).await?,
            Kind::FreeOnPlane(plane) => timed(plane.draw(samples).await?, started),
            Kind::FreeOnStories(stories) => timed(stories.draw(samples).await?, started),
            Kind::FreeOnDigits(digits) => {
                // What it needs of the prior's samples is no work of the method's.
                let data_variance = digits.data_variance(digits::VARIANCE_IMAGES).await?;
                let started = Instant::now();
                timed(digits.draw(samples, data_variance).await?, started)
            }
        };
        self.measure(drawn, samples).await
    }

    /// That of samples which are each chosen among `evaluation.candidates` of a trained method's, in
    /// proportion to weight; `None` where there is no choice.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn chosen(&mut self, samples: usize) -> Result<Option<Outcome>, SessionError> {
        let candidates = self.run().evaluation.candidates;
        let Kind::Trained(session) = &mut self.0 else {
            return Ok(None);
        };
        if candidates == 1 {
            return Ok(None);
        }
        let drawn = trained(session, samples, candidates).await?;
        let outcome = self.measure(drawn, samples).await?;
        let title = format!("{}, 1 of {candidates}", outcome.title);
        Ok(Some(Outcome { title, ..outcome }))
    }

    async fn measure(&mut self, drawn: Drawn, samples: usize) -> Result<Outcome, SessionError> {
        let (iterations, steps, training_seconds) = match &self.0 {
            Kind::Trained(session) => (session.iteration(), session.steps(), session.seconds()),
            _ => (0, 0, 0.0),
        };
        // A trained policy's samples stand for themselves; their weights only estimate log Z.
        let flat = vec![0.0; samples];
        let mass = if self.run().method.is_trained() {
            &flat
        } else {
            &drawn.log_weights
        };
        let (measured, device) = match self.task() {
            TaskOf::Plane(plane) => (
                plane.measure(&drawn.ends, mass).await?,
                device_name(&plane.device),
            ),
            TaskOf::Digits(digits) => (
                digits.measure(&drawn.ends, mass, samples).await?,
                device_name(&digits.device),
            ),
            TaskOf::Stories(stories) => (
                stories.measure(&drawn.ends, mass, samples).await?,
                device_name(&stories.device),
            ),
        };
        let run = self.run();
        let rows = 0..drawn.log_weights.len();
        let conditions: Vec<usize> = rows.map(|row| run.in_turn(row % mass.len())).collect();
        // Not every method learns log Z.
        let unknown = vec![f64::NAN; run.conditions()];
        let weighed = weighed(&drawn.log_weights, &conditions, &unknown);
        let info = run.method.info();
        let outcome = Outcome {
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
            log_z: drawn.weighs.then_some(weighed.log_z_importance),
            log_z_exact: measured.log_z_exact,
            ess: drawn.weighs.then_some(weighed.ess),
            fit: measured.fit,
            log_reward: measured.log_reward,
            training_seconds,
            sampling_seconds: drawn.seconds,
            training_evaluations: training_evaluations(run, steps, iterations),
            sampling_evaluations: drawn.evaluations as f64,
            truth: measured.truth,
            device,
            points: measured.points,
        };
        Ok(outcome)
    }
}

/// Samples of a trained method, each chosen among so many.
async fn trained(session: &Session, samples: usize, candidates: usize) -> Result<Drawn, SessionError> {
    let made = session.weighted_samples(samples, candidates).await?;
    Ok(Drawn {
        evaluations: kernels(session.run()) * (samples * candidates * session.steps()) as u64,
        seconds: made.seconds,
        weighs: true,
        ends: made.ends,
        log_weights: made.log_weights,
    })
}

fn timed(drawn: Drawn, started: Instant) -> Drawn {
    Drawn {
        seconds: started.elapsed().as_secs_f64(),
        ..drawn
    }
}

/// Kernels that a step of the trained policy asks: it stands above the prior, but in place of a
/// learned one in the plane.
fn kernels(run: &Run) -> u64 {
    match (run.task, run.prior.kind) {
        (config::Task::Mixtures, PriorKind::Learned) => 1,
        _ => 2 + backward(run),
    }
}

/// What a step of the policy asks besides: the Langevin term of images goes back through the prior's
/// network.
fn backward(run: &Run) -> u64 {
    match run.task {
        config::Task::Digits if run.network.langevin => 2,
        _ => 0,
    }
}

/// `count` indices in proportion to weights, to draw or to count each as one.
fn resampled(noise: &Noise, log_weights: &[f64], count: usize) -> Vec<usize> {
    let mut rng = noise.stream(Purpose::Resampling, (1 << 48) - 1);
    systematic(log_weights, count, &mut rng)
}

/// Evaluations of a drift for one state in `iterations` of training: prior and policy in the
/// rollout, the policy forward and backward in each epoch.
fn training_evaluations(run: &Run, steps: usize, iterations: usize) -> f64 {
    let Some(objective) = objective(run) else {
        return 0.0;
    };
    let second = 3 * objective.usage().epochs * selected(steps, run.objective.step_share);
    let first = (2 + backward(run) as usize) * steps;
    iterations as f64 * run.rollout.batch as f64 * (first + second) as f64
}

/// Populations of a training-free method until there are `samples`, pooled by their weights;
/// `block` rows at once where the method has no populations of its own.
async fn draw(
    method: &Method,
    samples: usize,
    block: usize,
    population: impl AsyncFn(usize, u64) -> Result<Population, String>,
) -> Result<Drawn, SessionError> {
    let mut drawn = Drawn::default();
    let mut counter = 0;
    while drawn.log_weights.len() < samples {
        let rows = match *method {
            // A population of particles is whole, but no more particles than samples: a larger
            // population would be a better one.
            Method::Smc { particles, .. } => particles.min(samples),
            _ => block.min(samples - drawn.log_weights.len()),
        };
        let population = match population(rows, counter).await {
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

/// One population of a training-free method on any diffusion whose data has this variance.
async fn population<P: Diffusion, Q: Prior<P>>(
    method: Method,
    setting: &Setting<'_, P, Q>,
    data_variance: f64,
    rows: usize,
    counter: u64,
) -> Result<Population, String> {
    let guided = async |guidance, scale| {
        let sampler = Guided { guidance, scale };
        sampler.population(setting, rows, counter).await
    };
    match method {
        Method::Guidance { scale } => guided(Guidance::Classifier, scale).await,
        Method::Dps { scale, normalized } => guided(Guidance::Dps { normalized }, scale).await,
        Method::LgdMc { scale, points } => {
            let guidance = Guidance::LgdMc {
                points,
                data_variance,
            };
            guided(guidance, scale).await
        }
        Method::Smc {
            resample_below,
            points,
            guidance,
            ..
        } if points > 0 => {
            let ahead = AroundTheEnd {
                points,
                guidance,
                data_variance,
            };
            tilted(ahead, setting, resample_below, rows, counter).await
        }
        other => unguided(other, setting, rows, counter).await,
    }
}

/// One population of a training-free method that asks nothing of a chain but what every one has.
async fn unguided<P: Process, Q: Prior<P>>(
    method: Method,
    setting: &Setting<'_, P, Q>,
    rows: usize,
    counter: u64,
) -> Result<Population, String> {
    match method {
        Method::Importance {} => Importance.population(setting, rows, counter).await,
        Method::Rejection { proposals } => Rejection { proposals }.population(setting, rows, counter).await,
        Method::Smc {
            resample_below,
            points: 0,
            ..
        } => tilted(Blind, setting, resample_below, rows, counter).await,
        other => Err(format!("`{}` cannot be used here", other.info().name)),
    }
}

/// A population of SMC towards the run's posterior.
async fn tilted<P: Process, Q: Prior<P>, A: LookAhead<P, Q>>(
    ahead: A,
    setting: &Setting<'_, P, Q>,
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
