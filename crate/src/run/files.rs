//! Files that a run needs, and these files.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;

/// A file that a run needs before it can be opened; whoever opens it has to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileNeed<'a> {
    /// What it is for; [`Files`] holds it under this name.
    pub role: &'static str,
    /// As the run names it: a shipped file, or one of the native program.
    pub name: &'a str,
    /// What an error calls it: the field of the run that names it, where one does.
    pub field: &'static str,
    /// What is in it.
    pub kind: FileKind,
}

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Weights (safetensors) that ship, or are the user's own.
    Weights,
    /// Weights that ship.
    ShippedWeights,
    /// A corpus of stories, or that part of it which nothing was trained on.
    Corpus {
        /// Whether it is the part that nothing was trained on.
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

    /// These, and another one in its role.
    pub fn with(mut self, role: &str, bytes: Vec<u8>) -> Self {
        self.0.insert(role.to_owned(), ByteBuf::from(bytes));
        self
    }

    /// These without the one of a role.
    pub fn without(mut self, role: &str) -> Self {
        self.0.remove(role);
        self
    }
}
