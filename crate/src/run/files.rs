//! The files that a run needs.

use super::{Command, DenoiserFile, Onnx, OnnxGenerator};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;

#[cfg(feature = "engine")]
use crate::engine::ConfigError;
#[cfg(feature = "engine")]
use crate::engine::file::LargeFile;
#[cfg(feature = "engine")]
use crate::engine::generator::Generate;
#[cfg(feature = "engine")]
use crate::engine::process::Denoiser;
#[cfg(feature = "engine")]
use crate::engine::reward::{BlackBox, TextBlackBox};
#[cfg(feature = "engine")]
use crate::network::diffusers::Folder;
#[cfg(feature = "engine")]
use std::sync::Arc;

/// A file that a run needs before it can be opened; the caller must find it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileNeed<'a> {
    /// Its purpose; [`Files`] holds it under this name.
    pub role: &'static str,
    /// Its name in the run: a shipped file, or a path for the native program.
    pub name: &'a str,
    /// Its name in errors: the field of the run that names it, if there is one.
    pub field: &'static str,
    /// The kind of its content.
    pub kind: FileKind<'a>,
}

/// The kind of a file's content.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FileKind<'a> {
    /// Weights (safetensors) that ship, or are the user's own.
    Weights,
    /// Weights that ship.
    ShippedWeights,
    /// A corpus of stories, or its held-out part.
    Corpus {
        /// Whether it is the held-out part.
        held_out: bool,
    },
    /// A table of numbers: CSV with a header, or .npy.
    Table,
    /// A text file.
    Text,
    /// Recorded steps in D4RL's layout, or a published set of them; [`Files`] holds them as a large file.
    Steps,
    /// Weights that `rtb pretrain` makes of recorded steps.
    Pretrained {
        /// What it calls them.
        what: &'static str,
        /// The steps.
        data: &'a str,
    },
    /// A reward that a program computes; [`Files`] holds it as a black box.
    Command(&'a Command),
    /// The same of texts.
    TextCommand(&'a Command),
    /// A reward that a model computes; [`Files`] holds it as a black box.
    Onnx(&'a Onnx),
    /// A prior that a model computes; [`Files`] holds it as a denoiser.
    Denoiser(DenoiserFile<'a>),
    /// A prior that a model makes of noise; [`Files`] holds it as a generator.
    Generator(&'a OnnxGenerator),
    /// A folder of diffusers, or a model of the hub.
    Folder {
        /// Whether the name is one on the hub.
        hub: bool,
        /// The branch, tag or commit there.
        revision: Option<&'a str>,
    },
}

/// The files that a run needs, by their roles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    files: BTreeMap<String, ByteBuf>,
    /// Programs and models stay where they were started.
    #[cfg(feature = "engine")]
    #[serde(skip)]
    rewards: Outside<dyn BlackBox>,
    #[cfg(feature = "engine")]
    #[serde(skip)]
    text_rewards: Outside<dyn TextBlackBox>,
    #[cfg(feature = "engine")]
    #[serde(skip)]
    priors: Outside<dyn Denoiser>,
    #[cfg(feature = "engine")]
    #[serde(skip)]
    generators: Outside<dyn Generate>,
    #[cfg(feature = "engine")]
    #[serde(skip)]
    folders: Outside<dyn Folder>,
    #[cfg(feature = "engine")]
    #[serde(skip)]
    large: Outside<dyn LargeFile>,
}

impl Files {
    /// The file of a role.
    pub fn get(&self, role: &str) -> Option<&[u8]> {
        self.files.get(role).map(|bytes| bytes.as_slice())
    }

    /// Adds a file with its role.
    pub fn with(mut self, role: &str, bytes: Vec<u8>) -> Self {
        self.files.insert(role.to_owned(), ByteBuf::from(bytes));
        self
    }

    /// Removes the file of a role.
    pub fn without(mut self, role: &str) -> Self {
        self.files.remove(role);
        self
    }

    /// The black box of a role: the program or model of this name, which a field of the run asks for.
    ///
    /// # Errors
    ///
    /// Where there is none.
    #[cfg(feature = "engine")]
    pub fn black_box(&self, role: &str, field: &str, name: &str) -> Result<Arc<dyn BlackBox>, ConfigError> {
        self.rewards.get(role, field, name, "reward")
    }

    /// Adds a black box with its role.
    #[cfg(feature = "engine")]
    pub fn with_black_box(mut self, role: &str, black_box: Arc<dyn BlackBox>) -> Self {
        self.rewards.0.insert(role.to_owned(), black_box);
        self
    }

    /// The black box of a role that is given texts, as [`Files::black_box`].
    ///
    /// # Errors
    ///
    /// Where there is none.
    #[cfg(feature = "engine")]
    pub fn text_black_box(
        &self,
        role: &str,
        field: &str,
        name: &str,
    ) -> Result<Arc<dyn TextBlackBox>, ConfigError> {
        self.text_rewards.get(role, field, name, "reward")
    }

    /// Adds a black box of texts with its role.
    #[cfg(feature = "engine")]
    pub fn with_text_black_box(mut self, role: &str, black_box: Arc<dyn TextBlackBox>) -> Self {
        self.text_rewards.0.insert(role.to_owned(), black_box);
        self
    }

    /// The denoiser of a role: the model of this name, which a field of the run asks for.
    ///
    /// # Errors
    ///
    /// Where there is none.
    #[cfg(feature = "engine")]
    pub fn denoiser(&self, role: &str, field: &str, name: &str) -> Result<Arc<dyn Denoiser>, ConfigError> {
        self.priors.get(role, field, name, "prior")
    }

    /// Adds a denoiser with its role.
    #[cfg(feature = "engine")]
    pub fn with_denoiser(mut self, role: &str, denoiser: Arc<dyn Denoiser>) -> Self {
        self.priors.0.insert(role.to_owned(), denoiser);
        self
    }

    /// The generator of a role: the model of this name, which a field of the run asks for.
    ///
    /// # Errors
    ///
    /// Where there is none.
    #[cfg(feature = "engine")]
    pub fn generator(&self, role: &str, field: &str, name: &str) -> Result<Arc<dyn Generate>, ConfigError> {
        self.generators.get(role, field, name, "prior")
    }

    /// The folder of a role, of this name, which a field of the run asks for.
    ///
    /// # Errors
    ///
    /// Where there is none.
    #[cfg(feature = "engine")]
    pub fn folder(&self, role: &str, field: &str, name: &str) -> Result<Arc<dyn Folder>, ConfigError> {
        self.folders.get(role, field, name, "prior")
    }

    /// Adds a folder with its role.
    #[cfg(feature = "engine")]
    pub fn with_folder(mut self, role: &str, folder: Arc<dyn Folder>) -> Self {
        self.folders.0.insert(role.to_owned(), folder);
        self
    }

    /// The large file of a role, of this name, which a field of the run asks for.
    ///
    /// # Errors
    ///
    /// Where there is none.
    #[cfg(feature = "engine")]
    pub fn large_file(&self, role: &str, field: &str, name: &str) -> Result<Arc<dyn LargeFile>, ConfigError> {
        self.large.get(role, field, name, "file")
    }

    /// Adds a large file with its role.
    #[cfg(feature = "engine")]
    pub fn with_large_file(mut self, role: &str, file: Arc<dyn LargeFile>) -> Self {
        self.large.0.insert(role.to_owned(), file);
        self
    }

    /// Adds a generator with its role.
    #[cfg(feature = "engine")]
    pub fn with_generator(mut self, role: &str, generator: Arc<dyn Generate>) -> Self {
        self.generators.0.insert(role.to_owned(), generator);
        self
    }
}

/// What is computed outside, by its roles.
#[cfg(feature = "engine")]
struct Outside<T: ?Sized>(BTreeMap<String, Arc<T>>);

#[cfg(feature = "engine")]
impl<T: ?Sized> Outside<T> {
    /// That of a role; `what` it is completes "a … that needs no program".
    fn get(&self, role: &str, field: &str, name: &str, what: &str) -> Result<Arc<T>, ConfigError> {
        self.0.get(role).cloned().ok_or_else(|| {
            let allowed =
                format!("a {what} that needs no program: programs and models run in the native program only");
            ConfigError::new(field, format!("`{name}`"), allowed)
        })
    }
}

#[cfg(feature = "engine")]
impl<T: ?Sized> Default for Outside<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

#[cfg(feature = "engine")]
impl<T: ?Sized> Clone for Outside<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(feature = "engine")]
impl<T: ?Sized> PartialEq for Outside<T> {
    /// The very same, not only equal ones: what they compute cannot be looked at.
    fn eq(&self, other: &Self) -> bool {
        let same = |(mine, theirs): (_, _)| {
            let ((role, one), (other_role, other)): ((&String, &Arc<_>), (&String, &Arc<_>)) = (mine, theirs);
            role == other_role && Arc::ptr_eq(one, other)
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

#[cfg(feature = "engine")]
impl<T: ?Sized> std::fmt::Debug for Outside<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
