//! The U-Nets of diffusers.

use super::layer::{Conv, End, Linear, group_norm};
use super::resnet::Resnets;
use super::stage::{DownBlock, MidBlock, Mixer, Stage, UpBlock};
use super::step::{Footprint, Given, Input, Pass, Pull, Step, footprint, pull_back, record, run};
use super::transformer::Transformers;
use super::{Adapters, Mixing, UNetConfig};
use burn::module::Module;
use burn::nn::GroupNorm;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData, activation};

/// Period of the slowest of the time's features, over 2π.
const LONGEST: f64 = 10_000.0;

/// `UNet2DModel` (DDPM, arXiv 2006.11239) and `UNet2DConditionModel` (latent diffusion, arXiv 2112.10752).
#[derive(Module, Debug)]
pub struct UNet {
    conv_in: Conv,
    time_embedding: TimeEmbedding,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv,
    time: TimeFeatures,
    centers_input: bool,
}

/// How timesteps are seen.
#[derive(Module, Debug)]
struct TimeFeatures {
    count: usize,
    cosines_first: bool,
    frequency_shift: f64,
}

#[derive(Module, Debug)]
struct TimeEmbedding {
    linear_1: Linear,
    linear_2: Linear,
}

impl TimeFeatures {
    /// `[timesteps, count]`.
    fn of(&self, timesteps: &[f64], device: &Device) -> Tensor<2> {
        let half = self.count / 2;
        let apart = half as f64 - self.frequency_shift;
        let angle = |timestep: f64, at: usize| timestep * LONGEST.powf(-(at as f64) / apart);
        let waves: [fn(f64) -> f64; 2] = match self.cosines_first {
            true => [f64::cos, f64::sin],
            false => [f64::sin, f64::cos],
        };
        let of_each = |timestep: f64| {
            let both = waves.into_iter();
            let features =
                both.flat_map(move |wave| (0..half).map(move |at| wave(angle(timestep, at)) as f32));
            // An odd number of features ends with a 0.
            features.chain((0..self.count % 2).map(|_| 0.0))
        };
        let features: Vec<f32> = timesteps.iter().flat_map(|t| of_each(*t)).collect();
        Tensor::from_data(TensorData::new(features, [timesteps.len(), self.count]), device)
    }
}

impl UNetConfig {
    fn resnets(&self) -> Resnets {
        Resnets {
            groups: self.groups,
            epsilon: self.epsilon,
            embedding: self.embedding,
            scale_shift: self.scale_shift,
        }
    }

    /// What mixes cells in a stage, the finest first.
    fn mixer(&self, mixing: Mixing, stage: usize, groups: Option<usize>) -> Mixer {
        let heads = self.heads[stage];
        match mixing {
            Mixing::None => Mixer::None,
            Mixing::Attention => Mixer::Attention { heads, groups },
            Mixing::Transformer => Mixer::Transformer(Transformers {
                channels: self.channels[stage],
                heads,
                depth: self.depths[stage],
                context: self.context,
                groups: self.groups,
                linear: self.linear_projection,
            }),
        }
    }

    /// What a pass of so many images with these sides takes of memory, each of which sees so many tokens of a text.
    pub fn footprint(
        &self,
        rows: usize,
        [height, width]: [usize; 2],
        tokens: usize,
        device: &Device,
    ) -> Footprint {
        let given = Given {
            rows,
            channels: self.inputs,
            height,
            width,
            tokens,
        };
        footprint(&self.blank(device).steps(), given)
    }

    /// A network of this shape to read weights into: all are 0, and take no memory before they are used.
    pub fn blank(&self, device: &Device) -> UNet {
        let (channels, last) = (&self.channels, self.channels.len() - 1);
        let stage = |inputs: usize, at: usize, layers: usize, mixing: Mixing| Stage {
            inputs,
            channels: channels[at],
            layers,
            resnets: self.resnets(),
            mixer: self.mixer(mixing, at, Some(self.groups)),
        };
        let down = |at: usize| {
            let inputs = channels[at.saturating_sub(1)];
            let stage = stage(inputs, at, self.layers[at], self.down[at]);
            stage.down((at < last).then_some(self.padding), device)
        };
        let middle = |mixing| Stage {
            mixer: self.mixer(mixing, last, self.middle_groups),
            ..stage(channels[last], last, 2, mixing)
        };
        let up = |from_last: usize| {
            let at = last - from_last;
            let inputs = channels[last.min(at + 1)];
            let layers = self.layers[at] + 1;
            // The images of this stage's way down, and the one that it was given.
            let mut skips = vec![channels[at]; layers - 1];
            skips.push(channels[at.saturating_sub(1)]);
            let stage = stage(inputs, at, layers, self.up[from_last]);
            stage.up(&skips, at > 0, device)
        };
        UNet {
            conv_in: Conv::blank([self.inputs, channels[0]], 3, device),
            time_embedding: TimeEmbedding {
                linear_1: Linear::blank([channels[0], self.embedding], true, device),
                linear_2: Linear::blank([self.embedding, self.embedding], true, device),
            },
            down_blocks: (0..=last).map(down).collect(),
            mid_block: self.middle.map(|mixing| middle(mixing).mid(device)),
            up_blocks: (0..=last).map(up).collect(),
            conv_norm_out: group_norm(self.groups, channels[0], self.epsilon, device),
            conv_out: Conv::blank([channels[0], self.outputs], 3, device),
            time: TimeFeatures {
                count: channels[0],
                cosines_first: self.cosines_first,
                frequency_shift: self.frequency_shift,
            },
            centers_input: self.centers_input,
        }
    }
}

/// A pass through a [`UNet`] whose gradient can be taken.
pub(super) struct Recorded {
    /// As [`UNet::forward`].
    pub output: Tensor<4>,
    inputs: Vec<Input>,
}

impl UNet {
    /// What the network says of images `[blocks·rows, channels, height, width]`, block b at timestep
    /// `timesteps[b]`: `[blocks·rows, outputs, height, width]`. Height and width must be divisible by 2 for every
    /// halving. `context` is `[blocks·rows, tokens, width]`, for a network that looks at one.
    ///
    /// # Panics
    ///
    /// Where a network with transformers is given no context.
    pub fn forward(
        &self,
        x: Tensor<4>,
        timesteps: &[f64],
        context: Option<&Tensor<3>>,
        adapters: Option<&Adapters>,
    ) -> Tensor<4> {
        let embedding = self.embedding(timesteps, &x.device(), adapters);
        let pass = Pass {
            embedding: Some(&embedding),
            context,
            adapters,
        };
        run(&self.steps(), self.centred(x), pass)
    }

    /// The same, with what [`UNet::gradient`] needs; the adapters track no gradients.
    pub(super) fn recorded(
        &self,
        x: Tensor<4>,
        timesteps: &[f64],
        context: Option<&Tensor<3>>,
        adapters: &Adapters,
    ) -> Recorded {
        let embedding = self.embedding(timesteps, &x.device(), Some(adapters));
        let pass = Pass {
            embedding: Some(&embedding),
            context,
            adapters: Some(adapters),
        };
        let (output, inputs) = record(&self.steps(), self.centred(x), pass);
        Recorded { output, inputs }
    }

    /// The gradient of Σ output·gradient of a recorded pass in adapters that track gradients. Within steps all is
    /// computed again.
    pub(super) fn gradient(
        &self,
        recorded: Recorded,
        gradient: Tensor<4>,
        (timesteps, context): (&[f64], Option<&Tensor<3>>),
        adapters: &Adapters,
    ) -> GradientsParams {
        let embedding = self.embedding(timesteps, &gradient.device(), Some(adapters));
        let mut pull = Pull::new(adapters, context, &embedding);
        pull_back(&self.steps(), recorded.inputs, gradient, &mut pull);
        pull.finish(embedding)
    }

    fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = vec![Step::new(&self.conv_in).leaving_output()];
        steps.extend(self.down_blocks.iter().flat_map(|block| block.steps(true)));
        steps.extend(self.mid_block.iter().flat_map(MidBlock::steps));
        steps.extend(self.up_blocks.iter().flat_map(|block| block.steps(true)));
        steps.push(Step::new(End {
            norm: &self.conv_norm_out,
            conv: &self.conv_out,
        }));
        steps
    }

    fn centred(&self, x: Tensor<4>) -> Tensor<4> {
        match self.centers_input {
            true => x.mul_scalar(2.0).sub_scalar(1.0),
            false => x,
        }
    }

    /// Of the time, `[blocks, units]`.
    fn embedding(&self, timesteps: &[f64], device: &Device, adapters: Option<&Adapters>) -> Tensor<2> {
        let pass = Pass {
            adapters,
            ..Pass::default()
        };
        let layers = &self.time_embedding;
        let h = layers.linear_1.forward(self.time.of(timesteps, device), pass);
        layers.linear_2.forward(activation::silu(h), pass)
    }
}
