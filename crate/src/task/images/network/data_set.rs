//! The data set that a network learned, which the header of its weights names.

use crate::engine::weights::Weights;
use std::collections::BTreeMap;

/// Its key in the header.
const KEY: &str = "data";
/// That of weights that do not name any, as those that ship.
pub const MNIST: &str = "mnist";

/// The data set that a file's header names.
pub fn data_set(header: &BTreeMap<String, String>) -> &str {
    header.get(KEY).map_or(MNIST, String::as_str)
}

/// Weights whose header names the data set.
pub fn with_data_set(mut weights: Weights, name: &str) -> Weights {
    weights.metadata.insert(KEY.to_owned(), name.to_owned());
    weights
}
