//! The stages of a U-Net or an autoencoder: residual blocks with what mixes an image's cells between them.

use super::attention::Attention;
use super::layer::Pass;
use super::resnet::{Downsample, Resnet, Resnets, Upsample};
use super::transformer::{Transformer, Transformers};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// What mixes cells after a residual block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mixer {
    None,
    Attention {
        heads: usize,
        /// Groups of channels that are normalised before it.
        groups: Option<usize>,
    },
    Transformer(Transformers),
}

#[derive(Module, Debug)]
enum Mixed {
    Attention(Attention),
    Transformer(Transformer),
}

/// The channels before a stage and in it, and its residual blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    pub inputs: usize,
    pub channels: usize,
    pub layers: usize,
    pub resnets: Resnets,
    pub mixer: Mixer,
}

/// `DownBlock2D`, `AttnDownBlock2D`, `CrossAttnDownBlock2D` and `DownEncoderBlock2D` of diffusers.
#[derive(Module, Debug)]
pub(super) struct DownBlock {
    resnets: Vec<Resnet>,
    attentions: Vec<Mixed>,
    /// One or none.
    downsamplers: Vec<Downsample>,
}

/// `UNetMidBlock2D` and `UNetMidBlock2DCrossAttn`.
#[derive(Module, Debug)]
pub(super) struct MidBlock {
    resnets: Vec<Resnet>,
    /// One or none.
    attentions: Vec<Mixed>,
}

/// `UpBlock2D`, `AttnUpBlock2D`, `CrossAttnUpBlock2D` and `UpDecoderBlock2D`.
#[derive(Module, Debug)]
pub(super) struct UpBlock {
    resnets: Vec<Resnet>,
    attentions: Vec<Mixed>,
    /// One or none.
    upsamplers: Vec<Upsample>,
}

impl Mixed {
    fn forward(&self, x: Tensor<4>, pass: Pass) -> Tensor<4> {
        match self {
            Self::Attention(attention) => attention.forward_image(x, pass),
            Self::Transformer(transformer) => transformer.forward(x, pass),
        }
    }
}

/// The mixer at this place, if the stage has any.
fn mixed(attentions: &[Mixed], at: usize, h: Tensor<4>, pass: Pass) -> Tensor<4> {
    match attentions.get(at) {
        None => h,
        Some(mixer) => mixer.forward(h, pass),
    }
}

impl Stage {
    fn mixers(&self, count: usize, device: &Device) -> Vec<Mixed> {
        let one = |_| match &self.mixer {
            Mixer::None => None,
            Mixer::Attention { heads, groups } => {
                let norm = (*groups, self.resnets.epsilon);
                let attention = Attention::of_cells(self.channels, *heads, norm, device);
                Some(Mixed::Attention(attention))
            }
            Mixer::Transformer(shape) => Some(Mixed::Transformer(Transformer::blank(shape, device))),
        };
        (0..count).filter_map(one).collect()
    }

    fn resnet(&self, inputs: usize, device: &Device) -> Resnet {
        Resnet::blank(&self.resnets, [inputs, self.channels], device)
    }

    /// Its way down; `padding` is that of the convolution that halves the sides, if there is one.
    pub fn down(&self, padding: Option<usize>, device: &Device) -> DownBlock {
        let inputs = |at| if at == 0 { self.inputs } else { self.channels };
        DownBlock {
            resnets: (0..self.layers)
                .map(|at| self.resnet(inputs(at), device))
                .collect(),
            attentions: self.mixers(self.layers, device),
            downsamplers: padding
                .map(|padding| Downsample::blank(self.channels, padding, device))
                .into_iter()
                .collect(),
        }
    }

    /// Two residual blocks with a mixer between them.
    pub fn mid(&self, device: &Device) -> MidBlock {
        MidBlock {
            resnets: (0..2).map(|_| self.resnet(self.channels, device)).collect(),
            attentions: self.mixers(1, device),
        }
    }

    /// Its way up, which is given the channels `skips` of earlier images, if any, one a residual block.
    pub fn up(&self, skips: &[usize], doubles: bool, device: &Device) -> UpBlock {
        let inputs = |at| {
            let own = if at == 0 { self.inputs } else { self.channels };
            own + skips.get(at).copied().unwrap_or_default()
        };
        UpBlock {
            resnets: (0..self.layers)
                .map(|at| self.resnet(inputs(at), device))
                .collect(),
            attentions: self.mixers(self.layers, device),
            upsamplers: doubles
                .then(|| Upsample::blank(self.channels, device))
                .into_iter()
                .collect(),
        }
    }
}

impl DownBlock {
    /// The image after the stage; `skips` gets what is there after every layer.
    pub fn forward(&self, mut h: Tensor<4>, skips: &mut Vec<Tensor<4>>, pass: Pass) -> Tensor<4> {
        for (at, resnet) in self.resnets.iter().enumerate() {
            h = mixed(&self.attentions, at, resnet.forward(h, pass), pass);
            skips.push(h.clone());
        }
        for layer in &self.downsamplers {
            h = layer.forward(h, pass);
            skips.push(h.clone());
        }
        h
    }
}

impl MidBlock {
    pub fn forward(&self, h: Tensor<4>, pass: Pass) -> Tensor<4> {
        let h = self.resnets[0].forward(h, pass);
        self.resnets[1].forward(mixed(&self.attentions, 0, h, pass), pass)
    }
}

impl UpBlock {
    /// The image after the stage, which takes from the end of `skips` where there are any.
    pub fn forward(&self, mut h: Tensor<4>, skips: &mut Vec<Tensor<4>>, pass: Pass) -> Tensor<4> {
        for (at, resnet) in self.resnets.iter().enumerate() {
            if let Some(skip) = skips.pop() {
                h = Tensor::cat(vec![h, skip], 1);
            }
            h = mixed(&self.attentions, at, resnet.forward(h, pass), pass);
        }
        for layer in &self.upsamplers {
            h = layer.forward(h, pass);
        }
        h
    }
}
