//! A reward of one's own above a prior that ships: two moons, and points near a ring are wanted.
//!
//! `cargo run --release --example own_reward`

use rtb::engine::process::{BrownianBridge, Spacing};
use rtb::prelude::*;
use rtb::task::plane::{LearnedPrior, PlanePolicy};

fn radius(x: &[f32]) -> f64 {
    f64::from(x[0]).hypot(f64::from(x[1]))
}

/// log r, of r(x) = exp(−(|x| − 4)²/2).
fn near_the_ring(x: &[f32]) -> f64 {
    -0.5 * (radius(x) - 4.0).powi(2)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = cpu_device();
    let process = BrownianBridge {
        steps: 20,
        variance: 5.0,
        dimensions: 2,
        spacing: Spacing::Even,
    };
    let weights = rtb::run::shipped_weights("prior-moons").ok_or("no such weights")?;
    let prior = LearnedPrior::open(weights, process, &device)?;
    // The posterior starts as a copy of the prior.
    let network = prior.network().clone();
    let chains = Chains::new(process, prior, PlanePolicy::in_place_of_prior(process), device);
    let mut settings = Settings::default();
    settings.training.iterations = 400;
    let posterior = Plain::new(chains, network, OnHost(Each(near_the_ring)));
    let mut learner = Learner::new(posterior, settings, None)?;
    pollster::block_on(async {
        learner.finish().await?;
        let learned = learner.simulate(LEARNED, Purpose::Samples, 20_000).await?;
        let mean = Mean::of(learned.ends.chunks_exact(2).map(radius));
        // The exact answer: samples of the prior, weighted by r.
        let prior = learner
            .simulate(Follow::Prior, Purpose::PriorEvaluation, 100_000)
            .await?;
        let exact = Mean::weighted(&prior.log_reward, prior.ends.chunks_exact(2).map(radius));
        let log_z = LogMean::of(prior.log_reward.iter().copied());
        println!("mean |x|: learned {mean}, exact {exact}");
        let found = LogMean::of(learned.log_weights().into_iter());
        println!("log Z: learned {found}, exact {log_z}");
        Ok(())
    })
}
