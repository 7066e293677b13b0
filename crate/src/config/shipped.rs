//! The priors' networks that ship.

use super::Task;

/// A network in `assets/` that can be a task's prior.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedPrior {
    /// As in `prior.weights`.
    pub name: &'static str,
    /// What tells it from the others of its task.
    pub title: &'static str,
    /// A preset with the mixture that it has learned; none where priors are not of mixtures.
    pub preset: Option<&'static str>,
}

const fn of_mixture(name: &'static str, title: &'static str, preset: &'static str) -> ShippedPrior {
    ShippedPrior {
        name,
        title,
        preset: Some(preset),
    }
}

const fn network(name: &'static str, title: &'static str) -> ShippedPrior {
    ShippedPrior {
        name,
        title,
        preset: None,
    }
}

const MIXTURES: &[ShippedPrior] = &[
    of_mixture("prior-25", "twenty-five modes", "25-to-9"),
    of_mixture("prior-ring", "a ring", "ring-tilt"),
    of_mixture("prior-moons", "two moons", "moons-one"),
    of_mixture("prior-checkerboard", "a checkerboard", "checkerboard-waves"),
];

const DIGITS: &[ShippedPrior] = &[
    network("prior-digits", "latents: quick, on a processor too"),
    network("prior-digits-small", "latents, small: quicker, and coarser"),
    network("prior-digits-pixels", "pixels: a U-Net, for a GPU"),
];

const STORIES: &[ShippedPrior] = &[
    network("prior-stories", "masked: words appear in any order"),
    network("reward-stories", "causal: one word after the other"),
];

impl Task {
    /// The networks that ship as its priors.
    pub fn priors(self) -> &'static [ShippedPrior] {
        match self {
            Task::Mixtures => MIXTURES,
            Task::Digits => DIGITS,
            Task::Stories => STORIES,
        }
    }
}
