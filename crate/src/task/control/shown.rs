//! What is shown and measured of a run of control.

use super::episodes::Episode;
use super::exact::Exact;
use super::measured::measure;
use super::messages::Earned;
use super::others::{Others, returns};
use super::returns::of_learned;
use super::sheet::SHEET;
use super::{ControlFit, ControlTask, ControlView, Returns, Spot, Traces};
use crate::engine::EngineError;
use crate::engine::learner::{LEARNED, Learner, Task};
use crate::engine::noise::Purpose;
use crate::engine::reward::HostReward;
use crate::engine::sampler::Setting;
use crate::engine::statistics::Mean;
use crate::message::{self, Fit, Packed, Paths, Report, Scene, Snapshot};
use crate::run::Run;
use crate::task::opened::{self, Drawn, Measured, Pictures, Reference, ShownTask, resampled};
use crate::task::samples::csv;
use std::sync::Arc;

/// States at which actions are drawn, and the actions of each.
pub(super) const SPOTS: usize = 16;
const EACH: usize = 250;
/// Cells along a side of a picture of densities, and of those of actions with one number.
const SIDE: usize = 32;
const ON_A_LINE: usize = 64;
/// Episodes that are drawn, and the most states of each.
const TRACES: usize = 12;
const TRACED: usize = 80;
/// Actions of a picture.
const PICTURED: usize = 4000;
/// Samples that a method without populations of its own draws at once.
const BLOCK: usize = 5000;
/// Variance of a coordinate of the standardised behaviour.
const VARIANCE: f64 = 1.0;

fn narrowed(values: &[f64]) -> impl Iterator<Item = f32> {
    values.iter().map(|value| *value as f32)
}

fn with_returns(report: &mut Report, returns: Returns) {
    report.fit = Fit::new(&ControlFit {
        earned: Some(returns),
        ..report.fit.of::<ControlFit>().unwrap_or_default()
    });
}

/// The beginnings of some of the episodes.
fn traces(played: &[Episode]) -> Traces {
    let drawn = &played[..played.len().min(TRACES)];
    let states = |episode: &Episode| (episode.steps + 1).min(TRACED);
    let beginning = |episode: &Episode| {
        let n = episode.states.len() / (episode.steps + 1);
        episode.states[..n * states(episode)].to_vec()
    };
    Traces {
        earned: Earned::of(played),
        lengths: drawn.iter().map(states).collect(),
        states: drawn.iter().flat_map(beginning).collect(),
    }
}

impl ControlTask {
    /// How many episodes are played while the policy is trained.
    fn shown_episodes(&self) -> usize {
        (self.problem.episodes.count / 10).max(TRACES)
    }

    /// What others than the learned policy do in these episodes.
    async fn others(&mut self) -> Result<Arc<Others>, EngineError> {
        if let Some(others) = &self.others {
            return Ok(others.clone());
        }
        let others = Arc::new(self.of_others(self.shown_episodes()).await?);
        self.others = Some(others.clone());
        Ok(others)
    }

    fn spots(&self) -> usize {
        SPOTS.min(self.looked_at())
    }

    fn spot(&self, condition: usize, exact: &Exact) -> Spot {
        let (judge, state) = (&self.judge, self.reward.0.state(condition));
        let gaussians = judge.behaviour.at(state);
        let [low, sides] = exact.shown_box(&judge.behaviour, &gaussians);
        let d = low.len();
        let side = if d == 1 { ON_A_LINE } else { SIDE };
        let cells = (0..side.pow(d as u32)).map(|at| {
            let along = |axis: usize, at: usize| low[axis] + sides[axis] * (at as f64 + 0.5) / side as f64;
            match d {
                1 => vec![along(0, at)],
                // From the top: the second coordinate points upward in pictures.
                _ => vec![along(0, at % side), along(1, side - 1 - at / side)],
            }
        });
        let peak = self.reward.0.peak(condition);
        let of = |action: &Vec<f64>| {
            let log_prob = judge.behaviour.log_prob(&gaussians, action);
            (
                log_prob,
                (judge.critic.value(state, action) - peak) / self.alpha(),
            )
        };
        let values: Vec<(f64, f64)> = cells.map(|action| of(&action)).collect();
        Spot {
            state: narrowed(state).collect(),
            prior: values.iter().map(|(log_prob, _)| log_prob.exp() as f32).collect(),
            log_r: values.iter().map(|(_, log_r)| *log_r as f32).collect(),
            exact: values
                .iter()
                .map(|(log_prob, log_r)| (log_prob + log_r).exp() as f32)
                .collect(),
            low: narrowed(&low).collect(),
            sides: narrowed(&sides).collect(),
            side,
        }
    }

    /// The task as training-free methods see it: of a single state.
    fn setting(&self) -> Setting<'_, <Self as Task>::Process, <Self as Task>::Prior> {
        Setting {
            process: &self.process,
            prior: &self.prior,
            reward: &self.reward,
            beta: self.run.tempering.beta,
            noise: self.noise,
            device: &self.device,
        }
    }

    fn actions(&self, ends: &[f32]) -> Vec<f32> {
        let ends = ends.chunks_exact(self.process.dimensions);
        ends.flat_map(|end| self.judge.space.action(end))
            .map(|value| value as f32)
            .collect()
    }

    /// Exact actions in the first of the states.
    fn exact_actions(&self, exact: &[Exact], count: usize) -> Vec<f32> {
        let mut rng = self.noise.stream(Purpose::Pictures, 1 << 40);
        let drawn = exact[0].draws(count, &mut rng).concat();
        narrowed(&drawn).collect()
    }
}

impl ShownTask for ControlTask {
    fn run(&self) -> &Run {
        &self.run
    }

    fn revise(&mut self, run: Run) {
        self.run = run;
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.process.dimensions]
    }

    fn unit(&self) -> (&'static str, usize) {
        ("actions", 1)
    }

    fn text(&self, samples: &[f32]) -> String {
        csv(&self.world.action_names(), samples)
    }

    fn numbers(&self, condition: usize) -> Vec<(String, f64)> {
        let state = self.reward.0.state(condition).iter().copied();
        self.world.state_names().into_iter().zip(state).collect()
    }

    fn pictures(&self) -> Pictures {
        let names = self.world.action_names();
        Arc::new(move |actions| super::corner(&names, [&[], actions, &[]]))
    }

    async fn samples_of(&self, ends: Vec<f32>, _conditions: &[usize]) -> Result<Vec<f32>, EngineError> {
        Ok(self.actions(&ends))
    }

    async fn scene(learner: &mut Learner<Self>) -> Result<Scene, EngineError> {
        let paths = learner.prior_paths().await?;
        let exact = learner.task.exact();
        let others = learner.task.others().await?;
        let task = &learner.task;
        let map = task.judge.critic.map();
        Ok(Scene {
            truth: message::Truth::Quadrature,
            log_z: Some(task.mean_log_z(&exact)),
            prior_paths: Paths {
                points: task.actions(&paths.points),
                ..paths
            },
            view: Packed::new(&ControlView {
                state_names: task.world.state_names(),
                action_names: task.world.action_names(),
                value: map.map(|(size, values)| {
                    let values = values.into_iter();
                    (
                        size,
                        values.map(|value| value.map_or(f32::NAN, |v| v as f32)).collect(),
                    )
                }),
                spots: (0..task.spots()).map(|at| task.spot(at, &exact[at])).collect(),
                behaviour: traces(&others.behaviour),
                exact: traces(&others.exact),
            }),
            ..Scene::default()
        })
    }

    /// Actions at the spots, spot after spot, and episodes of the policy.
    async fn snapshot(learner: &mut Learner<Self>, candidates: usize) -> Result<Snapshot, EngineError> {
        let pictured = learner.pictures(candidates, |_, _| None).await?;
        let count = learner.task.run.evaluation.samples_while_training;
        let (mut report, _) = measure(learner, count, candidates).await?;
        let spots = learner.task.spots();
        let conditions: Vec<usize> = (0..spots * EACH).map(|row| row / EACH).collect();
        let made = learner
            .simulate_round(LEARNED, Purpose::Pictures, 1, &conditions)
            .await?;
        let played = of_learned(learner, learner.task.shown_episodes()).await?;
        let others = learner.task.others().await?;
        with_returns(&mut report, returns(&played, &others));
        let task = &learner.task;
        Ok(Snapshot {
            iteration: learner.iteration(),
            samples: task.actions(&made.ends),
            paths: Paths {
                points: task.actions(&pictured.paths.points),
                ..pictured.paths
            },
            log_reward: Vec::new(),
            more: traces(&played).to_numbers(),
            report,
        })
    }

    async fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, EngineError> {
        let (mut report, _) = measure(learner, samples, candidates).await?;
        let count = learner.task.problem.episodes.count;
        let played = of_learned(learner, count).await?;
        let others = learner.task.of_others(count).await?;
        with_returns(&mut report, returns(&played, &others));
        Ok(report)
    }

    /// With the distance of as many exact actions.
    async fn reference(&mut self) -> Result<Reference, EngineError> {
        let exact = self.exact();
        let actions = self.exact_actions(&exact, PICTURED);
        let sets = [&[][..], &actions[..], &actions];
        let picture = super::corner(&self.world.action_names(), sets);
        let noise = self.noise;
        Ok(Reference {
            truth: message::Truth::Quadrature,
            picture,
            floor: opened::floor_of(SHEET.error, move |samples| {
                let mut rng = noise.stream(Purpose::Pictures, 2 << 40);
                let drawn = exact[0].draws(samples, &mut rng);
                Some(super::measured::fit(&exact[0], &drawn).total_variation)
            }),
        })
    }

    async fn draw(&self, samples: usize) -> Result<Drawn, EngineError> {
        let method = self.run.method;
        opened::draw_of_diffusion(method, &self.setting(), VARIANCE, samples, BLOCK).await
    }

    async fn measure(
        &mut self,
        ends: &[f32],
        log_weights: &[f64],
        _samples: usize,
    ) -> Result<Measured, EngineError> {
        let exact = self.exact();
        let d = self.process.dimensions;
        let all = self.conditions();
        let conditions: Vec<usize> = (0..log_weights.len()).map(|row| all.in_turn(row)).collect();
        let log_r = self.reward.0.log_reward(ends, &conditions);
        let log_reward = Mean::weighted(log_weights, log_r.into_iter()).value;
        let even = resampled(&self.noise, log_weights, log_weights.len());
        let even_ends: Vec<f32> = even
            .iter()
            .flat_map(|at| &ends[at * d..(at + 1) * d])
            .copied()
            .collect();
        let even_conditions: Vec<usize> = even.iter().map(|at| conditions[*at]).collect();
        let (fit, _) = self.fit(&exact, &even_ends, &even_conditions);
        let pictured = PICTURED.min(even_conditions.len());
        Ok(Measured {
            fit: Fit::new(&fit),
            log_reward: self.run.tempering.beta * log_reward,
            log_z_exact: self.mean_log_z(&exact),
            truth: message::Truth::Quadrature,
            points: self.actions(&even_ends[..pictured * d]),
        })
    }
}
