//! The priors' networks that ship.

/// A network in `assets/` that can be a task's prior.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedPrior {
    /// As in `prior.weights`.
    pub name: &'static str,
    /// What tells it from the others of its task.
    pub title: &'static str,
    /// A preset with what it has learned; none where every preset of the task can stand on it.
    pub preset: Option<&'static str>,
}
