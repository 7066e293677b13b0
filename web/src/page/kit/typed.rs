//! A labelled text, with its explanation and, where it is refused, the reason.

use super::field::{Explain, Revision, labelled, use_refusal};
use rtb::run::ConfigError;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct TextProps {
    /// Also the `data-testid`.
    pub id: AttrValue,
    pub label: AttrValue,
    /// What errors on the page call it, where that is not its label.
    #[prop_or_default]
    pub name: Option<AttrValue>,
    pub help: AttrValue,
    /// The field's name in errors.
    pub field: AttrValue,
    pub value: AttrValue,
    pub set: Callback<String, Result<(), ConfigError>>,
    /// Lines of text; without it, there is one and no more.
    #[prop_or_default]
    pub rows: Option<u32>,
    /// Whether it is a list, in which spaces and commas count as one.
    #[prop_or_default]
    pub list: bool,
}

/// The items of a list.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c == ',' || c.is_whitespace());
    parts.filter(|part| !part.is_empty())
}

/// What is typed counts as soon as it is allowed and stays in the box even where it is refused; until it is
/// allowed, the last allowed text stays active.
#[component]
pub fn Text(props: &TextProps) -> Html {
    let draft = use_state(|| props.value.to_string());
    let error = use_state(|| None::<AttrValue>);
    let name = props.name.as_ref().unwrap_or(&props.label).clone();
    let refusal = use_refusal(&props.field, &name);
    {
        // A text from elsewhere, such as a preset, replaces what was typed.
        let (draft, error, list) = (draft.clone(), error.clone(), props.list);
        let of = (props.value.clone(), use_context::<Revision>(), refusal.is_some());
        use_effect_with(of, move |(value, _, refused)| {
            let same = if list {
                items(&draft).eq(items(value))
            } else {
                **draft == **value
            };
            if !refused && !same {
                draft.set(value.to_string());
                error.set(None);
            }
        });
    }
    let oninput = {
        let (draft, error) = (draft.clone(), error.clone());
        let (set, field) = (props.set.clone(), props.field.clone());
        Callback::from(move |event: InputEvent| {
            let Some(text) = typed(&event) else { return };
            let changed = set.emit(text.clone());
            error.set(changed.err().map(|e| labelled(&e, &field, &name)));
            draft.set(text);
        })
    };
    let (id, value, error) = (props.id.clone(), (*draft).clone(), (*error).clone());
    let wrong = (error.is_some() || refusal.is_some()).to_string();
    let described = format!("{id}-help");
    html! {
        <div class="field">
            <label for={id.clone()}>{ &props.label }</label>
            if let Some(rows) = props.rows {
                <textarea id={id.clone()} data-testid={id.clone()} rows={rows.to_string()} spellcheck="false" autocapitalize="off" {value} {oninput}
                    aria-describedby={described} aria-invalid={wrong} />
            } else {
                <input id={id.clone()} data-testid={id.clone()} type="text" autocomplete="off" autocapitalize="off" spellcheck="false" {value} {oninput}
                    aria-describedby={described} aria-invalid={wrong} />
            }
            <Explain {id} help={props.help.clone()} {error} {refusal} />
        </div>
    }
}

fn typed(event: &InputEvent) -> Option<String> {
    let target = event.target()?;
    let area = target
        .dyn_ref::<HtmlTextAreaElement>()
        .map(HtmlTextAreaElement::value);
    area.or_else(|| target.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::value))
}
