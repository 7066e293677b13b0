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

/// Most CPU workers without a word of the user: each takes the memory of a whole run.
const MOST_BY_ITSELF: usize = 8;

/// The machine's cores, as far as the browser tells.
pub fn cores() -> usize {
    let cores = gloo::utils::window().navigator().hardware_concurrency();
    (cores as usize).max(1)
}

/// So many CPU workers that a core is left for the page.
pub fn usual_workers() -> usize {
    (cores() - 1).clamp(1, MOST_BY_ITSELF)
}

/// Which worker computes, and why that one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    pub backend: Backend,
    /// CPU workers that are to share an iteration.
    pub workers: usize,
    /// Those that do; 0 before any iteration.
    pub members: usize,
    /// The worker's own name for what it computes on; empty until it answers.
    pub name: String,
    pub why: String,
    pub gpu: Gpu,
    /// Download of the WebGPU worker: bytes so far, and in all where that is known.
    pub download: Option<(f64, Option<f64>)>,
}
