//! What went wrong, and what was done.

use crate::state::Notice;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MessagesProps {
    pub notice: Option<Notice>,
    pub dismiss: Callback<()>,
}

#[component]
pub fn Messages(props: &MessagesProps) -> Html {
    let dismiss = props.dismiss.reform(|_: MouseEvent| ());
    let shown = props.notice.as_ref().map(|notice| match notice {
        Notice::Refused(error) => ("bad", error.to_string()),
        Notice::Trouble(text) => ("bad", text.clone()),
        Notice::Done(text) | Notice::Changed(text) => ("good", text.clone()),
    });
    html! {
        <div role="alert" aria-live="assertive" class="messages">
            if let Some((class, text)) = shown {
                <div class={classes!("message", class)} data-testid={if class == "bad" { "error" } else { "notice" }}>
                    <p>{ text }</p>
                    <button type="button" class="quiet" onclick={dismiss} aria-label="Dismiss this message">{ "✕" }</button>
                </div>
            }
        </div>
    }
}
