//! Prior samples, weighted or rejected.

use super::{Population, Sampler, Setting, Weighs};
use crate::engine::host::read;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::{Prior, Process, walk};
use burn::tensor::{Device, Tensor, TensorData};

/// Prior samples weighted by r^β.
#[derive(Clone, Copy, Debug)]
pub struct Importance;

impl<P: Process, Q: Prior<P>> Sampler<P, Q> for Importance {
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let ends = prior_samples(setting, Purpose::Proposal, rows, counter).await?;
        Ok(Population {
            log_weights: setting.log_reward(&ends).await?,
            ends,
            weighs: Weighs::Each,
            evaluations: rows as u64 * setting.process.steps() as u64,
        })
    }
}

/// Prior samples kept with probability (r/max r)^β.
#[derive(Clone, Copy, Debug)]
pub struct Rejection {
    /// Most prior samples that are drawn per sample wanted.
    pub proposals: usize,
}

impl<P: Process, Q: Prior<P>> Sampler<P, Q> for Rejection {
    /// Fewer than `rows` samples where the proposals do not suffice. Where the reward's bound was
    /// only searched for and a sample exceeds it, the bound is raised and what was kept before is
    /// thinned to match.
    async fn population(
        &self,
        setting: &Setting<'_, P, Q>,
        rows: usize,
        counter: u64,
    ) -> Result<Population, String> {
        let bound = setting
            .reward
            .log_bound()
            .ok_or("this reward has no upper bound, but rejection needs one")?;
        let mut bound = setting.beta * bound;
        let size = setting.process.state_size();
        let mut rng = setting.noise.stream(Purpose::Acceptance, counter);
        let mut made = Population::default();
        for round in 0..self.proposals as u64 {
            let ends = prior_samples(
                setting,
                Purpose::Proposal,
                rows,
                counter * self.proposals as u64 + round,
            )
            .await?;
            made.evaluations += rows as u64 * setting.process.steps() as u64;
            let log_r = setting.log_reward(&ends).await?;
            let highest = log_r.iter().copied().fold(bound, f64::max);
            if highest > bound {
                let kept: Vec<f32> = made
                    .ends
                    .chunks_exact(size)
                    .filter(|_| noise::uniform(&mut rng) < (bound - highest).exp())
                    .flatten()
                    .copied()
                    .collect();
                made.ends = kept;
                bound = highest;
            }
            for (end, log_r) in ends.chunks_exact(size).zip(log_r) {
                if noise::uniform(&mut rng) < (log_r - bound).exp() {
                    made.ends.extend(end);
                }
            }
            if made.ends.len() >= rows * size {
                made.ends.truncate(rows * size);
                break;
            }
        }
        if made.ends.is_empty() {
            return Err(format!(
                "rejection kept none of {} prior samples: samples with a high reward are too rare under the prior",
                rows as u64 * self.proposals as u64
            ));
        }
        made.log_weights = vec![0.0; made.ends.len() / size];
        Ok(made)
    }
}

/// End points of the prior's chain on the host, `[rows][state_size]`, drawn at most `block` at once. They are
/// the elements with these indices of a fixed infinite sequence: the noise of each depends on its index
/// alone. The sequence cycles through the conditions.
pub(crate) async fn own_samples<P: Process, Q: Prior<P>>(
    process: &P,
    prior: &Q,
    conditions: usize,
    (noise, purpose): (&Noise, Purpose),
    numbers: &[usize],
    block: usize,
    device: &Device,
) -> Result<Vec<f32>, String> {
    let (count, size) = (numbers.len(), process.noise_size());
    let mut samples = Vec::with_capacity(count * process.state_size());
    for group in parallel::ranges(device, count, block) {
        let ends = parallel::map(group, |range| {
            let (numbers, rows) = (&numbers[range.clone()], range.len());
            let streams = numbers.iter().map(|n| noise.stream(purpose, *n as u64));
            let mut streams: Vec<_> = streams.collect();
            let noise = |_| {
                let drawn = streams.iter_mut().flat_map(|rng| noise::normals(rng, size));
                let drawn = TensorData::new(drawn.collect::<Vec<f32>>(), [rows, size]);
                Tensor::from_data(drawn, device)
            };
            let conditions: Vec<usize> = numbers.iter().map(|number| number % conditions).collect();
            let kernel = prior.walker(&conditions);
            process.download(&walk(process, &conditions, device, noise, kernel))
        });
        for end in ends {
            samples.extend(read(end).await?);
        }
    }
    Ok(samples)
}

/// End points of the prior's chain, on the host.
pub(crate) async fn prior_samples<P: Process, Q: Prior<P>>(
    setting: &Setting<'_, P, Q>,
    purpose: Purpose,
    rows: usize,
    counter: u64,
) -> Result<Vec<f32>, String> {
    let process = setting.process;
    let mut rng = setting.noise.stream(purpose, counter);
    let noise = |_| setting.draw(&mut rng, rows);
    let conditions = vec![0; rows];
    let kernel = setting.walker(&conditions);
    let end = walk(process, &conditions, setting.device, noise, kernel);
    read(process.download(&end)).await
}
