//! The figures of images that a generator makes: of reports, of comparisons and over training.

use crate::kit::number::figure;
use crate::parts::compare::columns::{
    Column, ESS as ESS_COLUMN, EVALUATIONS, LOG_Z_ERROR, MEAN_LOG_R, SAMPLING, TRAINING,
};
use crate::parts::curves::{CURVE, Charts, Curve, LOG_REWARD as LOG_REWARD_CURVE};
use crate::parts::figures::rows::{
    ELBO, ESS, FLOORED, LOG_Z_IMPORTANCE, LOG_Z_LEARNED, RESIDUAL_MEAN, RESIDUAL_STD, Row, SECONDS, row,
};
use crate::tasks::images::figures::{
    ACCURACY, ACCURACY_COLUMN, DIVERSITY, DIVERSITY_COLUMN, FID, FID_COLUMN, FID_CURVE, LOG_REWARD,
};
use crate::tasks::images::fit;

pub static ROWS: [Row; 15] = [
    LOG_Z_IMPORTANCE,
    LOG_Z_LEARNED,
    row(
        "log_z_error",
        "Error of log Z",
        "of the exact value: that of quadrature, or the standard error of an estimate",
        |_| None,
    )
    .beside("log_z_exact_error", |r| fit(&r.fit)?.log_z_error),
    ELBO,
    ESS,
    row(
        "total_variation",
        "Total variation",
        "between the masses of cells of the plane; the last column is that of equally many perfect samples",
        |r| fit(&r.fit)?.total_variation,
    )
    .beside("total_variation_floor", |r| fit(&r.fit)?.total_variation_floor),
    row(
        "kl",
        "KL(learned ‖ exact)",
        "between the same masses; few samples leave it above 0",
        |r| fit(&r.fit)?.kl,
    )
    .beside("", |_| Some(0.0)),
    LOG_REWARD,
    FID,
    DIVERSITY,
    ACCURACY,
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

pub static COLUMNS: [Column; 11] = [
    FID_COLUMN,
    Column {
        key: "total_variation",
        name: "Total variation",
        help: "between the masses of cells of the plane of two latents and the exact masses",
        read: |o| fit(&o.fit)?.total_variation,
        show: figure,
    },
    Column {
        key: "kl",
        name: "KL",
        help: "KL divergence from the exact masses of these cells",
        read: |o| fit(&o.fit)?.kl,
        show: figure,
    },
    MEAN_LOG_R,
    DIVERSITY_COLUMN,
    ACCURACY_COLUMN,
    LOG_Z_ERROR,
    ESS_COLUMN,
    TRAINING,
    SAMPLING,
    EVALUATIONS,
];

pub const CHARTS: Charts = Charts {
    sampled: Some("images; with two latents, by quadrature"),
    all: &[
        LOG_REWARD_CURVE,
        Curve {
            id: "chart-tv",
            title: "Distance on the plane",
            help: "Total variation and KL divergence between the learned and the exact masses of the plane’s cells. The line “perfect” is the total variation of equally many perfect samples. With more than two latents there is no plane.",
            log: true,
            rule: Some(("perfect", |_, last| fit(&last?.fit)?.total_variation_floor)),
            measured: &[
                ("total variation", "first", |r| fit(&r.fit)?.total_variation),
                ("KL", "second", |r| fit(&r.fit)?.kl),
            ],
            ..CURVE
        },
        Curve {
            title: "Distance of the images",
            ..FID_CURVE
        },
    ],
};
