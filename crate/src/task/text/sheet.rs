//! The figures of stories, as tables show them.

use crate::task::sheet::Beside::{Exact, Prior};
use crate::task::sheet::Source::Figure;
use crate::task::sheet::{Column, Highlight, Row, Sheet};

pub(super) const SHEET: Sheet = Sheet {
    error: "log_reward_error",
    error_name: "error of mean log r",
    error_axis: "error of mean log r",
    error_short: "off by",
    rows: &[
        Row::new(
            "mean log r",
            Figure("log_reward_stories"),
            Some(Figure("log_reward_exact")),
        ),
        Row::new("mean log r of the prior", Figure("log_reward_prior"), None),
        Row::new("distinct-2", Figure("distinct"), None),
        Row::new("distinct-2 of the prior", Figure("distinct_prior"), None),
        Row::new(
            "words and punctuation per middle",
            Figure("words"),
            Some(Figure("words_exact")),
        ),
        Row::optional("BLEU-4", Figure("bleu"), None),
        Row::optional("GLEU-4", Figure("gleu"), None),
    ],
    highlights: &[
        &[Highlight {
            name: "mean log r",
            value: Figure("log_reward_stories"),
            beside: Exact("log_reward_exact"),
        }],
        &[Highlight {
            name: "distinct-2",
            value: Figure("distinct"),
            beside: Prior("distinct_prior"),
        }],
        &[Highlight {
            name: "words and punctuation per middle",
            value: Figure("words"),
            beside: Exact("words_exact"),
        }],
    ],
    columns: &[
        Column::LogReward,
        Column::Figure("distinct-2", "distinct", 1.0),
        Column::Figure("words", "words", 1.0),
        Column::LogZ,
        Column::Ess,
        Column::TrainingSeconds,
        Column::SamplingSeconds,
    ],
    csv: &[
        "distinct",
        "distinct_prior",
        "words",
        "words_exact",
        "log_reward_prior",
        "log_reward_exact",
        "log_z_error",
    ],
    notes: &[
        ("Mean log r, exact", "log_reward_exact"),
        ("Mean log r of the prior", "log_reward_prior"),
        ("Distinct-2 of the prior", "distinct_prior"),
        ("Standard error of the exact log Z", "log_z_error"),
    ],
    exact_error: "",
    pictures: "samples, seed {seed}",
    samples: "stories",
    text_file: "txt",
    draws_samples: false,
};
