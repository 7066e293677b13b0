//! Named comparisons, each of which answers one question.

use super::Run;
use crate::engine::Method;

/// What is varied in place of a field where each trial has a problem of its own: its values are names of presets or
/// of problems that are drawn at random, whose prior and reward take the place of the run's.
pub const PROBLEM: &str = "problem";

/// A named comparison of methods on one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its question, in one sentence.
    pub question: &'static str,
    /// The run; methods, varied values and seeds replace its own.
    pub run: Run,
    /// The methods that are compared.
    pub methods: Vec<Method>,
    /// A field of the run, and the values it takes in turn, in TOML's notation; or [`PROBLEM`] and the problems.
    pub vary: Option<(&'static str, Vec<String>)>,
    /// The seeds; every method runs once with each.
    pub seeds: Vec<u64>,
}

/// A field and the values that it takes in turn.
pub fn values(field: &'static str, values: &[&str]) -> Option<(&'static str, Vec<String>)> {
    Some((field, values.iter().map(|v| (*v).to_owned()).collect()))
}
