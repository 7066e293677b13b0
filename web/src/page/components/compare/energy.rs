//! The prior's density as an energy network learns it, with and without the consistency of the
//! Radon–Nikodym estimator, beside the exact one.

use super::thumbnail::Thumbnail;
use crate::components::figures::figure;
use crate::components::pictures::Pictures;
use crate::draw::image::Picture;
use crate::engine::{Comparer, Engine, News};
use crate::shared::Shared;
use crate::stage::Stage;
use rtb::config::Run;
use rtb::message::{self, Event, Request};
use yew::prelude::*;

/// Iterations of either training.
const ITERATIONS: usize = 1500;

#[derive(Properties, PartialEq)]
pub struct EnergyProps {
    pub run: Shared<Run>,
    pub stage: Stage,
    pub engine: Engine,
    pub open: bool,
    pub dark: bool,
}

/// What is known: the last picture of either training.
#[derive(Clone, Default, PartialEq)]
struct Learned {
    running: bool,
    /// Without and with the consistency.
    energies: [Option<Shared<message::Energy>>; 2],
    lost: Option<AttrValue>,
}

enum Action {
    Start,
    News(News),
}

impl Reducible for Learned {
    type Action = Action;

    fn reduce(self: std::rc::Rc<Self>, action: Action) -> std::rc::Rc<Self> {
        let mut new = (*self).clone();
        match action {
            Action::Start => {
                new = Self {
                    running: true,
                    ..Self::default()
                }
            }
            Action::News(News::Events(events)) => {
                for event in events {
                    if let Event::Energy(energy) = event {
                        let place = usize::from(energy.regularized);
                        new.energies[place] = Some(Shared::new(*energy));
                    }
                }
            }
            Action::News(News::Ended) => new.running = false,
            Action::News(News::Lost(why)) => {
                new.running = false;
                new.lost = Some(why.into());
            }
        }
        new.into()
    }
}

#[component]
pub fn Energy(props: &EnergyProps) -> Html {
    let learned = use_reducer(Learned::default);
    let comparer = {
        let dispatcher = learned.dispatcher();
        use_memo((), move |()| {
            Comparer::new(Callback::from(move |news| {
                dispatcher.dispatch(Action::News(news))
            }))
        })
    };
    let start = {
        let (learned, comparer) = (learned.dispatcher(), comparer.clone());
        let (engine, run) = (props.engine.clone(), props.run.clone());
        Callback::from(move |_: MouseEvent| {
            learned.dispatch(Action::Start);
            comparer.start(&engine, (*run).clone(), |run, files| Request::LearnEnergy {
                run: Box::new(run),
                iterations: ITERATIONS,
                files,
            });
        })
    };
    let stop = {
        let comparer = comparer.clone();
        Callback::from(move |_: MouseEvent| comparer.stop())
    };
    let exact = use_memo(props.stage.clone(), |stage| Pictures::new(stage).prior);
    let high = exact.high;
    html! {
        <details data-testid="energy">
            <summary><h3>{ "The prior’s density as an energy" }</h3></summary>
            <p class="help">{ "A network E(x, t) learns the prior twice. Denoising score matching asks −∇E to point to the data; it cannot tell how much two modes that are far apart weigh. The Radon–Nikodym estimator can: along a path of the prior’s chain it knows how log p changes, log p(x′) − log p(x) = log p" }<sub>{ "θ" }</sub>{ "(x′|x) − log q(x|x′). Asking the energies for the same weighs the modes and makes exp(−E) a density whose integral is 1." }</p>
            <div class="buttons">
                if learned.running {
                    <button type="button" onclick={stop} data-testid="energy-stop">{ "Stop" }</button>
                } else {
                    <button type="button" onclick={start} disabled={!props.open} data-testid="energy-start">{ "Learn the energy" }</button>
                }
                <span role="status" data-testid="energy-status">{ if learned.running { "Learning" } else { "Idle" } }</span>
            </div>
            if let Some(why) = &learned.lost {
                <p class="refused" role="alert">{ format!("The worker stopped: {why}.") }</p>
            }
            <ul class="cards">
                <li class="card exact">
                    <div><h3>{ "Prior" }</h3></div>
                    <Thumbnail label="Density of the prior." picture={Some((*exact).clone())} paths={None} dark={props.dark} />
                </li>
                { for ["Score matching", "With the consistency"].into_iter().zip(&learned.energies).map(|(title, energy)| card(title, energy.as_deref(), high, props.dark)) }
            </ul>
        </details>
    }
}

fn card(title: &'static str, energy: Option<&message::Energy>, high: f32, dark: bool) -> Html {
    let picture = energy.map(|e| Picture::density(e.density.clone(), high));
    let label = match energy {
        None => format!("{title}: nothing learned yet."),
        Some(e) => format!("Density learned by {title} after {} iterations.", e.iterations),
    };
    html! {
        <li class="card" data-testid={format!("energy-{}", title.split(' ').next().unwrap_or_default().to_lowercase())}>
            <div>
                <h3>{ title }</h3>
                if let Some(energy) = energy.filter(|e| e.progress < 1.0) {
                    <progress max="1" value={energy.progress.to_string()} aria-label={format!("{title}, training")} />
                }
            </div>
            <Thumbnail {label} {picture} paths={None} {dark} />
            if let Some(energy) = energy {
                <dl>
                    <dt title="of the modes’ weights against the mixture’s">{ "Total variation" }</dt><dd data-figure="tv">{ figure(energy.mode_total_variation) }</dd>
                    <dt title="of the picture’s cells against the mixture’s">{ "KL" }</dt><dd>{ figure(energy.kl_grid) }</dd>
                    <dt title="the logarithm of the integral of exp(−E); 0 for a density">{ "log ∫ exp(−E)" }</dt><dd data-figure="normalizer">{ figure(energy.log_normalizer) }</dd>
                </dl>
            }
        </li>
    }
}
