//! Named comparisons, each of which answers one question.

use super::Run;
use crate::engine::Method;

/// A named comparison of methods on one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What people see as its title.
    pub title: &'static str,
    /// One sentence: what it asks.
    pub question: &'static str,
    /// The run that methods, varied values and seeds are put into.
    pub run: Run,
    /// The methods that are compared.
    pub methods: Vec<Method>,
    /// A field of the run, and the values it takes in turn, in TOML's notation.
    pub vary: Option<(&'static str, Vec<String>)>,
    /// The seeds, with each of which every method is run.
    pub seeds: Vec<u64>,
}

/// A field and the values that it takes in turn.
pub fn values(field: &'static str, values: &[&str]) -> Option<(&'static str, Vec<String>)> {
    Some((field, values.iter().map(|v| (*v).to_owned()).collect()))
}
