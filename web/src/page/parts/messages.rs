//! What went wrong, and what was done.

use crate::state::Notice;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MessagesProps {
    pub notice: Option<Notice>,
    pub dismiss: Callback<()>,
    pub try_again: Callback<()>,
}

#[component]
pub fn Messages(props: &MessagesProps) -> Html {
    let dismiss = props.dismiss.reform(|_: MouseEvent| ());
    let shown = props.notice.as_ref().map(|notice| match notice {
        Notice::Refused(error) => ("bad", error.to_string()),
        Notice::Trouble(text) | Notice::Unfetched(text) => ("bad", text.clone()),
        Notice::Done(text) | Notice::Changed(text) => ("good", text.clone()),
    });
    // The style sheet hides what stands at its field.
    let refused = matches!(props.notice, Some(Notice::Refused(_))).then_some("refusal");
    let again = matches!(props.notice, Some(Notice::Unfetched(_)));
    html! {
        <div role="alert" aria-live="assertive" class="messages">
            if let Some((class, text)) = shown {
                <div class={classes!("message", class, refused)} data-testid={if class == "bad" { "error" } else { "notice" }}>
                    <p>{ text }</p>
                    if again {
                        <button type="button" data-testid="try-again" onclick={props.try_again.reform(|_| ())}>{ "Try again" }</button>
                    }
                    <button type="button" class="quiet" onclick={dismiss} aria-label="Dismiss this message">{ "✕" }</button>
                </div>
            }
        </div>
    }
}
