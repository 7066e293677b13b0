//! A card for every result: its picture and its figures, beside the exact posterior's.

use super::columns::ERROR;
use super::setting::Setting;
use super::state::{Comparison, Entry, Standing, Subject};
use super::{Compared, PictureProps, Shown};
use crate::kit::number::{count, figure};
use crate::stage::Stage;
use rtb::message::{Outcome, Truth};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CardsProps {
    pub comparison: Rc<Comparison>,
    pub subject: Subject,
    /// What is known by now of the exact posterior.
    pub stage: Stage,
    pub dark: bool,
    pub remove: Callback<Setting>,
}

#[component]
pub fn Cards(props: &CardsProps) -> Html {
    html! {
        <ul class="cards">
            { exact(props) }
            { for props.comparison.entries.iter().map(|entry| method(props, entry)) }
        </ul>
    }
}

/// The card of the exact posterior.
fn exact(
    CardsProps {
        subject, stage, dark, ..
    }: &CardsProps,
) -> Html {
    let how = match stage.scene.truth {
        Truth::Quadrature => "by quadrature",
        Truth::ImportanceWeighted => "from importance-weighted samples of the learned prior",
        Truth::Rejection => "from samples of the learned prior, each kept with probability r",
    };
    let log_z = figure(stage.log_z().unwrap_or(f64::NAN));
    let picture = PictureProps {
        run: subject.run.clone(),
        stage: stage.clone(),
        shown: Shown::Exact,
        label: format!("The exact posterior, computed {how}; log Z is {log_z}.").into(),
        dark: *dark,
    };
    html! {
        <li key="exact" class="card exact" data-testid="card-exact">
            <div>
                <h3>{ "Exact posterior" }</h3>
                <p class="help">{ format!("The target of every method, computed {how}.") }</p>
            </div>
            { (subject.compared.picture)(picture) }
            <dl>
                if let Some(truth) = &stage.truth {
                    <dt>{ subject.compared.kept }</dt><dd>{ count(truth.kept as f64) }</dd>
                    <dt>{ "Mean log r" }</dt><dd>{ figure(truth.log_reward_mean) }</dd>
                }
                <dt>{ "log Z" }</dt><dd>{ log_z }</dd>
            </dl>
        </li>
    }
}

/// The card of a method.
fn method(props: &CardsProps, entry: &Entry) -> Html {
    let CardsProps { subject, stage, .. } = props;
    let standing = props.comparison.standing(entry);
    let Entry { setting, label, .. } = entry;
    let info = setting.method.info();
    let outcome = entry.outcome.as_deref();
    let picture = PictureProps {
        run: subject.run.clone(),
        stage: stage.clone(),
        shown: Shown::Samples(entry.outcome.clone()),
        label: spoken(label, outcome, &subject.compared).into(),
        dark: props.dark,
    };
    let remove = {
        let (remove, setting) = (props.remove.clone(), *setting);
        Callback::from(move |event: MouseEvent| {
            focus_beside(&event);
            remove.emit(setting);
        })
    };
    let over = matches!(standing, Standing::Done | Standing::Stopped | Standing::Refused);
    html! {
        <li key={entry.key()} class="card" data-testid={format!("card-{}", info.name)} data-setting={setting.in_full()} data-standing={format!("{standing:?}").to_lowercase()}>
            <div>
                <div class="head">
                    <h3 title={info.description}>{ label }</h3>
                    if over {
                        <button type="button" class="quiet" title="Remove this result" aria-label={format!("Remove {label}")} onclick={remove}>{ "×" }</button>
                    }
                </div>
                <p class="help">{ status(entry, standing, props.comparison.before(entry)) }</p>
                if let Some(why) = &entry.refused {
                    <p class="refused">{ why }</p>
                }
                if matches!(standing, Standing::Working | Standing::Stopping) {
                    <progress max="1" value={progress(entry).map(|share| share.to_string())} aria-label={format!("Progress of {label}")} />
                }
            </div>
            { (subject.compared.picture)(picture) }
            if let Some(outcome) = outcome {
                <dl>
                    { for subject.compared.columns.iter().map(|column| html! {
                        <><dt title={column.help}>{ column.name }</dt><dd data-figure={column.key}>{ (column.read)(outcome).map_or("–".to_owned(), column.show) }</dd></>
                    }) }
                </dl>
            }
        </li>
    }
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

/// How far a method has come; not known of one that samples.
fn progress(entry: &Entry) -> Option<f64> {
    match &entry.outcome {
        Some(outcome) => Some(outcome.progress),
        None if entry.prepares() => entry.prepared,
        None => entry.setting.method.is_trained().then_some(0.0),
    }
}

fn status(entry: &Entry, standing: Standing, before: usize) -> String {
    let outcome = entry.outcome.as_deref();
    let samples = outcome.map_or(String::new(), |o| format!("{} samples", count(o.samples as f64)));
    let trained = outcome.filter(|_| entry.setting.method.is_trained());
    let iterations = trained.map_or(String::new(), |o| format!(" after {} iterations", o.iterations));
    match (standing, outcome) {
        (Standing::Waiting, _) if before == 1 => "Waiting: 1 method runs first.".to_owned(),
        (Standing::Waiting, _) => format!("Waiting: {before} methods run first."),
        (Standing::Working, None) if entry.prepares() => {
            "Sampling the prior for the exact posterior…".to_owned()
        }
        (Standing::Working, None) if entry.setting.method.is_trained() => "Training…".to_owned(),
        (Standing::Working, None) => "Sampling…".to_owned(),
        (Standing::Working, Some(_)) => format!("Training: {samples}{iterations}."),
        (Standing::Stopping, _) => "Stopping…".to_owned(),
        (Standing::Stopped, None) => "Stopped before its first samples.".to_owned(),
        (Standing::Stopped, Some(_)) => format!("Stopped: {samples}{iterations}."),
        (Standing::Done, _) => format!("{samples}{iterations}."),
        (Standing::Refused, None) => "This method cannot be used for this run.".to_owned(),
        (Standing::Refused, Some(_)) => format!("Failed: {samples}{iterations}."),
    }
}

fn spoken(title: &str, outcome: Option<&Outcome>, compared: &Compared) -> String {
    match outcome {
        None => format!("{title}: no samples yet."),
        Some(o) => format!(
            "{} samples of {title}; {} is {}.",
            o.samples,
            compared.error,
            (compared.columns[ERROR].read)(o).map_or("unknown".to_owned(), figure)
        ),
    }
}
