//! Checkpoints of a trainer.

use super::{Trainer, optimizer, sound};
use crate::engine::EngineError;
use crate::engine::process::{Policy, Prior, Process};
use crate::engine::rollout::ReplayRecord;
use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};

/// What a checkpoint keeps of a trainer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TrainerRecord {
    /// Iterations done.
    pub iteration: usize,
    log_z: Vec<f64>,
    #[serde(with = "serde_bytes")]
    trained: Vec<u8>,
    #[serde(with = "serde_bytes")]
    average: Option<Vec<u8>>,
    #[serde(with = "serde_bytes")]
    optimizer: Vec<u8>,
    replay: Vec<ReplayRecord>,
}

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// A record from which training continues exactly.
    ///
    /// # Errors
    ///
    /// Where the device fails, or a weight is no longer a number.
    pub(crate) fn record(&self) -> Result<TrainerRecord, EngineError> {
        if !sound::is_sound_now(&self.trained)? {
            return Err(self.diverged(sound::BROKEN, self.iteration));
        }
        let pack = |record: ModuleRecord| record.into_bytes().map(|b| b.to_vec()).map_err(refused);
        Ok(TrainerRecord {
            iteration: self.iteration,
            log_z: self.log_z.clone(),
            trained: pack(self.trained.clone().into_record())?,
            average: self
                .average
                .as_ref()
                .map(|a| pack(a.network().clone().into_record()))
                .transpose()?,
            optimizer: self.optimizer.into_bytes().map_err(refused)?.to_vec(),
            replay: self.replay.iter().map(|buffer| buffer.record().clone()).collect(),
        })
    }

    /// Continues from a record of the same run.
    ///
    /// # Errors
    ///
    /// Says what does not fit.
    pub(crate) fn restore(&mut self, record: TrainerRecord) -> Result<(), String> {
        let unpack = |bytes: Vec<u8>| {
            ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(|e| e.to_string())
        };
        self.trained = self
            .trained
            .clone()
            .try_load_record(unpack(record.trained)?)
            .map_err(|e| e.to_string())?
            .train();
        if let (Some(average), Some(bytes)) = (&mut self.average, record.average) {
            average.load(unpack(bytes)?).map_err(|e| e.to_string())?;
        }
        let saved = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(record.optimizer))
            .map_err(|e| e.to_string())?;
        self.optimizer =
            optimizer::optimizer(&self.settings.optimizer, &self.chains.device).load_record(saved);
        self.schedule = optimizer::schedule(
            &self.settings.optimizer,
            &self.settings.training,
            record.iteration,
        );
        for (buffer, record) in self.replay.iter_mut().zip(record.replay) {
            buffer.restore(record);
        }
        self.iteration = record.iteration;
        self.log_z = record.log_z;
        Ok(())
    }
}

fn refused(error: impl ToString) -> EngineError {
    EngineError::Checkpoint(error.to_string())
}
