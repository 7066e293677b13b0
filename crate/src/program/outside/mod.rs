//! Rewards that are computed outside, by a program of the user's ([`command`]) or by an ONNX model ([`onnx`]): both
//! are a [`BlackBox`]. A model may be a prior too, which is a [`Denoiser`].
//!
//! A program is started only with the user's [`Permission`], because a run's description
//! may come from anybody.

mod command;
mod last_lines;
mod lines;
mod npy;
mod onnx;
#[cfg(test)]
mod tests;
mod worker;

pub use super::permission::Permission;
pub use npy::header as npy_header;

use super::error::ProgramError;
use super::output::quoted;
use rtb::engine::generator::Generate;
use rtb::engine::process::Denoiser;
use rtb::engine::reward::{BlackBox, TextBlackBox};
use rtb::run::{Command, DenoiserFile, FileKind, Onnx, OnnxGenerator, Run};
use std::sync::Arc;

/// Starts the program of a reward, if that is permitted; `field` is its name in errors.
pub fn start(
    field: &str,
    command: &Command,
    permission: &Permission,
) -> Result<Arc<dyn BlackBox>, ProgramError> {
    permission.of(field, &command.run)?;
    let started = command::CommandBox::start(field, command).map_err(ProgramError::Data)?;
    Ok(Arc::new(started))
}

/// The same of a reward that is given texts.
pub fn start_for_texts(
    field: &str,
    command: &Command,
    permission: &Permission,
) -> Result<Arc<dyn TextBlackBox>, ProgramError> {
    permission.of(field, &command.run)?;
    let started = command::CommandBox::start_for_texts(field, command).map_err(ProgramError::Data)?;
    Ok(Arc::new(started))
}

/// Asks for the programs of a run before anything else happens: later on, Ctrl-C waits for an iteration.
pub fn permit(run: &Run, permission: &Permission) -> Result<(), ProgramError> {
    run.files().iter().try_for_each(|need| match need.kind {
        FileKind::Command(command) | FileKind::TextCommand(command) => {
            permission.of(need.field, &command.run)
        }
        _ => Ok(()),
    })
}

/// Opens the model of a reward; `field` is its name in errors.
pub fn open(field: &str, onnx: &Onnx, bytes: Vec<u8>) -> Result<Arc<dyn BlackBox>, ProgramError> {
    let opened = onnx::OnnxBox::open(field, onnx, bytes).map_err(ProgramError::Data)?;
    Ok(Arc::new(opened))
}

/// Opens the denoiser of a prior; `field` is its name in errors.
pub fn open_denoiser(
    field: &str,
    denoiser: DenoiserFile,
    bytes: Vec<u8>,
) -> Result<Arc<dyn Denoiser>, ProgramError> {
    let opened = onnx::DenoiserBox::open(field, denoiser, bytes).map_err(ProgramError::Data)?;
    Ok(Arc::new(opened))
}

/// Opens the generator of a prior; `field` is its name in errors.
pub fn open_generator(
    field: &str,
    generator: &OnnxGenerator,
    bytes: Vec<u8>,
) -> Result<Arc<dyn Generate>, ProgramError> {
    let opened = onnx::GeneratorBox::open(field, generator, bytes).map_err(ProgramError::Data)?;
    Ok(Arc::new(opened))
}

/// A command as a shell reads it.
pub fn command_line(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(quoted).collect();
    printable(&words.join(" "))
}

/// Text of others for a terminal: what moves the cursor, or turns the direction of writing, is spelled out.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// `Err` says what is wrong.
type Checked = Result<(), String>;

/// The place of the first number that is no log r, and its name. −∞ is one: r is 0 there.
fn refused(log_r: &[f64]) -> Option<(usize, &'static str)> {
    let row = log_r.iter().position(|l| l.is_nan() || *l == f64::INFINITY)?;
    Some((row, if log_r[row].is_nan() { "NaN" } else { "+infinity" }))
}

/// What is wrong with a number for a sample.
fn no_log_r(number: &str, sample: &str) -> String {
    format!("{number} for the sample {sample}; log r is a number, or -infinity where r is 0")
}

/// Refuses the first number that is no log r, and shows its sample.
fn check(log_r: &[f64], samples: &[f64], size: usize) -> Checked {
    /// Coordinates of a sample that an error shows.
    const SHOWN: usize = 6;
    let Some((row, number)) = refused(log_r) else {
        return Ok(());
    };
    let sample = &samples[row * size..(row + 1) * size];
    let shown: Vec<_> = sample.iter().take(SHOWN).map(|x| format!("{x:.6}")).collect();
    let more = if size > SHOWN { ", …" } else { "" };
    Err(no_log_r(number, &format!("({}{more})", shown.join(", "))))
}

/// The same of texts.
fn check_texts(log_r: &[f64], texts: &[String]) -> Checked {
    match refused(log_r) {
        None => Ok(()),
        Some((row, number)) => Err(no_log_r(number, &printable(&texts[row]))),
    }
}
