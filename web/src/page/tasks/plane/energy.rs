//! The prior's density as an energy network learns it, with and without the consistency of the
//! Radon–Nikodym estimator, beside the exact one.

use super::pictures::Pictures;
use crate::kit::number::figure;
use crate::kit::picture::Picture;
use crate::kit::thumbnail::Thumbnail;
use crate::parts::lesson::{Learned, LessonProps, use_lesson};
use rtb::message::{Event, Request};
use rtb::task::plane;
use yew::prelude::*;

/// Iterations of either training.
const ITERATIONS: usize = 1500;

impl Learned for plane::Energy {
    fn told(event: Event) -> Option<(usize, Self)> {
        match event {
            Event::Lesson(told) => {
                let energy = told.of::<Self>()?;
                Some((usize::from(energy.regularized), (*energy).clone()))
            }
            _ => None,
        }
    }
}

#[component]
pub fn Energy(props: &LessonProps) -> Html {
    let lesson = use_lesson::<plane::Energy>();
    let start = {
        let run = props.run.clone();
        lesson.start(&props.engine, Some(run.clone()), move |files| Request::Learn {
            lesson: plane::ENERGY.to_owned(),
            run: Box::new((*run).clone()),
            iterations: ITERATIONS,
            files,
        })
    };
    let exact = use_memo(props.stage.scene.clone(), |scene| Pictures::new(scene).prior);
    let high = exact.high;
    html! {
        <details data-testid="energy">
            <summary><h3>{ "The prior’s density as an energy" }</h3></summary>
            <p class="help">{ "A network E(x, t) learns the prior twice. Denoising score matching asks −∇E to point to the data; it cannot tell how much two modes that are far apart weigh. The Radon–Nikodym estimator can: along a path of the prior’s chain it knows how log p changes, log p(x′) − log p(x) = log p" }<sub>{ "θ" }</sub>{ "(x′|x) − log q(x|x′). Asking the energies for the same weighs the modes and makes exp(−E) a density whose integral is 1." }</p>
            { lesson.buttons("energy", "Learn the energy", props.open, start) }
            <ul class="cards">
                <li class="card exact">
                    <div><h3>{ "Prior" }</h3></div>
                    <Thumbnail label="Density of the prior." picture={Some((*exact).clone())} paths={None} dark={props.dark} />
                </li>
                { for ["Score matching", "With the consistency"].into_iter().zip(lesson.learned()).map(|(title, energy)| card(title, energy.as_deref(), high, props.dark)) }
            </ul>
        </details>
    }
}

fn card(title: &'static str, energy: Option<&plane::Energy>, high: f32, dark: bool) -> Html {
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
