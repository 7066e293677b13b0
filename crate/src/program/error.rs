//! Everything that can go wrong: one message and one exit code each.

use super::output::quoted;
use rtb::engine::EngineError;
use rtb::run::ConfigError;
use std::io;
use std::path::{Path, PathBuf};

/// Exit code after Ctrl-C, as shells have it: 128 + SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Why the program stops.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{}: {error}", path.display())]
    ConfigFile { path: PathBuf, error: ConfigError },
    #[error("{}: cannot {action}: {error}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        error: io::Error,
    },
    #[error("{}: {what} already exists there; {remedy}", path.display())]
    Occupied {
        path: PathBuf,
        what: &'static str,
        remedy: &'static str,
    },
    #[error("{}: this is not the folder of a run: {missing} is missing; use a folder that `rtb run` wrote", path.display())]
    NotARun { path: PathBuf, missing: &'static str },
    #[error("{}: this is not the record of a comparison; use a folder that `rtb compare` wrote", path.display())]
    NotAComparison { path: PathBuf },
    #[error("{}: another process is training in this folder; wait for it or stop it", path.display())]
    InUse { path: PathBuf },
    #[error(
        "{}: there is no readable checkpoint ({}); start the run again with `rtb run {}`",
        path.display(),
        reasons.join("; "),
        quoted(path.join("config.toml").display())
    )]
    NoCheckpoint { path: PathBuf, reasons: Vec<String> },
    #[error(
        "--device {device}: this program was built without {device}; build it with \
         `cargo build --release --features {device}`"
    )]
    NotBuilt { device: &'static str },
    #[cfg(not(feature = "mpi"))]
    #[error(
        "{name} says that there are several processes, and this program was built without MPI; build it with \
         `cargo build --release --features mpi`, or start one process"
    )]
    NoMpi { name: &'static str },
    /// Data that cannot be found or read.
    #[error("{0}")]
    Data(String),
    #[error("{}: cannot draw: {reason}", path.display())]
    Picture { path: PathBuf, reason: String },
    #[error("cannot handle Ctrl-C: {0}")]
    Signal(#[from] ctrlc::Error),
    #[error(transparent)]
    Session(#[from] EngineError),
    #[error("{error}\nThe last checkpoint is in {}.", path.display())]
    Training { error: EngineError, path: PathBuf },
    /// The results of training could not be written.
    #[error(
        "{error}\nOnce that is put right, continue from the last checkpoint: `rtb run --resume {}`",
        quoted(path.display())
    )]
    Unsaved { error: Box<ProgramError>, path: PathBuf },
    #[error("Stopped. To continue: `rtb run --resume {}`", quoted(path.display()))]
    Interrupted { path: PathBuf },
    #[error("Stopped. Run the same command again to continue from {}", path.display())]
    PretrainingStopped { path: PathBuf },
    #[error(
        "Stopped after {ended} of {trials} trials. Their results are in {}. To continue: `rtb compare --resume {}`",
        path.display(),
        quoted(path.display())
    )]
    Stopped {
        path: PathBuf,
        ended: usize,
        trials: usize,
    },
}

impl ProgramError {
    /// An error of the file system; `action` completes "cannot …".
    pub fn file(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            error,
        }
    }

    /// The same of a run in training, whose folder this is; `saved` tells whether it has a checkpoint.
    pub fn in_run(self, folder: &Path, saved: bool) -> Self {
        let path = folder.to_owned();
        match self {
            Self::Session(error) if saved && !matches!(error, EngineError::Config(_)) => {
                Self::Training { error, path }
            }
            Self::File { .. } | Self::Picture { .. } => Self::Unsaved {
                error: Box::new(self),
                path,
            },
            other => other,
        }
    }

    /// 2 for what the user can put right in the command or its files, 130 for Ctrl-C, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::ConfigFile { .. }
            | Self::File { .. }
            | Self::Occupied { .. }
            | Self::NotARun { .. }
            | Self::NotAComparison { .. }
            | Self::InUse { .. }
            | Self::NotBuilt { .. }
            | Self::Data(_)
            | Self::Session(EngineError::Config(_) | EngineError::Weights(_)) => 2,
            #[cfg(not(feature = "mpi"))]
            Self::NoMpi { .. } => 2,
            Self::NoCheckpoint { .. }
            | Self::Picture { .. }
            | Self::Signal(_)
            | Self::Session(_)
            | Self::Training { .. } => 1,
            Self::Unsaved { error, .. } => error.exit_code(),
            Self::Interrupted { .. } | Self::PretrainingStopped { .. } | Self::Stopped { .. } => INTERRUPTED,
        }
    }
}
