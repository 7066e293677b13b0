//! Samples of mixtures.

use super::Mixture;
use crate::engine::noise;
use rand_chacha::rand_core::Rng;

impl Mixture {
    /// One sample.
    pub fn sample(&self, rng: &mut impl Rng) -> [f64; 2] {
        let running = noise::running_sum(self.components.iter().map(|c| c.weight));
        self.sample_component(noise::index(rng, &running), rng)
    }

    /// One sample of a component.
    fn sample_component(&self, component: usize, rng: &mut impl Rng) -> [f64; 2] {
        let c = &self.components[component];
        let [xx, xy, yy] = c.covariance;
        let a = xx.sqrt();
        let b = xy / a;
        let d = (yy - b * b).sqrt();
        let (u, v) = (noise::normal(rng), noise::normal(rng));
        [c.mean[0] + a * u, c.mean[1] + b * u + d * v]
    }
}
