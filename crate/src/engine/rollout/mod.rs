//! Sources of trajectories: the policy (with exploration), the prior, and end points noised back. Every
//! trajectory is scored under the current policy, without exploration noise.

mod replay;
mod steps;

pub use replay::Replay;
pub(crate) use replay::ReplayRecord;
pub use steps::Steps;

use crate::engine::process::{Drawing, Policy, Prior, Process, Rows, walk};
use burn::tensor::{Device, Tensor, TensorData};
use std::ops::Range;

/// The prior and the policy of a run, on a device.
#[derive(Clone, Debug)]
pub struct Chains<P, Q, K> {
    /// The chain of both.
    pub process: P,
    /// The prior's kernels, which are fixed.
    pub prior: Q,
    /// The policy's kernels, which are trained.
    pub policy: K,
    /// The device for all computations.
    pub device: Device,
}

impl<P, Q, K> Chains<P, Q, K> {
    /// A prior and a policy of the same chain.
    pub fn new(process: P, prior: Q, policy: K, device: Device) -> Self {
        Self {
            process,
            prior,
            policy,
            device,
        }
    }
}

/// The kernels that draw fresh trajectories.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Follow {
    /// The policy, with this much extra variance per unit of time.
    Policy {
        /// Extra variance per unit of time; 0 follows the policy itself.
        exploration: f64,
    },
    /// The prior.
    Prior,
}

/// The host's part of a batch of trajectories.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The condition of every fresh trajectory.
    pub fresh: Vec<usize>,
    /// Their noise, `[steps][fresh][noise_size]`.
    pub noise: Vec<f32>,
    /// End points to noise back, `[given][state_size]`.
    pub given: Vec<f32>,
    /// The noise for that, `[steps][given][noise_size]`.
    pub given_noise: Vec<f32>,
    /// The condition of every given end point.
    pub given_conditions: Vec<usize>,
    /// log r of every given end point, floored and not tempered, where it is known.
    pub given_log_r: Vec<Option<f64>>,
    /// The condition of every trajectory that follows the prior.
    pub walked: Vec<usize>,
    /// Their noise, `[steps][walked][noise_size]`.
    pub walked_noise: Vec<f32>,
}

impl Batch {
    /// The condition of every row: fresh ones first, then given and walked ones.
    pub fn conditions(&self) -> Vec<usize> {
        [&self.fresh[..], &self.given_conditions, &self.walked].concat()
    }

    /// Cuts the batch into `parts` of nearly equal size, each with its share of every kind; a part of more
    /// than `most` rows into pieces of so many.
    pub fn split<P: Process>(&self, process: &P, parts: usize, most: usize) -> Vec<Batch> {
        let (steps, noise, state) = (process.steps(), process.noise_size(), process.state_size());
        let all = [&self.fresh, &self.given_conditions, &self.walked].map(Vec::len);
        let pick = |values: &[f32], rows: usize, of: &Range<usize>| -> Vec<f32> {
            (0..steps)
                .flat_map(|s| &values[(s * rows + of.start) * noise..(s * rows + of.end) * noise])
                .copied()
                .collect()
        };
        (0..parts)
            .map(|part| all.map(|rows| rows * part / parts..rows * (part + 1) / parts))
            .flat_map(|part| pieces(part, most))
            .map(|[fresh, back, walked]| Batch {
                fresh: self.fresh[fresh.clone()].to_vec(),
                noise: pick(&self.noise, all[0], &fresh),
                given: self.given[back.start * state..back.end * state].to_vec(),
                given_noise: pick(&self.given_noise, all[1], &back),
                given_conditions: self.given_conditions[back.clone()].to_vec(),
                given_log_r: self.given_log_r.get(back).unwrap_or_default().to_vec(),
                walked: self.walked[walked.clone()].to_vec(),
                walked_noise: pick(&self.walked_noise, all[2], &walked),
            })
            .collect()
    }
}

/// Rows of every kind in pieces of at most `most` rows; where they are more, each piece is of one kind.
fn pieces(kinds: [Range<usize>; 3], most: usize) -> Vec<[Range<usize>; 3]> {
    if kinds.iter().map(Range::len).sum::<usize>() <= most {
        return vec![kinds];
    }
    let mut pieces = Vec::new();
    for (kind, rows) in kinds.into_iter().enumerate() {
        for start in rows.clone().step_by(most) {
            let mut piece = [0..0, 0..0, 0..0];
            piece[kind] = start..rows.end.min(start + most);
            pieces.push(piece);
        }
    }
    pieces
}

/// The prior's kernels as far as drawing needed them.
enum Known<R> {
    All(Steps<R>),
    Some(Vec<Option<R>>),
}

/// Trajectories before they are scored.
pub struct Drawn<P: Process> {
    /// x_0 to x_T.
    pub states: Steps<P::State>,
    prior: Known<P::Kernel>,
    posterior: Steps<P::Kernel>,
    guides: Option<Steps<P::Kernel>>,
    conditions: Vec<usize>,
    fresh: usize,
    given_log_r: Vec<Option<f64>>,
}

impl<P: Process> Drawn<P> {
    /// Every row's condition.
    pub fn conditions(&self) -> &[usize] {
        &self.conditions
    }

    /// The policy's kernels of the T transitions.
    pub fn posterior(&self) -> &[P::Kernel] {
        &self.posterior
    }
}

/// Trajectories on the device; fresh rows first, after them noised ones, then the prior's.
pub struct Trajectories<P: Process> {
    /// x_0 to x_T.
    pub states: Steps<P::State>,
    /// The prior's kernels of the T transitions.
    pub prior: Steps<P::Kernel>,
    /// The policy's kernels at the time the trajectories were drawn.
    pub posterior: Steps<P::Kernel>,
    /// [`Policy::guide`] of every step, if the policy uses it.
    pub guides: Option<Steps<P::Kernel>>,
    /// log p_φ(x_{i+1}|x_i) − log p_θ(x_{i+1}|x_i), `[T, rows]`.
    pub log_ratios: Tensor<2>,
    /// Every row's condition.
    pub conditions: Vec<usize>,
    /// Rows that are neither noised back nor the prior's.
    pub fresh: usize,
    /// log r of the first rows after those, floored and not tempered, where it is known.
    given_log_r: Vec<Option<f64>>,
}

impl<P: Process> Trajectories<P> {
    /// Σ_i log p_φ(x_{i+1}|x_i) − log p_θ(x_{i+1}|x_i), `[rows]`.
    pub fn log_ratio(&self) -> Tensor<1> {
        self.log_ratios
            .clone()
            .sum_dim(0)
            .reshape([self.conditions.len()])
    }

    /// log r of every row's end point, floored and not tempered, where it is known.
    pub fn known_log_r(&self) -> impl Iterator<Item = Option<f64>> {
        let given = self.given_log_r.iter().copied();
        let known = std::iter::repeat_n(None, self.fresh).chain(given);
        known.chain(std::iter::repeat(None)).take(self.conditions.len())
    }
}

impl<P: Process, Q: Prior<P>, K: Policy<P>> Chains<P, Q, K> {
    /// Makes and scores a batch.
    pub fn roll_out(&self, network: &K::Network, batch: Batch, follow: Follow) -> Trajectories<P> {
        self.score(self.draw(network, batch, follow))
    }

    /// Draws a batch. The prior's kernels are evaluated only if trajectories follow them or the policy needs
    /// them.
    pub fn draw(&self, network: &K::Network, batch: Batch, follow: Follow) -> Drawn<P> {
        if let Some(drawn) = self.draw_whole(network, &batch, follow) {
            return drawn;
        }
        let steps = self.process.steps();
        let fresh = batch.fresh.len();
        let conditions = batch.conditions();
        let noised = (!batch.given.is_empty()).then(|| self.noise_back(batch.given, 0, batch.given_noise));
        let walked = (!batch.walked.is_empty()).then(|| self.walk_prior(&batch.walked, batch.walked_noise));
        let given = match (noised, walked) {
            (Some(noised), Some(walked)) => {
                let pairs = noised.into_iter().zip(walked);
                Some(pairs.map(|(a, b)| Rows::stack(vec![a, b])).collect())
            }
            (noised, walked) => noised.or(walked),
        };
        let given: Option<Vec<P::State>> = given;
        let noise = self.noise([steps, fresh], batch.noise);

        let mut states = vec![self.process.start(&conditions, &self.device)];
        let (mut priors, mut posteriors) = (Vec::with_capacity(steps), Vec::with_capacity(steps));
        let mut guides = Vec::with_capacity(steps);
        let mut walker = self.policy.walker(network, &conditions);
        for step in 0..steps {
            let x = &states[step];
            let mut prior = None;
            let guide = self.policy.guide(step, &conditions, x, &mut prior);
            let of_prior = || self.prior.kernel_given(step, &conditions, x);
            let mut ask = || prior.get_or_insert_with(of_prior).clone();
            let posterior = match &mut walker {
                Some(kernel) => kernel(step, x),
                None => {
                    let guide = guide.as_ref();
                    self.policy
                        .kernel(network, &[step], &conditions, x.clone(), guide, &mut ask)
                }
            };
            let (kernel, extra) = match follow {
                Follow::Policy { exploration } => (posterior.clone(), exploration),
                Follow::Prior => (ask(), 0.0),
            };
            let next = match &given {
                None => self.process.transition(step, x, &kernel, noise(step), extra),
                Some(back) if fresh == 0 => back[step + 1].clone(),
                Some(back) => {
                    let x = x.some_rows(0, fresh);
                    let kernel = kernel.some_rows(0, fresh);
                    let next = self.process.transition(step, &x, &kernel, noise(step), extra);
                    Rows::stack(vec![next, back[step + 1].clone()])
                }
            };
            states.push(next);
            priors.push(prior);
            posteriors.push(posterior);
            guides.push(guide);
        }
        drop(walker);
        Drawn {
            states: Steps::each(states),
            prior: Known::Some(priors),
            posterior: Steps::each(posteriors),
            guides: guides.into_iter().collect::<Option<Vec<_>>>().map(Steps::each),
            conditions,
            fresh,
            given_log_r: batch.given_log_r,
        }
    }

    /// The same where the policy draws all steps at once.
    fn draw_whole(&self, network: &K::Network, batch: &Batch, follow: Follow) -> Option<Drawn<P>> {
        let Follow::Policy { exploration } = follow else {
            return None;
        };
        if !batch.walked.is_empty() {
            return None;
        }
        let drawing = Drawing {
            fresh: batch.fresh.len(),
            noise: &batch.noise,
            given: &batch.given,
            given_noise: &batch.given_noise,
            extra: exploration,
        };
        let walks = self.policy.walk(network, drawing)?;
        let (conditions, steps) = (batch.conditions(), self.process.steps());
        let rows = conditions.len();
        Some(Drawn {
            states: Steps::whole(walks.states, steps + 1, rows),
            prior: Known::All(Steps::whole(walks.prior, steps, rows)),
            posterior: Steps::whole(walks.posterior, steps, rows),
            guides: None,
            conditions,
            fresh: batch.fresh.len(),
            given_log_r: batch.given_log_r.clone(),
        })
    }

    /// The states x_0 to x_T of the prior's own trajectories under these conditions; `noise` is
    /// `[steps][rows][noise_size]`.
    pub fn walk_prior(&self, conditions: &[usize], noise: Vec<f32>) -> Vec<P::State> {
        let mut states = Vec::with_capacity(self.process.steps() + 1);
        let mut walker = self.prior.walker(conditions);
        let kernel = |step, x: &P::State| {
            states.push(x.clone());
            walker(step, x)
        };
        let noise = self.noise([self.process.steps(), conditions.len()], noise);
        let end = walk(&self.process, conditions, &self.device, noise, kernel);
        states.push(end);
        states
    }

    /// End points noised back by `depth` steps and drawn again by the prior's kernels: a move that leaves p as it is
    /// and is reversible, as far as the prior reverses its noising. `ends` are `[rows][state_size]` under these
    /// conditions, `noise` is `[2·depth][rows][noise_size]`.
    pub fn redrawn(
        &self,
        conditions: &[usize],
        ends: Vec<f32>,
        depth: usize,
        mut noise: Vec<f32>,
    ) -> P::State {
        let (process, rows) = (&self.process, ends.len() / self.process.state_size());
        let from = process.steps() - depth;
        let forth = self.noise([depth, rows], noise.split_off(noise.len() / 2));
        let back = self.noise_back(ends, from, noise);
        (from..process.steps()).fold(back[0].clone(), |x, step| {
            let kernel = self.prior.kernel_given(step, conditions, &x);
            process.transition(step, &x, &kernel, forth(step - from), 0.0)
        })
    }

    /// Host noise, `[steps][rows][noise_size]`, as a step's tensor, `[rows, noise_size]`.
    fn noise(&self, [steps, rows]: [usize; 2], noise: Vec<f32>) -> impl Fn(usize) -> Tensor<2> {
        let size = self.process.noise_size();
        let noise: Tensor<3> = Tensor::from_data(TensorData::new(noise, [steps, rows, size]), &self.device);
        move |step| noise.clone().narrow(0, step, 1).reshape([rows, size])
    }

    /// Scores what was drawn.
    pub fn score(&self, drawn: Drawn<P>) -> Trajectories<P> {
        let Drawn {
            states,
            prior,
            posterior,
            guides,
            conditions,
            fresh,
            given_log_r,
        } = drawn;
        // All at once where drawing needed none of them: a prior may find whole walks with less work.
        let prior = match prior {
            Known::All(prior) => prior,
            Known::Some(none) if none.iter().all(Option::is_none) => {
                Steps::each(self.prior.kernels(&conditions, &states[..none.len()]))
            }
            Known::Some(some) => {
                let kernel = |(step, known): (usize, Option<P::Kernel>)| {
                    let of_prior = || self.prior.kernel_given(step, &conditions, &states[step]);
                    known.unwrap_or_else(of_prior)
                };
                Steps::each(some.into_iter().enumerate().map(kernel).collect())
            }
        };
        let log_ratios = self.log_ratios(&states, &posterior, &prior, conditions.len());
        Trajectories {
            states,
            prior,
            posterior,
            guides,
            log_ratios,
            conditions,
            fresh,
            given_log_r,
        }
    }

    /// The trajectories that end in given points, x_from to x_T; `noise` is `[T − from][rows][noise_size]`.
    pub(crate) fn noise_back(&self, ends: Vec<f32>, from: usize, noise: Vec<f32>) -> Vec<P::State> {
        let (steps, rows) = (self.process.steps(), ends.len() / self.process.state_size());
        let noise = self.noise([steps - from, rows], noise);
        let mut back = vec![self.process.upload(ends, &self.device)];
        for step in (from..steps).rev() {
            let next = &back[back.len() - 1];
            back.push(self.process.noise_back(step, next, noise(step - from)));
        }
        back.reverse();
        back
    }

    fn log_ratios(
        &self,
        states: &Steps<P::State>,
        posterior: &Steps<P::Kernel>,
        prior: &Steps<P::Kernel>,
        rows: usize,
    ) -> Tensor<2> {
        let steps: Vec<usize> = (0..self.process.steps()).collect();
        let parts = steps
            .chunks((self.process.rows_at_once() / rows).max(1))
            .map(|part| {
                let (from, to) = (part[0], part[part.len() - 1] + 1);
                let ratio = self.process.log_ratio(
                    part,
                    &states.block(from..to),
                    &states.block(from + 1..to + 1),
                    &posterior.block(from..to),
                    &prior.block(from..to),
                );
                ratio.reshape([part.len(), rows])
            });
        Tensor::cat(parts.collect(), 0)
    }
}
