//! How far a long computation is: a bar on a terminal, now and then a line elsewhere.

use super::output::{duration, say};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Instant;

const TEMPLATE: &str = "{prefix} {wide_bar:.cyan/dim} {pos}/{len} · {msg} · {eta} left";
/// Lines of a whole run where there is no terminal.
const LINES: usize = 20;

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
                    let left = duration((total - done) as f64 / rate);
                    let figures = figures();
                    say(format_args!(
                        "{label}: {done}/{total} · {figures} · {rate:.1} it/s · {left} left"
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

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
