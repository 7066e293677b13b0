//! Generators of images, as a run describes them.

use super::DescribedPrior;
use crate::engine::ConfigError;
use crate::engine::check::{Checked, whole};
use crate::run::{FileKind, FileNeed, OnnxGenerator, Run};
use crate::task::images::{GENERATORS, LATENTS, PRIORS};
use serde::{Deserialize, Serialize};

/// What makes images x = f(z) of standard normal noise z: the prior p(x) is the law of f(z).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Generator {
    /// A decoder, such as that of a variational autoencoder.
    Decoder {
        /// Its weights: the name of weights that ship (`rtb list`), or a file that `rtb pretrain vae` wrote.
        weights: String,
    },
    /// A diffusion model of the task digits, by its probability-flow ODE: f is deterministic, and z as large as an end
    /// point.
    Flow {
        /// Its weights: the name of weights that ship (`rtb list`), or a file that `rtb pretrain digits` wrote.
        weights: String,
        /// Steps of the ODE from noise to data.
        #[serde(default = "steps")]
        steps: usize,
    },
    /// A model that somebody else trained, as an ONNX file.
    Onnx(OnnxGenerator),
}

fn steps() -> usize {
    20
}

impl Generator {
    /// The name of its weights or of its model.
    pub fn name(&self) -> &str {
        match self {
            Self::Decoder { weights } | Self::Flow { weights, .. } => weights,
            Self::Onnx(onnx) => &onnx.model,
        }
    }
}

impl DescribedPrior for Generator {
    const TASK: &'static str = LATENTS;
    const WITHOUT_LANGEVIN: Option<&'static str> =
        Some("false: the policy in the space of noise has no Langevin term");

    fn shipped() -> Self {
        Self::Decoder {
            weights: "vae-digits-2".to_owned(),
        }
    }

    fn ships(&self) -> bool {
        match self {
            Self::Decoder { weights } => GENERATORS.iter().any(|generator| generator.name == weights),
            Self::Flow { weights, .. } => PRIORS.iter().any(|prior| prior.name == weights),
            Self::Onnx(_) => false,
        }
    }

    fn validate(&self, run: &Run) -> Checked {
        if self.name().is_empty() {
            return Err(ConfigError::missing(
                self.files()[0].field,
                "the name of a shipped generator (see `rtb list`) or a file",
            ));
        }
        match self {
            Self::Decoder { .. } => {}
            Self::Flow { steps, .. } => whole("prior.steps", *steps, 1, 1000)?,
            Self::Onnx(onnx) => onnx.validate("prior")?,
        }
        // Every proposal of the exact posterior is kept in memory.
        whole("evaluation.samples", run.evaluation.samples, 100, 100_000)?;
        whole("evaluation.proposals", run.evaluation.proposals, 100, 400_000)
    }

    fn files(&self) -> Vec<FileNeed<'_>> {
        let (name, field, kind) = match self {
            Self::Decoder { weights } | Self::Flow { weights, .. } => {
                (weights, "prior.weights", FileKind::Weights)
            }
            Self::Onnx(onnx) => (&onnx.model, "prior.model", FileKind::Generator(onnx)),
        };
        vec![FileNeed {
            role: "prior",
            name,
            field,
            kind,
        }]
    }
}
