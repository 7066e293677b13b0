//! The picture on a card of the comparison: a small corner plot.

use super::corner::corner;
use super::view;
use crate::kit::corner::CornerPlot;
use crate::kit::shared::Shared;
use crate::parts::compare::{PictureProps, Shown};
use yew::prelude::*;

/// Most coordinates on a card.
const MOST: usize = 4;

#[component]
pub fn Picture(props: &PictureProps) -> Html {
    let of = (props.stage.scene.clone(), props.shown.clone());
    let corner = use_memo(of, |(scene, shown)| {
        let view = view(scene);
        let points = match shown {
            Shown::Exact => None,
            Shown::Samples(outcome) => outcome.as_ref().map(|outcome| &outcome.points[..]),
        };
        let coordinates: Vec<usize> = (0..view.names.len().min(MOST)).collect();
        Shared::new(corner(&view, points.unwrap_or_default(), &coordinates))
    });
    html! { <CornerPlot label={props.label.clone()} corner={(*corner).clone()} bare=true dark={props.dark} /> }
}
