//! A small picture of a density with samples on it.

use super::color;
use super::picture::Picture;
use super::shared::Shared;
use super::size::use_width;
use super::surface::Surface;
use rtb::message::Paths;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ThumbnailProps {
    /// What a screen reader says of it.
    pub label: AttrValue,
    pub picture: Option<Picture>,
    /// Trajectories; their ends are drawn.
    pub paths: Option<Shared<Paths>>,
    pub dark: bool,
}

#[component]
pub fn Thumbnail(props: &ThumbnailProps) -> Html {
    let canvas = use_node_ref();
    let width = use_width(&canvas);
    let image = use_memo((props.picture.clone(), props.dark), |(picture, dark)| {
        picture.as_ref().and_then(|p| p.render(*dark))
    });
    {
        let canvas = canvas.clone();
        let drawn = (image, props.paths.clone(), props.dark, width.round() as u32);
        use_effect_with(drawn, move |(image, paths, dark, _)| {
            let Some(surface) = Surface::new(&canvas, color::ink(*dark)) else {
                return;
            };
            if let Some(image) = image.as_ref() {
                surface.image(image, true);
            }
            if let Some(paths) = paths {
                surface.points(paths, f64::INFINITY, false);
            }
        });
    }
    html! { <canvas ref={canvas} class="still" role="img" aria-label={props.label.clone()} /> }
}
