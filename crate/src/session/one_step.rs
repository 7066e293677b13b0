//! A one-step sampler of an open run: distilled from its posterior, kept in a file, held against the exact one.

use super::Session;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::statistics::systematic;
use crate::engine::train::examples::Recipe;
use crate::engine::weights::read_metadata;
use crate::engine::{ConfigError, EngineError};
use crate::run::Run;
use crate::task::noise_policy::Told;
use crate::task::one_step::{Distillation, OneStep, Pool};
use crate::task::opened::Measured;

/// Samples of the chain that it learns from, and fewest under a condition.
const POOL: usize = 1 << 16;
const LEAST: usize = 64;
/// The entries of a file's header.
const RUN: &str = "run";
const ITERATION: &str = "one_step_of_iteration";

impl Session {
    /// A one-step sampler in training on samples of the posterior; where `weighted`, they are drawn by their weights
    /// r·p_θ/p_φ, so that they follow the exact one.
    ///
    /// # Errors
    ///
    /// Where the chain does not live in a space of noise, a value of the recipe is refused, or the device fails.
    pub async fn distillation(
        &self,
        recipe: Recipe,
        shape: [usize; 2],
        weighted: bool,
    ) -> Result<Distillation, EngineError> {
        let (d, told) = self.told()?;
        let count = self.conditions().count;
        let each = (POOL / count).max(LEAST);
        let conditions: Vec<usize> = (0..count * each).map(|row| row / each).collect();
        let made = self.0.ends(Purpose::Distillation, &conditions, weighted).await?;
        let of_condition = |(at, ends): (usize, &[f32])| {
            if !weighted {
                return ends.to_vec();
            }
            let mut rng = Noise::new(recipe.seed).stream(Purpose::Resampling, at as u64);
            let chosen = systematic(&made.log_weights[at * each..(at + 1) * each], each, &mut rng);
            let rows = chosen.into_iter();
            rows.flat_map(|row| &ends[row * d..(row + 1) * d])
                .copied()
                .collect()
        };
        let ends = made.ends.chunks_exact(each * d).enumerate().map(of_condition);
        let pool = Pool::new(ends.collect(), d).map_err(EngineError::Device)?;
        Ok(Distillation::new(
            pool,
            told,
            recipe,
            shape,
            self.device().clone(),
        )?)
    }

    /// A one-step sampler as safetensors; its header holds the run and the iteration that it was distilled at.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn one_step_file(&self, sampler: &OneStep) -> Result<Vec<u8>, EngineError> {
        let mut weights = sampler.weights().await.map_err(EngineError::Device)?;
        let header = [
            (RUN, self.run().to_toml()),
            (ITERATION, self.iteration().to_string()),
        ];
        weights
            .metadata
            .extend(header.map(|(key, value)| (key.to_owned(), value)));
        Ok(weights.to_safetensors(false))
    }

    /// The one-step sampler in a file, which `field` names `name`.
    ///
    /// # Errors
    ///
    /// Where it is no such file, or was distilled from another run, or from another state of this one.
    pub fn one_step(&self, file: &[u8], (field, name): (&str, &str)) -> Result<OneStep, EngineError> {
        let (d, told) = self.told()?;
        let read = || {
            let header = read_metadata(file)?;
            let (Some(run), Some(iteration)) = (header.get(RUN), header.get(ITERATION)) else {
                return Err("its header is not that of a one-step sampler".to_owned());
            };
            let run = Run::from_written(run).map_err(|why| format!("its run cannot be read: {why}"))?;
            if let Err(other) = self.run().same_training(&run) {
                return Err(format!("its run has another {}, {}", other.field, other.value));
            }
            if *iteration != self.iteration().to_string() {
                return Err(format!(
                    "it was distilled after {iteration} iterations, and the run has {}",
                    self.iteration()
                ));
            }
            OneStep::read(file, d, told, self.device())
        };
        read().map_err(|why| {
            let allowed = format!("a file that `rtb distill` wrote of this run ({why})");
            ConfigError::new(field, format!("`{name}`"), allowed).into()
        })
    }

    /// Samples in one step under these conditions, one each, `[conditions]` of [`Session::shape`].
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn one_step_samples(
        &self,
        sampler: &OneStep,
        conditions: &[usize],
        seed: u64,
    ) -> Result<Vec<f32>, EngineError> {
        let ends = self.one_step_ends(sampler, conditions, (seed, Purpose::Samples));
        self.0.task().samples_of(ends.await?, conditions).await
    }

    async fn one_step_ends(
        &self,
        sampler: &OneStep,
        conditions: &[usize],
        (seed, purpose): (u64, Purpose),
    ) -> Result<Vec<f32>, EngineError> {
        let noise = Noise::new(seed);
        let ends = sampler.ends(conditions, (&noise, purpose), self.device()).await;
        ends.map_err(EngineError::Device)
    }

    /// The figures of `samples` samples of the policy and of as many of a one-step sampler, the conditions in turn.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn measure_one_step(
        &mut self,
        sampler: &OneStep,
        samples: usize,
    ) -> Result<[Measured; 2], EngineError> {
        let all = self.conditions();
        let conditions: Vec<usize> = (0..samples).map(|row| all.in_turn(row)).collect();
        let long = self.0.ends(Purpose::Evaluation, &conditions, false).await?.ends;
        let seed = self.run().seed;
        let short = self
            .one_step_ends(sampler, &conditions, (seed, Purpose::Evaluation))
            .await?;
        let even = vec![0.0; samples];
        let task = self.0.task_mut();
        Ok([
            task.measure(&long, &even, samples).await?,
            task.measure(&short, &even, samples).await?,
        ])
    }

    /// Numbers of an end point, and what one-step samplers are told of every condition.
    fn told(&self) -> Result<(usize, Told), ConfigError> {
        self.0.task().told().ok_or_else(|| {
            let task = self.run().task().name();
            let allowed = "`points` or `latents`: their chains live in a space of noise";
            ConfigError::new("task", format!("`{task}`"), allowed)
        })
    }
}
