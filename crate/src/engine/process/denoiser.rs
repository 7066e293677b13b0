//! A prior's network that somebody else computes.

/// A network that somebody else trained to denoise points of ℝᵈ, and computes on the host.
pub trait Denoiser: Send + Sync {
    /// Its output at noised points, `[rows][dimensions]`, which have all had the noise of this time.
    ///
    /// # Errors
    ///
    /// Says in a sentence why there is no output, or one that is not allowed: of another size, or not finite.
    fn output(&self, points: &[f32], dimensions: usize, time: f64) -> Result<Vec<f32>, String>;
}
