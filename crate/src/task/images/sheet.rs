//! The figures of images, as tables show them.

use crate::task::sheet::Beside::Exact;
use crate::task::sheet::Source::{Figure, LogReward};
use crate::task::sheet::{Column, Highlight, Row, Sheet};

pub(super) const SHEET: Sheet = Sheet {
    error: "fid",
    error_name: "FID",
    error_axis: "FID to the exact posterior",
    error_short: "FID",
    rows: &[
        Row::optional(
            "total variation in the plane",
            Figure("total_variation"),
            Some(Figure("total_variation_floor")),
        ),
        Row::optional("KL in the plane", Figure("kl"), None),
        Row::new("mean log r", LogReward, Some(Figure("log_reward_exact"))),
        Row::optional(
            "share in a wanted class",
            Figure("accuracy"),
            Some(Figure("accuracy_exact")),
        ),
        Row::new(
            "FID, evaluation classifier",
            Figure("fid"),
            Some(Figure("fid_floor")),
        ),
        Row::new("FID, reward classifier", Figure("fid_reward_classifier"), None),
        Row::new(
            "diversity of features",
            Figure("diversity"),
            Some(Figure("diversity_exact")),
        ),
    ],
    highlights: &[
        &[Highlight {
            name: "mean log r",
            value: LogReward,
            beside: Exact("log_reward_exact"),
        }],
        &[Highlight {
            name: "FID to the exact posterior",
            value: Figure("fid"),
            beside: Exact("fid_floor"),
        }],
        &[
            Highlight {
                name: "share in a wanted class",
                value: Figure("accuracy"),
                beside: Exact("accuracy_exact"),
            },
            Highlight {
                name: "diversity of features",
                value: Figure("diversity"),
                beside: Exact("diversity_exact"),
            },
        ],
    ],
    columns: &[
        Column::LogReward,
        Column::Figure("FID", "fid", 1.0),
        Column::Figure("diversity", "diversity", 1.0),
        Column::Figure("in a wanted\nclass, %", "accuracy", 100.0),
        Column::LogZ,
        Column::Ess,
        Column::TrainingSeconds,
        Column::SamplingSeconds,
    ],
    csv: &[
        "fid",
        "fid_floor",
        "fid_reward_classifier",
        "diversity",
        "diversity_exact",
        "accuracy",
        "accuracy_exact",
        "log_reward_exact",
        "log_z_error",
    ],
    notes: &[
        ("Mean log r, exact", "log_reward_exact"),
        ("Diversity, exact", "diversity_exact"),
        ("Standard error of the exact log Z", "log_z_error"),
    ],
    exact_error: "FID of equally many images from a perfect sampler",
    pictures: "samples, seed {seed}",
    samples: "images",
    text_file: "csv",
    draws_samples: true,
};
