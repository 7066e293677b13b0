//! The picture on a card of the comparison: a density with samples on it.

use super::pictures::Pictures;
use super::preview;
use crate::kit::shared::Shared;
use crate::kit::thumbnail::Thumbnail;
use crate::parts::compare::{PictureProps, Shown};
use rtb::message::{Outcome, Paths};
use yew::prelude::*;

/// Samples drawn on a picture.
const DOTS: usize = 200;

#[component]
pub fn Picture(props: &PictureProps) -> Html {
    let of = (props.stage.scene.clone(), props.shown.clone());
    let run = props.run.clone();
    let drawn = use_memo(of, move |(scene, shown)| {
        let pictures = Pictures::new(scene);
        match shown {
            Shown::Exact => (pictures.exact, Some(preview::exact_paths(scene, &run))),
            Shown::Samples(None) => (None, None),
            Shown::Samples(Some(outcome)) => {
                let picture = pictures.of_samples(&outcome.points);
                (Some(picture), Some(Shared::new(dots(outcome))))
            }
        }
    });
    let (picture, paths) = (*drawn).clone();
    html! { <Thumbnail label={props.label.clone()} {picture} {paths} dark={props.dark} /> }
}

/// Some of a method's samples. Resampled ones lie in order, each beside its own copies.
fn dots(outcome: &Outcome) -> Paths {
    let every = (outcome.points.len() / 2).div_ceil(DOTS).max(1);
    let ends = outcome.points.chunks_exact(2).step_by(every);
    Paths {
        steps: vec![0],
        size: 2,
        points: ends.flatten().copied().collect(),
    }
}
