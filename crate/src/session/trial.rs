//! One method on one run: it is trained if needed, then sampled and compared with the truth.
//!
//! A comparison is a list of trials on the same prior, reward and seed.

use super::Session;
use crate::engine::EngineError;
use crate::engine::device::device_name;
use crate::engine::objective::{objective, selected};
use crate::engine::sampler::Weighs;
use crate::engine::statistics::Weighed;
use crate::message::Outcome;
use crate::run::{Files, Run};
use crate::task::opened::{Drawn, Kept, OpenTask};
use burn::tensor::Device;
use web_time::Instant;

/// A method at work on a run.
pub struct Trial(Kind);

enum Kind {
    Trained(Session),
    Untrained(Box<dyn OpenTask>),
}

impl Trial {
    /// Sets up the run's method.
    ///
    /// # Errors
    ///
    /// Where the run or a file it needs is refused.
    pub async fn open(run: Run, device: Device, files: &Files) -> Result<Self, EngineError> {
        Ok(Self(if run.method.is_trained() {
            Kind::Trained(Session::open(run, device, files, None).await?)
        } else {
            let room = run.task().room();
            Kind::Untrained(room.open_untrained(run, device, files)?)
        }))
    }

    fn task(&self) -> &dyn OpenTask {
        match &self.0 {
            Kind::Trained(session) => session.0.task(),
            Kind::Untrained(task) => &**task,
        }
    }

    fn task_mut(&mut self) -> &mut dyn OpenTask {
        match &mut self.0 {
            Kind::Trained(session) => session.0.task_mut(),
            Kind::Untrained(task) => &mut **task,
        }
    }

    /// The run.
    pub fn run(&self) -> &Run {
        self.task().run()
    }

    /// Takes over the prior samples that an earlier trial drew from the same prior, if `kept` holds
    /// any.
    pub fn adopt(&mut self, kept: &mut Vec<Kept>) {
        self.task_mut().adopt(kept);
    }

    /// Prior samples that a later trial can take over.
    pub fn into_kept(self) -> Vec<Kept> {
        match self.0 {
            Kind::Trained(session) => session.into_kept(),
            Kind::Untrained(task) => task.into_kept(),
        }
    }

    /// Draws `samples` more samples of the prior, as [`Session::grow_truth`] does. [`Trial::outcome`] draws
    /// those that are still missing.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn grow_truth(&mut self, samples: usize) -> Result<bool, EngineError> {
        self.task_mut().grow_truth(samples).await
    }

    /// Trains one iteration. Returns whether there was one left to train.
    ///
    /// # Errors
    ///
    /// Where the device fails or the loss is no longer a number.
    pub async fn step(&mut self) -> Result<bool, EngineError> {
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
    pub async fn outcome(&mut self, samples: usize) -> Result<Outcome, EngineError> {
        let drawn = match &mut self.0 {
            Kind::Trained(session) => trained(session, samples, 1).await?,
            Kind::Untrained(task) => {
                // What it needs of the prior's samples is no work of the method's.
                task.prepare().await?;
                let started = Instant::now();
                let drawn = task.draw(samples).await?;
                Drawn {
                    seconds: started.elapsed().as_secs_f64(),
                    ..drawn
                }
            }
        };
        self.measure(drawn, samples).await
    }

    /// The outcome of samples that are each chosen among `evaluation.candidates` of a trained method, in
    /// proportion to their weight; `None` if the method is not trained or there is one candidate.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn chosen(&mut self, samples: usize) -> Result<Option<Outcome>, EngineError> {
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

    async fn measure(&mut self, drawn: Drawn, samples: usize) -> Result<Outcome, EngineError> {
        let (iterations, steps, training_seconds) = match &self.0 {
            Kind::Trained(session) => (session.iteration(), session.steps(), session.seconds()),
            Kind::Untrained(_) => (0, 0, 0.0),
        };
        // A trained policy's samples stand for themselves; their weights only estimate log Z.
        let flat = vec![0.0; samples];
        let mass = if self.run().method.is_trained() {
            &flat
        } else {
            &drawn.log_weights
        };
        let measured = self.task_mut().measure(&drawn.ends, mass, samples).await?;
        let (task, run) = (self.task(), self.run());
        let all = task.conditions();
        let rows = 0..drawn.log_weights.len();
        let conditions: Vec<usize> = rows.map(|row| all.in_turn(row % mass.len())).collect();
        // Not every method learns log Z.
        let unknown = vec![f64::NAN; all.count];
        let weighed = Weighed::of(&drawn.log_weights, &conditions, &unknown);
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
            // Importance resampling weights more than it was asked for.
            samples: mass.len().min(samples),
            log_z: (drawn.weighs != Weighs::Nothing).then_some(weighed.log_z_importance),
            log_z_exact: measured.log_z_exact,
            ess: (drawn.weighs == Weighs::Each).then_some(weighed.ess),
            fit: measured.fit,
            log_reward: measured.log_reward,
            training_seconds,
            sampling_seconds: drawn.seconds,
            training_evaluations: training_evaluations(task, steps, iterations),
            sampling_evaluations: drawn.evaluations as f64,
            truth: measured.truth,
            device: device_name(task.device()),
            points: measured.points,
        };
        Ok(outcome)
    }
}

/// Samples of a trained method, each chosen among so many.
async fn trained(session: &Session, samples: usize, candidates: usize) -> Result<Drawn, EngineError> {
    let made = session.weighted_samples(samples, candidates).await?;
    Ok(Drawn {
        evaluations: session.0.task().kernels() * (samples * candidates * session.steps()) as u64,
        seconds: made.seconds,
        weighs: Weighs::Each,
        ends: made.ends,
        log_weights: made.log_weights,
    })
}

/// Evaluations of a drift for one state in `iterations` of training: prior and policy in the
/// rollout, the policy forward and backward in each epoch.
fn training_evaluations(task: &dyn OpenTask, steps: usize, iterations: usize) -> f64 {
    let run = task.run();
    let Some(objective) = objective(run.method, &run.objective) else {
        return 0.0;
    };
    let second = 3 * objective.usage().epochs * selected(steps, run.objective.step_share);
    let first = (2 + task.backward() as usize) * steps;
    iterations as f64 * run.rollout.batch as f64 * (first + second) as f64
}
