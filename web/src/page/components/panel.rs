//! One panel: a picture of the square with points, trajectories and handles on it.

use super::frame::Frame;
use crate::draw::{Surface, color, image::Picture};
use crate::handles::Draggable;
use crate::shared::Shared;
use crate::size::use_width;
use rtb::config::HALF_WIDTH;
use rtb::message::Paths;
use web_sys::{HtmlCanvasElement, PointerEvent};
use yew::prelude::*;

/// What a pointer does on a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    Down,
    Move,
    Up,
    Leave,
    Double,
}

/// A pointer on a panel, in units of the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointer {
    pub touch: Touch,
    pub at: [f64; 2],
    /// How near counts as on something.
    pub reach: f64,
    /// The secondary button, or a pen's eraser.
    pub erase: bool,
}

#[derive(Properties, PartialEq)]
pub struct PanelProps {
    /// Of the canvas; also its `data-testid`.
    pub id: &'static str,
    pub title: &'static str,
    pub help: AttrValue,
    #[prop_or_default]
    pub formula: Option<&'static str>,
    /// What a screen reader says of the picture.
    pub label: AttrValue,
    /// What the legend says the colours mean.
    pub legend: AttrValue,
    pub picture: Option<Picture>,
    #[prop_or(true)]
    pub smooth: bool,
    /// Whether the axes of the plane are drawn.
    #[prop_or(true)]
    pub axes: bool,
    pub paths: Option<Shared<Paths>>,
    /// The step at which points are drawn, 0 to T.
    pub step: f64,
    /// The trajectory shown whole.
    pub highlighted: Option<usize>,
    #[prop_or(Draggable::None)]
    pub draggable: Draggable,
    /// A brush's place and radius.
    #[prop_or_default]
    pub brush: Option<([f64; 2], f64)>,
    pub dark: bool,
    pub wide: bool,
    pub on_pointer: Callback<Pointer>,
    pub on_key: Callback<KeyboardEvent>,
    pub on_wide: Callback<()>,
}

#[component]
pub fn Panel(props: &PanelProps) -> Html {
    let canvas = use_node_ref();
    let inside = use_state_eq(|| false);
    let width = use_width(&canvas);
    let picture = use_memo((props.picture.clone(), props.dark), |(picture, dark)| {
        picture.as_ref().and_then(|p| p.render(*dark))
    });
    {
        let canvas = canvas.clone();
        let drawn = (
            picture.clone(),
            (props.paths.clone(), props.step, props.highlighted),
            (props.draggable.clone(), props.brush, *inside),
            (props.dark, width.round() as u32, props.smooth, props.axes),
            props
                .picture
                .as_ref()
                .is_some_and(|p| p.ramp == color::Ramp::Reward),
        );
        use_effect_with(drawn, move |drawn| {
            let (
                picture,
                (paths, step, highlighted),
                (draggable, brush, inside),
                (dark, _, smooth, axes),
                on_reward,
            ) = drawn;
            let Some(surface) = Surface::new(&canvas, color::ink(*dark)) else {
                return;
            };
            if let Some(image) = picture.as_ref() {
                surface.image(image, *smooth);
            }
            if *axes {
                surface.grid();
            }
            if let Some(paths) = paths {
                surface.points(paths, *step, *on_reward);
                if let Some(path) = highlighted.filter(|p| *p < paths.count()) {
                    surface.path(paths, path, *step);
                }
            }
            draw_handles(&surface, draggable, *inside);
            if let Some((at, radius)) = brush {
                surface.outline(
                    Draggable::Shape(rtb::config::Shape::Disc {
                        center: *at,
                        radius: *radius,
                    })
                    .outlines()
                    .concat(),
                );
            }
        });
    }

    let pointer = |touch: Touch| {
        let (on_pointer, inside) = (props.on_pointer.clone(), inside.clone());
        Callback::from(move |event: PointerEvent| {
            let canvas: HtmlCanvasElement = event.target_unchecked_into();
            if touch == Touch::Down && canvas.set_pointer_capture(event.pointer_id()).is_err() {
                // Without capture a drag ends at the edge, nothing worse.
                gloo::console::debug!("the pointer cannot be captured");
            }
            inside.set(touch != Touch::Leave);
            on_pointer.emit(read(
                touch,
                &canvas,
                &event,
                event.buttons() == 2 || event.buttons() == 32,
            ));
        })
    };
    let ondblclick = {
        let on_pointer = props.on_pointer.clone();
        Callback::from(move |event: MouseEvent| {
            on_pointer.emit(read(Touch::Double, &event.target_unchecked_into(), &event, false));
        })
    };
    let focus = |on: bool| {
        let inside = inside.clone();
        Callback::from(move |_: FocusEvent| inside.set(on))
    };
    let class = classes!(
        (props.draggable != Draggable::None).then_some("draggable"),
        matches!(props.draggable, Draggable::Grid(_)).then_some("paintable")
    );
    let keep = Callback::from(|event: MouseEvent| event.prevent_default());
    html! {
        <Frame id={props.id} title={props.title} help={props.help.clone()} formula={props.formula} wide={props.wide} on_wide={props.on_wide.clone()}>
            <canvas ref={canvas} id={props.id} data-testid={props.id} role="img" aria-label={props.label.clone()} tabindex="0" {class}
                onpointerdown={pointer(Touch::Down)} onpointermove={pointer(Touch::Move)} onpointerup={pointer(Touch::Up)}
                onpointercancel={pointer(Touch::Up)} onpointerleave={pointer(Touch::Leave)} {ondblclick} oncontextmenu={keep}
                onkeydown={props.on_key.clone()} onfocus={focus(true)} onblur={focus(false)} />
            <Legend picture={props.picture.clone()} text={props.legend.clone()} dark={props.dark} />
        </Frame>
    }
}

fn read(touch: Touch, canvas: &HtmlCanvasElement, event: &web_sys::MouseEvent, erase: bool) -> Pointer {
    let unit = 2.0 * HALF_WIDTH / f64::from(canvas.client_width().max(1));
    let bounds = canvas.get_bounding_client_rect();
    let x = (f64::from(event.client_x()) - bounds.left()) * unit - HALF_WIDTH;
    let y = HALF_WIDTH - (f64::from(event.client_y()) - bounds.top()) * unit;
    Pointer {
        touch,
        at: [x, y],
        reach: 11.0 * unit,
        erase,
    }
}

/// Handles show while the panel is in use; a shape's outline always does.
fn draw_handles(surface: &Surface, draggable: &Draggable, active: bool) {
    let shape = matches!(draggable, Draggable::Shape(_));
    if !active && !shape {
        return;
    }
    for line in draggable.outlines() {
        surface.outline(line);
    }
    let strong_from = match draggable {
        Draggable::Mixture { components, .. } => components.len(),
        _ => 0,
    };
    for (at, place) in draggable.handles().into_iter().enumerate() {
        surface.handle(place, at >= strong_from);
    }
}

#[derive(Properties, PartialEq)]
struct LegendProps {
    picture: Option<Picture>,
    text: AttrValue,
    dark: bool,
}

#[component]
fn Legend(props: &LegendProps) -> Html {
    let Some(picture) = &props.picture else {
        return html! { <p class="legend">{ "waiting for the engine" }</p> };
    };
    let stops: Vec<_> = (0..=8)
        .map(|i| color::css(picture.ramp, props.dark, f64::from(i) / 8.0))
        .collect();
    html! {
        <p class="legend">
            <span>{ short(picture.low) }</span>
            <i style={format!("background: linear-gradient(to right, {})", stops.join(","))}></i>
            <span>{ short(picture.high) }</span>
            <span>{ &props.text }</span>
        </p>
    }
}

fn short(value: f32) -> String {
    let text = if value == 0.0 {
        "0".to_owned()
    } else if value.abs() < 1.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.1}")
    };
    text.replace('-', "−")
}
