//! How far a long computation is: a bar on a terminal, now and then a line elsewhere.

use super::output::{duration, say};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

const TEMPLATE: &str = "{prefix} {wide_bar:.cyan/dim} {pos}/{len} · {msg} · {eta} left";
/// Lines of a whole run where there is no terminal.
const LINES: usize = 20;

/// What is shown of work without steps, and how often it is shown to be alive on a terminal and elsewhere.
const BUSY: &str = "{spinner:.cyan} {msg} … {elapsed}";
const TICK: Duration = Duration::from_millis(200);
const REMINDER: Duration = Duration::from_secs(20);

/// Shows iterations on standard error.
pub enum Progress {
    Quiet,
    Bar(ProgressBar),
    Lines {
        label: String,
        /// Iterations that were done before.
        first: usize,
        total: usize,
        begun: Instant,
    },
}

impl Progress {
    /// `first` of `total` iterations are done already.
    pub fn new(label: &str, first: usize, total: usize, quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total as u64)
            .with_style(style)
            .with_prefix(label.to_owned())
            .with_position(first as u64);
        // No terminal, or one that cannot draw (TERM=dumb).
        if bar.is_hidden() {
            return Self::Lines {
                label: label.to_owned(),
                first,
                total,
                begun: Instant::now(),
            };
        }
        bar.reset_eta();
        Self::Bar(bar)
    }

    /// `done` iterations are done; `figures` says where they have led.
    pub fn advance(&self, done: usize, figures: impl FnOnce() -> String) {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => {
                bar.set_position(done as u64);
                bar.set_message(format!("{} · {:.1} it/s", figures(), bar.per_sec()));
            }
            Self::Lines {
                label,
                first,
                total,
                begun,
            } => {
                if done.is_multiple_of((total / LINES).max(1)) || done == *total {
                    let rate = (done - first) as f64 / begun.elapsed().as_secs_f64().max(1e-9);
                    // After the last iteration something else may follow.
                    let left = match total - done {
                        0 => String::new(),
                        more => format!(" · {} left", duration(more as f64 / rate)),
                    };
                    let figures = figures();
                    say(format_args!(
                        "{label}: {done}/{total} · {figures} · {rate:.1} it/s{left}"
                    ));
                }
            }
        }
    }

    /// Says what comes next.
    pub fn note(&self, text: &str) {
        if !matches!(self, Self::Quiet) {
            say(text);
        }
    }

    /// Says what is done now, and that it still is, until the answer is dropped.
    pub fn busy(&self, what: String) -> Busy {
        match self {
            Self::Quiet => Busy::Quiet,
            _ => Busy::new(what),
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Work without steps that is under way.
pub enum Busy {
    Quiet,
    Spinner(ProgressBar),
    /// Reminds of it until this end is gone.
    Lines {
        _until: Sender<()>,
    },
}

impl Busy {
    pub fn new(what: String) -> Self {
        let style = ProgressStyle::with_template(BUSY).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let spinner = ProgressBar::new_spinner().with_style(style);
        if !spinner.is_hidden() {
            spinner.set_message(what);
            spinner.enable_steady_tick(TICK);
            return Self::Spinner(spinner);
        }
        say(format_args!("{what} …"));
        let (until, ended) = channel();
        let begun = Instant::now();
        thread::spawn(move || {
            while ended.recv_timeout(REMINDER) == Err(RecvTimeoutError::Timeout) {
                let so_far = duration(begun.elapsed().as_secs_f64());
                say(format_args!("{what} … {so_far} so far"));
            }
        });
        Self::Lines { _until: until }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Self::Spinner(spinner) = self {
            spinner.finish_and_clear();
        }
    }
}
