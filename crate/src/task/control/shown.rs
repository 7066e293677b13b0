//! What is shown and measured of a run of control.

use super::description::Episodes;
use super::episodes::Episode;
use super::exact::{self, Exact};
use super::measured::measure;
use super::messages::Earned;
use super::returns::{of_learned, returns};
use super::{ControlFit, ControlTask, ControlView, Spot, Traces};
use crate::engine::EngineError;
use crate::engine::learner::{LEARNED, Learner, Task};
use crate::engine::noise::Purpose;
use crate::engine::reward::HostReward;
use crate::engine::sampler::Setting;
use crate::engine::statistics::Mean;
use crate::message::{self, Fit, Packed, Paths, Report, Scene, Snapshot};
use crate::run::Run;
use crate::task::opened::{self, Drawn, Measured, Pictures, Reference, ShownTask, resampled};
use std::sync::Arc;

/// States at which actions are drawn, and the actions of each.
pub(super) const SPOTS: usize = 16;
const EACH: usize = 250;
/// Cells along a side of a picture of densities.
const SIDE: usize = 32;
/// Episodes that are drawn, and their most steps.
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

fn traces(played: Vec<Episode>) -> Traces {
    Traces {
        lengths: played.iter().map(|episode| episode.steps + 1).collect(),
        states: played.into_iter().flat_map(|episode| episode.states).collect(),
    }
}

impl ControlTask {
    /// Short episodes, for pictures.
    fn traced(&self) -> Episodes {
        let episodes = self.problem.episodes;
        Episodes {
            horizon: episodes.horizon.min(TRACED),
            ..episodes
        }
    }

    fn spots(&self) -> usize {
        SPOTS.min(self.looked_at())
    }

    fn spot(&self, condition: usize) -> Spot {
        let (judge, state) = (&self.judge, self.reward.0.state(condition));
        let gaussians = judge.behaviour.at(state);
        let [low, sides] = exact::extent(&judge.behaviour, &gaussians);
        let d = low.len();
        let cells = (0..SIDE.pow(d as u32)).map(|at| {
            let along = |side: usize, at: usize| low[side] + sides[side] * (at as f64 + 0.5) / SIDE as f64;
            match d {
                1 => vec![along(0, at)],
                // From the top: the second coordinate points upward in pictures.
                _ => vec![along(0, at % SIDE), along(1, SIDE - 1 - at / SIDE)],
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
            side: SIDE,
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
        opened::csv(&self.world.action_names(), samples)
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
        let task = &learner.task;
        let traced = task.traced();
        let behaviour = task.of_behaviour(&traced, TRACES).await?;
        let of_exact = task.of_exact(&traced, TRACES).await?;
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
                spots: (0..task.spots()).map(|at| task.spot(at)).collect(),
                behaviour_earned: Earned::of(&behaviour),
                exact_earned: Earned::of(&of_exact),
                behaviour: traces(behaviour),
                exact: traces(of_exact),
            }),
            ..Scene::default()
        })
    }

    /// Actions at the spots, spot after spot, and episodes of the policy.
    async fn snapshot(learner: &mut Learner<Self>, candidates: usize) -> Result<Snapshot, EngineError> {
        let pictured = learner.pictures(candidates, |_, _| None).await?;
        let count = learner.task.run.evaluation.samples_while_training;
        let (report, _) = measure(learner, count, candidates).await?;
        let spots = learner.task.spots();
        let conditions: Vec<usize> = (0..spots * EACH).map(|row| row / EACH).collect();
        let made = learner
            .simulate_round(LEARNED, Purpose::Pictures, 1, &conditions)
            .await?;
        let traced = learner.task.traced();
        let played = of_learned(learner, &traced, TRACES).await?;
        let task = &learner.task;
        Ok(Snapshot {
            iteration: learner.iteration(),
            samples: task.actions(&made.ends),
            paths: Paths {
                points: task.actions(&pictured.paths.points),
                ..pictured.paths
            },
            log_reward: Vec::new(),
            more: traces(played).to_numbers(),
            report,
        })
    }

    async fn evaluate(
        learner: &mut Learner<Self>,
        samples: usize,
        candidates: usize,
    ) -> Result<Report, EngineError> {
        let (mut report, _) = measure(learner, samples, candidates).await?;
        let earned = returns(learner).await?;
        report.fit = Fit::new(&ControlFit {
            earned: Some(earned),
            ..report.fit.of::<ControlFit>().unwrap_or_default()
        });
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
            error: Box::new(move |samples| {
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
