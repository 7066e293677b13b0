//! What a figure of an outcome is, and those that every task has: the same ones in cards, table and
//! file.

use super::setting::Setting;
use crate::kit::number::{count, figure};
use rtb::message::Outcome;
use std::fmt::Write;

/// A figure: its key in files, its name, what it is, how it is read and shown.
pub struct Column {
    pub key: &'static str,
    pub name: &'static str,
    pub help: &'static str,
    pub read: fn(&Outcome) -> Option<f64>,
    pub show: fn(f64) -> String,
}

/// The error that plots show and tables are sorted by first.
pub const ERROR: usize = 0;

pub const LOG_Z_ERROR: Column = Column {
    key: "log_z_error",
    name: "log Z error",
    help: "importance-weighted estimate minus exact value, for methods with weights",
    read: |o| o.log_z.map(|z| z - o.log_z_exact),
    show: figure,
};

pub const ESS: Column = Column {
    key: "ess",
    name: "ESS/N",
    help: "effective sample size of the weights, as a share of the samples",
    read: |o| o.ess,
    show: figure,
};

pub const MEAN_LOG_R: Column = Column {
    key: "mean_log_r",
    name: "Mean log r",
    help: "mean over the samples; it should equal that of the exact posterior",
    read: |o| Some(o.log_reward),
    show: figure,
};

pub const TRAINING: Column = Column {
    key: "training_seconds",
    name: "Training, s",
    help: "seconds of training, spent once before the first sample",
    read: |o| Some(o.training_seconds),
    show: figure,
};

pub const SAMPLING: Column = Column {
    key: "seconds_per_1000_samples",
    name: "1,000 samples, s",
    help: "seconds to draw 1,000 samples, spent again for every 1,000",
    read: |o| Some(per_sample(o) * 1000.0),
    show: figure,
};

pub const EVALUATIONS: Column = Column {
    key: "evaluations",
    name: "Evaluations",
    help: "drift evaluations at one state, for training and for these samples; a backward pass counts as two",
    read: |o| Some(evaluations(o)),
    show: count,
};

/// Seconds of sampling for one sample.
pub fn per_sample(outcome: &Outcome) -> f64 {
    outcome.sampling_seconds / outcome.samples.max(1) as f64
}

/// Evaluations of a drift, training and samples together.
pub fn evaluations(outcome: &Outcome) -> f64 {
    outcome.training_evaluations + outcome.sampling_evaluations
}

/// Seconds, training and samples together.
pub fn seconds(outcome: &Outcome) -> f64 {
    outcome.training_seconds + outcome.sampling_seconds
}

/// The outcomes as comma-separated values with a header; what a method does not have is empty.
pub fn csv<'a>(columns: &[Column], outcomes: impl Iterator<Item = (Setting, &'a Outcome)>) -> String {
    let keys: Vec<_> = columns.iter().map(|c| c.key).collect();
    let header = format!("method,settings,seed,iterations,samples,{}\n", keys.join(","));
    outcomes.fold(header, |mut text, (setting, o)| {
        let values = columns
            .iter()
            .map(|c| (c.read)(o).map_or(String::new(), |v| v.to_string()));
        let values: Vec<_> = values.collect();
        let (method, settings, seed) = (setting.name(), setting.in_full(), o.seed);
        writeln!(
            text,
            "{method},{settings},{seed},{},{},{}",
            o.iterations,
            o.samples,
            values.join(",")
        )
        .expect("writing to a string");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::{Method, Run};

    #[test]
    fn every_line_of_the_file_has_every_column() {
        let all = [
            Outcome {
                log_z: Some(0.5),
                samples: 2000,
                sampling_seconds: 4.0,
                ..Outcome::default()
            },
            Outcome::default(),
        ];
        let settings = [2.0, 5.0].map(|scale| {
            let method = Method::Guidance { scale };
            Setting::new(method, &Run::default())
        });
        let columns = [LOG_Z_ERROR, ESS, SAMPLING];
        let text = csv(&columns, settings.into_iter().zip(&all));
        let lines: Vec<Vec<_>> = text.lines().map(|l| l.split(',').collect()).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|l| l.len() == 5 + columns.len()), "{text}");
        let column = |key| lines[0].iter().position(|k| *k == key).unwrap();
        assert_eq!(lines[1][..2], ["guidance", "scale=2"]);
        assert_eq!(lines[2][..2], ["guidance", "scale=5"]);
        assert_eq!(lines[1][column("log_z_error")], "0.5");
        assert_eq!(lines[2][column("log_z_error")], "");
        assert_eq!(lines[1][column("seconds_per_1000_samples")], "2");
    }
}
