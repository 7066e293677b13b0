//! The folder of a run, and everything that touches its files.
//!
//! | file | holds |
//! | --- | --- |
//! | `config.toml` | the resolved run |
//! | `prior.safetensors` | the weights of a learned prior |
//! | `corpus.tsv` | the stories of a corpus |
//! | `metrics.jsonl` | a line for every iteration and every evaluation ([`metrics`]) |
//! | `checkpoint.bin`, `checkpoint.previous.bin` | where to go on ([`frame`]) |
//! | `weights.safetensors`, `*.png` | the posterior's weights; pictures |
//! | `one-step.safetensors` | the sampler in one step that `rtb distill` made of it |
//! | `report.json` | the final figures, written last: it says that the run is finished |
//!
//! Every file but the metrics, to which lines are only added, is written beside its place and
//! moved there ([`file`]), so that a crash leaves either the old file or the new one.

mod file;
mod metrics;
mod place;

pub use file::{extension, is_stream, probe, write, write_json, write_with};
pub use metrics::{EvaluationPoint, History, IterationPoint, Metrics};
pub use place::{create_folder, probe_folder};

use super::error::ProgramError;
use super::output::say;
use file::{replace, stage, staged};
use rtb::engine::frame;
use rtb::message::Report;
use rtb::run::{FileKind, FileNeed, Files, Run};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub const CONFIG: &str = "config.toml";
/// The one-step sampler of a run, where there is one.
pub const ONE_STEP: &str = "one-step.safetensors";
pub const REPORT: &str = "report.json";
pub const WEIGHTS: &str = "weights.safetensors";
const LATEST: &str = "checkpoint.bin";
const PREVIOUS: &str = "checkpoint.previous.bin";
const METRICS: &str = "metrics.jsonl";
const LOCK: &str = ".lock";
/// What to do about a folder that is taken.
const TAKEN: &str = "choose another --out, or continue that run with --resume";

/// The folder of a run.
pub struct RunFolder {
    path: PathBuf,
}

/// Held by the one process that trains in a folder; let go when the process ends, however.
pub struct FolderLock {
    _file: File,
}

impl RunFolder {
    /// Finds out, before any work, whether [`RunFolder::create`] can make the folder.
    pub fn probe(out: Option<&Path>, label: &str, run: &Run) -> Result<(), ProgramError> {
        probe_folder(out, &usual(label, run), TAKEN)
    }

    /// Makes and locks the folder of a new run and puts its description there, last of all. Without `out` it
    /// is `runs/<label>-seed<seed>`, with a number behind it if that is taken.
    pub fn create(
        out: Option<&Path>,
        label: &str,
        run: &Run,
        files: &Files,
    ) -> Result<(Self, FolderLock), ProgramError> {
        let folder = Self {
            path: create_folder(out, &usual(label, run), TAKEN)?,
        };
        let lock = folder.lock()?;
        for need in run.files() {
            if let (Some(name), Some(bytes)) = (kept_as(&need), files.get(need.role)) {
                folder.write(&name, bytes)?;
            }
        }
        folder.write(CONFIG, run.to_toml().as_bytes())?;
        Ok((folder, lock))
    }

    /// The folder of a run that was started before.
    pub fn open(path: &Path) -> Result<Self, ProgramError> {
        let missing = if !path.is_dir() {
            "the folder"
        } else if !path.join(CONFIG).is_file() {
            CONFIG
        } else {
            return Ok(Self {
                path: path.to_owned(),
            });
        };
        Err(ProgramError::NotARun {
            path: path.to_owned(),
            missing,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's own name.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .unwrap_or(self.path.as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Keeps other processes from training in this folder.
    pub fn lock(&self) -> Result<FolderLock, ProgramError> {
        let path = self.file(LOCK);
        let file = File::create(&path).map_err(|e| ProgramError::file("write", &path, e))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(ProgramError::InUse {
                path: self.path.clone(),
            }),
            // Some file systems have no locks; that is no reason not to train.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(FolderLock { _file: file }),
        }
    }

    /// The run as it was resolved when it started.
    pub fn run(&self) -> Result<Run, ProgramError> {
        let path = self.file(CONFIG);
        let text = fs::read_to_string(&path).map_err(|e| ProgramError::file("read the run", &path, e))?;
        Run::from_toml(&text).map_err(|error| ProgramError::ConfigFile { path, error })
    }

    /// A file that the run needs and that was kept when it started.
    pub fn kept(&self, need: &FileNeed) -> Result<Vec<u8>, ProgramError> {
        let path = self.file(&kept_as(need).unwrap_or_default());
        fs::read(&path).map_err(|e| ProgramError::file("read a file that the run needs", &path, e))
    }

    /// Whether the run has come to its end.
    pub fn is_finished(&self) -> bool {
        self.file(REPORT).is_file()
    }

    /// Writes down a run that goes on otherwise than it did; if it was finished, it is no longer.
    pub fn go_on_as(&self, run: &Run) -> Result<(), ProgramError> {
        let report = self.file(REPORT);
        match fs::remove_file(&report) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(ProgramError::file("remove", &report, e));
            }
            _ => {}
        }
        if self.run()? == *run {
            // Said in the file itself, with remarks perhaps.
            return Ok(());
        }
        self.write(CONFIG, run.to_toml().as_bytes())
    }

    /// Writes the final figures; the last thing a run does.
    pub fn finish(&self, report: &Report) -> Result<(), ProgramError> {
        write_json(&self.file(REPORT), report)
    }

    /// Writes a file whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ProgramError> {
        write(&self.file(name), bytes)
    }

    /// Puts a checkpoint in the place of the latest one, which becomes the previous one.
    pub fn save(&self, checkpoint: &[u8]) -> Result<(), ProgramError> {
        let (latest, previous) = (self.file(LATEST), self.file(PREVIOUS));
        let fresh = staged(&latest, "");
        stage(&fresh, checkpoint).map_err(|e| ProgramError::file("write", &latest, e))?;
        if latest.exists() {
            replace(&latest, &previous).map_err(|e| ProgramError::file("write", &previous, e))?;
        }
        replace(&fresh, &latest).map_err(|e| ProgramError::file("write", &latest, e))
    }

    /// Whether any checkpoint has been written.
    pub fn has_checkpoint(&self) -> bool {
        [LATEST, PREVIOUS].iter().any(|name| self.file(name).is_file())
    }

    /// The latest checkpoint that is whole. A damaged one is named on standard error and the one
    /// before it is taken; `None` if the run was stopped before it wrote any.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, ProgramError> {
        let mut reasons = Vec::new();
        for name in [LATEST, PREVIOUS] {
            let path = self.file(name);
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(ProgramError::file("read", &path, e)),
            };
            match frame::decode(&bytes) {
                Ok(_) => {
                    if !reasons.is_empty() {
                        say(format_args!("Warning: continuing from {}", path.display()));
                    }
                    return Ok(Some(bytes));
                }
                Err(damage) => {
                    say(format_args!("Warning: {} is damaged: {damage}", path.display()));
                    reasons.push(format!("{name}: {damage}"));
                }
            }
        }
        if reasons.is_empty() && self.history()?.iterations.is_empty() {
            return Ok(None);
        }
        if reasons.is_empty() {
            reasons.push("both checkpoint files are missing".to_owned());
        }
        Err(ProgramError::NoCheckpoint {
            path: self.path.clone(),
            reasons,
        })
    }

    /// The metrics of a run that goes on after `iteration`; later lines are cut off.
    pub fn metrics(&self, iteration: usize) -> Result<Metrics, ProgramError> {
        Metrics::open(self.file(METRICS), iteration, self.run()?.task())
    }

    /// What the metrics hold so far.
    pub fn history(&self) -> Result<History, ProgramError> {
        metrics::read(&self.file(METRICS), self.run()?.task())
    }
}

/// Writes bytes in a frame that shows any damage, whole or not at all.
pub fn write_framed(path: &Path, bytes: &[u8]) -> Result<(), ProgramError> {
    write(path, &frame::encode(bytes))
}

/// What [`write_framed`] wrote, if it is there.
pub fn read_framed(path: &Path) -> Result<Option<Vec<u8>>, ProgramError> {
    let framed = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(ProgramError::file("read", path, e)),
    };
    match frame::decode(&framed) {
        Ok(bytes) => Ok(Some(bytes.to_vec())),
        Err(damage) => Err(ProgramError::Data(format!(
            "{}: {damage}; delete the file to start again",
            path.display()
        ))),
    }
}

/// The folder of a run that is not told where to go.
fn usual(label: &str, run: &Run) -> PathBuf {
    Path::new("runs").join(format!("{label}-seed{}", run.seed))
}

/// The name under which a folder keeps a file that its run needs; those that ship are not kept.
fn kept_as(need: &FileNeed) -> Option<String> {
    match need.kind {
        FileKind::Weights | FileKind::Pretrained { .. } => Some(format!("{}.safetensors", need.role)),
        FileKind::ShippedWeights => None,
        FileKind::Corpus { .. } => Some(format!("{}.tsv", need.role)),
        FileKind::Table => Some(format!("{}.{}", need.role, extension(Path::new(need.name)))),
        FileKind::Text => Some(format!("{}.txt", need.role)),
        FileKind::Onnx(_) | FileKind::Denoiser(_) | FileKind::Generator(_) => {
            Some(format!("{}.onnx", need.role))
        }
        // A folder is large, and stays where it is; so do recorded steps.
        FileKind::Command(_) | FileKind::TextCommand(_) | FileKind::Folder { .. } | FileKind::Steps => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{CONFIG, FolderLock, LATEST, METRICS, PREVIOUS, RunFolder};
    use crate::program::error::ProgramError;
    use crate::program::scratch::Scratch;
    use rtb::engine::frame;
    use rtb::run::{Files, Run};
    use std::fs;

    fn create(place: &Scratch) -> Result<(RunFolder, FolderLock), ProgramError> {
        RunFolder::create(Some(place.path()), "x", &Run::default(), &Files::default())
    }

    fn checkpoint(iteration: u8) -> Vec<u8> {
        frame::encode(&[iteration; 100])
    }

    #[test]
    fn the_last_two_checkpoints_are_kept() {
        let place = Scratch::new();
        let (folder, _lock) = create(&place).expect("created");
        assert!(folder.checkpoint().expect("none yet").is_none());
        for iteration in 0..4 {
            folder.save(&checkpoint(iteration)).expect("saved");
        }
        assert_eq!(folder.checkpoint().expect("whole"), Some(checkpoint(3)));
        fs::write(folder.file(LATEST), b"junk").expect("damaged");
        assert_eq!(folder.checkpoint().expect("whole"), Some(checkpoint(2)));
        // A crash between the two renames of `save` leaves no latest one.
        fs::remove_file(folder.file(LATEST)).expect("removed");
        assert_eq!(folder.checkpoint().expect("whole"), Some(checkpoint(2)));
        fs::write(folder.file(PREVIOUS), b"junk").expect("damaged");
        assert!(folder.checkpoint().is_err());
    }

    #[test]
    fn one_process_trains_in_a_folder() {
        let place = Scratch::new();
        let (folder, first) = create(&place).expect("created");
        assert!(folder.lock().is_err());
        drop(first);
        assert!(folder.lock().is_ok());
    }

    #[test]
    fn a_folder_whose_run_never_began_is_used_again() {
        let place = Scratch::new();
        let (folder, lock) = create(&place).expect("created");
        drop(lock);
        assert!(create(&place).is_err(), "it holds a run");
        // Killed after the prior's weights.
        fs::remove_file(folder.file(CONFIG)).expect("removed");
        fs::write(folder.file("prior.safetensors"), b"weights").expect("written");
        drop(create(&place).expect("nothing began there"));
        fs::remove_file(folder.file(CONFIG)).expect("removed");
        fs::write(folder.file(METRICS), b"").expect("written");
        assert!(create(&place).is_err(), "it was trained in");
    }
}
