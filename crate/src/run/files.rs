//! The files that a run needs.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;

/// A file that a run needs before it can be opened; the caller must find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileNeed<'a> {
    /// Its purpose; [`Files`] holds it under this name.
    pub role: &'static str,
    /// Its name in the run: a shipped file, or a path for the native program.
    pub name: &'a str,
    /// Its name in errors: the field of the run that names it, if there is one.
    pub field: &'static str,
    /// The kind of its content.
    pub kind: FileKind,
}

/// The kind of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Weights (safetensors) that ship, or are the user's own.
    Weights,
    /// Weights that ship.
    ShippedWeights,
    /// A corpus of stories, or its held-out part.
    Corpus {
        /// Whether it is the held-out part.
        held_out: bool,
    },
}

/// The files that a run needs, by their roles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Files(BTreeMap<String, ByteBuf>);

impl Files {
    /// The file of a role.
    pub fn get(&self, role: &str) -> Option<&[u8]> {
        self.0.get(role).map(|bytes| bytes.as_slice())
    }

    /// Adds a file with its role.
    pub fn with(mut self, role: &str, bytes: Vec<u8>) -> Self {
        self.0.insert(role.to_owned(), ByteBuf::from(bytes));
        self
    }

    /// Removes the file of a role.
    pub fn without(mut self, role: &str) -> Self {
        self.0.remove(role);
        self
    }
}
