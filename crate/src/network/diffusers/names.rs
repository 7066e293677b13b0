//! How files name what networks hold.

use crate::engine::weights::Published;

/// The names of diffusers' and transformers' files, where ours differ.
pub(super) const PUBLISHED: Published = Published {
    names: &[
        ("gamma", "weight"),
        ("beta", "bias"),
        ("expand", "net.0.proj"),
        ("contract", "net.2"),
        ("words", "token_embedding.weight"),
        ("positions", "position_embedding.weight"),
    ],
    prefix: "",
    outputs_first: true,
};
