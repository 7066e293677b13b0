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
static ASSETS: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/assets");

/// The weights (safetensors) of that name, where such ship. The page fetches them; natively they are part
/// of the program. The package on crates.io lacks `prior-digits-pixels`, which would not fit its limit.
#[cfg(feature = "native")]
pub fn shipped_weights(name: &str) -> Option<&'static [u8]> {
    ASSETS
        .get_file(format!("{name}.safetensors"))
        .map(include_dir::File::contents)
}
