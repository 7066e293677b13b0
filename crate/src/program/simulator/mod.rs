//! MuJoCo, for evaluation only: what policies that were learned from recorded steps earn.
//!
//! [`library`] is MuJoCo's shared library, loaded while the program runs, and [`place`] finds it and the descriptions of robots.
//! [`body`] simulates a robot, [`replay`] tells how far that is from recorded steps, and [`episodes`] are played in it.

pub mod body;
pub mod episodes;
pub mod library;
pub mod place;
pub mod replay;
#[cfg(test)]
mod tests;
