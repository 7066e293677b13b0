//! The classifiers of a run: the one that its reward asks, and the judge.

use super::network::data_set;
use super::{ImagesProblem, PooledClassifier, StridedClassifier};
use crate::engine::ConfigError;
use crate::engine::noise::Noise;
use crate::engine::weights::{load_tensors, read_metadata, read_tensors};
use crate::run::{FileNeed, Files, Problem};
use burn::module::Module;
use burn::tensor::Device;

/// Both, open.
pub(super) struct Classifiers {
    /// Asked by rewards.
    pub asked: StridedClassifier,
    /// Whether that learned the images that the prior did. If not, no reward asks it.
    pub knows_images: bool,
    /// Only measures.
    pub judge: PooledClassifier,
}

impl Classifiers {
    /// Those of a problem.
    ///
    /// # Errors
    ///
    /// Where one is missing, damaged, of another shape, or needed for images that it has not learned.
    pub fn open(problem: &ImagesProblem, files: &Files, device: &Device) -> Result<Self, ConfigError> {
        let needs = problem.files();
        let need = |role| {
            needs
                .iter()
                .find(|need| need.role == role)
                .expect("every run has it")
        };
        let prior = learned(files.get("prior").unwrap_or_default()).unwrap_or_default();
        let untrained = Noise::new(0);
        let asked = Opened::of(
            need("reward"),
            "strided",
            StridedClassifier::new(&untrained, device),
            files,
        )?;
        let judge = Opened::of(
            need("judge"),
            "pooled",
            PooledClassifier::new(&untrained, device),
            files,
        )?;
        judge.check(&prior)?;
        if problem.reward.asks_a_classifier() {
            asked.check(&prior)?;
        }
        Ok(Self {
            knows_images: asked.data == prior,
            asked: asked.network,
            judge: judge.network,
        })
    }
}

/// A classifier with what its errors name.
struct Opened<'a, N> {
    network: N,
    need: &'a FileNeed<'a>,
    kind: &'static str,
    /// The data set that it learned.
    data: String,
}

impl<'a, N: Module> Opened<'a, N> {
    fn of(need: &'a FileNeed, kind: &'static str, network: N, files: &Files) -> Result<Self, ConfigError> {
        let file = files
            .get(need.role)
            .ok_or_else(|| "its file is missing".to_owned());
        let read = |file| Ok((load_tensors(network, &read_tensors(file)?)?, learned(file)?));
        let (network, data) = file.and_then(read).map_err(|why| {
            let allowed = format!("a file that `rtb pretrain classifier {kind}` wrote ({why})");
            ConfigError::new(need.field, format!("`{}`", need.name), allowed)
        })?;
        Ok(Self {
            network,
            need,
            kind,
            data,
        })
    }

    /// Refuses it where the prior learned another data set.
    fn check(&self, prior: &str) -> Result<(), ConfigError> {
        if self.data == prior {
            return Ok(());
        }
        Err(ConfigError::new(
            self.need.field,
            format!("`{}`, which learned {},", self.need.name, self.data),
            format!(
                "a classifier of {prior}, as the prior is: `rtb pretrain classifier {} --data {prior} --out FILE` trains \
                 one",
                self.kind
            ),
        ))
    }
}

/// The data set that a network learned, from its file.
fn learned(file: &[u8]) -> Result<String, String> {
    read_metadata(file).map(|header| data_set(&header).to_owned())
}
