//! A task's figures as tables show them: names, places and reference values.

use crate::message::{Fit, Outcome, Report};

/// The source of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// The task's own figure of that name.
    Figure(&'static str),
    /// Mean tempered log r of the samples.
    LogReward,
    /// A constant.
    Constant(f64),
}

impl Source {
    /// The figure, for samples with this mean log r; `None` if it is unknown.
    pub fn of(self, fit: &Fit, log_reward: f64) -> Option<f64> {
        match self {
            Self::Figure(name) => fit.number(name),
            Self::LogReward => Some(log_reward),
            Self::Constant(value) => Some(value),
        }
    }
}

/// A line of a report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Name of the figure.
    pub name: &'static str,
    /// The source of the figure.
    pub value: Source,
    /// The source of its exact value.
    pub exact: Option<Source>,
    /// Whether the line is left out if the figure is unknown.
    pub optional: bool,
}

impl Row {
    /// A line with a figure and its exact counterpart.
    pub const fn new(name: &'static str, value: Source, exact: Option<Source>) -> Self {
        Self {
            name,
            value,
            exact,
            optional: false,
        }
    }

    /// The same, left out if the figure is unknown.
    pub const fn optional(name: &'static str, value: Source, exact: Option<Source>) -> Self {
        Self {
            optional: true,
            ..Self::new(name, value, exact)
        }
    }
}

/// The reference value below a highlighted figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beside {
    /// The value of a perfect sampler, in words.
    Ideal(&'static str),
    /// The figure of the exact posterior.
    Exact(&'static str),
    /// The figure of the prior.
    Prior(&'static str),
}

/// A highlighted figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Highlight {
    /// Name of the figure.
    pub name: &'static str,
    /// The source of the figure.
    pub value: Source,
    /// The reference value below it.
    pub beside: Beside,
}

/// A column of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Column {
    /// Distance of the estimated log Z from the exact one.
    LogZ,
    /// Effective share of the weights.
    Ess,
    /// Mean tempered log r of the samples.
    LogReward,
    /// Seconds of training; nothing for a method that is not trained.
    TrainingSeconds,
    /// Seconds that drawing 1,000 samples takes.
    SamplingSeconds,
    /// The task's own figure of that name times a factor, below this heading.
    Figure(&'static str, &'static str, f64),
}

impl Column {
    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::LogZ => "|log Z −\nexact|",
            Self::Ess => "ESS/N",
            Self::LogReward => "mean\nlog r",
            Self::TrainingSeconds => "training,\ns",
            Self::SamplingSeconds => "sampling,\ns per 1,000",
            Self::Figure(heading, ..) => heading,
        }
    }

    /// Its value for an outcome.
    pub fn value(self, o: &Outcome) -> Option<f64> {
        match self {
            Self::LogZ => o.log_z.map(|z| (z - o.log_z_exact).abs()),
            Self::Ess => o.ess,
            Self::LogReward => Some(o.log_reward),
            Self::TrainingSeconds => (o.iterations > 0).then_some(o.training_seconds),
            Self::SamplingSeconds => Some(1e3 * o.sampling_seconds / o.samples as f64),
            Self::Figure(_, name, factor) => Some(factor * o.fit.number(name)?),
        }
    }
}

impl Column {
    /// Its value for perfect samples, if it is known.
    pub fn exact(self, sheet: &Sheet, o: &Outcome) -> Option<f64> {
        let of = |value: Source| {
            let exact = sheet.rows.iter().find(|row| row.value == value)?.exact;
            // An ideal value is not that of a number of samples.
            exact.filter(|source| !matches!(source, Source::Constant(_)))
        };
        match self {
            Self::LogReward => of(Source::LogReward)?.of(&o.fit, o.log_reward),
            Self::Ess => Some(1.0),
            Self::Figure(_, name, factor) => {
                Some(factor * of(Source::Figure(name))?.of(&o.fit, o.log_reward)?)
            }
            Self::LogZ | Self::TrainingSeconds | Self::SamplingSeconds => None,
        }
    }
}

/// How a task's figures are shown.
#[derive(Debug)]
pub struct Sheet {
    /// The error by which methods are compared, smaller is better: its name in [`Fit`], …
    pub error: &'static str,
    /// … in a sentence, …
    pub error_name: &'static str,
    /// … at an axis, …
    pub error_axis: &'static str,
    /// … and before its value.
    pub error_short: &'static str,
    /// The lines of a report, in order.
    pub rows: &'static [Row],
    /// The highlighted figures: the first known one of each group.
    pub highlights: &'static [&'static [Highlight]],
    /// The columns of a comparison, in order.
    pub columns: &'static [Column],
    /// The figures of `outcomes.csv`, in their order.
    pub csv: &'static [&'static str],
    /// Notes on the exact posterior below a comparison: the start of a sentence and a figure.
    pub notes: &'static [(&'static str, &'static str)],
    /// The name of the error of exact samples; empty if it is unknown.
    pub exact_error: &'static str,
    /// Heading of the pictures of samples in a comparison.
    pub pictures: &'static str,
    /// The plural of a sample, for the description of rejection.
    pub samples: &'static str,
    /// The usual extension of a file of samples as text.
    pub text_file: &'static str,
    /// Whether samples can be drawn as one picture.
    pub draws_samples: bool,
}

impl Sheet {
    /// The error of these figures.
    pub fn error(&self, fit: &Fit) -> Option<f64> {
        fit.number(self.error)
    }

    /// The highlighted figures of a report.
    pub fn highlights(&self, report: &Report) -> Vec<Highlight> {
        let known = |h: &&Highlight| h.value.of(&report.fit, report.log_reward).is_some();
        let first = |group: &&'static [Highlight]| group.iter().find(known).or(group.last()).copied();
        self.highlights.iter().filter_map(first).collect()
    }
}
