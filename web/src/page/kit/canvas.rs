//! One panel: a picture of the square with points, trajectories and handles on it.

use super::color;
use super::frame::Frame;
use super::picture::Picture;
use super::shared::Shared;
use super::size::use_width;
use super::surface::{HALF_WIDTH, Surface, circle};
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

/// A pointer on a panel, in units of the square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointer {
    pub touch: Touch,
    pub at: [f64; 2],
    /// How near counts as on something.
    pub reach: f64,
    /// The secondary button, or a pen's eraser.
    pub erase: bool,
}

/// Where an arrow key leads.
pub fn arrow(key: &str) -> Option<[f64; 2]> {
    match key {
        "ArrowLeft" => Some([-1.0, 0.0]),
        "ArrowRight" => Some([1.0, 0.0]),
        "ArrowUp" => Some([0.0, 1.0]),
        "ArrowDown" => Some([0.0, -1.0]),
        _ => None,
    }
}

/// What the pointer is for on a panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To point at samples.
    #[default]
    Point,
    Drag,
    Paint,
}

/// A place that can be taken hold of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Handle {
    pub at: [f64; 2],
    pub strong: bool,
}

/// What can be taken hold of on a panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    pub purpose: Purpose,
    pub outlines: Vec<Vec<[f64; 2]>>,
    pub handles: Vec<Handle>,
    /// Whether they show while the panel is not in use, too.
    pub always: bool,
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
    /// Whether the axes of the square are drawn.
    #[prop_or(true)]
    pub axes: bool,
    pub paths: Option<Shared<Paths>>,
    /// The step at which points are drawn, 0 to T.
    pub step: f64,
    /// The trajectory shown whole.
    pub highlighted: Option<usize>,
    #[prop_or_default]
    pub marks: Marks,
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
            (props.marks.clone(), props.brush, *inside),
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
                (marks, brush, inside),
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
            if *inside || marks.always {
                marks.outlines.iter().for_each(|line| surface.outline(line));
                marks.handles.iter().for_each(|h| surface.handle(h.at, h.strong));
            }
            if let Some((at, radius)) = brush {
                surface.outline(&circle(*at, *radius));
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
    let class = match props.marks.purpose {
        Purpose::Point => classes!(),
        Purpose::Drag => classes!("draggable"),
        Purpose::Paint => classes!("draggable", "paintable"),
    };
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

#[derive(Properties, PartialEq)]
struct LegendProps {
    picture: Option<Picture>,
    text: AttrValue,
    dark: bool,
}

#[component]
fn Legend(props: &LegendProps) -> Html {
    let Some(picture) = &props.picture else {
        return html! { <p class="legend">{ "waiting for the worker" }</p> };
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
