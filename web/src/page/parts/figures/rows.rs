//! What a row of the table is, and the rows that every task has.

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

pub const fn row(
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
    /// With the exact value beside it.
    pub const fn beside(mut self, key: &'static str, value: fn(&Report) -> Option<f64>) -> Self {
        self.exact = Some(Exact { key, value });
        self
    }
}

pub const LOG_Z_IMPORTANCE: Row = row(
    "log_z_importance",
    "log Z, importance-weighted",
    "log of the mean weight of the samples; the most reliable estimate",
    |r| Some(r.log_z_importance),
)
.beside("log_z_exact", |r| Some(r.log_z_exact));

pub const LOG_Z_LEARNED: Row = row(
    "log_z_learned",
    "log Z, learned",
    "the parameter in the loss, a mean of log weights; too low until the posterior is reached",
    |r| Some(r.log_z_learned),
);

pub const LOG_Z_PRIOR: Row = row(
    "log_z_prior",
    "log Z, from the prior",
    "log of the mean reward of prior samples",
    |r| Some(r.log_z_prior),
);

pub const EUBO: Row = row(
    "eubo",
    "EUBO",
    "mean log weight of exact posterior samples; an upper bound of log Z",
    |r| r.eubo,
);

pub const ELBO: Row = row(
    "elbo",
    "ELBO",
    "mean log weight of the samples; a lower bound of log Z",
    |r| Some(r.elbo),
);

pub const ESS: Row = row(
    "ess",
    "Effective sample size, ESS/N",
    "of the weights, as a share of the N samples",
    |r| Some(r.ess),
)
.beside("", |_| Some(1.0));

pub const FLOORED: Row = row(
    "floored_mass",
    "Mass at the floor of log r",
    "share of samples whose log r is raised to the floor",
    |r| Some(r.floored_mass),
)
.beside("floored_mass_exact", |r| Some(r.floored_mass_exact));

pub const RESIDUAL_MEAN: Row = row("residual_mean", "Residual δ, mean", "over the samples", |r| {
    Some(r.residual_mean)
})
.beside("", |_| Some(0.0));

pub const RESIDUAL_STD: Row = row(
    "residual_std",
    "Residual δ, standard deviation",
    "over the samples",
    |r| Some(r.residual_std),
)
.beside("", |_| Some(0.0));

pub const SECONDS: Row = row(
    "seconds_per_iteration",
    "Seconds per iteration",
    "wall time on this machine",
    |r| Some(r.seconds_per_iteration),
);
