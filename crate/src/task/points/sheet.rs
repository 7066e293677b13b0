//! The figures of points, as tables show them.

use crate::task::sheet::Beside::{Exact, Ideal};
use crate::task::sheet::Source::{Constant, Figure};
use crate::task::sheet::{Column, Highlight, Row, Sheet};

pub(super) const SHEET: Sheet = Sheet {
    error: "marginal_error",
    error_name: "distance of the marginals",
    error_axis: "Wasserstein distance of the marginals, in deviations",
    error_short: "W₁",
    rows: &[
        Row::new(
            "distance of the marginals, in deviations",
            Figure("marginal_error"),
            Some(Figure("marginal_error_exact")),
        ),
        Row::new(
            "largest error of a correlation",
            Figure("correlation_error"),
            Some(Constant(0.0)),
        ),
        Row::optional("C2ST against the reference", Figure("c2st"), Some(Constant(0.5))),
        Row::new("points at which r was asked for", Figure("evaluations"), None),
    ],
    highlights: &[
        &[
            Highlight {
                name: "C2ST against the reference",
                value: Figure("c2st"),
                beside: Ideal("0.5"),
            },
            Highlight {
                name: "largest error of a correlation",
                value: Figure("correlation_error"),
                beside: Ideal("0"),
            },
        ],
        &[Highlight {
            name: "distance of the marginals",
            value: Figure("marginal_error"),
            beside: Exact("marginal_error_exact"),
        }],
    ],
    columns: &[
        Column::Figure("W₁ of the\nmarginals", "marginal_error", 1.0),
        Column::Figure("error of\ncorrelations", "correlation_error", 1.0),
        Column::Figure("C2ST", "c2st", 1.0),
        Column::LogZ,
        Column::Ess,
        Column::LogReward,
        Column::TrainingSeconds,
        Column::SamplingSeconds,
    ],
    csv: &[
        "marginal_error",
        "marginal_error_exact",
        "correlation_error",
        "c2st",
        "evaluations",
    ],
    notes: &[],
    exact_error: "Mean distance of equally many samples of the exact posterior",
    pictures: "marginals of samples, seed {seed}",
    samples: "points",
    text_file: "csv",
    draws_samples: false,
};
