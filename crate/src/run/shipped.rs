//! The networks that ship.

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

#[cfg(feature = "native")]
macro_rules! weights {
    ($($name:literal),+) => {
        &[$(($name, include_bytes!(concat!("../../assets/", $name, ".safetensors")))),+]
    };
}

#[cfg(feature = "native")]
const WEIGHTS: &[(&str, &[u8])] = weights![
    "prior-25",
    "prior-ring",
    "prior-moons",
    "prior-checkerboard",
    "prior-digits",
    "prior-digits-small",
    "prior-digits-pixels",
    "prior-stories",
    "reward-stories",
    "classifier",
    "classifier-evaluation"
];

/// The weights (safetensors) of that name, where such ship. The page fetches them; natively they are part
/// of the program.
#[cfg(feature = "native")]
pub fn shipped_weights(name: &str) -> Option<&'static [u8]> {
    let named = WEIGHTS.iter().find(|(weights, _)| *weights == name);
    named.map(|(_, bytes)| *bytes)
}
