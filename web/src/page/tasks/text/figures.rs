//! The figures of middles of stories: of reports, of comparisons and over training.

use super::fit;
use crate::kit::number::figure;
use crate::parts::compare::columns::{
    Column, ESS as ESS_COLUMN, EVALUATIONS, LOG_Z_ERROR, MEAN_LOG_R, SAMPLING, TRAINING,
};
use crate::parts::curves::{Charts, ESS as ESS_CURVE, LOG_REWARD};
use crate::parts::figures::rows::{
    ELBO, ESS, FLOORED, LOG_Z_IMPORTANCE, LOG_Z_LEARNED, RESIDUAL_MEAN, RESIDUAL_STD, Row, SECONDS, row,
};

pub static ROWS: [Row; 12] = [
    LOG_Z_IMPORTANCE,
    LOG_Z_LEARNED,
    row(
        "log_z_error",
        "Standard error of log Z",
        "of the exact value, which is estimated from the prior’s middles",
        |_| None,
    )
    .beside("log_z_exact_error", |r| fit(&r.fit)?.log_z_error),
    ELBO,
    ESS,
    row(
        "log_reward",
        "Mean log r",
        "times β, with the floor; it should equal the exact value",
        |r| Some(r.log_reward),
    )
    .beside("log_reward_exact", |r| fit(&r.fit)?.log_reward_exact),
    row(
        "distinct",
        "Distinct-2",
        "share of distinct word pairs; the last column is the prior’s value, and at least 0.9 of it should remain",
        |r| Some(fit(&r.fit)?.distinct),
    )
    .beside("distinct_prior", |r| fit(&r.fit)?.distinct_prior),
    row("words", "Words and marks", "mean number per middle", |r| {
        Some(fit(&r.fit)?.words)
    })
    .beside("words_exact", |r| fit(&r.fit)?.words_exact),
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

pub static COLUMNS: [Column; 9] = [
    Column {
        key: "log_r_error",
        name: "Error of log r",
        help: "distance of the mean log r from that of the exact posterior",
        read: |o| {
            let fit = fit(&o.fit)?;
            Some((fit.log_reward_stories - fit.log_reward_exact?).abs())
        },
        show: figure,
    },
    MEAN_LOG_R,
    Column {
        key: "distinct",
        name: "Distinct-2",
        help: "share of word pairs that are distinct; low values mean repetition",
        read: |o| Some(fit(&o.fit)?.distinct),
        show: figure,
    },
    Column {
        key: "words",
        name: "Words",
        help: "mean number of words and punctuation marks per middle",
        read: |o| Some(fit(&o.fit)?.words),
        show: figure,
    },
    LOG_Z_ERROR,
    ESS_COLUMN,
    TRAINING,
    SAMPLING,
    EVALUATIONS,
];

pub const CHARTS: Charts = Charts {
    sampled: Some("middles"),
    all: &[LOG_REWARD, ESS_CURVE],
};
