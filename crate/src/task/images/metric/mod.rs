//! What is measured of images.

mod frechet;
mod seen;

pub use frechet::Moments;
pub(super) use seen::picked;
pub use seen::{Seen, see};
