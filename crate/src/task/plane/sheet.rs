//! The figures of the plane, as tables show them.

use crate::task::sheet::Beside::{Exact, Ideal};
use crate::task::sheet::Source::{Constant, Figure};
use crate::task::sheet::{Column, Highlight, Row, Sheet};

const ZERO: Option<crate::task::sheet::Source> = Some(Constant(0.0));

pub(super) const SHEET: Sheet = Sheet {
    error: "mode_total_variation",
    error_name: "total variation",
    error_axis: "total variation of mode weights",
    error_short: "TV",
    rows: &[
        Row::new(
            "mode weights, total variation",
            Figure("mode_total_variation"),
            ZERO,
        ),
        Row::new(
            "mass on excluded modes",
            Figure("excluded_mass"),
            Some(Figure("excluded_mass_exact")),
        ),
        Row::new(
            "variance within modes",
            Figure("within_mode_variance"),
            Some(Figure("within_mode_variance_exact")),
        ),
        Row::new(
            "covariance error within modes",
            Figure("within_mode_covariance_error"),
            ZERO,
        ),
        Row::new("KL(learned ‖ exact) on a grid", Figure("kl_grid"), ZERO),
    ],
    highlights: &[
        &[Highlight {
            name: "mode weights, total variation",
            value: Figure("mode_total_variation"),
            beside: Ideal("0"),
        }],
        &[Highlight {
            name: "variance within modes",
            value: Figure("within_mode_variance"),
            beside: Exact("within_mode_variance_exact"),
        }],
        &[Highlight {
            name: "mass on excluded modes",
            value: Figure("excluded_mass"),
            beside: Exact("excluded_mass_exact"),
        }],
    ],
    columns: &[
        Column::Figure("TV of mode\nweights", "mode_total_variation", 1.0),
        Column::Figure("KL on\nthe grid", "kl_grid", 1.0),
        Column::LogZ,
        Column::Figure("excluded\nmass, %", "excluded_mass", 100.0),
        Column::Ess,
        Column::Figure("variance\nwithin modes", "within_mode_variance", 1.0),
        Column::LogReward,
        Column::TrainingSeconds,
        Column::SamplingSeconds,
    ],
    csv: &[
        "mode_total_variation",
        "excluded_mass",
        "within_mode_variance",
        "within_mode_variance_exact",
        "kl_grid",
    ],
    notes: &[("Variance within modes, exact", "within_mode_variance_exact")],
    exact_error: "Mean TV (total variation) of equally many samples of the exact posterior",
    pictures: "densities of samples, seed {seed}; equal colours are equal densities",
    samples: "points",
    text_file: "csv",
    draws_samples: false,
};
