//! A pass through a network as steps from one image to the next, and its gradient step by step.
//!
//! [`run`] makes an image. [`record`] also keeps the input of every step, and nothing of what is computed within one;
//! [`pull_back`] computes the steps again, from the last to the first, each with a graph of its own. So a gradient takes
//! the memory of the inputs and of one step's graph, and a third more time (arXiv 1604.06174).

use super::Adapters;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Gradients, Tensor};

/// What every layer of a pass through a network is given.
#[derive(Clone, Copy, Default)]
pub(super) struct Pass<'a> {
    /// Of the time, `[blocks, units]`.
    pub embedding: Option<&'a Tensor<2>>,
    /// What attention looks at beside the image, `[rows, tokens, width]`.
    pub context: Option<&'a Tensor<3>>,
    /// What is added to the layers.
    pub adapters: Option<&'a Adapters>,
}

/// What a step is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    /// Images at once.
    pub rows: usize,
    /// Of each, with those of the earlier image that the step takes.
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// What each sees of a text.
    pub tokens: usize,
}

impl Given {
    /// Numbers of all images.
    pub fn numbers(self) -> usize {
        self.rows * self.channels * self.height * self.width
    }
}

/// What a step takes of memory, in numbers, for all images that it is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// The next images.
    pub output: Given,
    /// Numbers that are in memory at once where a gradient is taken through the step, and without one.
    pub graph: usize,
    pub forward: usize,
    /// Of its weights, whatever the images: they are computed with in f32.
    pub weights: usize,
}

/// What a step computes.
pub(super) trait Part {
    /// What the step takes of memory.
    fn cost(&self, given: Given) -> Cost;

    /// The next image `[rows, channels, height, width]`; `beside` is the earlier one that the step takes, if it takes
    /// one.
    fn forward(&self, h: Tensor<4>, beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4>;

    /// The gradients in `h` and `beside` of Σ forward·gradient; those of all else go to `pull`.
    fn pulled(
        &self,
        h: Tensor<4>,
        beside: Option<Tensor<4>>,
        gradient: Tensor<4>,
        pull: &mut Pull,
    ) -> (Tensor<4>, Option<Tensor<4>>) {
        let h = leaf(h);
        let beside = beside.map(leaf);
        let output = self.forward(h.clone(), beside.clone(), pull.pass());
        let mut gradients = (output * gradient).sum().backward();
        let of = |leaf: &Tensor<4>, gradients: &mut Gradients| {
            let gradient = leaf.grad_remove(gradients);
            gradient.expect("an output depends on the image")
        };
        let (of_h, of_beside) = (
            of(&h, &mut gradients),
            beside.map(|beside| of(&beside, &mut gradients)),
        );
        pull.take(gradients);
        (of_h, of_beside)
    }
}

impl<P: Part> Part for &P {
    fn cost(&self, given: Given) -> Cost {
        (**self).cost(given)
    }
    fn forward(&self, h: Tensor<4>, beside: Option<Tensor<4>>, pass: Pass) -> Tensor<4> {
        (**self).forward(h, beside, pass)
    }

    fn pulled(
        &self,
        h: Tensor<4>,
        beside: Option<Tensor<4>>,
        gradient: Tensor<4>,
        pull: &mut Pull,
    ) -> (Tensor<4>, Option<Tensor<4>>) {
        (**self).pulled(h, beside, gradient, pull)
    }
}

/// Where a graph begins.
pub(super) fn leaf<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.without_autodiff().autodiff().require_grad()
}

/// Which image a step leaves for a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    Nothing,
    Input,
    Output,
}

/// A step of a pass.
pub(super) struct Step<'a> {
    part: Box<dyn Part + 'a>,
    leaves: Leaves,
    takes: bool,
}

impl<'a> Step<'a> {
    pub fn new(part: impl Part + 'a) -> Self {
        Self {
            part: Box::new(part),
            leaves: Leaves::Nothing,
            takes: false,
        }
    }

    /// The same, whose input a later step takes.
    pub fn leaving_input(self) -> Self {
        Self {
            leaves: Leaves::Input,
            ..self
        }
    }

    /// The same, whose output a later step takes.
    pub fn leaving_output(self) -> Self {
        Self {
            leaves: Leaves::Output,
            ..self
        }
    }

    /// The same, which takes the last image that was left and not taken yet.
    pub fn taking(self) -> Self {
        Self { takes: true, ..self }
    }

    /// The next image; `left` holds those for later steps.
    fn apply(&self, h: Tensor<4>, left: &mut Vec<Tensor<4>>, pass: Pass) -> (Tensor<4>, Option<Tensor<4>>) {
        let beside = if self.takes { left.pop() } else { None };
        if self.leaves == Leaves::Input {
            left.push(h.clone());
        }
        let output = self.part.forward(h, beside.clone(), pass);
        if self.leaves == Leaves::Output {
            left.push(output.clone());
        }
        (output, beside)
    }
}

/// What steps make of an image.
pub(super) fn run(steps: &[Step], x: Tensor<4>, pass: Pass) -> Tensor<4> {
    let mut left = Vec::new();
    steps.iter().fold(x, |h, step| step.apply(h, &mut left, pass).0)
}

/// What a step was given: the image, and the earlier one that it took.
pub(super) type Input = (Tensor<4>, Option<Tensor<4>>);

/// The same, with what every step was given.
pub(super) fn record(steps: &[Step], x: Tensor<4>, pass: Pass) -> (Tensor<4>, Vec<Input>) {
    let (mut left, mut inputs) = (Vec::new(), Vec::with_capacity(steps.len()));
    let output = steps.iter().fold(x, |h, step| {
        let (output, beside) = step.apply(h.clone(), &mut left, pass);
        inputs.push((h, beside));
        output
    });
    (output, inputs)
}

/// Collects in `pull` the gradients of Σ output·gradient of a recorded pass.
pub(super) fn pull_back(steps: &[Step], inputs: Vec<Input>, gradient: Tensor<4>, pull: &mut Pull) {
    // Those of images that were left for later steps, which are met before the ones that left them.
    let mut of_left = Vec::new();
    let pairs = steps.iter().zip(inputs).rev();
    pairs.fold(gradient, |mut gradient, (step, (h, beside))| {
        let mut left = |gradient: Tensor<4>| match of_left.pop() {
            None => gradient,
            Some(of_left) => gradient + of_left,
        };
        if step.leaves == Leaves::Output {
            gradient = left(gradient);
        }
        let (mut of_h, of_beside) = step.part.pulled(h, beside, gradient, pull);
        if step.leaves == Leaves::Input {
            of_h = left(of_h);
        }
        of_left.extend(of_beside);
        of_h
    });
}

/// What a pass takes of memory, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// What is kept of a pass whose gradient is taken: the input of every step.
    pub inputs: usize,
    /// The most that a step takes beside those.
    pub graph: usize,
    /// The most that is in memory at once without a gradient.
    pub forward: usize,
    /// The most that a step's weights take in f32.
    pub weights: usize,
}

/// The footprint of a pass of these images.
pub(super) fn footprint(steps: &[Step], x: Given) -> Footprint {
    let (mut left, mut kept, mut all) = (Vec::<Given>::new(), 0, Footprint::default());
    let numbers = Given::numbers;
    steps.iter().fold(x, |given, step| {
        let beside = if step.takes { left.pop() } else { None };
        kept -= beside.map_or(0, numbers);
        let cost = step.part.cost(Given {
            channels: given.channels + beside.map_or(0, |beside| beside.channels),
            ..given
        });
        let leave = match step.leaves {
            Leaves::Nothing => None,
            Leaves::Input => Some(given),
            Leaves::Output => Some(cost.output),
        };
        kept += leave.map_or(0, numbers);
        left.extend(leave);
        all = Footprint {
            inputs: all.inputs + numbers(given),
            graph: all.graph.max(cost.graph),
            forward: all.forward.max(kept + cost.forward),
            weights: all.weights.max(cost.weights),
        };
        cost.output
    });
    all
}

/// What a gradient is taken with respect to, and what of it is known.
pub(super) struct Pull<'a> {
    context: Option<&'a Tensor<3>>,
    /// They track gradients.
    adapters: &'a Adapters,
    /// A leaf where the embedding of the time depends on adapters.
    embedding: Tensor<2>,
    of_embedding: Option<Tensor<2>>,
    sum: GradientsAccumulator<Adapters>,
}

impl<'a> Pull<'a> {
    /// Of a pass with this embedding of the time, `[blocks, units]`.
    pub fn new(adapters: &'a Adapters, context: Option<&'a Tensor<3>>, embedding: &Tensor<2>) -> Self {
        let constant = embedding.clone().without_autodiff();
        Self {
            context,
            adapters,
            embedding: if embedding.is_tracked() {
                leaf(constant)
            } else {
                constant
            },
            of_embedding: None,
            sum: GradientsAccumulator::new(),
        }
    }

    /// What layers are given.
    pub fn pass(&self) -> Pass<'_> {
        Pass {
            embedding: Some(&self.embedding),
            context: self.context,
            adapters: Some(self.adapters),
        }
    }

    /// Adds what a step's graph says of adapters and embedding.
    pub fn take(&mut self, mut gradients: Gradients) {
        if let Some(more) = self.embedding.grad_remove(&mut gradients) {
            self.of_embedding = Some(match self.of_embedding.take() {
                None => more,
                Some(sum) => sum + more,
            });
        }
        let gradients = GradientsParams::from_grads(gradients, self.adapters);
        self.sum.accumulate(self.adapters, gradients);
    }

    /// The gradient in the adapters, of which the `embedding` is made.
    pub fn finish(mut self, embedding: Tensor<2>) -> GradientsParams {
        if let Some(gradient) = self.of_embedding.take() {
            self.take((embedding * gradient).sum().backward());
        }
        self.sum.grads()
    }
}
