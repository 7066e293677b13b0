//! Images side by side, one of which can be chosen by pointer or keys.

use super::color;
use super::mosaic::Mosaic;
use super::picture::Picture;
use super::size::use_width;
use super::surface::Surface;
use web_sys::{HtmlCanvasElement, PointerEvent};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct SheetProps {
    /// Of the canvas; also its `data-testid`.
    pub id: &'static str,
    /// What a screen reader says of it.
    pub label: AttrValue,
    /// What [`Mosaic::picture`] made; paper while there is nothing.
    pub picture: Option<Picture>,
    pub mosaic: Mosaic,
    pub chosen: Option<usize>,
    pub choose: Callback<usize>,
    pub dark: bool,
}

#[component]
pub fn Sheet(props: &SheetProps) -> Html {
    let canvas = use_node_ref();
    let hovered = use_state_eq(|| None::<usize>);
    let width = use_width(&canvas);
    let image = use_memo((props.picture.clone(), props.dark), |(picture, dark)| {
        picture.as_ref().and_then(|p| p.render(*dark))
    });
    {
        let (canvas, mosaic) = (canvas.clone(), props.mosaic);
        let drawn = (
            image,
            (props.chosen, *hovered),
            (props.dark, width.round() as u32, mosaic),
        );
        use_effect_with(drawn, move |(image, (chosen, hovered), (dark, ..))| {
            let Some(surface) = Surface::new(&canvas, color::ink(*dark)) else {
                return;
            };
            if let Some(image) = image.as_ref() {
                surface.image(image, true);
            }
            for (place, strong) in [(hovered, false), (chosen, true)] {
                if let Some(place) = place {
                    surface.frame(mosaic.bounds(*place), strong);
                }
            }
        });
    }
    let onpointerdown = {
        let (choose, mosaic) = (props.choose.clone(), props.mosaic);
        Callback::from(move |event: PointerEvent| {
            if let Some(place) = under(mosaic, &event) {
                choose.emit(place);
            }
        })
    };
    let onpointermove = {
        let (hovered, mosaic) = (hovered.clone(), props.mosaic);
        Callback::from(move |event: PointerEvent| hovered.set(under(mosaic, &event)))
    };
    let onpointerleave = Callback::from(move |_: PointerEvent| hovered.set(None));
    let onkeydown = {
        let (choose, mosaic, chosen) = (props.choose.clone(), props.mosaic, props.chosen);
        Callback::from(move |event: KeyboardEvent| {
            if let Some(place) = mosaic.moved(chosen.unwrap_or(0), &event.key()) {
                choose.emit(place);
                event.prevent_default();
            }
        })
    };
    let shape = format!("aspect-ratio: {} / {}", props.mosaic.columns, props.mosaic.rows);
    html! {
        <canvas ref={canvas} id={props.id} data-testid={props.id} role="img" aria-label={props.label.clone()} tabindex="0" class="sheet" style={shape}
            {onpointerdown} {onpointermove} {onpointerleave} {onkeydown} />
    }
}

/// The place under a pointer.
fn under(mosaic: Mosaic, event: &PointerEvent) -> Option<usize> {
    let canvas: HtmlCanvasElement = event.target_unchecked_into();
    let bounds = canvas.get_bounding_client_rect();
    mosaic.at([
        (f64::from(event.client_x()) - bounds.left()) / bounds.width(),
        (f64::from(event.client_y()) - bounds.top()) / bounds.height(),
    ])
}
