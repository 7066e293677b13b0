//! The figures of images: of reports, of comparisons and over training.

use super::fit;
use crate::kit::number::figure;
use crate::parts::compare::columns::{
    Column, ESS as ESS_COLUMN, EVALUATIONS, LOG_Z_ERROR, MEAN_LOG_R, SAMPLING, TRAINING,
};
use crate::parts::curves::{CURVE, Charts, Curve, LOG_REWARD as LOG_REWARD_CURVE};
use crate::parts::figures::rows::{
    ELBO, ESS, FLOORED, LOG_Z_IMPORTANCE, LOG_Z_LEARNED, RESIDUAL_MEAN, RESIDUAL_STD, Row, SECONDS, row,
};

pub const LOG_REWARD: Row = row(
    "log_reward",
    "Mean log r",
    "times β, with the floor; it should equal the exact value",
    |r| Some(r.log_reward),
)
.beside("log_reward_exact", |r| fit(&r.fit)?.log_reward_exact);

pub const FID: Row = row(
    "fid",
    "FID",
    "Fréchet distance to the exact images; the last column is the FID of equally many perfect images",
    |r| fit(&r.fit)?.fid,
)
.beside("fid_floor", |r| fit(&r.fit)?.fid_floor);

pub const DIVERSITY: Row = row(
    "diversity",
    "Diversity",
    "mean cosine distance between the features of two images",
    |r| fit(&r.fit)?.diversity,
)
.beside("diversity_exact", |r| fit(&r.fit)?.diversity_exact);

pub const ACCURACY: Row = row("accuracy", "Accuracy", "share of images in a wanted class", |r| {
    fit(&r.fit)?.accuracy
})
.beside("accuracy_exact", |r| fit(&r.fit)?.accuracy_exact);

pub static ROWS: [Row; 13] = [
    LOG_Z_IMPORTANCE,
    LOG_Z_LEARNED,
    row(
        "log_z_error",
        "Standard error of log Z",
        "of the exact value, which is estimated from the prior’s images",
        |_| None,
    )
    .beside("log_z_exact_error", |r| fit(&r.fit)?.log_z_error),
    ELBO,
    ESS,
    LOG_REWARD,
    FID,
    DIVERSITY,
    ACCURACY,
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

pub const FID_COLUMN: Column = Column {
    key: "fid",
    name: "FID",
    help: "Fréchet distance to the exact images, in the features of a classifier that no reward uses; it needs more than 64 of each",
    read: |o| fit(&o.fit)?.fid,
    show: figure,
};

pub const DIVERSITY_COLUMN: Column = Column {
    key: "diversity",
    name: "Diversity",
    help: "mean cosine distance between the features of two images",
    read: |o| fit(&o.fit)?.diversity,
    show: figure,
};

pub const ACCURACY_COLUMN: Column = Column {
    key: "accuracy",
    name: "Accuracy",
    help: "share of images in a wanted class",
    read: |o| fit(&o.fit)?.accuracy,
    show: figure,
};

pub static COLUMNS: [Column; 9] = [
    FID_COLUMN,
    MEAN_LOG_R,
    DIVERSITY_COLUMN,
    ACCURACY_COLUMN,
    LOG_Z_ERROR,
    ESS_COLUMN,
    TRAINING,
    SAMPLING,
    EVALUATIONS,
];

pub const FID_CURVE: Curve = Curve {
    id: "chart-fid",
    title: "Distance to the exact posterior",
    help: "Fréchet distance (FID) to the exact images, in the features of a classifier that no reward uses. It needs more than 64 learned and 64 exact images. The line “perfect” is the FID of equally many images of a perfect sampler.",
    log: true,
    rule: Some(("perfect", |_, last| fit(&last?.fit)?.fid_floor)),
    measured: &[("FID", "first", |r| fit(&r.fit)?.fid)],
    ..CURVE
};

pub const CHARTS: Charts = Charts {
    sampled: Some("images"),
    all: &[LOG_REWARD_CURVE, FID_CURVE],
};
