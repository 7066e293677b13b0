//! The figures of points: of reports, of comparisons and over training.

use super::fit;
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
    row(
        "log_z_error",
        "Error of log Z",
        "of the exact value: a bound by quadrature, the standard error from samples",
        |_| None,
    )
    .beside("log_z_exact_error", |r| Some(fit(&r.fit)?.log_z_error)),
    row(
        "effective",
        "Effective prior samples",
        "behind the exact value, where it comes from samples of the prior",
        |_| None,
    )
    .beside("effective_exact", |r| {
        Some(fit(&r.fit)?.effective).filter(|effective| *effective > 0.0)
    }),
    LOG_Z_LEARNED,
    LOG_Z_PRIOR,
    ELBO,
    EUBO,
    ESS,
    row(
        "marginal_error",
        "Distance of the marginals",
        "Wasserstein-1, mean over the coordinates, in standard deviations; the last column is that of as many exact samples",
        |r| Some(fit(&r.fit)?.marginal_error),
    )
    .beside("marginal_error_exact", |r| Some(fit(&r.fit)?.marginal_error_exact)),
    row(
        "correlation_error",
        "Error of the correlations",
        "largest absolute difference",
        |r| Some(fit(&r.fit)?.correlation_error),
    )
    .beside("", |_| Some(0.0)),
    row(
        "evaluations",
        "Evaluations of r",
        "points at which r was computed so far",
        |r| Some(fit(&r.fit)?.evaluations),
    ),
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

pub static COLUMNS: [Column; 8] = [
    Column {
        key: "marginal_error",
        name: "Marginals, W₁",
        help: "Wasserstein-1 distance of the marginals from the exact ones, mean over the coordinates, in standard deviations",
        read: |o| Some(fit(&o.fit)?.marginal_error),
        show: figure,
    },
    Column {
        key: "correlation_error",
        name: "Correlations",
        help: "largest absolute error of a correlation",
        read: |o| Some(fit(&o.fit)?.correlation_error),
        show: figure,
    },
    LOG_Z_ERROR,
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
            id: "chart-marginals",
            title: "Distance to the exact posterior",
            help: "Wasserstein-1 distance of the marginals, in standard deviations, and the largest error of a correlation. Both fall until only the noise of finite samples is left.",
            rule: Some(("exact samples", |_, report| {
                Some(fit(&report?.fit)?.marginal_error_exact)
            })),
            log: true,
            measured: &[
                ("marginals", "first", |r| Some(fit(&r.fit)?.marginal_error)),
                ("correlations", "second", |r| {
                    Some(fit(&r.fit)?.correlation_error).filter(|error| *error > 0.0)
                }),
            ],
            ..CURVE
        },
    ],
};
