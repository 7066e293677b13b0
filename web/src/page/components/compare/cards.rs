//! A card for every result: its picture and its figures, beside the exact posterior's.

use super::columns::columns;
use super::setting::Setting;
use super::state::{Comparison, Entry, Standing, Task};
use crate::components::digits::GRID;
use crate::components::pictures::Pictures;
use crate::kit::number::{count, figure};
use crate::kit::picture::Picture;
use crate::kit::shared::Shared;
use crate::kit::thumbnail::Thumbnail;
use crate::stage::Stage;
use rtb::config;
use rtb::message::{Outcome, Paths, Truth, View};
use rtb::text::Reader;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Samples drawn on a picture.
const DOTS: usize = 200;
/// Middles of stories on a card.
const SAID: usize = 6;

#[derive(Properties, PartialEq)]
pub struct CardsProps {
    pub comparison: Rc<Comparison>,
    pub task: Task,
    /// What is known by now of the task's exact posterior.
    pub stage: Stage,
    pub dark: bool,
    pub remove: Callback<Setting>,
}

#[component]
pub fn Cards(props: &CardsProps) -> Html {
    let pictures = use_memo(props.stage.clone(), Pictures::new);
    let reader = use_memo(props.stage.scene.clone(), |scene| scene.reader());
    html! {
        <ul class="cards">
            <ExactCard key="exact" stage={props.stage.clone()} pictures={pictures.clone()} reader={reader.clone()} dark={props.dark} />
            { for props.comparison.entries.iter().map(|entry| html! {
                <MethodCard key={entry.key()} of={props.task.run.task} entry={entry.clone()} standing={props.comparison.standing(entry)}
                    pictures={pictures.clone()} reader={reader.clone()} dark={props.dark} remove={props.remove.clone()} />
            }) }
        </ul>
    }
}

#[derive(Properties, PartialEq)]
struct ExactCardProps {
    stage: Stage,
    pictures: Rc<Pictures>,
    /// What reads the samples, where they are stories.
    reader: Rc<Option<Reader>>,
    dark: bool,
}

#[component]
fn ExactCard(props: &ExactCardProps) -> Html {
    let stage = &props.stage;
    let how = match stage.scene.truth {
        Truth::Quadrature => "by quadrature",
        Truth::ImportanceWeighted => "by importance-weighted samples of the learned prior",
        Truth::Rejection => "by samples of the learned prior, kept with probability r",
    };
    let log_z = figure(stage.log_z().unwrap_or(f64::NAN));
    let picture = match (&stage.scene.view, &stage.truth) {
        (View::Plane(_), _) => props.pictures.exact.clone(),
        (View::Stories(_), _) => None,
        (View::Digits(_), truth) => truth.as_ref().map(|t| GRID.picture(&t.samples)),
    };
    html! {
        <li class="card exact" data-testid="card-exact">
            <div>
                <h3>{ "Exact posterior" }</h3>
                <p class="help">{ format!("What every method is after, {how}.") }</p>
            </div>
            if let (Some(reader), Some(truth)) = (&*props.reader, &stage.truth) {
                { sayings(reader, &truth.samples) }
            } else {
                <Thumbnail label={format!("The exact posterior, {how}; log Z is {log_z}.")} {picture}
                    paths={Some(stage.exact_paths.clone())} dark={props.dark} />
            }
            <dl>
                if let Some(truth) = &stage.truth {
                    <dt>{ if stage.scene.truth == Truth::Rejection { "Images kept" } else { "Middles that count" } }</dt><dd>{ count(truth.kept as f64) }</dd>
                    <dt>{ "Mean log r" }</dt><dd>{ figure(truth.log_reward_mean) }</dd>
                }
                <dt>{ "log Z" }</dt><dd>{ log_z }</dd>
            </dl>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct MethodCardProps {
    of: config::Task,
    entry: Entry,
    standing: Standing,
    pictures: Rc<Pictures>,
    /// What reads the samples, where they are stories.
    reader: Rc<Option<Reader>>,
    dark: bool,
    remove: Callback<Setting>,
}

#[component]
fn MethodCard(props: &MethodCardProps) -> Html {
    let MethodCardProps { entry, standing, .. } = props;
    let drawn = use_memo(
        (entry.outcome.clone(), props.pictures.clone(), props.of),
        |(outcome, pictures, task)| -> Option<(Picture, Option<Shared<Paths>>)> {
            let outcome = outcome.as_ref()?;
            match task {
                config::Task::Mixtures => {}
                config::Task::Digits => return Some((GRID.picture(&outcome.points), None)),
                config::Task::Stories => return None,
            }
            // Resampled ones lie in order, each beside its own copies.
            let every = (outcome.points.len() / 2).div_ceil(DOTS).max(1);
            let ends = outcome.points.chunks_exact(2).step_by(every);
            let paths = Paths {
                steps: vec![0],
                size: 2,
                points: ends.flatten().copied().collect(),
            };
            Some((pictures.of_samples(&outcome.points), Some(Shared::new(paths))))
        },
    );
    let (picture, paths) = (*drawn).clone().unzip();
    let paths = paths.flatten();
    let Entry { setting, label, .. } = entry;
    let info = setting.method.info();
    let outcome = entry.outcome.as_deref();
    let trained = setting.method.is_trained();
    let remove = {
        let (remove, setting) = (props.remove.clone(), *setting);
        Callback::from(move |event: MouseEvent| {
            focus_beside(&event);
            remove.emit(setting);
        })
    };
    let over = matches!(standing, Standing::Done | Standing::Stopped | Standing::Refused);
    html! {
        <li class="card" data-testid={format!("card-{}", info.name)} data-setting={setting.in_full()} data-standing={format!("{standing:?}").to_lowercase()}>
            <div>
                <div class="head">
                    <h3 title={info.description}>{ label }</h3>
                    if over {
                        <button type="button" class="quiet" title="Remove" aria-label={format!("Remove {label}")} onclick={remove}>{ "×" }</button>
                    }
                </div>
                <p class="help">{ status(entry, *standing) }</p>
                if let Some(why) = &entry.refused {
                    <p class="refused">{ why }</p>
                }
                if trained && matches!(standing, Standing::Working | Standing::Stopping) {
                    <progress max="1" value={outcome.map_or(0.0, |o| o.progress).to_string()} aria-label={format!("Training of {label}")} />
                }
            </div>
            if let (Some(reader), Some(outcome)) = (&*props.reader, outcome) {
                { sayings(reader, &outcome.points) }
            } else {
                <Thumbnail label={spoken(label, outcome)} {picture} {paths} dark={props.dark} />
            }
            if let Some(outcome) = outcome {
                <dl>
                    { for columns(props.of).iter().map(|column| html! {
                        <><dt title={column.help}>{ column.name }</dt><dd data-figure={column.key}>{ (column.read)(outcome).map_or("–".to_owned(), column.show) }</dd></>
                    }) }
                </dl>
            }
        </li>
    }
}

/// The first of some middles.
fn sayings(reader: &Reader, stories: &[f32]) -> Html {
    let stories = stories.chunks_exact(reader.layout.length()).take(SAID);
    html! { <ul class="sayings">{ for stories.map(|story| html! { <li>{ reader.middle(story) }</li> }) }</ul> }
}

/// The next card's button, or the one before's, takes the focus from a card that goes.
fn focus_beside(event: &MouseEvent) {
    let card = event
        .target_dyn_into::<Element>()
        .and_then(|b| b.closest("li").ok()?);
    let button = |card: Element| card.query_selector("button").ok()?;
    let beside = card.and_then(|card| {
        let next = card.next_element_sibling().and_then(button);
        next.or_else(|| card.previous_element_sibling().and_then(button))
    });
    if let Some(button) = beside.and_then(|b| b.dyn_into::<HtmlElement>().ok()) {
        // Where the focus cannot go it stays.
        let _ = button.focus();
    }
}

fn status(entry: &Entry, standing: Standing) -> String {
    let outcome = entry.outcome.as_deref();
    let samples = outcome.map_or(String::new(), |o| format!("{} samples", count(o.samples as f64)));
    let trained = outcome.filter(|_| entry.setting.method.is_trained());
    let iterations = trained.map_or(String::new(), |o| format!(" after {} iterations", o.iterations));
    match (standing, outcome) {
        (Standing::Waiting, _) => "Waits for the methods before it.".to_owned(),
        (Standing::Working, None) if entry.setting.method.is_trained() => "Training…".to_owned(),
        (Standing::Working, None) => "Sampling…".to_owned(),
        (Standing::Working, Some(_)) => format!("Training; {samples}{iterations}."),
        (Standing::Stopping, _) => "Stopping…".to_owned(),
        (Standing::Stopped, None) => "Stopped before its first samples.".to_owned(),
        (Standing::Stopped, Some(_)) => format!("Stopped; {samples}{iterations}."),
        (Standing::Done, _) => format!("{samples}{iterations}."),
        (Standing::Refused, None) => "Cannot be used on this run.".to_owned(),
        (Standing::Refused, Some(_)) => format!("Broke off; {samples}{iterations}."),
    }
}

fn spoken(title: &str, outcome: Option<&Outcome>) -> String {
    match outcome {
        None => format!("{title}: no samples yet."),
        Some(o) => format!(
            "{} samples of {title}: {} {}.",
            o.samples,
            o.fit.error_name(),
            o.fit.error().map_or("unknown".to_owned(), figure)
        ),
    }
}
