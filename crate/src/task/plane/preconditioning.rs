//! What a drift network's numbers mean for the bridge.

use crate::engine::process::BrownianBridge;
use crate::network::DriftNetwork;
use burn::tensor::Tensor;

/// Scales that keep a drift network's inputs and outputs near 1 at every time (arXiv 2206.00364,
/// §5, for the bridge): they are the closed forms for data N(0, s²·I).
#[derive(Clone, Copy, Debug)]
pub struct Preconditioning {
    process: BrownianBridge,
}

/// s², the variance of data that the scales assume.
const DATA_VARIANCE: f64 = 50.0;

impl Preconditioning {
    /// The scales of a bridge.
    pub fn new(process: BrownianBridge) -> Self {
        Self { process }
    }

    /// 1/deviation of x_t.
    pub fn input(&self, t: f64) -> f64 {
        let t = t.max(self.process.time(1));
        (t * (t * DATA_VARIANCE + self.process.variance * (1.0 - t)))
            .sqrt()
            .recip()
    }

    /// Factor c in E[x_1 | x_t] ≈ c·x_t.
    fn skip(&self, t: f64) -> f64 {
        DATA_VARIANCE / (t * DATA_VARIANCE + self.process.variance * (1.0 - t))
    }

    /// The deviation of x_1 given x_t over (1 − t): the scale of the drift's unknown part.
    pub fn output(&self, t: f64) -> f64 {
        (DATA_VARIANCE * self.process.variance
            / ((1.0 - t) * (t * DATA_VARIANCE + self.process.variance * (1.0 - t))))
            .sqrt()
    }

    /// 1/s.
    pub fn data_scale(&self) -> f64 {
        DATA_VARIANCE.sqrt().recip()
    }

    /// The drift of a network that gives it all: (c_skip − 1)/(1 − t)·x + c_out·net(c_in·x, t).
    pub fn learned_drift(&self, network: &DriftNetwork, steps: &[usize], x: Tensor<2>) -> Tensor<2> {
        let scaled = self.process.per_step(steps, x.clone(), |t| self.input(t));
        let out = network.forward(&self.process.times(steps), scaled);
        self.process
            .per_step(steps, x, |t| (self.skip(t) - 1.0) / (1.0 - t))
            + self.process.per_step(steps, out, |t| self.output(t))
    }
}
