//! A reward of words that a middle mentions.

use crate::kit::field::{Explain, labelled, use_refusal};
use rtb::run::ConfigError;
use rtb::task::text::Reward;
use web_sys::HtmlInputElement;
use yew::prelude::*;

const LABEL: &str = "Words to mention";

#[derive(Properties, PartialEq)]
pub struct MentionProps {
    pub id: AttrValue,
    /// The reward's name in errors.
    pub field: AttrValue,
    pub words: Vec<String>,
    pub penalty: f64,
    pub set: Callback<Reward, Result<(), ConfigError>>,
}

/// What is typed stays in the box even where it is refused; the last allowed words stay active.
#[component]
pub fn Mention(props: &MentionProps) -> Html {
    let draft = use_state(|| props.words.join(" "));
    let error = use_state(|| None::<AttrValue>);
    let field = format!("{}.words", props.field);
    let refusal = use_refusal(&field, LABEL);
    {
        let (draft, error) = (draft.clone(), error.clone());
        use_effect_with(props.words.clone(), move |words| {
            if !draft.split_whitespace().eq(words.iter().map(String::as_str)) {
                draft.set(words.join(" "));
                error.set(None);
            }
        });
    }
    let oninput = {
        let (draft, error) = (draft.clone(), error.clone());
        let (set, penalty) = (props.set.clone(), props.penalty);
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            let words = text.split_whitespace().map(str::to_owned).collect();
            let changed = set.emit(Reward::Mention { words, penalty });
            error.set(changed.err().map(|e| labelled(&e, &field, LABEL)));
            draft.set(text);
        })
    };
    let id = format!("{}-words", props.id);
    let error = (*error).clone();
    let wrong = error.is_some() || refusal.is_some();
    html! {
        <div class="field">
            <label for={id.clone()}>{ LABEL }</label>
            <input id={id.clone()} data-testid={id.clone()} type="text" autocomplete="off" autocapitalize="off" value={(*draft).clone()} {oninput}
                aria-describedby={format!("{id}-help")} aria-invalid={wrong.to_string()} />
            <Explain id={id.clone()} help="Words that the middle should mention, separated by spaces. The prior must know each of them." {error} {refusal} />
        </div>
    }
}
