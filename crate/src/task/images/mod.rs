//! Images, such as digits: under a diffusion model, or made of noise by a generator.

#[cfg(feature = "engine")]
mod calibrate;
#[cfg(feature = "engine")]
mod chain;
#[cfg(feature = "engine")]
mod classifiers;
pub mod data;
#[cfg(feature = "engine")]
mod exact;
mod experiments;
#[cfg(feature = "engine")]
mod growth;
mod messages;
#[cfg(feature = "engine")]
mod methods;
#[cfg(feature = "engine")]
mod metric;
#[cfg(feature = "engine")]
mod network;
#[cfg(feature = "engine")]
mod on_plane;
#[cfg(feature = "engine")]
mod plane;
#[cfg(feature = "engine")]
mod policy;
#[cfg(feature = "engine")]
mod pool;
mod presets;
#[cfg(feature = "engine")]
mod prior;
mod problem;
#[cfg(feature = "engine")]
mod reward;
mod room;
mod sheet;
#[cfg(feature = "engine")]
mod shown;
#[cfg(feature = "engine")]
mod task;
#[cfg(feature = "engine")]
pub mod train;

#[cfg(feature = "engine")]
pub use chain::{CheckpointPrior, GeneratorPrior, ImagePrior, expected_memory, published_adapters};
pub use data::{CLASSES, PIXELS, SIDE, Shape};
#[cfg(feature = "engine")]
pub use exact::Exact;
pub use messages::{ClassFit, ExactFit, ImageFit, ImageView, PlaneSnapshot, PlaneView, PromptFit};
#[cfg(feature = "engine")]
pub use metric::{Moments, Seen, see};
#[cfg(feature = "engine")]
pub use network::{
    Autoencoder, Classify, DECODER, Denoise, Denoiser, Encoded, FEATURES, Learned, MNIST, PooledClassifier,
    StridedClassifier, UNet, UNetConfig, VariationalAutoencoder,
};
#[cfg(feature = "engine")]
pub use policy::ImagePolicy;
#[cfg(feature = "engine")]
pub use pool::Pool;
#[cfg(feature = "engine")]
pub use prior::{Decoder, DenoiserPrior, Denoising, Finish, Made, OutsidePrior};
pub use problem::{
    Checkpoint, CheckpointsProblem, Class, ClassesBy, DescribedPrior, FileSize, Generator, ImagesProblem,
    Judge, LatentsProblem, PAINT_LEVELS, Precision, ProblemOf, REWARDS, Reward, Sampler,
};
#[cfg(feature = "engine")]
pub use reward::ImageReward;
#[cfg(feature = "native")]
pub use room::Checkpoints;
pub use room::{Images, Latents};
#[cfg(feature = "engine")]
pub use task::{ImagesTask, LatentsTask, TaskOf};

use crate::run::ShippedPrior;

/// The tasks' names, as in the TOML file.
const DIGITS: &str = "digits";
const LATENTS: &str = "latents";
const IMAGES: &str = "images";

const fn shipped(name: &'static str, title: &'static str) -> ShippedPrior {
    ShippedPrior {
        name,
        title,
        preset: None,
    }
}

/// Diffusion models.
const PRIORS: &[ShippedPrior] = &[
    shipped("prior-digits", "latents: fast, also on a CPU"),
    shipped("prior-digits-small", "latents, small: faster but coarser"),
    shipped("prior-digits-pixels", "pixels: a U-Net, for a GPU"),
];

/// Generators.
const GENERATORS: &[ShippedPrior] = &[
    shipped("vae-digits-2", "VAE, 2 latents: a plane of digits"),
    shipped("vae-digits-12", "VAE, 12 latents"),
];

/// What calibration looks at in an image: the share of ink, its deviations across and down, and tempered log r.
const STATISTICS: [&str; 4] = ["ink", "width", "height", "log r"];
