//! The curves of a training run.

use crate::kit::chart::{Chart, Line};
use crate::kit::fold::Fold;
use crate::kit::math;
use crate::kit::shared::{Fixed, Shared};
use crate::kit::thinned::Thinned;
use crate::stage::Stage;
use rtb::message::{Iteration, Report};
use rtb::run::Run;
use yew::prelude::*;

/// The name of a line, its class in the style sheet, and its values: of every iteration …
pub type Trained = (&'static str, &'static str, fn(&Iteration) -> f64);
/// … or of every report.
pub type Measured = (&'static str, &'static str, fn(&Report) -> Option<f64>);
/// The name of a level, and what it is by the last report.
pub type Rule = (&'static str, fn(&Stage, Option<&Report>) -> Option<f64>);

/// A chart of what is measured of a task while it is trained.
pub struct Curve {
    pub id: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    pub formula: Option<&'static str>,
    pub log: bool,
    pub range: Option<(f64, f64)>,
    /// A level to reach.
    pub rule: Option<Rule>,
    pub trained: &'static [Trained],
    pub measured: &'static [Measured],
}

/// The curves of a task, beside those of the loss and of log Z.
pub struct Charts {
    /// What the prior's samples are called where the exact posterior is made of them.
    pub sampled: Option<&'static str>,
    pub all: &'static [Curve],
}

/// A chart of nothing.
pub const CURVE: Curve = Curve {
    id: "",
    title: "",
    help: "",
    formula: None,
    log: false,
    range: None,
    rule: None,
    trained: &[],
    measured: &[],
};

pub const LOG_REWARD: Curve = Curve {
    id: "chart-log-r",
    title: "Mean log r",
    help: "Mean log r of each training batch and of the evaluation samples. It should reach the exact line, not rise above it.",
    rule: Some(("exact", |stage, _| {
        stage.truth.as_deref().map(|t| t.log_reward_mean)
    })),
    trained: &[("batch", "first", |i| i.log_reward)],
    measured: &[("samples", "second", |r| Some(r.log_reward))],
    ..CURVE
};

pub const ESS: Curve = Curve {
    id: "chart-ess",
    title: "Effective sample size",
    help: "Effective sample size of the importance weights, as a share of the N samples; 1 is perfect.",
    formula: Some(math::ESS),
    range: Some((0.0, 1.0)),
    measured: &[("ESS/N", "first", |r| Some(r.ess))],
    ..CURVE
};

const LOSS: Trained = ("loss", "first", |i| i.loss);
const LOG_Z: Trained = ("learned", "first", |i| i.log_z);
const LOG_Z_IMPORTANCE: Measured = ("importance-weighted", "second", |r| Some(r.log_z_importance));

#[derive(Properties, PartialEq)]
pub struct CurvesProps {
    pub run: Shared<Run>,
    pub curve: Thinned<Iteration, 600>,
    pub reports: Thinned<Shared<Report>, 400>,
    pub stage: Stage,
    pub charts: Fixed<Charts>,
}

#[component]
pub fn Curves(props: &CurvesProps) -> Html {
    let trained = |&(name, class, read): &Trained| Line {
        name: AttrValue::Static(name),
        class,
        mark: 0,
        points: props
            .curve
            .items()
            .iter()
            .map(|i| (i.iteration as f64, read(i)))
            .collect(),
    };
    let measured = |&(name, class, read): &Measured| Line {
        name: AttrValue::Static(name),
        class,
        mark: 0,
        points: props
            .reports
            .items()
            .iter()
            .filter_map(|r| Some((r.iterations as f64, read(r)?)))
            .collect(),
    };
    let truth = props.stage.truth.as_deref();
    let iterations = props.curve.items().last().map_or(0, |i| i.iteration) as f64;
    let (band, band_name): (Vec<_>, _) = match truth {
        // An error that is not known has no band.
        Some(t) if t.log_z_error.is_nan() => (Vec::new(), ""),
        Some(t) => {
            let (low, high) = (t.log_z - t.log_z_error, t.log_z + t.log_z_error);
            let name = match props.stage.is_estimate() {
                true => "estimate ± standard error",
                false => "exact ± standard error",
            };
            ([0.0, iterations.max(10.0)].map(|x| (x, low, high)).to_vec(), name)
        }
        None => {
            let measured = props.reports.items().iter();
            let band = measured.filter_map(|r| Some((r.iterations as f64, r.elbo, r.eubo?)));
            (band.collect(), "from ELBO to EUBO")
        }
    };
    // Only a loss of squares has a scale of its own.
    let balances = !props.run.method.is_on_policy();
    let loss_help = if balances {
        "Mean squared residual of each batch, on a logarithmic axis. For the exact posterior it is 0."
    } else {
        "Loss of the policy gradient for each batch. Lower is better, but no value shows that the posterior is reached."
    };
    let sampled = props.charts.sampled;
    let last = props.reports.items().last().map(|r| &**r);
    let chart = |of: &Curve| {
        let lines: Vec<_> = of
            .trained
            .iter()
            .map(trained)
            .chain(of.measured.iter().map(measured))
            .collect();
        let rule = of
            .rule
            .and_then(|(name, level)| Some((name, level(&props.stage, last)?)));
        html! { <Chart id={of.id} title={of.title} help={of.help} formula={of.formula} log={of.log} range={of.range} {rule} {lines} /> }
    };
    html! {
        <section class="curves" aria-labelledby="curves-title">
            <Fold id="curves-title" title="Curves">
            <Chart id="chart-loss" title="Loss" log={balances} formula={balances.then_some(math::LOSS)} help={loss_help}
                lines={vec![trained(&LOSS)]} />
            <Chart id="chart-log-z" title="log Z" formula={sampled.is_none().then_some(math::BOUNDS)}
                help={sampled.map_or("The learned log Z, the importance-weighted estimate, and two bounds that approach the exact value.".to_owned(), |samples|
                    format!("The learned log Z, the importance-weighted estimate, and the value from the prior’s own {samples}."))}
                lines={vec![trained(&LOG_Z), measured(&LOG_Z_IMPORTANCE)]}
                {band} {band_name} rule={props.stage.log_z().map(|z| (if props.stage.is_estimate() { "estimate" } else { "exact" }, z))} />
            { for props.charts.all.iter().map(chart) }
            </Fold>
        </section>
    }
}
