//! What computes, and why.

use super::Gpu;

/// The kinds of workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    #[default]
    Cpu,
    Gpu,
}

impl Backend {
    /// The name its files begin with.
    pub fn file(self) -> &'static str {
        match self {
            Self::Cpu => "worker-cpu",
            Self::Gpu => "worker-gpu",
        }
    }
}

/// Which worker computes, and why that one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    pub backend: Backend,
    /// The worker's own name for what it computes on; empty until it answers.
    pub name: String,
    pub why: String,
    pub gpu: Gpu,
    /// Download of the WebGPU worker: bytes so far, and in all where that is known.
    pub download: Option<(f64, Option<f64>)>,
}
