//! A picture of a square with points, trajectories and handles on it.

use super::color;
use super::lens::Lens;
use super::map::Map;
use super::picture::Picture;
use super::shared::Shared;
use super::size::use_width;
use super::surface::{SQUARE, Square, Surface, circle};
use super::traces::Traces;
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
    /// Whether it is a finger, which leaves with every touch.
    pub finger: bool,
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
    /// Places with letters, which always show.
    pub letters: Vec<([f64; 2], char)>,
    /// Whether the others show while the panel is not in use, too.
    pub always: bool,
}

#[derive(Properties, PartialEq)]
pub struct CanvasProps {
    /// Of the canvas; also its `data-testid`.
    pub id: &'static str,
    /// What a screen reader says of the picture.
    pub label: AttrValue,
    /// What the legend says the colours mean; nothing where there never is a picture.
    pub legend: AttrValue,
    pub picture: Option<Picture>,
    /// What lies on the picture.
    #[prop_or_default]
    pub map: Option<Map>,
    #[prop_or(SQUARE)]
    pub square: Square,
    #[prop_or(true)]
    pub smooth: bool,
    /// Whether the axes of the square are drawn.
    #[prop_or(true)]
    pub axes: bool,
    pub paths: Option<Shared<Paths>>,
    /// The step at which points are drawn, 0 to T.
    pub step: f64,
    /// What trajectories leave behind them; otherwise only their points are drawn.
    #[prop_or_default]
    pub traces: Option<Traces>,
    /// The trajectory shown whole.
    pub highlighted: Option<usize>,
    /// What is seen at a place.
    #[prop_or_default]
    pub lens: Option<Lens>,
    #[prop_or_default]
    pub marks: Marks,
    /// A brush's place and radius.
    #[prop_or_default]
    pub brush: Option<([f64; 2], f64)>,
    pub dark: bool,
    pub on_pointer: Callback<Pointer>,
    pub on_key: Callback<KeyboardEvent>,
}

#[component]
pub fn Canvas(props: &CanvasProps) -> Html {
    let canvas = use_node_ref();
    let inside = use_state_eq(|| false);
    let width = use_width(&canvas);
    let of = (props.picture.clone(), props.map.clone(), props.dark);
    let picture = use_memo(of, |(picture, map, dark)| match map {
        Some(map) => map.render(picture.as_ref(), *dark),
        None => picture.as_ref().and_then(|p| p.render(*dark)),
    });
    {
        let canvas = canvas.clone();
        let drawn = (
            picture.clone(),
            (props.paths.clone(), props.step, props.highlighted),
            (props.marks.clone(), props.brush, *inside),
            (props.dark, width.round() as u32, props.smooth, props.axes),
            (props.square, props.traces.clone(), props.lens.clone()),
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
                (square, traces, lens),
                on_reward,
            ) = drawn;
            let Some(surface) = Surface::new(&canvas, color::ink(*dark)) else {
                return;
            };
            let surface = surface.of(*square);
            if let Some(image) = picture.as_ref() {
                surface.image(image, *smooth);
            }
            if *axes {
                surface.grid();
            }
            if let Some(paths) = paths {
                match traces {
                    Some(traces) => surface.traces(paths, *step, traces, *on_reward, *dark),
                    None => surface.points(paths, *step, *on_reward),
                }
                if let Some(path) = highlighted.filter(|p| *p < paths.count()) {
                    surface.path(paths, path, *step);
                }
            }
            for (at, letter) in &marks.letters {
                surface.letter(*at, *letter);
            }
            if *inside || marks.always {
                marks.outlines.iter().for_each(|line| surface.outline(line));
                marks.handles.iter().for_each(|h| surface.handle(h.at, h.strong));
            }
            if let Some((at, radius)) = brush {
                surface.outline(&circle(*at, *radius));
            }
            if let Some(lens) = lens {
                surface.lens(lens, *dark);
            }
        });
    }

    let pointer = |touch: Touch| {
        let (on_pointer, inside, square) = (props.on_pointer.clone(), inside.clone(), props.square);
        Callback::from(move |event: PointerEvent| {
            let canvas: HtmlCanvasElement = event.target_unchecked_into();
            if touch == Touch::Down && canvas.set_pointer_capture(event.pointer_id()).is_err() {
                // Without capture a drag ends at the edge, nothing worse.
                gloo::console::debug!("the pointer cannot be captured");
            }
            inside.set(touch != Touch::Leave);
            on_pointer.emit(Pointer {
                erase: event.buttons() == 2 || event.buttons() == 32,
                finger: event.pointer_type() == "touch",
                ..read(touch, &canvas, square, &event)
            });
        })
    };
    let ondblclick = {
        let (on_pointer, square) = (props.on_pointer.clone(), props.square);
        Callback::from(move |event: MouseEvent| {
            on_pointer.emit(read(
                Touch::Double,
                &event.target_unchecked_into(),
                square,
                &event,
            ));
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
        <>
            <canvas ref={canvas} id={props.id} data-testid={props.id} role="img" aria-label={props.label.clone()} tabindex="0" {class}
                onpointerdown={pointer(Touch::Down)} onpointermove={pointer(Touch::Move)} onpointerup={pointer(Touch::Up)}
                onpointercancel={pointer(Touch::Up)} onpointerleave={pointer(Touch::Leave)} {ondblclick} oncontextmenu={keep}
                onkeydown={props.on_key.clone()} onfocus={focus(true)} onblur={focus(false)} />
            <Legend picture={props.picture.clone()} text={props.legend.clone()} dark={props.dark} />
        </>
    }
}

fn read(touch: Touch, canvas: &HtmlCanvasElement, square: Square, event: &web_sys::MouseEvent) -> Pointer {
    let width = f64::from(canvas.client_width().max(1));
    let bounds = canvas.get_bounding_client_rect();
    let across = (f64::from(event.client_x()) - bounds.left()) / width;
    let below = (f64::from(event.client_y()) - bounds.top()) / width;
    Pointer {
        touch,
        at: square.place([across, below]),
        reach: 22.0 * square.half_width / width,
        erase: false,
        finger: false,
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
        let waiting = if props.text.is_empty() {
            ""
        } else {
            "waiting for the worker"
        };
        return html! { <p class="legend">{ waiting }</p> };
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
    let text = if value.abs() < 5e-4 {
        "0".to_owned()
    } else if value.abs() < 1.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.1}")
    };
    text.replace('-', "−")
}
