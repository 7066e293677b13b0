//! Drives a training of networks: progress, checkpoints, Ctrl-C.

use super::error::ProgramError;
use super::output::figure;
use super::progress::Progress;
use super::signal::Stop;
use super::storage;
use pollster::block_on;
use rtb::engine::train::Pretrain;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two checkpoints.
const EVERY: Duration = Duration::from_secs(60);
/// Iterations over which the loss that is shown is averaged.
const SHOWN: f64 = 100.0;

/// What is to be done.
pub struct Job<'a> {
    /// The file or folder of weights; its checkpoint lies beside it.
    pub out: &'a Path,
    /// The whole command: a checkpoint of another one is not gone on with.
    pub command: String,
    pub iterations: usize,
    /// What is done, before its progress.
    pub label: &'static str,
    pub quiet: bool,
}

#[derive(Serialize, Deserialize)]
struct Checkpoint {
    command: String,
    seconds: f64,
    #[serde(with = "serde_bytes")]
    training: Vec<u8>,
}

/// Trains to the end; the seconds it took, those before a stop included.
pub fn train<T: Pretrain>(job: &Job, training: &mut T) -> Result<f64, ProgramError> {
    let path = checkpoint_of(job.out);
    let before = match storage::read_framed(&path)? {
        None => 0.0,
        Some(bytes) => resume(job, &path, &bytes, training)?,
    };
    let stop = Stop::catch()?;
    let (begun, mut saved) = (Instant::now(), Instant::now());
    let progress = Progress::new(
        job.label,
        training.descent().iteration(),
        job.iterations,
        job.quiet,
    );
    let mut shown = None;
    let save = |training: &T| -> Result<(), ProgramError> {
        let checkpoint = Checkpoint {
            command: job.command.clone(),
            seconds: before + begun.elapsed().as_secs_f64(),
            training: training.descent().checkpoint()?,
        };
        let bytes = rmp_serde::to_vec_named(&checkpoint).expect("a checkpoint is MessagePack");
        storage::write_framed(&path, &bytes)
    };
    while training.descent().iteration() < job.iterations {
        let loss = block_on(training.step())?;
        let average = shown.map_or(loss, |old: f64| old + (loss - old) / SHOWN);
        shown = Some(average);
        progress.advance(training.descent().iteration(), || {
            format!("loss {}", figure(average))
        });
        if stop.asked() {
            save(training)?;
            progress.clear();
            return Err(ProgramError::PretrainingStopped { path });
        }
        if saved.elapsed() > EVERY {
            save(training)?;
            saved = Instant::now();
        }
    }
    progress.clear();
    // What follows, the figures, may take long, too.
    save(training)?;
    Ok(before + begun.elapsed().as_secs_f64())
}

/// Whether there is a checkpoint of a training that was stopped.
pub fn is_begun(out: &Path) -> bool {
    checkpoint_of(out).is_file()
}

/// Removes the checkpoint of a training that is done.
pub fn forget(out: &Path) -> Result<(), ProgramError> {
    let path = checkpoint_of(out);
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(ProgramError::file("remove", &path, e)),
        _ => Ok(()),
    }
}

/// Goes on from a checkpoint; the seconds that were spent before.
fn resume(job: &Job, path: &Path, bytes: &[u8], training: &mut impl Pretrain) -> Result<f64, ProgramError> {
    let remedy = "delete the file to start again";
    let refused = |reason: String| ProgramError::Data(format!("{}: {reason}; {remedy}", path.display()));
    let checkpoint: Checkpoint = rmp_serde::from_slice(bytes).map_err(|e| refused(e.to_string()))?;
    if checkpoint.command != job.command {
        return Err(refused(format!(
            "this checkpoint belongs to another training, `{}`",
            checkpoint.command
        )));
    }
    training
        .descent_mut()
        .resume(&checkpoint.training)
        .map_err(|e| refused(e.to_string()))?;
    Ok(checkpoint.seconds)
}

fn checkpoint_of(out: &Path) -> PathBuf {
    // Beside a folder, too, whose name may end with a slash.
    let mut name = out.components().as_path().as_os_str().to_owned();
    name.push(".checkpoint");
    name.into()
}
