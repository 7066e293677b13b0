//! A pipeline that is yet to be trained.

use super::names::PUBLISHED;
use super::{SchedulerConfig, UNet, UNetConfig};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, whole};
use crate::engine::noise::{Noise, Purpose};
use crate::engine::weights::Weights;
use crate::network::layer::uniform;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// What the channels of a level are a multiple of: the groups of a normalisation, and the channels of a head.
const GROUPS: usize = 8;
const UNET: &str = "unet/config.json";
const SCHEDULER: &str = "scheduler/scheduler_config.json";
/// The layers that end a residual branch, and the last one. They start at 0, so that a block starts as no change
/// (as the code of DDPM, arXiv 2006.11239, has it).
const SILENT: [&str; 3] = ["conv2", "to_out", "conv_out"];

/// A small `DDPMPipeline`: a `UNet2DModel` that predicts the noise of 1000 timesteps, and their schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPipeline {
    /// Channels, height and width of the images.
    pub shape: [usize; 3],
    /// Channels of every level, from the finest on, multiples of 8; every level has half the sides of the one before.
    pub channels: Vec<usize>,
    /// Residual blocks of a level on the way down; it has one more on the way up.
    pub layers: usize,
    /// The levels with attention, from 0, beside the middle, which always has it.
    pub attention: Vec<usize>,
    /// Whether β is that of the squared cosine (arXiv 2102.09672), else it rises evenly from 1e-4 to 0.02.
    pub cosine: bool,
}

impl NewPipeline {
    fn check(&self) -> Checked {
        let [_, height, width] = self.shape;
        let levels = self.channels.len();
        whole("the number of levels", levels, 1, 6)?;
        let halvings = 1 << (levels - 1);
        if !(height.is_multiple_of(halvings) && width.is_multiple_of(halvings)) {
            let allowed =
                format!("fewer levels: images of {height} × {width} pixels are not halved so often");
            return Err(ConfigError::new("the number of levels", levels, allowed));
        }
        if let Some(channels) = self.channels.iter().find(|c| **c == 0 || *c % GROUPS != 0) {
            let allowed = format!("a multiple of {GROUPS}");
            return Err(ConfigError::new("the channels of a level", channels, allowed));
        }
        whole("the layers of a level", self.layers, 1, 8)?;
        for level in &self.attention {
            whole("a level with attention", *level, 0, levels - 1)?;
        }
        Ok(())
    }

    fn unet(&self) -> Value {
        let [channels, height, width] = self.shape;
        let levels = 0..self.channels.len();
        let block = |level: usize, way: &str| match self.attention.contains(&level) {
            true => format!("Attn{way}Block2D"),
            false => format!("{way}Block2D"),
        };
        let down: Vec<_> = levels.clone().map(|level| block(level, "Down")).collect();
        let up: Vec<_> = levels.rev().map(|level| block(level, "Up")).collect();
        json!({
            "_class_name": "UNet2DModel",
            "sample_size": if height == width { json!(height) } else { json!([height, width]) },
            "in_channels": channels,
            "out_channels": channels,
            "block_out_channels": self.channels,
            "layers_per_block": self.layers,
            "down_block_types": down,
            "up_block_types": up,
            "attention_head_dim": GROUPS,
            "norm_num_groups": GROUPS,
        })
    }

    fn scheduler_json(&self) -> Value {
        json!({
            "_class_name": "DDPMScheduler",
            "num_train_timesteps": 1000,
            "beta_start": 1e-4,
            "beta_end": 0.02,
            "beta_schedule": if self.cosine { "squaredcos_cap_v2" } else { "linear" },
            "prediction_type": "epsilon",
            "variance_type": "fixed_small",
            "clip_sample": true,
            "clip_sample_range": 1.0,
            // Few steps then end far enough above 0 noise for densities that are not needles (arXiv 2305.08891, table 2).
            "timestep_spacing": "trailing",
        })
    }

    /// The scheduler.
    pub fn scheduler(&self) -> SchedulerConfig {
        let json = self.scheduler_json().to_string();
        SchedulerConfig::read(SCHEDULER, json.as_bytes()).expect("what is written is read")
    }

    /// The network before any training.
    ///
    /// # Errors
    ///
    /// Names the value that is not allowed.
    pub fn network(&self, noise: &Noise, device: &Device) -> Result<UNet, ConfigError> {
        self.check()?;
        let config = UNetConfig::read(UNET, self.unet().to_string().as_bytes())?;
        Ok(config.blank(device).map(&mut Drawn {
            rng: noise.stream(Purpose::Initialization, 0),
            path: Vec::new(),
            device: device.clone(),
        }))
    }

    /// The files of the folder with a trained network, by their paths; the index, which makes it one, is the last.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn files(&self, network: &UNet) -> Result<Vec<(&'static str, Vec<u8>)>, String> {
        let mut weights = Weights::published(network, &PUBLISHED).await?;
        // diffusers does not read a file that does not say so.
        weights.metadata.insert("format".to_owned(), "pt".to_owned());
        let index = json!({
            "_class_name": "DDPMPipeline",
            "scheduler": ["diffusers", "DDPMScheduler"],
            "unet": ["diffusers", "UNet2DModel"],
        });
        let text = |value: Value| format!("{value:#}\n").into_bytes();
        Ok(vec![
            (UNET, text(self.unet())),
            (
                "unet/diffusion_pytorch_model.safetensors",
                weights.to_safetensors(false),
            ),
            (SCHEDULER, text(self.scheduler_json())),
            ("model_index.json", text(index)),
        ])
    }
}

/// Draws the weights of layers, of deviation 1/√inputs; biases stay 0 and normalisations none.
struct Drawn {
    rng: ChaCha8Rng,
    path: Vec<String>,
    device: Device,
}

impl ModuleMapper for Drawn {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.lazy_shape().to_vec();
        let inputs = match shape[..] {
            [inputs, _] => inputs,
            [_, inputs, height, width] => inputs * height * width,
            _ => return param,
        };
        let is_silent = self.path.iter().any(|name| SILENT.contains(&&**name));
        let bound = if is_silent {
            0.0
        } else {
            (3.0 / inputs as f64).sqrt()
        };
        let shape = shape.try_into().expect("as many sizes as dimensions");
        let (value, id) = (uniform(&mut self.rng, shape, bound, &self.device), param.id);
        param.transform_for_load(value, id)
    }
}
