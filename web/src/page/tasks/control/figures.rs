//! The figures of actions and returns: of reports, of comparisons and over training.

use super::fit;
use crate::kit::number::figure;
use crate::parts::compare::columns::{
    Column, ESS as ESS_COLUMN, EVALUATIONS, LOG_Z_ERROR, MEAN_LOG_R, SAMPLING, TRAINING,
};
use crate::parts::curves::{CURVE, Charts, Curve, ESS as ESS_CURVE};
use crate::parts::figures::rows::{
    ELBO, ESS, FLOORED, LOG_Z_IMPORTANCE, RESIDUAL_MEAN, RESIDUAL_STD, Row, SECONDS, row,
};
use rtb::message::Report;
use rtb::task::control::Returns;

fn earned(report: &Report) -> Option<Returns> {
    fit(&report.fit)?.earned
}

pub static ROWS: [Row; 18] = [
    row(
        "return_learned",
        "Return",
        "discounted, mean over episodes; the exact policy has the same ones",
        |r| Some(earned(r)?.return_learned),
    )
    .beside("return_exact", |r| Some(earned(r)?.return_exact)),
    row(
        "return_off",
        "Return, less the exact policy’s",
        "in the same episodes",
        |r| Some(earned(r)?.return_off),
    )
    .beside("", |_| Some(0.0)),
    row("return_off_error", "Its standard error", "", |r| {
        Some(earned(r)?.return_off_error)
    }),
    row("return_behaviour", "Return of the behaviour", "", |r| {
        Some(earned(r)?.return_behaviour)
    }),
    row(
        "return_best_of",
        "Return of the best of 32",
        "of 32 actions of the behaviour, the one with the largest Q",
        |r| Some(earned(r)?.return_best_of),
    ),
    row(
        "return_optimal",
        "Return of the best policy",
        "where it is known",
        |r| earned(r)?.return_optimal,
    ),
    row(
        "steps_learned",
        "Steps of an episode",
        "mean over the same episodes",
        |r| Some(earned(r)?.steps_learned),
    )
    .beside("steps_exact", |r| Some(earned(r)?.steps_exact)),
    row(
        "total_variation",
        "Total variation of a coordinate",
        "of 24 cells, mean over an action’s coordinates and the states; the last column is that of as many exact actions",
        |r| Some(fit(&r.fit)?.total_variation),
    )
    .beside("total_variation_exact", |r| Some(fit(&r.fit)?.total_variation_exact)),
    row(
        "total_variation_bound",
        "Upper bound of it, from weights",
        "bounds the total variation of the whole action, without cells",
        |r| fit(&r.fit)?.total_variation_bound,
    )
    .beside("", |_| Some(0.0)),
    row(
        "log_z_off",
        "Error of a state’s log Z",
        "mean over the states of the distance from the exact one",
        |r| fit(&r.fit)?.log_z_off,
    )
    .beside("", |_| Some(0.0)),
    LOG_Z_IMPORTANCE,
    ELBO,
    ESS,
    row(
        "log_reward",
        "Mean log r",
        "of learned actions",
        |r| Some(r.log_reward),
    ),
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

pub static COLUMNS: [Column; 8] = [
    Column {
        key: "total_variation",
        name: "Total variation",
        help: "of 24 cells of an action’s coordinates, mean over the coordinates and the states",
        read: |o| Some(fit(&o.fit)?.total_variation),
        show: figure,
    },
    Column {
        key: "total_variation_joint",
        name: "TV in cells",
        help: "total variation of the whole action, in 24 cells a side; few samples leave it high",
        read: |o| Some(fit(&o.fit)?.total_variation_joint),
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
        Curve {
            id: "chart-return",
            title: "Return",
            help: "Mean discounted return of the learned policy and of the behaviour. It should reach that of the exact policy in the same episodes; a smaller α asks for more.",
            rule: Some(("exact policy", |_, report| Some(earned(report?)?.return_exact))),
            measured: &[
                ("learned", "first", |r| Some(earned(r)?.return_learned)),
                ("behaviour", "second", |r| Some(earned(r)?.return_behaviour)),
            ],
            ..CURVE
        },
        ESS_CURVE,
        Curve {
            id: "chart-tv",
            title: "Distance to the exact policies",
            help: "Total variation of an action’s coordinates, and the bound from weights, means over the states. The first falls until only the noise of finite samples is left.",
            rule: Some(("exact actions", |_, report| {
                Some(fit(&report?.fit)?.total_variation_exact)
            })),
            log: true,
            measured: &[
                ("total variation", "first", |r| Some(fit(&r.fit)?.total_variation)),
                ("bound", "second", |r| fit(&r.fit)?.total_variation_bound),
            ],
            ..CURVE
        },
    ],
};
