//! Diffusion models of others, as a run describes them.

use super::{DescribedPrior, prompts};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use crate::run::{FileKind, FileNeed, Files, Network, OnnxImageDenoiser, Run};
use crate::task::images::{IMAGES, Shape};
use serde::{Deserialize, Serialize};

/// A diffusion model of others: in the format of diffusers, a folder or a model of the hub, or as an ONNX file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// A folder that `DiffusionPipeline.save_pretrained` wrote, with its weights as safetensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// In its place the name of a model on the hub (huggingface.co), such as `google/ddpm-cifar10-32`: it is read where
    /// Python's cache has it, or fetched after a yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<String>,
    /// The model's branch, tag or commit on the hub; `main` if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// In their place an ONNX model that denoises images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onnx: Option<Box<OnnxImageDenoiser>>,
    /// The kernels of the chain. Of an ONNX model ancestral steps have the small variance.
    #[serde(default)]
    pub sampler: Sampler,
    /// The text that images are made for, of a model that takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// In its place several texts: every one has a posterior of its own, and one network makes them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// In their place a file with a text on every line; empty lines do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts_file: Option<String>,
    /// The text that guidance leads away from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub negative_prompt: String,
    /// Scale of classifier-free guidance (arXiv 2207.12598), which is part of what the prior is; 1 is none.
    #[serde(default = "one")]
    pub guidance: f64,
    /// The layers that the posterior changes, by the ends of their names, as PEFT's `target_modules`. An ONNX model stays as it
    /// is: the posterior adds a network of its own.
    #[serde(default = "attention")]
    pub targets: Vec<String>,
    /// α of the changes, which are multiplied by α over the rank (LoRA, arXiv 2106.09685, §4.1); the rank if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// What its weights are kept in memory as; all is computed in f32. Absent, they are as their files have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Precision>,
    /// The name of the data set that it learned, as classifiers name theirs. Without it no classifier is asked about its
    /// images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

impl Sampler {
    /// The name of its kind, as in the TOML file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ddpm => "ddpm",
            Self::Ddim { .. } => "ddim",
        }
    }
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Four bytes.
    F32,
    /// Two bytes, with the range of f32.
    Bf16,
    /// Two bytes, finer, up to 65,504.
    F16,
}

impl Precision {
    /// Its name, as in the TOML file.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }
}

/// By which rule the next state of a chain is drawn. The noise schedule is the model's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sampler {
    /// Ancestral steps with the model's own variance (arXiv 2006.11239).
    #[default]
    Ddpm,
    /// Steps of DDIM (arXiv 2010.02502), of which those with noise have a density.
    Ddim {
        /// η, the noise as a share of that of ancestral steps, above 0 and at most 1.
        #[serde(default = "one")]
        eta: f64,
    },
}

fn one() -> f64 {
    1.0
}

/// The layers of attention.
fn attention() -> Vec<String> {
    ["to_q", "to_k", "to_v", "to_out.0"].map(str::to_owned).to_vec()
}

impl Checkpoint {
    /// A folder's model, with the usual changes.
    pub fn of_folder(folder: &str) -> Self {
        Self {
            folder: Some(folder.to_owned()),
            guidance: one(),
            targets: attention(),
            ..Self::default()
        }
    }

    /// The same of a model on the hub.
    pub fn of_hub(hub: &str) -> Self {
        Self {
            hub: Some(hub.to_owned()),
            folder: None,
            ..Self::of_folder("")
        }
    }

    /// The field that names its place.
    pub fn field(&self) -> &'static str {
        if self.onnx.is_some() {
            "prior.onnx.model"
        } else if self.hub.is_some() {
            "prior.hub"
        } else {
            "prior.folder"
        }
    }

    /// The texts that images are made for, one or several, as far as the description has them; none of a model that
    /// takes none.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let one = self.prompt.iter();
        one.chain(&self.prompts).map(String::as_str)
    }

    /// The fields that say for which texts, with what they say.
    fn said_of_texts(&self) -> Vec<(&'static str, &str)> {
        let said = [
            ("prior.prompt", self.prompt.as_deref()),
            ("prior.prompts", self.prompts.first().map(String::as_str)),
            (prompts::FIELD, self.prompts_file.as_deref()),
        ];
        let said = said.into_iter();
        said.filter_map(|(field, said)| Some((field, said?))).collect()
    }

    /// Its place, a folder or a name on the hub.
    pub fn name(&self) -> &str {
        let onnx = self.onnx.as_ref().map(|onnx| &*onnx.model);
        let named = onnx.or(self.folder.as_deref()).or(self.hub.as_deref());
        named.unwrap_or_default()
    }
}

impl DescribedPrior for Checkpoint {
    const TASK: &'static str = IMAGES;
    const TOLD_CLASSES: bool = false;
    const WITHOUT_LANGEVIN: Option<&'static str> =
        Some("false: changes of a model's layers have no Langevin term");

    fn shipped() -> Self {
        Self::of_hub("google/ddpm-cifar10-32")
    }

    fn ships(&self) -> bool {
        false
    }

    fn validate(&self, run: &Run) -> Checked {
        if let Some(onnx) = &self.onnx {
            onnx.validate("prior.onnx")?;
            let refused =
                |allowed| ConfigError::new("prior.onnx.shape", format!("{:?}", onnx.shape), allowed);
            Shape::of(onnx.shape).checked().map_err(refused)?;
            if let Some((field, said)) = self.said_of_texts().first() {
                let allowed = "no prompt: an ONNX model takes none";
                return Err(ConfigError::new(*field, format!("`{said}`"), allowed));
            }
        }
        if self.name().is_empty() {
            let needed = "a folder that diffusers wrote, or prior.hub or prior.onnx in its place";
            return Err(ConfigError::missing("prior.folder", needed));
        }
        let several = [self.folder.is_some(), self.hub.is_some(), self.onnx.is_some()];
        if several.into_iter().filter(|given| *given).count() > 1 {
            let allowed = "one of prior.folder, prior.hub and prior.onnx";
            let named = self.folder.as_ref().or(self.hub.as_ref());
            let (field, named) = (
                if self.folder.is_some() {
                    "prior.folder"
                } else {
                    "prior.hub"
                },
                named.map(String::as_str).unwrap_or_default(),
            );
            return Err(ConfigError::new(field, format!("`{named}`"), allowed));
        }
        if let (Some(revision), None) = (&self.revision, &self.hub) {
            let allowed = "a revision only of prior.hub: a folder has one";
            return Err(ConfigError::new(
                "prior.revision",
                format!("`{revision}`"),
                allowed,
            ));
        }
        if let Sampler::Ddim { eta } = self.sampler {
            positive("prior.sampler.eta", eta, 1.0)?;
        }
        range("prior.guidance", self.guidance, 1.0, 100.0)?;
        let texts = self.said_of_texts();
        if let [(field, said), _, ..] = texts[..] {
            let allowed = "one of prior.prompt, prior.prompts and prior.prompts_file";
            return Err(ConfigError::new(field, format!("`{said}`"), allowed));
        }
        if !self.prompts.is_empty() {
            prompts::check(&self.prompts)?;
        }
        if texts.is_empty() && self.guidance != 1.0 {
            let allowed = "1 without prior.prompt: there is no text to lead to";
            return Err(ConfigError::new("prior.guidance", self.guidance, allowed));
        }
        whole("the number of prior.targets", self.targets.len(), 1, 1000)?;
        if let Some(alpha) = self.alpha {
            positive("prior.alpha", alpha, 1e4)?;
        }
        let width = run.network.width;
        match self.onnx {
            None if width != Network::default().width => {
                let allowed =
                    "64, the default: the layers of the model change; beside an ONNX model multiples of 32";
                return Err(ConfigError::new("network.width", width, allowed));
            }
            None => whole("network.rank", run.network.rank, 1, 1024)?,
            // The network beside it has attention heads of 32 channels.
            Some(_) if width.is_multiple_of(32) => {}
            Some(_) => {
                let allowed = "a multiple of 32 beside an ONNX model";
                return Err(ConfigError::new("network.width", width, allowed));
            }
        }
        // Every proposal of the exact posterior is kept in memory.
        whole("evaluation.samples", run.evaluation.samples, 4, 100_000)?;
        whole("evaluation.proposals", run.evaluation.proposals, 4, 100_000)
    }

    fn prompts(&self) -> Option<&[String]> {
        let several = self.prompts_file.is_some() || !self.prompts.is_empty();
        several.then_some(&self.prompts[..])
    }

    fn completed(mut self, files: &Files) -> Result<Self, ConfigError> {
        if let Some(name) = self.prompts_file.take() {
            self.prompts = prompts::read(&name, files.get(prompts::ROLE).unwrap_or_default())?;
        }
        Ok(self)
    }

    /// The texts first: a model may have to be fetched.
    fn files(&self) -> Vec<FileNeed<'_>> {
        let texts = self.prompts_file.as_deref().map(|name| FileNeed {
            role: prompts::ROLE,
            name,
            field: prompts::FIELD,
            kind: FileKind::Text,
        });
        let kind = match &self.onnx {
            Some(onnx) => FileKind::Denoiser(onnx.file()),
            None => FileKind::Folder {
                hub: self.hub.is_some(),
                revision: self.revision.as_deref(),
            },
        };
        let model = FileNeed {
            role: "prior",
            name: self.name(),
            field: self.field(),
            kind,
        };
        texts.into_iter().chain([model]).collect()
    }
}
