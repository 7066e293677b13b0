//! Named comparisons, each of which answers one question.

use super::Run;
use crate::engine::Method;

/// A named comparison of methods on one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence: what it asks.
    pub question: &'static str,
    pub run: Run,
    pub methods: Vec<Method>,
    /// A field of the run, and the values it takes in turn, in TOML's notation.
    pub vary: Option<(&'static str, Vec<String>)>,
    pub seeds: Vec<u64>,
}

/// A field and the values that it takes in turn.
pub fn values(field: &'static str, values: &[&str]) -> Option<(&'static str, Vec<String>)> {
    Some((field, values.iter().map(|v| (*v).to_owned()).collect()))
}
