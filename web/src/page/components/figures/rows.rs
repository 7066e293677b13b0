//! The figures there are, by task.

use rtb::config::Task;
use rtb::message::Report;

/// A figure: its key in `report.json`, its name, what it is, its value and the exact one.
pub struct Row {
    pub key: &'static str,
    pub name: &'static str,
    pub help: &'static str,
    pub value: fn(&Report) -> Option<f64>,
    pub exact: Option<Exact>,
}

pub struct Exact {
    pub key: &'static str,
    pub value: fn(&Report) -> Option<f64>,
}

const fn row(
    key: &'static str,
    name: &'static str,
    help: &'static str,
    value: fn(&Report) -> Option<f64>,
) -> Row {
    Row {
        key,
        name,
        help,
        value,
        exact: None,
    }
}

impl Row {
    const fn beside(mut self, key: &'static str, value: fn(&Report) -> Option<f64>) -> Self {
        self.exact = Some(Exact { key, value });
        self
    }
}

const LOG_Z_LEARNED: Row = row("log_z_learned", "log Z, learned", "the number in the loss", |r| {
    Some(r.log_z_learned)
})
.beside("log_z_exact", |r| Some(r.log_z_exact));

const LOG_Z_IMPORTANCE: Row = row(
    "log_z_importance",
    "log Z, importance-weighted",
    "log of the mean weight of policy samples",
    |r| Some(r.log_z_importance),
);

const ELBO: Row = row(
    "elbo",
    "ELBO",
    "mean log weight of policy samples, below log Z",
    |r| Some(r.elbo),
);

const ESS: Row = row(
    "ess",
    "Effective sample size, ESS/N",
    "share of samples worth an exact one",
    |r| Some(r.ess),
)
.beside("", |_| Some(1.0));

const FLOORED: Row = row(
    "floored_mass",
    "Mass where r is floored",
    "share of samples",
    |r| Some(r.floored_mass),
)
.beside("floored_mass_exact", |r| Some(r.floored_mass_exact));

const RESIDUAL_MEAN: Row = row("residual_mean", "Residual δ, mean", "over policy samples", |r| {
    Some(r.residual_mean)
})
.beside("", |_| Some(0.0));

const RESIDUAL_STD: Row = row(
    "residual_std",
    "Residual δ, deviation",
    "over policy samples",
    |r| Some(r.residual_std),
)
.beside("", |_| Some(0.0));

const SECONDS: Row = row(
    "seconds_per_iteration",
    "Seconds an iteration",
    "wall time on this machine",
    |r| Some(r.seconds_per_iteration),
);

/// Of points in the plane.
static MIXTURES: [Row; 15] = [
    LOG_Z_LEARNED,
    LOG_Z_IMPORTANCE,
    row(
        "log_z_prior",
        "log Z, from the prior",
        "log of the mean reward of prior samples",
        |r| Some(r.log_z_prior),
    ),
    ELBO,
    row(
        "eubo",
        "EUBO",
        "mean log weight of posterior samples, above log Z",
        |r| r.eubo,
    ),
    ESS,
    row(
        "mode_total_variation",
        "Total variation of mode weights",
        "half the absolute differences, summed",
        |r| Some(r.fit.plane()?.mode_total_variation),
    )
    .beside("", |_| Some(0.0)),
    row(
        "kl_grid",
        "KL(learned ‖ exact)",
        "of the masses of the cells of a grid",
        |r| Some(r.fit.plane()?.kl_grid),
    )
    .beside("", |_| Some(0.0)),
    row(
        "excluded_mass",
        "Mass on excluded modes",
        "modes the posterior hardly has",
        |r| Some(r.fit.plane()?.excluded_mass),
    )
    .beside("excluded_mass_exact", |r| {
        Some(r.fit.plane()?.excluded_mass_exact)
    }),
    row(
        "within_mode_variance",
        "Variance within a mode",
        "mean over samples",
        |r| Some(r.fit.plane()?.within_mode_variance),
    )
    .beside("within_mode_variance_exact", |r| {
        Some(r.fit.plane()?.within_mode_variance_exact)
    }),
    row(
        "within_mode_covariance_error",
        "Error of modes' covariances",
        "largest entry, weighted mean over modes",
        |r| Some(r.fit.plane()?.within_mode_covariance_error),
    )
    .beside("", |_| Some(0.0)),
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

/// Of images.
static DIGITS: [Row; 13] = [
    LOG_Z_LEARNED,
    LOG_Z_IMPORTANCE,
    row(
        "log_z_error",
        "Standard error of log Z",
        "of the exact value, which comes from the prior’s images",
        |_| None,
    )
    .beside("log_z_exact_error", |r| r.fit.images()?.log_z_error),
    ELBO,
    ESS,
    row(
        "log_reward",
        "Mean log r",
        "tempered and floored; more than exact is too much",
        |r| Some(r.log_reward),
    )
    .beside("log_reward_exact", |r| r.fit.images()?.log_reward_exact),
    row(
        "fid",
        "FID",
        "Fréchet distance of a classifier’s features; exact: one half of the exact images to the other",
        |r| r.fit.images()?.fid,
    )
    .beside("fid_floor", |r| r.fit.images()?.fid_floor),
    row(
        "diversity",
        "Diversity",
        "mean cosine distance of the features of two images",
        |r| Some(r.fit.images()?.diversity),
    )
    .beside("diversity_exact", |r| r.fit.images()?.diversity_exact),
    row(
        "accuracy",
        "Accuracy",
        "share of images in a class that is wanted",
        |r| r.fit.images()?.accuracy,
    )
    .beside("accuracy_exact", |r| r.fit.images()?.accuracy_exact),
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

/// Of stories.
static STORIES: [Row; 12] = [
    LOG_Z_LEARNED,
    LOG_Z_IMPORTANCE,
    row(
        "log_z_error",
        "Standard error of log Z",
        "of the exact value, which comes from the prior’s middles",
        |_| None,
    )
    .beside("log_z_exact_error", |r| r.fit.stories()?.log_z_error),
    ELBO,
    ESS,
    row(
        "log_reward",
        "Mean log r",
        "tempered and floored; more than exact is too much",
        |r| Some(r.log_reward),
    )
    .beside("log_reward_exact", |r| r.fit.stories()?.log_reward_exact),
    row(
        "distinct",
        "Distinct-2",
        "distinct pairs of words over all pairs; beside it the prior’s, of which it should keep 0.9",
        |r| Some(r.fit.stories()?.distinct),
    )
    .beside("distinct_prior", |r| r.fit.stories()?.distinct_prior),
    row("words", "Words and marks", "of a middle", |r| {
        Some(r.fit.stories()?.words)
    })
    .beside("words_exact", |r| r.fit.stories()?.words_exact),
    FLOORED,
    RESIDUAL_MEAN,
    RESIDUAL_STD,
    SECONDS,
];

/// The figures of a task.
pub fn rows(task: Task) -> &'static [Row] {
    match task {
        Task::Mixtures => &MIXTURES,
        Task::Digits => &DIGITS,
        Task::Stories => &STORIES,
    }
}
