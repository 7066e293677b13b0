//! What is measured of texts.

mod distinct;
mod overlap;

pub use distinct::distinct_pairs;
pub use overlap::{Pair, bleu, gleu};
