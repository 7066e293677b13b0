//! The stages of a U-Net or an autoencoder: residual blocks with what mixes an image's cells between them.

use super::attention::{AmongCells, Attention};
use super::resnet::{Downsample, Resnet, Resnets, Upsample};
use super::step::Step;
use super::transformer::{Transformer, Transformers};
use burn::module::Module;
use burn::tensor::Device;

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
    fn steps(&self) -> Vec<Step<'_>> {
        match self {
            Self::Attention(attention) => vec![Step::new(AmongCells {
                attention,
                norm: None,
            })],
            Self::Transformer(transformer) => transformer.steps(),
        }
    }
}

/// The steps of a residual block, and of the mixer at its place, if the stage has any.
fn layer<'a>(
    resnet: &'a Resnet,
    attentions: &'a [Mixed],
    at: usize,
    given: impl Fn(Step<'a>) -> Step<'a>,
) -> Vec<Step<'a>> {
    let mut steps = vec![given(Step::new(resnet))];
    steps.extend(attentions.get(at).map(Mixed::steps).unwrap_or_default());
    steps
}

/// The same steps, the last of which leaves its output.
fn leaving(mut steps: Vec<Step>) -> Vec<Step> {
    let last = steps.pop();
    steps.extend(last.map(Step::leaving_output));
    steps
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
    /// Its steps; where `leaves`, every layer leaves its output for the way up.
    pub fn steps(&self, leaves: bool) -> Vec<Step<'_>> {
        let resnets = self.resnets.iter().enumerate();
        let layers = resnets.map(|(at, resnet)| layer(resnet, &self.attentions, at, |step| step));
        let layers = layers.chain(self.downsamplers.iter().map(|layer| vec![Step::new(layer)]));
        let kept = |steps| if leaves { leaving(steps) } else { steps };
        layers.flat_map(kept).collect()
    }
}

impl MidBlock {
    /// Its steps.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let resnets = self.resnets.iter().enumerate();
        let layers = resnets.flat_map(|(at, resnet)| layer(resnet, &self.attentions, at, |step| step));
        layers.collect()
    }
}

impl UpBlock {
    /// Its steps; where `takes`, every residual block takes an image of the way down.
    pub fn steps<'a>(&'a self, takes: bool) -> Vec<Step<'a>> {
        let given = |step: Step<'a>| if takes { step.taking() } else { step };
        let resnets = self.resnets.iter().enumerate();
        let layers = resnets.flat_map(|(at, resnet)| layer(resnet, &self.attentions, at, given));
        layers.chain(self.upsamplers.iter().map(Step::new)).collect()
    }
}
