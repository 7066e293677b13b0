//! Plain descent on a loss that is differentiated whole: energies and learned priors.

use crate::config::ConfigError;
use crate::host::read;
use crate::session::SessionError;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;

/// A network moved by Adam, at a learning rate that falls to 0 along a cosine.
pub(super) struct Descent<N> {
    network: N,
    optimizer: ModuleOptimizer,
    schedule: ModuleLrScheduler,
}

impl<N: Module> Descent<N> {
    /// Starts at `network`.
    ///
    /// # Errors
    ///
    /// Where the learning rate is refused.
    pub(super) fn new(network: N, learning_rate: f64, iterations: usize) -> Result<Self, SessionError> {
        let schedule = CosineAnnealingLrSchedulerConfig::new(learning_rate, iterations)
            .init()
            .map_err(|allowed| ConfigError::new("the learning rate", learning_rate, allowed))?;
        Ok(Self {
            network: network.train(),
            optimizer: AdamConfig::new().with_epsilon(1e-8).init(),
            schedule,
        })
    }

    /// The network, which tracks gradients.
    pub(super) fn network(&self) -> &N {
        &self.network
    }

    /// One step down this loss, `[1]`; its value.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn step(&mut self, loss: Tensor<1>) -> Result<f64, SessionError> {
        let value = read(loss.clone()).await.map_err(SessionError::Device)?[0];
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self
            .optimizer
            .step(self.schedule.step(), self.network.clone(), gradients);
        Ok(value.into())
    }
}
