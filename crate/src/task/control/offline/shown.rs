//! What is shown of a run above recorded steps.

use super::measured::measure;
use super::task::OfflineTask;
use crate::engine::EngineError;
use crate::engine::learner::{Learner, Task};
use crate::engine::sampler::Setting;
use crate::engine::statistics::Mean;
use crate::message::{self, Fit, Packed, Paths, Report, Scene, Snapshot};
use crate::run::Run;
use crate::task::control::messages::{ControlView, OfflineFit};
use crate::task::control::{corner, world};
use crate::task::opened::{self, Drawn, Measured, Pictures, Reference, ShownTask, resampled};
use crate::task::samples::csv;
use std::sync::Arc;

/// Actions of a picture.
const PICTURED: usize = 4000;
/// Samples that a method without populations of its own draws at once.
const BLOCK: usize = 5000;
/// Variance of a coordinate of the standardised behaviour.
const VARIANCE: f64 = 1.0;

impl OfflineTask {
    fn action_names(&self) -> Vec<String> {
        world::numbered('a', self.judge.action_size())
    }

    /// Trajectories as those of actions.
    fn placed(&self, paths: Paths) -> Paths {
        Paths {
            points: self.judge.behaviour.actions(&paths.points),
            ..paths
        }
    }
}

impl ShownTask for OfflineTask {
    fn run(&self) -> &Run {
        &self.run
    }

    fn revise(&mut self, run: Run) {
        self.run = run;
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.judge.action_size()]
    }

    fn unit(&self) -> (&'static str, usize) {
        ("actions", 1)
    }

    fn text(&self, samples: &[f32]) -> String {
        csv(&self.action_names(), samples)
    }

    fn numbers(&self, condition: usize) -> Vec<(String, f64)> {
        let s = self.judge.state_size();
        let state = self.states[condition * s..(condition + 1) * s].iter();
        let names = world::numbered('s', s).into_iter();
        names.zip(state.map(|value| f64::from(*value))).collect()
    }

    fn pictures(&self) -> Pictures {
        let names = self.action_names();
        Arc::new(move |actions| corner(&names, [&[], actions, &[]]))
    }

    async fn samples_of(&self, ends: Vec<f32>, _conditions: &[usize]) -> Result<Vec<f32>, EngineError> {
        Ok(self.judge.behaviour.actions(&ends))
    }

    async fn scene(learner: &mut Learner<Self>) -> Result<Scene, EngineError> {
        let paths = learner.prior_paths().await?;
        let task = &learner.task;
        Ok(Scene {
            truth: message::Truth::ImportanceWeighted,
            prior_paths: task.placed(paths),
            view: Packed::new(&ControlView {
                state_names: world::numbered('s', task.judge.state_size()),
                action_names: task.action_names(),
                ..ControlView::default()
            }),
            ..Scene::default()
        })
    }

    async fn snapshot(learner: &mut Learner<Self>, candidates: usize) -> Result<Snapshot, EngineError> {
        let pictured = learner.pictures(candidates, |_, _| None).await?;
        let count = learner.task.run.evaluation.samples_while_training;
        let (report, made) = measure(learner, count, candidates).await?;
        Ok(Snapshot {
            iteration: learner.iteration(),
            samples: learner.task.judge.behaviour.actions(&made.ends),
            paths: learner.task.placed(pictured.paths),
            log_reward: Vec::new(),
            more: Vec::new(),
            report,
        })
    }

    async fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, EngineError> {
        Ok(measure(learner, samples, candidates).await?.0)
    }

    /// The behaviour's actions, weighted by r.
    async fn reference(&mut self) -> Result<Reference, EngineError> {
        let known = self.known(PICTURED).await?;
        let a = self.judge.action_size();
        let taken = resampled(&self.noise, &known.log_reward, PICTURED).into_iter();
        let actions = taken.flat_map(|at| &known.actions[at * a..(at + 1) * a]);
        let actions: Vec<f32> = actions.copied().collect();
        let sets = [&known.actions[..], &[], &actions];
        Ok(Reference {
            truth: message::Truth::ImportanceWeighted,
            picture: corner(&self.action_names(), sets),
            floor: Box::new(|_, _| None),
        })
    }

    async fn draw(&self, samples: usize) -> Result<Drawn, EngineError> {
        let setting = Setting {
            process: &self.process(),
            prior: &self.prior,
            reward: &self.reward,
            beta: self.run.tempering.beta,
            noise: self.noise,
            device: &self.device,
        };
        opened::draw_of_diffusion(self.run.method, &setting, VARIANCE, samples, BLOCK).await
    }

    async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        _samples: usize,
    ) -> Result<Measured, EngineError> {
        let all = self.conditions();
        let conditions: Vec<usize> = (0..log_weights.len()).map(|row| all.in_turn(row)).collect();
        let values = self.reward.values(ends, &conditions, &self.device).await;
        let [values, log_r] = values.map_err(EngineError::Device)?;
        let weighted = |numbers: Vec<f64>| Mean::weighted(log_weights, numbers.into_iter()).value;
        let a = self.judge.action_size();
        let pictured = resampled(&self.noise, log_weights, PICTURED.min(log_weights.len()));
        let pictured = pictured.into_iter().flat_map(|at| &ends[at * a..(at + 1) * a]);
        let pictured: Vec<f32> = pictured.copied().collect();
        Ok(Measured {
            fit: Fit::new(&OfflineFit {
                q_learned: weighted(values),
                ..OfflineFit::default()
            }),
            log_reward: self.run.tempering.beta * weighted(log_r),
            log_z_exact: f64::NAN,
            truth: message::Truth::ImportanceWeighted,
            points: self.judge.behaviour.actions(&pictured),
        })
    }
}
