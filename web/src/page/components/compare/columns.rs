//! The figures of an outcome, the same ones in cards, table and file.

use super::setting::Setting;
use crate::kit::number::{count, figure};
use rtb::config::Task;
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

const LOG_Z_ERROR: Column = Column {
    key: "log_z_error",
    name: "log Z error",
    help: "the estimate by importance weights less the exact value, where the method has weights",
    read: |o| o.log_z.map(|z| z - o.log_z_exact),
    show: figure,
};

const ESS: Column = Column {
    key: "ess",
    name: "ESS/N",
    help: "share of the samples that are worth an exact one, by their weights",
    read: |o| o.ess,
    show: figure,
};

const MEAN_LOG_R: Column = Column {
    key: "mean_log_r",
    name: "Mean log r",
    help: "how good the samples are on average; more than the exact posterior’s is too much",
    read: |o| Some(o.log_reward),
    show: figure,
};

const TRAINING: Column = Column {
    key: "training_seconds",
    name: "Training, s",
    help: "once, before the first sample",
    read: |o| Some(o.training_seconds),
    show: figure,
};

const SAMPLING: Column = Column {
    key: "seconds_per_1000_samples",
    name: "1,000 samples, s",
    help: "again and again, for each thousand samples",
    read: |o| Some(per_sample(o) * 1000.0),
    show: figure,
};

const EVALUATIONS: Column = Column {
    key: "evaluations",
    name: "Evaluations",
    help: "of a drift for one state, training and these samples together; a backward pass counts as two",
    read: |o| Some(evaluations(o)),
    show: count,
};

static MIXTURES: [Column; 9] = [
    Column {
        key: "total_variation",
        name: "Total variation",
        help: "of the modes’ weights against the exact ones",
        read: |o| o.fit.error(),
        show: figure,
    },
    Column {
        key: "kl",
        name: "KL",
        help: "of the picture’s cells against the exact ones",
        read: |o| Some(o.fit.plane()?.kl_grid),
        show: figure,
    },
    LOG_Z_ERROR,
    Column {
        key: "excluded_mass",
        name: "Excluded mass",
        help: "share of samples on modes that the posterior hardly has",
        read: |o| Some(o.fit.plane()?.excluded_mass),
        show: figure,
    },
    ESS,
    MEAN_LOG_R,
    TRAINING,
    SAMPLING,
    EVALUATIONS,
];

static DIGITS: [Column; 9] = [
    Column {
        key: "fid",
        name: "FID",
        help: "(Fréchet distance) to the exact images in the features of a classifier that rewards never ask, known of more than 64 on both sides",
        read: |o| o.fit.error(),
        show: figure,
    },
    MEAN_LOG_R,
    Column {
        key: "diversity",
        name: "Diversity",
        help: "mean cosine distance of the features of two images",
        read: |o| Some(o.fit.images()?.diversity),
        show: figure,
    },
    Column {
        key: "accuracy",
        name: "Accuracy",
        help: "share of images in a class that is wanted",
        read: |o| o.fit.images()?.accuracy,
        show: figure,
    },
    LOG_Z_ERROR,
    ESS,
    TRAINING,
    SAMPLING,
    EVALUATIONS,
];

static STORIES: [Column; 9] = [
    Column {
        key: "log_r_error",
        name: "Error of log r",
        help: "how far the mean log r is from the exact posterior’s",
        read: |o| o.fit.error(),
        show: figure,
    },
    MEAN_LOG_R,
    Column {
        key: "distinct",
        name: "Distinct-2",
        help: "distinct pairs of words over all pairs: repetition shows",
        read: |o| Some(o.fit.stories()?.distinct),
        show: figure,
    },
    Column {
        key: "words",
        name: "Words",
        help: "mean number of words and marks of a middle",
        read: |o| Some(o.fit.stories()?.words),
        show: figure,
    },
    LOG_Z_ERROR,
    ESS,
    TRAINING,
    SAMPLING,
    EVALUATIONS,
];

/// The figures of a task.
pub fn columns(task: Task) -> &'static [Column] {
    match task {
        Task::Mixtures => &MIXTURES,
        Task::Digits => &DIGITS,
        Task::Stories => &STORIES,
    }
}

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
pub fn csv<'a>(task: Task, outcomes: impl Iterator<Item = (Setting, &'a Outcome)>) -> String {
    let columns = columns(task);
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
    use rtb::config::{Method, Run};

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
        let text = csv(Task::Mixtures, settings.into_iter().zip(&all));
        let lines: Vec<Vec<_>> = text.lines().map(|l| l.split(',').collect()).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|l| l.len() == 5 + MIXTURES.len()), "{text}");
        let column = |key| lines[0].iter().position(|k| *k == key).unwrap();
        assert_eq!(lines[1][..2], ["guidance", "scale=2"]);
        assert_eq!(lines[2][..2], ["guidance", "scale=5"]);
        assert_eq!(lines[1][column("log_z_error")], "0.5");
        assert_eq!(lines[2][column("log_z_error")], "");
        assert_eq!(lines[1][column("seconds_per_1000_samples")], "2");
    }
}
