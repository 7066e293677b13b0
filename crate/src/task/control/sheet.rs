//! The figures of control, as tables show them.

use crate::task::sheet::Beside::{Exact, Ideal, Prior};
use crate::task::sheet::Source::{Constant, Figure, LogReward};
use crate::task::sheet::{Column, Highlight, Row, Sheet};

pub(super) const SHEET: Sheet = Sheet {
    error: "total_variation",
    error_name: "total variation of the actions",
    error_axis: "total variation of an action's coordinates",
    error_short: "TV",
    rows: &[
        Row::optional("mean Q", Figure("q_learned"), Some(Figure("q_weighted"))),
        Row::optional("mean Q of the behaviour", Figure("q_behaviour"), None),
        Row::optional("mean Q of the best of 32", Figure("q_best_of"), None),
        Row::optional("mean Q of recorded actions", Figure("q_recorded"), None),
        Row::optional("divergence from the behaviour", Figure("divergence"), None),
        Row::optional(
            "mean log r of the behaviour",
            Figure("log_reward_behaviour"),
            None,
        ),
        Row::optional(
            "total variation of an action's coordinates",
            Figure("total_variation"),
            Some(Figure("total_variation_exact")),
        ),
        Row::optional(
            "total variation of actions, in cells",
            Figure("total_variation_joint"),
            Some(Figure("total_variation_joint_exact")),
        ),
        Row::optional(
            "upper bound of it, from weights",
            Figure("total_variation_bound"),
            Some(Constant(0.0)),
        ),
        Row::optional(
            "error of a state's log Z",
            Figure("log_z_off"),
            Some(Constant(0.0)),
        ),
        Row::optional("return", Figure("return_learned"), Some(Figure("return_exact"))),
        Row::optional(
            "return, less the exact policy's in the same episodes",
            Figure("return_off"),
            Some(Constant(0.0)),
        ),
        Row::optional("its standard error", Figure("return_off_error"), None),
        Row::optional("return of the behaviour", Figure("return_behaviour"), None),
        Row::optional("return of the best of 32", Figure("return_best_of"), None),
        Row::optional("return of the best policy", Figure("return_optimal"), None),
        Row::optional("steps", Figure("steps_learned"), Some(Figure("steps_exact"))),
        Row::optional("steps of the behaviour", Figure("steps_behaviour"), None),
        Row::optional("steps of the best policy", Figure("steps_optimal"), None),
    ],
    highlights: &[
        &[
            Highlight {
                name: "upper bound of the total variation",
                value: Figure("total_variation_bound"),
                beside: Ideal("0"),
            },
            Highlight {
                name: "total variation, in cells",
                value: Figure("total_variation_joint"),
                beside: Exact("total_variation_joint_exact"),
            },
            Highlight {
                name: "mean Q",
                value: Figure("q_learned"),
                beside: Prior("q_behaviour"),
            },
        ],
        &[
            Highlight {
                name: "total variation of a coordinate",
                value: Figure("total_variation"),
                beside: Exact("total_variation_exact"),
            },
            Highlight {
                name: "mean log r",
                value: LogReward,
                beside: Prior("log_reward_behaviour"),
            },
        ],
    ],
    columns: &[
        Column::Figure("TV of a\ncoordinate", "total_variation", 1.0),
        Column::Figure("TV in\ncells", "total_variation_joint", 1.0),
        Column::Figure("mean\nQ", "q_learned", 1.0),
        Column::LogZ,
        Column::Ess,
        Column::LogReward,
        Column::TrainingSeconds,
        Column::SamplingSeconds,
    ],
    csv: &[
        "total_variation",
        "total_variation_exact",
        "total_variation_joint",
        "total_variation_joint_exact",
        "total_variation_bound",
        "log_z_off",
        "return_learned",
        "return_exact",
        "q_learned",
        "q_weighted",
        "q_behaviour",
    ],
    notes: &[],
    exact_error: "Total variation of equally many exact actions",
    pictures: "actions, seed {seed}",
    samples: "actions",
    text_file: "csv",
    draws_samples: false,
};
