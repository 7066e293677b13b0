//! A generator that somebody else computes.

/// A function x = f(z) of standard normal noise z that somebody else trained, and computes on the host.
pub trait Generate: Send + Sync {
    /// Numbers of z.
    fn latents(&self) -> usize;

    /// The axes of a sample; of images channels, height and width.
    fn shape(&self) -> [usize; 3];

    /// Samples of noise, `[rows][latents]` → `[rows][shape]`, as the generator has them.
    ///
    /// # Errors
    ///
    /// Says in a sentence why there are none, or some that are not allowed: of another shape, or not finite.
    fn samples(&self, noise: &[f32]) -> Result<Vec<f32>, String>;
}
