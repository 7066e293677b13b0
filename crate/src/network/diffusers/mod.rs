//! Pretrained diffusion models in the folders of [diffusers](https://github.com/huggingface/diffusers): their
//! configurations, networks and weights.
//!
//! A folder is read by way of [`Folder`]: `model_index.json` names its parts, each a folder with a configuration
//! and weights. The networks are [`UNet`] (`UNet2DModel` and `UNet2DConditionModel`), [`Autoencoder`]
//! (`AutoencoderKL`) and [`TextEncoder`] (`CLIPTextModel`), the words' numbers come of a [`Tokenizer`]
//! (`CLIPTokenizer`), and a [`SchedulerConfig`] makes the chain. What a configuration asks for and is not here
//! is refused by the field's name.
//!
//! [`NewPipeline`] makes a small `DDPMPipeline` to be trained, and its folder.
//!
//! Else weights never change: [`Adapters`] hold what is trained, and every network takes them beside its input. So
//! prior and posterior share one network in memory, and a checkpoint holds the adapters alone. Their gradients keep the
//! input of every layer of a U-Net, and compute again what is within it.

mod adapters;
mod attention;
mod autoencoder;
mod fields;
mod folder;
mod layer;
mod lora_file;
mod model;
mod names;
mod new_pipeline;
mod numbers;
mod pipeline;
mod resnet;
mod scheduler;
mod stage;
mod step;
mod text_encoder;
mod tokenizer;
mod transformer;
mod unet;
mod unet_config;
mod weight_files;

pub use adapters::Adapters;
pub use autoencoder::{Autoencoder, AutoencoderConfig};
pub use folder::Folder;
pub use model::{Model, Prompt};
pub use new_pipeline::NewPipeline;
pub use pipeline::{Part, Pipeline};
pub use scheduler::SchedulerConfig;
pub use step::Footprint;
pub use text_encoder::{TextEncoder, TextEncoderConfig};
pub use tokenizer::Tokenizer;
pub use unet::UNet;
pub use unet_config::{Mixing, UNetConfig};
pub use weight_files::Contents;
