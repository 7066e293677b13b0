//! Generated inputs for all that rtb reads: each is taken or refused, in time and in a sentence, and never
//! makes it panic.
//!
//! The inputs are the same in every run. `PROPTEST_RNG_SEED=7` draws others, and `PROPTEST_CASES=2560` ten times
//! as many.

mod bytes;
mod data;
mod descriptions;
mod each;
mod formulas;
mod links;
mod refusal;
mod runs;
mod tables;
mod weights;
