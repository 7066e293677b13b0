//! The weights of learned priors: those the program ships, and files of the user's own.

use super::error::ProgramError;
use burn::module::Module;
use burn::tensor::Device;
use rtb::config::{ConfigError, Prior, PriorKind};
use rtb::network::{PooledClassifier, StridedClassifier, load_tensors, read_tensors};
use rtb::noise::Noise;
use rtb::session::SessionError;
use std::fs;
use std::path::Path;

/// Shipped weights by name.
const SHIPPED: &[(&str, &[u8])] = &[
    ("prior-25", include_bytes!("../../../assets/prior-25.safetensors")),
    (
        "prior-ring",
        include_bytes!("../../../assets/prior-ring.safetensors"),
    ),
    (
        "prior-moons",
        include_bytes!("../../../assets/prior-moons.safetensors"),
    ),
    (
        "prior-checkerboard",
        include_bytes!("../../../assets/prior-checkerboard.safetensors"),
    ),
];

/// The classifier that rewards of images use.
pub fn reward_classifier(device: &Device) -> Result<StridedClassifier, SessionError> {
    let network = StridedClassifier::new(&Noise::new(0), device);
    shipped_network(network, include_bytes!("../../../assets/classifier.safetensors"))
}

/// The classifier that only measures.
pub fn evaluation_classifier(device: &Device) -> Result<PooledClassifier, SessionError> {
    let network = PooledClassifier::new(&Noise::new(0), device);
    let file = include_bytes!("../../../assets/classifier-evaluation.safetensors");
    shipped_network(network, file)
}

fn shipped_network<N: Module>(network: N, file: &[u8]) -> Result<N, SessionError> {
    read_tensors(file)
        .and_then(|weights| load_tensors(network, &weights))
        .map_err(SessionError::Weights)
}

/// The weights a learned prior asks for: the file of that name if there is one, else the shipped
/// weights of that name; nothing for an exact prior.
pub fn prior_weights(prior: &Prior) -> Result<Option<Vec<u8>>, ProgramError> {
    let name = match (prior.kind, &prior.weights) {
        (PriorKind::Learned, Some(name)) => name,
        _ => return Ok(None),
    };
    let path = Path::new(name);
    if path.is_file() {
        return fs::read(path)
            .map(Some)
            .map_err(|e| ProgramError::file("read the prior's weights", path, e));
    }
    let shipped = SHIPPED.iter().find(|(shipped, _)| shipped == name);
    match shipped {
        Some((_, bytes)) => Ok(Some(bytes.to_vec())),
        None => Err(unknown(name).into()),
    }
}

/// An error of opening a run; weights that do not fit are those that the prior asked for.
pub fn refused(error: SessionError, prior: &Prior) -> ProgramError {
    match error {
        SessionError::Weights(reason) => {
            let name = prior.weights.as_deref().unwrap_or_default();
            ConfigError::new("prior.weights", format!("`{name}`"), reason).into()
        }
        error => error.into(),
    }
}

fn unknown(name: &str) -> ConfigError {
    let names: Vec<_> = SHIPPED.iter().map(|(name, _)| *name).collect();
    let allowed = format!("a safetensors file that exists, or one of {}", names.join(", "));
    ConfigError::new("prior.weights", format!("`{name}`"), allowed)
}
