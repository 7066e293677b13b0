//! `AutoencoderKL` of diffusers: images as latents, and back (arXiv 2112.10752).

use super::fields::Fields;
use super::layer::{Conv, End, group_norm};
use super::resnet::Resnets;
use super::stage::{DownBlock, MidBlock, Mixer, Stage, UpBlock};
use super::step::{Footprint, Given, Pass, Step, footprint, run};
use crate::engine::ConfigError;
use burn::module::Module;
use burn::nn::GroupNorm;
use burn::tensor::{Device, Tensor};
use serde_json::{Value, json};

/// Added to variances in normalisations.
const EPSILON: f64 = 1e-6;
/// The logarithm of a latent's variance lies within these bounds.
const LOG_VARIANCE: (f64, f64) = (-30.0, 20.0);

/// The shape of an [`Autoencoder`].
#[derive(Clone, Debug, PartialEq)]
pub struct AutoencoderConfig {
    /// Channels of images.
    pub inputs: usize,
    /// Channels of decoded images.
    pub outputs: usize,
    /// Channels of latents.
    pub latents: usize,
    /// Channels of every stage, from the finest on.
    pub channels: Vec<usize>,
    /// Residual blocks of every stage of the encoder; the decoder has one more.
    pub layers: usize,
    /// Groups of channels that are normalised together.
    pub groups: usize,
    /// Whether the middle stages have attention.
    pub attention: bool,
    /// Whether a convolution follows the encoder.
    pub after_encoder: bool,
    /// Whether a convolution precedes the decoder.
    pub before_decoder: bool,
    /// Latents are multiplied by it before a diffusion model sees them, after the shift is taken away.
    pub scale: f64,
    /// What is taken away from latents.
    pub shift: f64,
}

/// Encoder and decoder.
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: Encoder,
    decoder: Decoder,
    quant_conv: Option<Conv>,
    post_quant_conv: Option<Conv>,
    scale: f64,
    shift: f64,
}

#[derive(Module, Debug)]
struct Encoder {
    conv_in: Conv,
    down_blocks: Vec<DownBlock>,
    mid_block: MidBlock,
    conv_norm_out: GroupNorm,
    conv_out: Conv,
}

#[derive(Module, Debug)]
struct Decoder {
    conv_in: Conv,
    mid_block: MidBlock,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv,
}

impl AutoencoderConfig {
    /// The configuration in a file of this name.
    ///
    /// # Errors
    ///
    /// Names the field that is not allowed, or not supported.
    pub fn read(file: &str, json: &[u8]) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(file, json)?;
        fields.only("_class_name", &[json!("AutoencoderKL")])?;
        let channels = fields.wholes("block_out_channels", 16_384)?.unwrap_or(vec![64]);
        let of_each = |name: &str| vec![Value::from(vec![name; channels.len()])];
        fields.only("down_block_types", &of_each("DownEncoderBlock2D"))?;
        fields.only("up_block_types", &of_each("UpDecoderBlock2D"))?;
        fields.only("act_fn", &[json!("silu")])?;
        fields.only("latents_mean", &[Value::Null])?;
        fields.only("latents_std", &[Value::Null])?;
        fields.without(&["sample_size", "force_upcast"]);
        let config = Self {
            inputs: fields.whole("in_channels", 3, 1024)?,
            outputs: fields.whole("out_channels", 3, 1024)?,
            latents: fields.whole("latent_channels", 4, 1024)?,
            layers: fields.whole("layers_per_block", 1, 64)?,
            groups: fields.whole("norm_num_groups", 32, 16_384)?,
            attention: fields.flag("mid_block_add_attention", true)?,
            after_encoder: fields.flag("use_quant_conv", true)?,
            before_decoder: fields.flag("use_post_quant_conv", true)?,
            scale: fields.positive("scaling_factor", 0.18215)?,
            shift: fields.number("shift_factor", 0.0)?,
            channels,
        };
        if let Some(channels) = config.channels.iter().find(|c| *c % config.groups != 0) {
            let allowed = format!("a divisor of {channels} channels");
            return Err(fields.refused("norm_num_groups", config.groups, allowed));
        }
        fields.finish()?;
        Ok(config)
    }

    /// What decoding of so many latent images with these sides takes of memory.
    pub fn footprint(&self, rows: usize, [height, width]: [usize; 2], device: &Device) -> Footprint {
        let given = Given {
            rows,
            channels: self.latents,
            height,
            width,
            tokens: 0,
        };
        footprint(&self.blank(device).decoder.steps(), given)
    }

    /// How many cells of an image's side are one of a latent's.
    pub fn factor(&self) -> usize {
        1 << (self.channels.len() - 1)
    }

    fn stage(&self, [inputs, channels]: [usize; 2], layers: usize, mixer: Mixer) -> Stage {
        let resnets = Resnets {
            groups: self.groups,
            epsilon: EPSILON,
            embedding: 0,
            scale_shift: false,
        };
        Stage {
            inputs,
            channels,
            layers,
            resnets,
            mixer,
        }
    }

    fn middle(&self, device: &Device) -> MidBlock {
        let last = self.channels[self.channels.len() - 1];
        let attention = Mixer::Attention {
            heads: 1,
            groups: Some(self.groups),
        };
        let mixer = if self.attention { attention } else { Mixer::None };
        self.stage([last, last], 2, mixer).mid(device)
    }

    /// A network of this shape to read weights into: all are 0, and take no memory before they are used.
    pub fn blank(&self, device: &Device) -> Autoencoder {
        let (channels, latents) = (&self.channels, self.latents);
        let last = channels.len() - 1;
        let norm = || group_norm(self.groups, channels[0], EPSILON, device);
        let down = |at: usize| {
            let sizes = [channels[at.saturating_sub(1)], channels[at]];
            let stage = self.stage(sizes, self.layers, Mixer::None);
            stage.down((at < last).then_some(0), device)
        };
        let up = |at: usize| {
            let sizes = [channels[last.min(at + 1)], channels[at]];
            let stage = self.stage(sizes, self.layers + 1, Mixer::None);
            stage.up(&[], at > 0, device)
        };
        let conv = |sizes: [usize; 2], side: usize| Conv::blank(sizes, side, device);
        Autoencoder {
            encoder: Encoder {
                conv_in: conv([self.inputs, channels[0]], 3),
                down_blocks: (0..=last).map(down).collect(),
                mid_block: self.middle(device),
                conv_norm_out: group_norm(self.groups, channels[last], EPSILON, device),
                conv_out: conv([channels[last], 2 * latents], 3),
            },
            decoder: Decoder {
                conv_in: conv([latents, channels[last]], 3),
                mid_block: self.middle(device),
                up_blocks: (0..=last).rev().map(up).collect(),
                conv_norm_out: norm(),
                conv_out: conv([channels[0], self.outputs], 3),
            },
            quant_conv: self.after_encoder.then(|| conv([2 * latents; 2], 1)),
            post_quant_conv: self.before_decoder.then(|| conv([latents; 2], 1)),
            scale: self.scale,
            shift: self.shift,
        }
    }
}

impl Encoder {
    fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = vec![Step::new(&self.conv_in)];
        steps.extend(self.down_blocks.iter().flat_map(|block| block.steps(false)));
        steps.extend(self.mid_block.steps());
        steps.push(Step::new(End {
            norm: &self.conv_norm_out,
            conv: &self.conv_out,
        }));
        steps
    }
}

impl Decoder {
    fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = vec![Step::new(&self.conv_in)];
        steps.extend(self.mid_block.steps());
        steps.extend(self.up_blocks.iter().flat_map(|block| block.steps(false)));
        steps.push(Step::new(End {
            norm: &self.conv_norm_out,
            conv: &self.conv_out,
        }));
        steps
    }
}

impl Autoencoder {
    /// Mean and standard deviation of an image's latents, as a diffusion model sees them: images `[rows, channels,
    /// height, width]` with numbers in ±1, latents `[rows, latents, height/factor, width/factor]`.
    pub fn encode(&self, images: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let pass = Pass::default();
        let h = run(&self.encoder.steps(), images, pass);
        let h = match &self.quant_conv {
            None => h,
            Some(layer) => layer.forward(h, pass),
        };
        let latents = h.dims()[1] / 2;
        let mean = h.clone().narrow(1, 0, latents);
        let log_variance = h
            .narrow(1, latents, latents)
            .clamp(LOG_VARIANCE.0, LOG_VARIANCE.1);
        (
            mean.sub_scalar(self.shift).mul_scalar(self.scale),
            log_variance.mul_scalar(0.5).exp().mul_scalar(self.scale),
        )
    }

    /// The images of latents as a diffusion model has them.
    pub fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        let pass = Pass::default();
        let h = latents.div_scalar(self.scale).add_scalar(self.shift);
        let h = match &self.post_quant_conv {
            None => h,
            Some(layer) => layer.forward(h, pass),
        };
        run(&self.decoder.steps(), h, pass)
    }
}
