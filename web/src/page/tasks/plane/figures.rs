//! The figures of points in the plane: of reports, of comparisons and over training.

use super::fit;
use crate::kit::math;
use crate::kit::number::figure;
use crate::parts::compare::columns::{
    Column, ESS as ESS_COLUMN, EVALUATIONS, LOG_Z_ERROR, MEAN_LOG_R, SAMPLING, TRAINING,
};
use crate::parts::curves::{CURVE, Charts, Curve, ESS as ESS_CURVE};
use crate::parts::figures::rows::{
    ELBO, ESS, EUBO, FLOORED, LOG_Z_IMPORTANCE, LOG_Z_LEARNED, LOG_Z_PRIOR, RESIDUAL_MEAN, RESIDUAL_STD, Row,
    SECONDS, row,
};

pub static ROWS: [Row; 15] = [
    LOG_Z_IMPORTANCE,
    LOG_Z_LEARNED,
    LOG_Z_PRIOR,
    ELBO,
    EUBO,
    ESS,
    row(
        "mode_total_variation",
        "Total variation of mode weights",
        "half the sum of the absolute differences",
        |r| Some(fit(&r.fit)?.mode_total_variation),
    )
    .beside("", |_| Some(0.0)),
    row(
        "kl_grid",
        "KL(learned ‖ exact)",
        "between the masses in the cells of a grid",
        |r| Some(fit(&r.fit)?.kl_grid),
    )
    .beside("", |_| Some(0.0)),
    row(
        "excluded_mass",
        "Mass on excluded modes",
        "share of samples on modes that have almost no mass in the posterior",
        |r| Some(fit(&r.fit)?.excluded_mass),
    )
    .beside("excluded_mass_exact", |r| Some(fit(&r.fit)?.excluded_mass_exact)),
    row(
        "within_mode_variance",
        "Variance within a mode",
        "mean over the samples",
        |r| Some(fit(&r.fit)?.within_mode_variance),
    )
    .beside("within_mode_variance_exact", |r| {
        Some(fit(&r.fit)?.within_mode_variance_exact)
    }),
    row(
        "within_mode_covariance_error",
        "Error of the modes’ covariances",
        "largest entry of the difference, weighted mean over the modes",
        |r| Some(fit(&r.fit)?.within_mode_covariance_error),
    )
    .beside("", |_| Some(0.0)),
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

pub static COLUMNS: [Column; 9] = [
    Column {
        key: "total_variation",
        name: "Total variation",
        help: "between the weights of the modes and the exact weights",
        read: |o| Some(fit(&o.fit)?.mode_total_variation),
        show: figure,
    },
    Column {
        key: "kl",
        name: "KL",
        help: "KL divergence from the exact masses in the cells of a grid",
        read: |o| Some(fit(&o.fit)?.kl_grid),
        show: figure,
    },
    LOG_Z_ERROR,
    Column {
        key: "excluded_mass",
        name: "Excluded mass",
        help: "share of samples on modes that have almost no mass in the posterior",
        read: |o| Some(fit(&o.fit)?.excluded_mass),
        show: figure,
    },
    ESS_COLUMN,
    MEAN_LOG_R,
    TRAINING,
    SAMPLING,
    EVALUATIONS,
];

pub const CHARTS: Charts = Charts {
    sampled: None,
    all: &[
        ESS_CURVE,
        Curve {
            id: "chart-tv",
            title: "Distance to the exact posterior",
            help: "Total variation of the modes’ weights, and KL divergence of the masses in the cells of a grid. Both fall until only the noise of finite samples is left.",
            formula: Some(math::TOTAL_VARIATION),
            log: true,
            measured: &[
                ("total variation", "first", |r| {
                    Some(fit(&r.fit)?.mode_total_variation)
                }),
                ("KL", "second", |r| Some(fit(&r.fit)?.kl_grid)),
            ],
            ..CURVE
        },
    ],
};
