//! The whole story: its beginning and ending, to be written, and a middle of either model.

use super::lines::Line;
use super::{problem, problem_mut};
use crate::kit::field::{Explain, labelled, use_refusal};
use crate::kit::shared::Shared;
use crate::parts::edit::apply;
use crate::state::Action;
use rtb::run::Run;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct WholeProps {
    pub run: Shared<Run>,
    pub dispatch: Callback<Action>,
    /// Words that the prior does not know.
    pub unknown: Vec<String>,
    /// The chosen middle.
    pub prior: Option<Line>,
    pub learned: Option<Line>,
}

#[component]
pub fn Whole(props: &WholeProps) -> Html {
    let story = problem(&props.run).story.clone().unwrap_or_default();
    let middle = |id: &'static str, name: &'static str, line: &Option<Line>| {
        html! {
            <p class="middle" data-testid={id}>
                <b>{ name }</b>
                <span>{ line.as_ref().map_or_else(|| html! { "…" }, Line::html) }</span>
            </p>
        }
    };
    html! {
        <section class="whole" aria-label="The story">
            <Part id="story-beginning" label="Beginning" help="The prior sees only this." text={story.beginning.clone()} run={props.run.clone()}
                dispatch={props.dispatch.clone()} ending={false} />
            { middle("middle-prior", "Prior", &props.prior) }
            { middle("middle-learned", "Posterior", &props.learned) }
            <Part id="story-ending" label="Ending" text={story.ending.clone()} run={props.run.clone()} dispatch={props.dispatch.clone()} ending={true}
                help={if problem(&props.run).reward.asks_for_ending() { "The reward wants the middle to lead here; the posterior sees it, the prior does not." } else { "The reward does not use the ending, so neither model sees it." }} />
            if !props.unknown.is_empty() {
                <p class="help" data-testid="unknown-words">{ format!("The models do not know these words and treat them all as one unknown word: {}.", props.unknown.join(", ")) }</p>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct PartProps {
    id: &'static str,
    label: &'static str,
    help: &'static str,
    text: String,
    run: Shared<Run>,
    dispatch: Callback<Action>,
    /// Whether it is the ending.
    ending: bool,
}

/// A part of the story. What is typed stays in the box even where it is refused.
#[component]
fn Part(props: &PartProps) -> Html {
    let draft = use_state(|| props.text.clone());
    let error = use_state(|| None::<AttrValue>);
    let PartProps { id, label, help, .. } = props;
    let field = if props.ending {
        "story.ending"
    } else {
        "story.beginning"
    };
    let refusal = use_refusal(field, label);
    {
        let (draft, error) = (draft.clone(), error.clone());
        use_effect_with(props.text.clone(), move |text| {
            draft.set(text.clone());
            error.set(None);
        });
    }
    let oninput = {
        let (draft, error) = (draft.clone(), error.clone());
        let (run, dispatch, ending, label) =
            (props.run.clone(), props.dispatch.clone(), props.ending, *label);
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            let edit = dispatch.reform(Action::Edit);
            let changed = apply(&run, &edit, |run| {
                let story = problem_mut(run).story.get_or_insert_default();
                *(if ending {
                    &mut story.ending
                } else {
                    &mut story.beginning
                }) = text.clone();
            });
            error.set(changed.err().map(|e| labelled(&e, field, label)));
            draft.set(text);
        })
    };
    let error = (*error).clone();
    let wrong = error.is_some() || refusal.is_some();
    html! {
        <div class="field">
            <label for={*id}>{ *label }</label>
            <textarea id={*id} data-testid={*id} rows="2" maxlength="2000" value={(*draft).clone()} {oninput} aria-describedby={format!("{id}-help")}
                aria-invalid={wrong.to_string()} />
            <Explain id={*id} help={*help} {error} {refusal} />
        </div>
    }
}
