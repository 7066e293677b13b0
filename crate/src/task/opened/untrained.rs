//! Samples of methods that are not trained, whatever the task.

use super::Drawn;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::process::{Diffusion, Prior, Process};
use crate::engine::sampler::{
    Annealed, AroundTheEnd, Blind, Guidance, Guided, Hmc, Importance, LookAhead, Metropolis, Population,
    Rejection, Sampler, Setting, Smc, Tilted,
};
use crate::engine::statistics::systematic;
use crate::engine::{EngineError, Method};

/// `count` indices in proportion to weights, to draw or to count each as one.
pub(in crate::task) fn resampled(noise: &Noise, log_weights: &[f64], count: usize) -> Vec<usize> {
    // The last counter: others belong to populations.
    let mut rng = noise.stream(Purpose::Resampling, (1 << 48) - 1);
    systematic(log_weights, count, &mut rng)
}

/// Populations of a training-free method until there are `samples`, pooled by their weights;
/// `block` rows at once where the method has no populations of its own.
pub(in crate::task) async fn draw(
    method: &Method,
    samples: usize,
    block: usize,
    population: impl AsyncFn(usize, u64) -> Result<Population, String>,
) -> Result<Drawn, EngineError> {
    let wanted = match *method {
        // All are kept with their weights: more of them make a better estimate.
        Method::Importance { proposals } => samples * proposals,
        _ => samples,
    };
    let mut drawn = Drawn::default();
    let mut counter = 0;
    while drawn.log_weights.len() < wanted {
        let rows = match *method {
            // A population of particles is whole, but no more particles than samples: a larger
            // population would be a better one.
            Method::Smc { particles, .. } | Method::AnnealedSmc { particles, .. } => particles.min(samples),
            _ => block.min(wanted - drawn.log_weights.len()),
        };
        let population = match population(rows, counter).await {
            Ok(population) => population,
            // What there is stands for itself.
            Err(_) if !drawn.log_weights.is_empty() => break,
            Err(why) => return Err(EngineError::Method(why)),
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

/// The same of any diffusion whose data has this variance.
pub(in crate::task) async fn draw_of_diffusion<P: Diffusion, Q: Prior<P>>(
    method: Method,
    setting: &Setting<'_, P, Q>,
    data_variance: f64,
    samples: usize,
    block: usize,
) -> Result<Drawn, EngineError> {
    draw(&method, samples, block, async |rows, counter| {
        population(method, setting, data_variance, rows, counter).await
    })
    .await
}

/// One population of a training-free method on any diffusion whose data has this variance.
pub(in crate::task) async fn population<P: Diffusion, Q: Prior<P>>(
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
        Method::Hmc { moves, leapfrog } => Hmc { moves, leapfrog }.population(setting, rows, counter).await,
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
pub(in crate::task) async fn unguided<P: Process, Q: Prior<P>>(
    method: Method,
    setting: &Setting<'_, P, Q>,
    rows: usize,
    counter: u64,
) -> Result<Population, String> {
    match method {
        Method::Importance { .. } => Importance.population(setting, rows, counter).await,
        Method::Rejection { proposals } => Rejection { proposals }.population(setting, rows, counter).await,
        Method::AnnealedSmc {
            resample_below,
            moves,
            ..
        } => {
            let annealed = Annealed {
                moves,
                resample_below,
            };
            annealed.population(setting, rows, counter).await
        }
        Method::Metropolis { moves } => Metropolis { moves }.population(setting, rows, counter).await,
        Method::Smc {
            resample_below,
            points: 0,
            ..
        } => tilted(Blind, setting, resample_below, rows, counter).await,
        other => Err(format!("`{}` is not a training-free method", other.info().name)),
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
