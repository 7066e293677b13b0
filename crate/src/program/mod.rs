//! The native program: command line, terminal, files and pictures around the library.
//!
//! [`cli`] is what can be typed and [`command`] does it, one module a subcommand. A run is
//! described by [`source`], computed on a [`device`], driven by [`trainer`] and kept in a folder
//! by [`storage`], from which it can go on ([`reopen`]); [`progress`], [`table`] and [`plot`] show it. Its reward may be computed
//! [`outside`], its prior may come from the [`hub`]. Several methods on a run are a [`comparison`]. Everything that can go wrong is a [`error::ProgramError`], which also knows the
//! exit code.

mod assets;
mod cli;
mod command;
mod comparison;
mod data;
mod device;
mod error;
mod folder;
mod grid;
mod hub;
mod listing;
mod members;
mod memory;
mod number;
mod output;
mod outside;
mod permission;
mod plot;
mod pretraining;
mod progress;
mod reference;
mod reopen;
mod samples;
#[cfg(test)]
mod scratch;
mod signal;
#[cfg(feature = "mujoco")]
mod simulator;
mod source;
mod storage;
mod table;
mod trainer;

use clap::Parser;
use error::ProgramError;
use std::process::ExitCode;

/// Reads the command line, does what it says and reports an error in one message.
pub fn main() -> ExitCode {
    signal::outlive_file_limits();
    match cli::Cli::parse().execute() {
        Ok(()) => {
            members::part();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let heading = match error {
                ProgramError::Interrupted { .. }
                | ProgramError::PretrainingStopped { .. }
                | ProgramError::Stopped { .. } => {
                    members::part();
                    ""
                }
                _ => "error: ",
            };
            output::say(format_args!("{heading}{error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
