//! What all trainings take and do.

use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::number::{any, whole};
use crate::program::output::{print, quoted};
use crate::program::pretraining::{self, Job};
use crate::program::storage;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use rtb::engine::EngineError;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::engine::train::{Descent, Pretrain};
use rtb::run::ConfigError;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The flags that all trainings share.
#[derive(clap::Args)]
pub struct Common {
    /// File (safetensors) for the weights
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Number of training iterations
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    iterations: Option<usize>,
    /// Training examples per iteration
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0, u64::MAX))]
    batch: Option<usize>,
    /// Learning rate at the start; it decays to 0 along a cosine
    #[arg(long, value_name = "RATE", value_parser = any)]
    learning_rate: Option<f64>,
    /// Decay of the exponential moving average of the weights; the average is saved
    #[arg(long, value_name = "DECAY", value_parser = any)]
    ema: Option<f64>,
    /// Random seed
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>(0, u64::MAX))]
    seed: u64,
    #[command(flatten)]
    device: DeviceFlag,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
}

/// Their values, once the defaults of a training are in.
pub struct Numbers {
    pub iterations: usize,
    pub batch: usize,
    pub learning_rate: f64,
    pub ema: f64,
    pub seed: u64,
}

/// What is written beside the weights.
#[derive(Serialize)]
pub struct Record<F> {
    pub command: String,
    /// The record of the weights that training went on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<serde_json::Value>,
    pub seed: u64,
    pub seconds: f64,
    pub figures: F,
}

/// A training on examples with its step, which the network's purpose decides.
pub struct Stepped<N: Module + ModuleDisplay, E, F> {
    pub training: Pretraining<N, E>,
    pub step: F,
}

impl<N, E, F> Pretrain for Stepped<N, E, F>
where
    N: Module + ModuleDisplay + Sync,
    F: AsyncFn(&mut Pretraining<N, E>) -> Result<f64, EngineError>,
{
    type Network = N;

    fn descent(&self) -> &Descent<N> {
        self.training.descent()
    }

    fn descent_mut(&mut self) -> &mut Descent<N> {
        self.training.descent_mut()
    }

    async fn step(&mut self) -> Result<f64, EngineError> {
        (self.step)(&mut self.training).await
    }
}

impl From<&Numbers> for Recipe {
    fn from(numbers: &Numbers) -> Self {
        Self {
            iterations: numbers.iterations,
            batch: numbers.batch,
            learning_rate: numbers.learning_rate,
            ema: numbers.ema,
            seed: numbers.seed,
        }
    }
}

impl Common {
    /// The numbers of these flags, or these defaults of the training.
    pub fn numbers(&self, iterations: usize, batch: usize, learning_rate: f64, ema: f64) -> Numbers {
        Numbers {
            iterations: self.iterations.unwrap_or(iterations),
            batch: self.batch.unwrap_or(batch),
            learning_rate: self.learning_rate.unwrap_or(learning_rate),
            ema: self.ema.unwrap_or(ema),
            seed: self.seed,
        }
    }

    /// Finds out, before any work, whether all files can be written.
    pub fn probe(&self, picture: Option<&Path>) -> Result<(), ProgramError> {
        let refused = |allowed: &str| -> ProgramError {
            ConfigError::new("--out", format!("`{}`", self.out.display()), allowed).into()
        };
        if storage::is_stream(&self.out) {
            return Err(refused("a file: its record and its checkpoint lie beside it"));
        }
        if storage::extension(&self.out) == "json" {
            return Err(refused("a name with another extension: the record ends in .json"));
        }
        if let Some(picture) = picture.filter(|path| **path == *self.out || **path == self.record()) {
            let allowed = "a file of its own: weights or their record are written there";
            return Err(ConfigError::new("--picture", format!("`{}`", picture.display()), allowed).into());
        }
        for path in [Some(&*self.out), Some(&self.record()), picture]
            .into_iter()
            .flatten()
        {
            storage::probe(path)?;
        }
        Ok(())
    }

    /// The same, where a new folder of files is written.
    pub fn probe_folder(&self, picture: Option<&Path>) -> Result<(), ProgramError> {
        // What a stopped training has written is written again.
        if !pretraining::is_begun(&self.out) {
            let remedy = "choose another --out";
            storage::probe_folder(Some(&self.out), &self.out, remedy)?;
        }
        picture.map_or(Ok(()), storage::probe)
    }

    /// The file of the record.
    fn record(&self) -> PathBuf {
        self.out.with_extension("json")
    }

    pub fn device(&self) -> Result<Device, ProgramError> {
        self.device.device.open()
    }

    /// The command with all values written out, as defaults may change.
    pub fn command(&self, what: &str, numbers: &Numbers) -> String {
        format!(
            "rtb pretrain {what} --out {} --iterations {} --batch {} --learning-rate {} --ema {} --seed {}",
            quoted(self.out.display()),
            numbers.iterations,
            numbers.batch,
            numbers.learning_rate,
            numbers.ema,
            numbers.seed
        )
    }

    /// Trains to the end, from where it was stopped before; the seconds it took in all.
    pub fn train(
        &self,
        what: &str,
        numbers: &Numbers,
        training: &mut impl Pretrain,
    ) -> Result<f64, ProgramError> {
        let job = Job {
            out: &self.out,
            command: self.command(what, numbers),
            iterations: numbers.iterations,
            label: "pretrain",
            quiet: self.quiet,
        };
        pretraining::train(&job, training)
    }

    /// Writes the files of a folder, by their paths, and figures, and says so.
    pub fn finish_folder<F: Serialize>(
        &self,
        files: &[(&str, Vec<u8>)],
        record: &Record<F>,
        summary: &str,
    ) -> Result<(), ProgramError> {
        for (path, bytes) in files {
            storage::write(&self.out.join(path), bytes)?;
        }
        storage::write_json(&self.out.join("record.json"), record)?;
        pretraining::forget(&self.out)?;
        print(&format!("{summary}Written: {}\n", self.out.display()))
    }

    /// Writes weights and figures, and says so.
    pub fn finish<F: Serialize>(
        &self,
        weights: &[u8],
        record: &Record<F>,
        summary: &str,
    ) -> Result<(), ProgramError> {
        let json = self.record();
        storage::write(&self.out, weights)?;
        storage::write_json(&json, record)?;
        pretraining::forget(&self.out)?;
        print(&format!(
            "{summary}Written: {} and {}\n",
            self.out.display(),
            json.display()
        ))
    }
}
