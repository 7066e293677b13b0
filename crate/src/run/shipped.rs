//! The networks that ship.

/// A network in `assets/` that can be a task's prior.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedPrior {
    /// Its name, for `prior.weights`.
    pub name: &'static str,
    /// What distinguishes it from the other priors of its task.
    pub title: &'static str,
    /// A preset with the mixture that it learned; `None` if it fits every preset of the task.
    pub preset: Option<&'static str>,
}

#[cfg(feature = "native")]
static ASSETS: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/assets");

/// The shipped weights (safetensors) of that name. The page fetches them; the native program contains
/// them. The package on crates.io lacks `prior-digits-pixels` and `prior-digits-small`, which would not fit its limit.
#[cfg(feature = "native")]
pub fn shipped_weights(name: &str) -> Option<&'static [u8]> {
    ASSETS
        .get_file(format!("{name}.safetensors"))
        .map(include_dir::File::contents)
}
