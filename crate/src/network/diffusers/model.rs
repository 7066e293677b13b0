//! A pretrained U-Net on its scheduler's chain: the prior, and, with adapters, the policy.

use super::{Adapters, UNet};
use crate::engine::process::scheduled::guided;
use crate::engine::process::{Policy, Prior, Process, Scheduled};
use burn::tensor::Tensor;
use std::sync::Arc;

/// What a conditional network is told.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The vectors of a text, `[1, tokens, width]`.
    pub context: Tensor<3>,
    /// Those of the empty text, and how far guidance goes: 1 is without.
    pub guidance: Option<(Tensor<3>, f64)>,
}

/// A U-Net, the chain of its scheduler and a prompt. Clones share the network.
///
/// The policy is the same network with [`Adapters`]. They start as no change, so posterior and prior start as
/// one.
#[derive(Clone, Debug)]
pub struct Model {
    network: Arc<UNet>,
    process: Scheduled,
    /// Channels, height and width.
    shape: [usize; 3],
    prompt: Option<Prompt>,
}

impl Model {
    /// A prior of images or latents with these channels, height and width.
    ///
    /// # Panics
    ///
    /// Where the chain's states have another size.
    pub fn new(network: UNet, process: Scheduled, shape: [usize; 3], prompt: Option<Prompt>) -> Self {
        assert_eq!(process.state_size(), shape.iter().product::<usize>());
        Self {
            network: Arc::new(network),
            process,
            shape,
            prompt,
        }
    }

    /// The network, which adapters are made for.
    pub fn network(&self) -> &UNet {
        &self.network
    }

    /// The chain.
    pub fn process(&self) -> &Scheduled {
        &self.process
    }

    /// The network's output at states `[blocks·rows, numbers]`, block b at timestep `timesteps[b]`, of the same
    /// shape.
    pub fn output(&self, timesteps: &[f64], x: &Tensor<2>, adapters: Option<&Adapters>) -> Tensor<2> {
        let ([rows, numbers], [channels, height, width]) = (x.dims(), self.shape);
        let images = x.clone().reshape([rows, channels, height, width]);
        let said = |context: Option<&Tensor<3>>| {
            let context = context.map(|context| {
                let [_, tokens, width] = context.dims();
                context.clone().expand([rows, tokens, width])
            });
            let output = self
                .network
                .forward(images.clone(), timesteps, context.as_ref(), adapters);
            output.reshape([rows, numbers])
        };
        let Some(prompt) = &self.prompt else {
            return said(None);
        };
        let conditional = said(Some(&prompt.context));
        match &prompt.guidance {
            None => conditional,
            Some((without, scale)) => guided(said(Some(without)), conditional, *scale),
        }
    }

    /// The images, or latents, that the chain's ends become: the scheduler's last step without noise, with the
    /// prior's network.
    pub fn finished(&self, ends: &Tensor<2>) -> Tensor<2> {
        match self.process.finish() {
            None => ends.clone(),
            Some(finish) => {
                let output = self.output(&[finish.timestep as f64], ends, None);
                self.process.finished(ends, output)
            }
        }
    }

    fn mean(&self, steps: &[usize], x: &Tensor<2>, adapters: Option<&Adapters>) -> Tensor<2> {
        // The first transition's mean is 0, whatever the network says: it is asked where a gradient needs it.
        let timestep = |step: &usize| {
            self.process
                .transition_at(*step.max(&1))
                .map(|t| t.timestep as f64)
        };
        let timesteps: Vec<f64> = steps.iter().filter_map(timestep).collect();
        self.process.mean(steps, x, self.output(&timesteps, x, adapters))
    }
}

impl Prior<Scheduled> for Model {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        match step {
            0 => x.zeros_like(),
            step => self.mean(&[step], x, None),
        }
    }
}

impl Policy<Scheduled> for Model {
    type Network = Adapters;

    fn kernel(
        &self,
        adapters: &Adapters,
        steps: &[usize],
        _conditions: &[usize],
        x: Tensor<2>,
        _guide: Option<&Tensor<2>>,
        _prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        self.mean(steps, &x, Some(adapters))
    }
}
