//! A list of things that are edited one at a time.

use super::field::Choice;
use rtb::run::ConfigError;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ListedProps {
    /// Begins the ids.
    pub id: AttrValue,
    /// What one of them is called.
    pub what: &'static str,
    /// The same above the choice.
    pub label: &'static str,
    /// How each is told from the others.
    pub texts: Vec<AttrValue>,
    pub selected: usize,
    pub select: Callback<Option<usize>>,
    pub add: Callback<(), Result<(), ConfigError>>,
    /// Removes the selected one.
    pub remove: Callback<(), Result<(), ConfigError>>,
    /// Most of them.
    #[prop_or(usize::MAX)]
    pub most: usize,
    /// The selected one.
    pub children: Html,
}

#[component]
pub fn Listed(props: &ListedProps) -> Html {
    let error = use_state_eq(|| None::<AttrValue>);
    {
        let error = error.setter();
        use_effect_with((props.texts.clone(), props.selected), move |_| error.set(None));
    }
    let act = |act: &Callback<(), Result<(), ConfigError>>| {
        let (act, error) = (act.clone(), error.setter());
        Callback::from(move |_: MouseEvent| error.set(act.emit(()).err().map(|e| e.to_string().into())))
    };
    let ListedProps { id, what, texts, .. } = props;
    let options = texts.iter().enumerate();
    let options: Vec<_> = options
        .map(|(at, text)| (at.to_string().into(), text.clone()))
        .collect();
    html! {
        <div class="listed">
            <Choice id={format!("{id}-{what}")} label={props.label} {options} value={props.selected.to_string()}
                set={props.select.reform(|at: String| at.parse().ok())} />
            { props.children.clone() }
            <div class="buttons">
                <button type="button" data-testid={format!("{id}-add")} disabled={texts.len() >= props.most} onclick={act(&props.add)}>{ format!("Add a {what}") }</button>
                <button type="button" data-testid={format!("{id}-remove")} disabled={texts.len() < 2} onclick={act(&props.remove)}>{ format!("Remove this {what}") }</button>
            </div>
            if let Some(error) = &*error {
                <p class="refused" role="alert" data-testid={format!("{id}-list-error")}>{ error }</p>
            }
        </div>
    }
}
