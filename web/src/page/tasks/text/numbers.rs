//! Random numbers: how often a language model names each, before and after its posterior is trained.

use crate::kit::number::figure;
use crate::parts::lesson::{Learned, LessonProps, use_lesson};
use rtb::message::{Event, Files, Request};
use rtb::task::text::{Answers, NUMBERS};
use yew::prelude::*;

/// Height of the drawing, whose unit of width is one number.
const HEIGHT: f64 = 40.0;
/// The uniform probability's share of the height: what is more than five times as likely is cut off.
const UNIFORM: f64 = 0.2;

impl Learned for Answers {
    fn told(event: Event) -> Option<(usize, Self)> {
        match event {
            Event::Lesson(told) => {
                let answers = told.of::<Self>()?;
                Some((usize::from(answers.posterior), (*answers).clone()))
            }
            _ => None,
        }
    }
}

#[component]
pub fn Numbers(props: &LessonProps) -> Html {
    let lesson = use_lesson::<Answers>();
    let run = props.run.clone();
    let start = lesson.start(&props.engine, None, move |_| Request::Learn {
        lesson: NUMBERS.to_owned(),
        run: Box::new((*run).clone()),
        // It has lengths of its own, and needs no files.
        iterations: 0,
        files: Files::default(),
    });
    let [prior, posterior] = lesson.learned();
    html! {
        <details data-testid="numbers">
            <summary><h3>{ "Random numbers: a language model whose posterior is known exactly" }</h3></summary>
            <p class="help">{ "When asked for a random number from 0 to 100, language models have favourites, as people do: 42, 7, 37. Here a small model learns these favourites: it is the prior. The reward is r(x) = 1/p(x) for a number and almost 0 for any other answer, so the posterior gives all 101 numbers the same probability (arXiv 2310.04363). There are so few answers that every probability is computed exactly." }</p>
            { lesson.buttons("numbers", "Train on random numbers", true, start) }
            <ul class="cards pair">
                { card("Prior", "prior", prior.as_deref()) }
                { card("Posterior", "posterior", posterior.as_deref()) }
            </ul>
            <p class="help">{ "Each bar is the probability of one number from 0 to 100. The line is the uniform probability, 1/101." }</p>
        </details>
    }
}

fn card(title: &'static str, id: &'static str, answers: Option<&Answers>) -> Html {
    let label = match answers {
        None => format!("{title}: not trained yet."),
        Some(answers) => spoken(title, answers),
    };
    let numbers = answers.map_or(&[][..], |answers| &answers.numbers);
    let bar = |(number, share): (usize, &f64)| {
        let height = (share * UNIFORM * numbers.len() as f64).min(1.0) * HEIGHT;
        html! {
            <rect class={id} x={format!("{:.1}", number as f64 + 0.1)} y={format!("{:.2}", HEIGHT - height)} width="0.8" height={format!("{height:.2}")}>
                <title>{ format!("{number}: {} %", figure(100.0 * share)) }</title>
            </rect>
        }
    };
    let level = format!("{:.1}", HEIGHT * (1.0 - UNIFORM));
    html! {
        <li class="card" data-testid={format!("numbers-{id}")}>
            <div>
                <h3>{ title }</h3>
                if let Some(answers) = answers.filter(|a| a.progress < 1.0) {
                    <progress max="1" value={answers.progress.to_string()} aria-label={format!("{title}, training")} />
                }
            </div>
            <svg class="answers" viewBox={format!("0 0 101 {HEIGHT}")} preserveAspectRatio="none" role="img" aria-label={label}>
                { for numbers.iter().enumerate().map(bar) }
                <line x1="0" x2="101" y1={level.clone()} y2={level} />
            </svg>
            if let Some(answers) = answers {
                <dl>
                    <dt title="divergence of the model from the uniform distribution, in nats">{ "KL(uniform ‖ model)" }</dt><dd data-figure="kl">{ figure(answers.kl_of_uniform) }</dd>
                    <dt title="distance to the uniform distribution, from 0 to 1">{ "Total variation" }</dt><dd data-figure="tv">{ figure(answers.total_variation) }</dd>
                    <dt title="probability of answers that are not a number from 0 to 100">{ "Invalid answers" }</dt><dd>{ format!("{} %", figure(100.0 * answers.invalid)) }</dd>
                    <dt>{ "Iterations" }</dt><dd data-figure="iterations">{ answers.iterations }</dd>
                </dl>
            }
        </li>
    }
}

/// The likeliest numbers, for those who do not see the bars.
fn spoken(title: &str, answers: &Answers) -> String {
    let mut order: Vec<usize> = (0..answers.numbers.len()).collect();
    order.sort_by(|a, b| answers.numbers[*b].total_cmp(&answers.numbers[*a]));
    let most = order.iter().take(3);
    let said = most.map(|number| format!("{number} with {} %", figure(100.0 * answers.numbers[*number])));
    format!("{title}, most often {}.", said.collect::<Vec<_>>().join(", "))
}
