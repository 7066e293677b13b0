//! The picture on a card of the comparison: some middles.

use super::reader;
use crate::kit::thumbnail::Thumbnail;
use crate::parts::compare::{PictureProps, Shown};
use yew::prelude::*;

/// Middles on a card.
const SAID: usize = 6;

#[component]
pub fn Picture(props: &PictureProps) -> Html {
    let reader = use_memo(props.stage.scene.clone(), |scene| reader(scene));
    let stories = match &props.shown {
        Shown::Exact => props.stage.truth.as_ref().map(|truth| &truth.samples),
        Shown::Samples(outcome) => outcome.as_ref().map(|outcome| &outcome.points),
    };
    let (Some(reader), Some(stories)) = (&*reader, stories) else {
        return html! { <Thumbnail label={props.label.clone()} picture={None} paths={None} dark={props.dark} /> };
    };
    let stories = stories.chunks_exact(reader.layout.length()).take(SAID);
    html! { <ul class="sayings">{ for stories.map(|story| html! { <li>{ reader.middle(story) }</li> }) }</ul> }
}
