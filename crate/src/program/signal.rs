//! Ctrl-C, SIGTERM and SIGHUP: the first asks to stop, the second stops at once.

use super::error::{INTERRUPTED, ProgramError};
use super::output::say;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A terminal that is closed sends several signals at a time, which count as one.
const ONE: Duration = Duration::from_millis(300);

/// Whether the user has asked to stop.
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From here on signals are caught. Once in a process.
    pub fn catch() -> Result<Self, ProgramError> {
        let asked = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&asked);
        let mut first: Option<Instant> = None;
        let keep_ignored = system::hangups_as_before();
        ctrlc::set_handler(move || {
            let first = *first.get_or_insert_with(Instant::now);
            if !flag.swap(true, Ordering::SeqCst) {
                say("\nStopping after this iteration. Press Ctrl-C again to stop at once.");
            } else if first.elapsed() > ONE {
                process::exit(i32::from(INTERRUPTED));
            }
        })?;
        keep_ignored();
        Ok(Self(asked))
    }

    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

pub use system::outlive_file_limits;

#[cfg(unix)]
mod system {
    use nix::sys::signal::{SigHandler, Signal, signal};

    /// A file that reaches its limit (`ulimit -f`) is then an error as any other, not the end.
    pub fn outlive_file_limits() {
        ignore(Signal::SIGXFSZ);
    }

    /// What to do once all signals are caught: under `nohup` a closed terminal stays ignored.
    pub fn hangups_as_before() -> impl FnOnce() {
        let ignored = matches!(ignore(Signal::SIGHUP), Some(SigHandler::SigIgn));
        move || {
            if ignored {
                ignore(Signal::SIGHUP);
            }
        }
    }

    /// Has a signal ignored; what was done about it before.
    fn ignore(which: Signal) -> Option<SigHandler> {
        // SAFETY: no code runs in the place of a signal that is ignored.
        unsafe { signal(which, SigHandler::SigIgn) }.ok()
    }
}

#[cfg(not(unix))]
mod system {
    pub fn outlive_file_limits() {}

    pub fn hangups_as_before() -> impl FnOnce() {
        || {}
    }
}
