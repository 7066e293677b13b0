//! The engine against exact answers and invariants.

#![recursion_limit = "256"]

#[cfg(feature = "gpu")]
mod at_once;
mod baseline;
mod chain;
mod checkpoint_methods;
mod checkpoints;
mod choice;
mod config;
mod control;
mod diffusers;
mod digits;
mod energy;
mod generators;
mod gradient;
mod image_rewards;
mod images;
mod latents;
mod layers;
mod links;
mod methods;
mod networks;
mod numbers;
mod objective;
mod observations;
mod offline;
mod one_step;
mod oracle;
mod points;
mod pretrained;
mod quadrature;
mod recorded;
mod reward;
mod samplers;
mod session;
mod stories;
mod support;
mod team;
mod texts;
mod tokens;
mod transformer;
mod unseen;
mod variational;
