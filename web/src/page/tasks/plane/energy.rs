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
            <p class="help">{ "A network E(x, t) learns the prior’s density twice. Denoising score matching fits only the score, −∇E, which does not tell the weights of two modes that are far apart. The Radon–Nikodym estimator does: each step of the prior’s chain tells how log p changes, log p(x′) − log p(x) = log p" }<sub>{ "θ" }</sub>{ "(x′|x) − log q(x|x′). If −E is also trained to satisfy this equation, it learns the weights of the modes, and exp(−E) becomes a density with integral 1." }</p>
            { lesson.buttons("energy", "Learn the energy", props.open, start) }
            <ul class="cards">
                <li class="card exact">
                    <div><h3>{ "Prior" }</h3></div>
                    <Thumbnail label="Density of the prior." picture={Some((*exact).clone())} paths={None} dark={props.dark} />
                </li>
                { for ["Score matching", "With Radon–Nikodym consistency"].into_iter().zip(lesson.learned()).map(|(title, energy)| card(title, energy.as_deref(), high, props.dark)) }
            </ul>
        </details>
    }
}

fn card(title: &'static str, energy: Option<&plane::Energy>, high: f32, dark: bool) -> Html {
    let picture = energy.map(|e| Picture::density(e.density.clone(), high));
    let label = match energy {
        None => format!("{title}: not trained yet."),
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
                    <dt title="between the weights of the modes and those of the mixture, from 0 to 1">{ "Total variation" }</dt><dd data-figure="tv">{ figure(energy.mode_total_variation) }</dd>
                    <dt title="of the masses in the cells of a grid from the mixture’s, in nats">{ "KL" }</dt><dd>{ figure(energy.kl_grid) }</dd>
                    <dt title="logarithm of the integral of exp(−E); 0 for a normalised density">{ "log ∫ exp(−E)" }</dt><dd data-figure="normalizer">{ figure(energy.log_normalizer) }</dd>
                </dl>
            }
        </li>
    }
}
