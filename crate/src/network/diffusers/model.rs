//! A pretrained U-Net on its scheduler's chain: the prior, and, with adapters, the policy.

use super::step::leaf;
use super::{Adapters, UNet};
use crate::engine::process::scheduled::guided;
use crate::engine::process::{At, Policy, Prior, Process, Rows, Scheduled, in_chunks};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;
use std::sync::Arc;

/// What a conditional network is told.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The vectors of a text for each condition, `[conditions, tokens, width]`.
    pub context: Tensor<3>,
    /// Those of the empty text, `[1, tokens, width]`, and how far guidance goes: 1 is without.
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
    /// Most states that go through the network at once.
    at_once: usize,
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
            at_once: usize::MAX,
        }
    }

    /// The same, which sends at most `rows` states through the network at once. States of several timesteps go through
    /// it together: who asks for these has cut them.
    pub fn in_chunks(self, rows: usize) -> Self {
        Self {
            at_once: rows,
            ..self
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

    /// Conditions that the chain differs by.
    pub fn conditions(&self) -> usize {
        self.prompt.as_ref().map_or(1, |prompt| prompt.context.dims()[0])
    }

    /// The network's output at states `[blocks·rows, numbers]`, block b at timestep `timesteps[b]`, of the same
    /// shape; the conditions belong to the rows of a block.
    pub fn output(
        &self,
        timesteps: &[f64],
        conditions: &[usize],
        x: &Tensor<2>,
        adapters: Option<&Adapters>,
    ) -> Tensor<2> {
        if timesteps.len() > 1 {
            return self.output_at_once(timesteps, conditions, x, adapters);
        }
        in_chunks(conditions.len(), self.at_once, |rows| {
            let x = x.some_rows(rows.start, rows.len());
            self.output_at_once(timesteps, &conditions[rows], &x, adapters)
        })
    }

    fn output_at_once(
        &self,
        timesteps: &[f64],
        conditions: &[usize],
        x: &Tensor<2>,
        adapters: Option<&Adapters>,
    ) -> Tensor<2> {
        let said = |context: Option<Tensor<3>>| {
            let output = self
                .network
                .forward(self.images(x), timesteps, context.as_ref(), adapters);
            output.reshape(x.dims())
        };
        let contexts = self.contexts(conditions, timesteps.len());
        self.joined(contexts.into_iter().map(said).collect())
    }

    /// States as images.
    fn images(&self, x: &Tensor<2>) -> Tensor<4> {
        let [channels, height, width] = self.shape;
        x.clone().reshape([x.dims()[0], channels, height, width])
    }

    /// What the network is told of so many blocks of states, once or, with guidance, twice: without the prompt first.
    fn contexts(&self, conditions: &[usize], blocks: usize) -> Vec<Option<Tensor<3>>> {
        let rows = conditions.repeat(blocks);
        let same = |context: &Tensor<3>| {
            let [_, tokens, width] = context.dims();
            Some(context.clone().expand([rows.len(), tokens, width]))
        };
        let Some(prompt) = &self.prompt else {
            return vec![None];
        };
        let of_rows = match self.conditions() {
            1 => same(&prompt.context),
            _ => Some(prompt.context.select_rows(&rows)),
        };
        let without = prompt.guidance.iter().map(|(without, _)| same(without));
        without.chain([of_rows]).collect()
    }

    /// The output that the outputs under [`Model::contexts`] make.
    fn joined(&self, mut said: Vec<Tensor<2>>) -> Tensor<2> {
        let conditional = said.pop().expect("the network is asked at least once");
        let guidance = self.prompt.as_ref().and_then(|prompt| prompt.guidance.as_ref());
        match (said.pop(), guidance) {
            (Some(without), Some((_, scale))) => guided(without, conditional, *scale),
            _ => conditional,
        }
    }

    /// The images, or latents, that the chain's ends become: the scheduler's last step without noise, with the
    /// prior's network, each under its condition.
    pub fn finished(&self, ends: &Tensor<2>, conditions: &[usize]) -> Tensor<2> {
        match self.process.finish() {
            None => ends.clone(),
            Some(finish) => {
                let output = self.output(&[finish.timestep as f64], conditions, ends, None);
                self.process.finished(ends, output)
            }
        }
    }

    /// What the network is asked at in these steps. The first transition's mean is 0, whatever the network says: it is
    /// asked where a gradient needs it.
    fn timesteps(&self, steps: &[usize]) -> Vec<f64> {
        let timestep = |step: &usize| self.process.transition_at(*step.max(&1));
        let transitions = steps.iter().filter_map(timestep);
        transitions.map(|transition| transition.timestep as f64).collect()
    }

    fn mean(
        &self,
        steps: &[usize],
        conditions: &[usize],
        x: &Tensor<2>,
        adapters: Option<&Adapters>,
    ) -> Tensor<2> {
        let output = self.output(&self.timesteps(steps), conditions, x, adapters);
        self.process.mean(steps, x, output)
    }
}

impl Prior<Scheduled> for Model {
    fn kernel(&self, step: usize, x: &Tensor<2>) -> Tensor<2> {
        self.kernel_given(step, &vec![0; x.dims()[0]], x)
    }

    fn kernel_given(&self, step: usize, conditions: &[usize], x: &Tensor<2>) -> Tensor<2> {
        match step {
            0 => x.zeros_like(),
            step => self.mean(&[step], conditions, x, None),
        }
    }
}

impl Policy<Scheduled> for Model {
    type Network = Adapters;

    fn kernel(
        &self,
        adapters: &Adapters,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        _guide: Option<&Tensor<2>>,
        _prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        self.mean(steps, conditions, &x, Some(adapters))
    }

    /// With the memory of the inputs of the network's layers, and of one layer's graph.
    fn gradient(
        &self,
        adapters: &Adapters,
        at: At<Scheduled>,
        _prior: impl FnOnce() -> Tensor<2>,
        value: impl FnOnce(Tensor<2>) -> Tensor<1>,
    ) -> GradientsParams {
        let (x, fixed) = (at.states, adapters.clone().valid());
        let timesteps = self.timesteps(at.steps);
        let contexts = self.contexts(at.conditions, at.steps.len());
        let recorded: Vec<_> = contexts
            .iter()
            .map(|context| {
                self.network
                    .recorded(self.images(x), &timesteps, context.as_ref(), &fixed)
            })
            .collect();
        let outputs: Vec<Tensor<2>> = recorded
            .iter()
            .map(|pass| leaf(pass.output.clone().reshape(x.dims())))
            .collect();
        let mean = self.process.mean(at.steps, x, self.joined(outputs.clone()));
        let mut gradients = value(mean).backward();
        let mut sum = GradientsAccumulator::new();
        for ((pass, output), context) in recorded.into_iter().zip(outputs).zip(&contexts) {
            let gradient = output
                .grad_remove(&mut gradients)
                .expect("the mean depends on it");
            let given = (&timesteps[..], context.as_ref());
            let gradient = self.images(&gradient);
            sum.accumulate(adapters, self.network.gradient(pass, gradient, given, adapters));
        }
        sum.grads()
    }
}
