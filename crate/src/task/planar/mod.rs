//! Gaussian mixtures in the plane, pictures of the square that is drawn of it, and integrals over that.

mod component;
pub mod fitted;
pub mod mixture;
mod painted;
pub mod picture;
#[cfg(feature = "engine")]
mod quadrature;
mod random;

pub use component::Component;
pub use mixture::Mixture;
pub use painted::{PAINT_LEVELS, Painted};
#[cfg(feature = "engine")]
pub use picture::PICTURE_SIDE;
#[cfg(feature = "engine")]
pub(crate) use quadrature::{Node, nodes};
#[cfg(feature = "engine")]
pub use quadrature::{WeightedPoint, quadrature};
pub(crate) use random::Random;

/// Half the side of the square `[−HALF_WIDTH, HALF_WIDTH]`² in which everything is drawn and every
/// exact integral is taken.
pub const HALF_WIDTH: f64 = 14.0;

/// Smallest standard deviation of a component in any direction; below it f32 loses the drift.
pub const SMALLEST_DEVIATION: f64 = 0.1;

/// Largest share of a mixture outside the drawn square.
pub const MOST_OUTSIDE: f64 = 0.02;
