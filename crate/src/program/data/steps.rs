//! Recorded steps of an agent: a file in D4RL's layout, or one of the published sets.

use super::download::{self, Content};
use super::{OFFLINE, offline};
use crate::program::error::ProgramError;
use rtb::engine::file::{LargeFile, Reader};
use rtb::run::ConfigError;
use rtb::task::control::offline::hdf5::Source;
use rtb::task::control::offline::{D4RL, DataSet, Transitions};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The folder of the sets, in the offline folder and in the cache.
const FOLDER: &str = "d4rl";
/// Where they are published.
const HOME: &str = "http://rail.eecs.berkeley.edu/datasets/offline_rl/gym_mujoco_v2";

/// A file of steps on this machine.
pub struct Steps(PathBuf);

impl Steps {
    /// That of this path, or the published set of this name, which a field asks for.
    pub fn find(field: &str, data: &str) -> Result<Self, ProgramError> {
        if let Some(set) = D4RL.iter().find(|set| set.name == data) {
            return Ok(Self(published(set, HOME)?));
        }
        match Path::new(data).exists() {
            true => Ok(Self(PathBuf::from(data))),
            false => {
                let names: Vec<_> = D4RL.iter().map(|set| set.name).collect();
                let allowed = format!("a file that exists, or one of {}", names.join(", "));
                Err(ConfigError::new(field, format!("`{data}`"), allowed).into())
            }
        }
    }

    /// Opens it.
    pub fn open(&self) -> Result<Source, ProgramError> {
        let Self(path) = self;
        let file = File::open(path).map_err(|error| ProgramError::file("read the data", path, error))?;
        Source::open(file).map_err(|error| self.refused(error))
    }

    /// Reads all steps. Where the file does not tell where episodes were cut, `horizon` does.
    pub fn read(&self, horizon: Option<usize>) -> Result<Transitions, ProgramError> {
        let read = self.open()?.transitions(horizon);
        read.map_err(|error| self.refused(error))
    }

    /// What is wrong with its content.
    pub fn refused(&self, error: ConfigError) -> ProgramError {
        let path = self.0.clone();
        ProgramError::ConfigFile { path, error }
    }

    /// Its name, without the extension.
    #[cfg(feature = "mujoco")]
    pub fn name(&self) -> String {
        let name = self.0.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl LargeFile for Steps {
    fn reader(&self) -> Result<Box<dyn Reader>, String> {
        let file = File::open(&self.0);
        let file = file.map_err(|error| format!("{}: cannot read: {error}", self.0.display()))?;
        Ok(Box::new(file))
    }
}

/// The path of a published set on this machine, once its content is right.
fn published(set: &DataSet, home: &str) -> Result<PathBuf, ProgramError> {
    let name = format!("{}.hdf5", set.name);
    let content = Content {
        bytes: set.bytes,
        sha256: Some(set.sha256),
    };
    if let Some(offline) = offline() {
        return kept(&offline.join(FOLDER).join(name), &content);
    }
    let cache = dirs::cache_dir().ok_or_else(|| {
        ProgramError::Data(format!(
            "this machine has no cache folder; set {OFFLINE} to a folder that holds {FOLDER}/{name}"
        ))
    })?;
    let path = cache.join("rtb").join(FOLDER).join(&name);
    if !matches!(content.wrong(&path), Ok(None)) {
        let url = format!("{home}/{name}");
        download::fetch(&url, &path, &content).map_err(|error| {
            ProgramError::Data(format!(
                "{error}\nWithout internet access, save the file as {}, or set {OFFLINE} to a folder that holds \
                 {FOLDER}/{name}.",
                path.display()
            ))
        })?;
    }
    Ok(path)
}

/// A file of the offline folder, once its content is right.
fn kept(path: &Path, content: &Content) -> Result<PathBuf, ProgramError> {
    let wrong = content
        .wrong(path)
        .map_err(|error| ProgramError::file("read the data", path, error))?;
    match wrong {
        None => Ok(path.to_owned()),
        Some(wrong) => Err(ProgramError::Data(format!("{}: {wrong}", path.display()))),
    }
}
