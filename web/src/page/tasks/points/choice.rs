//! Which coordinates are shown.

use rtb::task::Corner;
use yew::prelude::*;

/// Coordinates that are shown until others are chosen; with no more than these, there is nothing to choose.
pub const FIRST: usize = 5;

#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    pub names: Vec<String>,
    /// Those that are shown.
    pub shown: Vec<usize>,
    pub choose: Callback<Vec<usize>>,
}

#[component]
pub fn Coordinates(ChoiceProps { names, shown, choose }: &ChoiceProps) -> Html {
    if names.len() <= FIRST {
        return Html::default();
    }
    let toggle = |at: usize| {
        let on = shown.contains(&at);
        let mut others: Vec<usize> = shown.iter().copied().filter(|other| *other != at).collect();
        if !on {
            others.push(at);
            others.sort_unstable();
        }
        let disabled = if on {
            shown.len() == 1
        } else {
            shown.len() >= Corner::MOST
        };
        let onclick = choose.reform(move |_: MouseEvent| others.clone());
        html! {
            <button key={at} type="button" aria-pressed={on.to_string()} {disabled} {onclick} data-testid={format!("show-{}", names[at])}>{ &names[at] }</button>
        }
    };
    html! {
        <div class="shown" role="group" aria-label="Coordinates in the picture">
            { for (0..names.len()).map(toggle) }
            <p class="help">{ format!("Coordinates in the picture, at most {}.", Corner::MOST) }</p>
        </div>
    }
}
