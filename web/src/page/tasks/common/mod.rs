//! What rooms share whose samples are looked at one by one, and whose priors are networks.

pub mod factor;
pub mod formula;
pub mod log_rewards;
pub mod prior;
mod product;
pub mod samples;
