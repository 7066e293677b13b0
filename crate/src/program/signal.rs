//! Ctrl-C, SIGTERM and SIGHUP: the first asks to stop, the second stops at once.

use super::error::{INTERRUPTED, ProgramError};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user has asked to stop.
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From here on signals are caught. Once in a process.
    pub fn catch() -> Result<Self, ProgramError> {
        let asked = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&asked);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                process::exit(i32::from(INTERRUPTED));
            }
            eprintln!("\nStopping after this iteration. Press Ctrl-C again to stop at once.");
        })?;
        Ok(Self(asked))
    }

    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
