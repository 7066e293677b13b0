//! The frame of a panel: its title, the button that enlarges it, and its caption.

use super::math::Math;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct FrameProps {
    /// Of what stands in the frame.
    pub id: &'static str,
    pub title: &'static str,
    pub help: AttrValue,
    #[prop_or_default]
    pub formula: Option<&'static str>,
    pub wide: bool,
    pub on_wide: Callback<()>,
    pub children: Html,
}

#[component]
pub fn Frame(props: &FrameProps) -> Html {
    html! {
        <figure class={classes!("panel", props.wide.then_some("wide"))}>
            <div class="panel-head">
                <h3 id={format!("{}-title", props.id)}>{ props.title }</h3>
                <button type="button" class="quiet" aria-pressed={props.wide.to_string()} onclick={props.on_wide.reform(|_| ())}
                    aria-label={format!("Enlarge: {}", props.title)} title={if props.wide { "Make this panel smaller" } else { "Enlarge this panel" }}>
                    { if props.wide { "⤡" } else { "⤢" } }
                </button>
            </div>
            { props.children.clone() }
            <figcaption class="help">
                { &props.help }
                if let Some(of) = props.formula { { " " }<Math {of} /> }
            </figcaption>
        </figure>
    }
}
