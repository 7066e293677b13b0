//! What a GPU is asked for: how often kernels are launched, numbers sent to it and numbers read from it.

use super::EngineError;
use super::host::reads;
use burn::backend::fusion::custom::OperationIr;
use burn::backend::fusion::observer::{BlockOperations, FusionObservation, FusionObserver};
use burn::cubecl::logging::{LaunchObservation, LaunchObserver};
use burn::tensor::Device;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the GPUs of this program were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Launches of kernels.
    pub dispatches: usize,
    /// Tensors made of numbers of the host. The few numbers that a launch takes along, such as shapes, are none.
    pub uploads: usize,
    /// Reads from devices; tensors that are read together are one.
    pub reads: usize,
}

/// Counts the [`Work`] from its making on. It counts that of the whole program, whichever thread asks.
pub struct Watch {
    device: Device,
    counts: Arc<Counts>,
    reads: usize,
    _launches: LaunchObservation,
    _operations: FusionObservation,
}

#[derive(Default)]
struct Counts {
    dispatches: AtomicUsize,
    uploads: AtomicUsize,
}

impl LaunchObserver for Counts {
    fn launched(&self, _kernel: &'static str) {
        self.dispatches.fetch_add(1, Ordering::Relaxed);
    }
}

impl FusionObserver for Counts {
    fn registered(&self, operation: &OperationIr) {
        if matches!(operation, OperationIr::Init(_)) {
            self.uploads.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn block_starts(&self, _block: BlockOperations<'_>) {}

    fn block_ran(&self) {}
}

impl Watch {
    /// Starts to count, once a GPU has done what it was asked before.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn new(device: &Device) -> Result<Self, EngineError> {
        finished(device)?;
        let counts = Arc::new(Counts::default());
        Ok(Self {
            device: device.clone(),
            reads: reads(),
            _launches: LaunchObservation::new(counts.clone()),
            _operations: FusionObservation::new(counts.clone()),
            counts,
        })
    }

    /// What there has been since, once the GPU has done it.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub fn finish(self) -> Result<Work, EngineError> {
        finished(&self.device)?;
        Ok(Work {
            dispatches: self.counts.dispatches.load(Ordering::Relaxed),
            uploads: self.counts.uploads.load(Ordering::Relaxed),
            reads: reads() - self.reads,
        })
    }
}

/// Waits until the device has done all that it was asked.
fn finished(device: &Device) -> Result<(), EngineError> {
    let done = device.sync();
    done.map_err(|e| EngineError::Device(format!("device: {e:?}")))
}
