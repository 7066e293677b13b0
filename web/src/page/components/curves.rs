//! The curves of a training run.

use super::chart::{Chart, Line};
use crate::math;
use crate::shared::Shared;
use crate::thinned::Thinned;
use rtb::config::Method;
use rtb::message::{Iteration, Report};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CurvesProps {
    pub method: Method,
    pub curve: Thinned<Iteration, 600>,
    pub reports: Thinned<Shared<Report>, 400>,
    /// log Z of the truth, where it is known.
    pub log_z: Option<f64>,
}

#[component]
pub fn Curves(props: &CurvesProps) -> Html {
    let trained = |name, class, read: fn(&Iteration) -> f64| Line {
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
    let measured = |name, class, read: fn(&Report) -> f64| Line {
        name: AttrValue::Static(name),
        class,
        mark: 0,
        points: props
            .reports
            .items()
            .iter()
            .map(|r| (r.iterations as f64, read(r)))
            .collect(),
    };
    let band: Vec<_> = props
        .reports
        .items()
        .iter()
        .map(|r| (r.iterations as f64, r.elbo, r.eubo))
        .collect();
    // Only a loss of squares has a scale of its own.
    let balances = !props.method.is_on_policy();
    let loss_help = if balances {
        "The mean squared residual of each batch, on a logarithmic axis; 0 would be the exact posterior."
    } else {
        "The policy gradient’s loss of each batch: less is better, but no level of it says that the posterior is reached."
    };
    html! {
        <section class="curves" aria-labelledby="curves-title">
            <h2 id="curves-title" class="hidden">{ "Curves" }</h2>
            <Chart id="chart-loss" title="Loss" log={balances} formula={balances.then_some(math::LOSS)} help={loss_help}
                lines={vec![trained("loss", "first", |i| i.loss)]} />
            <Chart id="chart-log-z" title="log Z" formula={math::BOUNDS}
                help="The learned log Z, its estimate by importance weights, and bounds that close in on the exact value."
                lines={vec![trained("learned", "first", |i| i.log_z), measured("importance-weighted", "second", |r| r.log_z_importance)]}
                {band} band_name="ELBO to EUBO" rule={props.log_z.map(|z| ("exact", z))} />
            <Chart id="chart-ess" title="Effective sample size" range={(0.0, 1.0)} formula={math::ESS}
                help="The share of samples that are worth an exact one; 1 is perfect."
                lines={vec![measured("ESS/N", "first", |r| r.ess)]} />
            <Chart id="chart-tv" title="Distance to the exact posterior" log=true formula={math::TOTAL_VARIATION}
                help="Total variation of the modes' weights, and the KL divergence of the picture's cells; both shrink to the noise of finite samples."
                lines={vec![measured("total variation", "first", |r| r.fit.mode_total_variation), measured("KL", "second", |r| r.fit.kl_grid)]} />
        </section>
    }
}
