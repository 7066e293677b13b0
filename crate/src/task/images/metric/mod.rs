//! What is measured of images.

mod frechet;
mod seen;

pub use frechet::Moments;
pub use seen::{Seen, see};
