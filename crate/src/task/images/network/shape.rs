//! The shape of a [`UNet`](super::UNet), read off its file.

use super::UNetConfig;
use crate::engine::weights::Weights;
use crate::task::images::Shape;

/// Channels of an attention head, of which there are whole ones, and of a normalised group.
const HEAD: usize = 32;
const GROUP: usize = 8;

impl UNetConfig {
    /// The shape of the network in a file.
    ///
    /// # Errors
    ///
    /// Names a tensor that is missing, or says that the network is too large.
    pub fn of(weights: &Weights) -> Result<Self, String> {
        let first = |name: &str| weights.shape(name).map(|s| s.first().copied().unwrap_or(0));
        let last = |name: &str| weights.shape(name).map(|s| s.last().copied().unwrap_or(0));
        let blocks = |of: &str| weights.count(|name| name.starts_with(of) && name.ends_with(".first.bias"));
        let config = Self {
            shape: shape_of(weights)?,
            channels: [first("stem.weight")?, first("shrink.weight")?],
            blocks: [blocks("down."), blocks("middle.")],
            embedding: last("time.weight")?,
        };
        let sizes = [config.channels[0], config.channels[1], config.embedding];
        let [fine, coarse] = config.channels;
        if !coarse.is_multiple_of(HEAD) || !(fine <= GROUP || fine.is_multiple_of(GROUP)) {
            return Err(format!(
                "the channels are {:?}; the first must be at most {GROUP} or a multiple of it, the second a multiple of {HEAD}",
                config.channels
            ));
        }
        if sizes.iter().any(|s| !(1..=1024).contains(s)) || config.blocks.iter().any(|b| *b > 16) {
            return Err(format!(
                "the network has channels {:?}, blocks {:?} and an embedding of size {}; channels and embedding must \
                 be 1 to 1024, blocks at most 16",
                config.channels, config.blocks, config.embedding
            ));
        }
        // Two convolutions a block.
        let of_blocks = |blocks: usize, channels: usize| 18 * blocks * channels * channels;
        weights.can_hold(of_blocks(config.blocks[0], fine) + of_blocks(config.blocks[1], coarse))?;
        Ok(config)
    }
}

/// The shape of its images: squares of 2×2 pixels go in as channels, and a quarter of the sides has positions.
fn shape_of(weights: &Weights) -> Result<Shape, String> {
    let (stem, position) = (weights.shape("stem.weight")?, weights.shape("position")?);
    let [_, height, width] = position
        .try_into()
        .map_err(|_| format!("tensor `position` has shape {position:?}, but must have three dimensions"))?;
    let inputs = stem.get(1).copied().unwrap_or(0);
    if !inputs.is_multiple_of(4) {
        return Err(format!(
            "tensor `stem.weight` has {inputs} inputs, but must have a multiple of 4"
        ));
    }
    let times_four = |cells: usize| cells.saturating_mul(4);
    Shape {
        channels: inputs / 4,
        height: times_four(height),
        width: times_four(width),
    }
    .checked()
}
