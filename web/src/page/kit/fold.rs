//! A part of the page that folds under its title.

use gloo::utils::window;
use yew::prelude::*;

/// Windows narrower than this have one column, as in the style sheet.
const NARROW: &str = "(max-width: 819px)";

/// Whether the page opened in a narrow window, where parts begin folded.
#[hook]
pub fn use_narrow() -> bool {
    let narrow = || {
        let list = window().match_media(NARROW).ok().flatten();
        list.is_some_and(|list| list.matches())
    };
    *use_memo((), |()| narrow())
}

#[derive(Properties, PartialEq)]
pub struct FoldProps {
    /// The id of the title.
    pub id: AttrValue,
    pub title: AttrValue,
    pub children: Html,
}

/// It begins folded in a narrow window.
#[component]
pub fn Fold(props: &FoldProps) -> Html {
    let open = !use_narrow();
    html! {
        <details class="fold" {open}>
            <summary><h2 id={props.id.clone()}>{ &props.title }</h2></summary>
            <div class="folded">{ props.children.clone() }</div>
        </details>
    }
}
