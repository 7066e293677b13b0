//! The curves of a training run.

use crate::kit::chart::{Chart, Line};
use crate::kit::math;
use crate::kit::shared::Shared;
use crate::kit::thinned::Thinned;
use crate::stage::Stage;
use rtb::config::{Run, Task};
use rtb::message::{Iteration, Report};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CurvesProps {
    pub run: Shared<Run>,
    pub curve: Thinned<Iteration, 600>,
    pub reports: Thinned<Shared<Report>, 400>,
    pub stage: Stage,
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
    let measured = |name, class, read: fn(&Report) -> Option<f64>| Line {
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
        Some(t) => {
            let (low, high) = (t.log_z - t.log_z_error, t.log_z + t.log_z_error);
            (
                [0.0, iterations.max(10.0)].map(|x| (x, low, high)).to_vec(),
                "exact ± its error",
            )
        }
        None => {
            let measured = props.reports.items().iter();
            let band = measured.filter_map(|r| Some((r.iterations as f64, r.elbo, r.eubo?)));
            (band.collect(), "ELBO to EUBO")
        }
    };
    // Only a loss of squares has a scale of its own.
    let balances = !props.run.method.is_on_policy();
    let loss_help = if balances {
        "The mean squared residual of each batch, on a logarithmic axis; 0 would be the exact posterior."
    } else {
        "The policy gradient’s loss of each batch: less is better, but no level of it says that the posterior is reached."
    };
    let sampled = match props.run.task {
        Task::Mixtures => None,
        Task::Digits => Some("images"),
        Task::Stories => Some("middles"),
    };
    let floor = props
        .reports
        .items()
        .last()
        .and_then(|r| r.fit.images()?.fid_floor);
    html! {
        <section class="curves" aria-labelledby="curves-title">
            <h2 id="curves-title" class="hidden">{ "Curves" }</h2>
            <Chart id="chart-loss" title="Loss" log={balances} formula={balances.then_some(math::LOSS)} help={loss_help}
                lines={vec![trained("loss", "first", |i| i.loss)]} />
            <Chart id="chart-log-z" title="log Z" formula={sampled.is_none().then_some(math::BOUNDS)}
                help={sampled.map_or("The learned log Z, its estimate by importance weights, and bounds that close in on the exact value.".to_owned(), |samples|
                    format!("The log Z in use, its estimate by importance weights, and the exact value as far as the prior’s {samples} tell it."))}
                lines={vec![trained("learned", "first", |i| i.log_z), measured("importance-weighted", "second", |r| Some(r.log_z_importance))]}
                {band} {band_name} rule={props.stage.log_z().map(|z| ("exact", z))} />
            if sampled.is_some() {
                <Chart id="chart-log-r" title="Mean log r" rule={truth.map(|t| ("exact", t.log_reward_mean))}
                    help="How much the reward likes each batch, and the samples that are measured; above the exact line is too much of a good thing."
                    lines={vec![trained("batch", "first", |i| i.log_reward), measured("samples", "second", |r| Some(r.log_reward))]} />
            }
            if props.run.task == Task::Digits {
                <Chart id="chart-fid" title="Distance to the exact posterior" log=true rule={floor.map(|f| ("exact halves", f))}
                    help="Fréchet distance (FID) to the exact images in the features of a classifier that rewards never ask, known once there are more than 64 of both. Exact halves: no set of so many could be told to be nearer."
                    lines={vec![measured("FID", "first", |r| r.fit.error())]} />
            } else {
                <Chart id="chart-ess" title="Effective sample size" range={(0.0, 1.0)} formula={math::ESS}
                    help="The share of samples that are worth an exact one; 1 is perfect."
                    lines={vec![measured("ESS/N", "first", |r| Some(r.ess))]} />
            }
            if props.run.task == Task::Mixtures {
                <Chart id="chart-tv" title="Distance to the exact posterior" log=true formula={math::TOTAL_VARIATION}
                    help="Total variation of the modes' weights, and the KL divergence of the picture's cells; both shrink to the noise of finite samples."
                    lines={vec![measured("total variation", "first", |r| r.fit.error()), measured("KL", "second", |r| Some(r.fit.plane()?.kl_grid))]} />
            }
        </section>
    }
}
