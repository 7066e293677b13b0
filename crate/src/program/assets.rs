//! Files of weights: those the program ships, and priors of the user's own.

use super::data;
use super::error::ProgramError;
use burn::module::Module;
use burn::tensor::Device;
use rtb::config::{ConfigError, Part, Run, Task};
use rtb::message::Files;
use rtb::network::{PooledClassifier, StridedClassifier, load_tensors, read_tensors};
use rtb::noise::Noise;
use rtb::session::SessionError;
use std::fs;
use std::path::Path;

macro_rules! assets {
    ($($name:literal),+) => {
        &[$(($name, include_bytes!(concat!("../../../assets/", $name, ".safetensors")))),+]
    };
}

/// All weights that ship, by name.
const ASSETS: &[(&str, &[u8])] = assets![
    "prior-25",
    "prior-ring",
    "prior-moons",
    "prior-checkerboard",
    "prior-digits",
    "prior-digits-small",
    "prior-digits-pixels",
    "prior-stories",
    "reward-stories",
    "classifier",
    "classifier-evaluation"
];

/// The weights of that name, which ship.
fn shipped(name: &str) -> &'static [u8] {
    let named = ASSETS.iter().find(|(asset, _)| *asset == name);
    named.expect("an asset").1
}

/// The classifier that rewards of images use.
pub fn reward_classifier(device: &Device) -> Result<StridedClassifier, SessionError> {
    let network = StridedClassifier::new(&Noise::new(0), device);
    shipped_network(network, "classifier")
}

/// The classifier that only measures.
pub fn evaluation_classifier(device: &Device) -> Result<PooledClassifier, SessionError> {
    let network = PooledClassifier::new(&Noise::new(0), device);
    shipped_network(network, "classifier-evaluation")
}

fn shipped_network<N: Module>(network: N, name: &str) -> Result<N, SessionError> {
    read_tensors(shipped(name))
        .and_then(|weights| load_tensors(network, &weights))
        .map_err(SessionError::Weights)
}

/// The files that a run needs ([`Run::files`]).
pub fn files(run: &Run) -> Result<Files, ProgramError> {
    let names = run.files();
    let corpus = run.corpus.as_ref().map(|corpus| {
        let stories = data::stories(&corpus.file)?;
        let part = match corpus.part {
            Part::Train => stories.train,
            Part::HeldOut => stories.held_out,
        };
        Ok::<_, ProgramError>(data::infillings(&part))
    });
    let corpus = corpus.transpose()?;
    Ok(files_above(run, names.prior.map(prior).transpose()?, corpus))
}

/// The same where the files of the user's own are known.
pub fn files_above(run: &Run, prior: Option<Vec<u8>>, corpus: Option<Vec<u8>>) -> Files {
    let names = run.files();
    Files {
        prior,
        corpus,
        reward: names.reward.map(|name| shipped(name).to_vec()),
        judge: names.judge.map(|name| shipped(name).to_vec()),
    }
}

/// The weights of a prior: the file of that name if there is one, else the shipped ones.
pub fn prior(name: &str) -> Result<Vec<u8>, ProgramError> {
    weights("prior.weights", name)
}

/// The same for another field.
pub fn weights(field: &str, name: &str) -> Result<Vec<u8>, ProgramError> {
    let path = Path::new(name);
    if path.is_file() {
        return fs::read(path).map_err(|e| ProgramError::file("read the prior's weights", path, e));
    }
    match priors().find(|(prior, _)| *prior == name) {
        Some((_, bytes)) => Ok(bytes.to_vec()),
        None => Err(unknown(field, name).into()),
    }
}

/// The assets that are priors.
fn priors() -> impl Iterator<Item = &'static (&'static str, &'static [u8])> {
    let is_prior = |name: &str| {
        Task::ALL
            .iter()
            .flat_map(|task| task.priors())
            .any(|p| p.name == name)
    };
    ASSETS.iter().filter(move |(name, _)| is_prior(name))
}

fn unknown(field: &str, name: &str) -> ConfigError {
    let names: Vec<_> = priors().map(|(name, _)| *name).collect();
    let allowed = format!("a safetensors file that exists, or one of {}", names.join(", "));
    ConfigError::new(field, format!("`{name}`"), allowed)
}
