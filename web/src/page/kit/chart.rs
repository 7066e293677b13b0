//! A line chart in SVG: lines, a band, a rule, and the values under the pointer.

use super::axis::Axis;
use super::math::Math;
use super::number::{count, figure};
use super::size::use_width;
use std::fmt::Write;
use web_sys::{Element, PointerEvent};
use yew::prelude::*;

const LEFT: f64 = 38.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 6.0;
const BOTTOM: f64 = 18.0;

/// Values over iterations, or over whatever the chart's x is.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: AttrValue,
    /// Class of the style sheet that colours it.
    pub class: &'static str,
    /// Tells lines of one colour apart by their dashes, and by the shape of their ends.
    pub mark: usize,
    pub points: Vec<(f64, f64)>,
}

#[derive(Properties, PartialEq)]
pub struct ChartProps {
    pub id: &'static str,
    pub title: &'static str,
    pub help: AttrValue,
    #[prop_or_default]
    pub formula: Option<&'static str>,
    pub lines: Vec<Line>,
    /// Low and high over iterations.
    #[prop_or_default]
    pub band: Vec<(f64, f64, f64)>,
    #[prop_or_default]
    pub band_name: &'static str,
    /// A level to reach.
    #[prop_or_default]
    pub rule: Option<(&'static str, f64)>,
    #[prop_or_default]
    pub log: bool,
    /// x on a logarithmic axis, and a mark at the end of every line: lines may be single points.
    #[prop_or_default]
    pub log_x: bool,
    #[prop_or(126.0)]
    pub height: f64,
    /// The range of values, where it is known.
    #[prop_or_default]
    pub range: Option<(f64, f64)>,
}

/// Dashes of the lines of one colour, by their marks.
const DASHES: [&str; 5] = ["none", "6 3", "2 3", "9 3 2 3", "12 5"];

/// A path around (x, y): a circle, a square, a triangle, a diamond, or the triangle on its tip.
fn mark(mark: usize, x: f64, y: f64) -> String {
    let shape = match mark % DASHES.len() {
        0 => "m-3.5 0a3.5 3.5 0 1 1 7 0a3.5 3.5 0 1 1 -7 0z",
        1 => "m-3.2 -3.2h6.4v6.4h-6.4z",
        2 => "m0 -4.4l4.3 7.4h-8.6z",
        3 => "m0 -4.7l4.7 4.7l-4.7 4.7l-4.7 -4.7z",
        _ => "m0 4.4l4.3 -7.4h-8.6z",
    };
    format!("M{x:.1} {y:.1}{shape}")
}

fn dashes(line: &Line) -> &'static str {
    DASHES[line.mark % DASHES.len()]
}

fn y_of(y_axis: &Axis, y: f64, height: f64) -> f64 {
    TOP + (1.0 - y_axis.share(y)) * (height - TOP - BOTTOM)
}

#[component]
pub fn Chart(props: &ChartProps) -> Html {
    let node = use_node_ref();
    let hovered = use_state_eq(|| None::<f64>);
    // One unit of the drawing is one pixel, so that text and lines keep their size.
    let width = use_width(&node).max(120.0);
    let (inner, height) = (width - LEFT - RIGHT, props.height);
    let (x_axis, y_axis) = axes(props);
    let x_of = |x: f64| LEFT + x_axis.share(x) * inner;
    let onpointermove = {
        let hovered = hovered.clone();
        Callback::from(move |event: PointerEvent| {
            let Some(target) = event.current_target() else {
                return;
            };
            let bounds = wasm_bindgen::JsCast::unchecked_into::<Element>(target).get_bounding_client_rect();
            let x = f64::from(event.client_x()) - bounds.left();
            hovered.set(Some(x_axis.value(((x - LEFT) / inner).clamp(0.0, 1.0))));
        })
    };
    let onpointerleave = {
        let hovered = hovered.clone();
        Callback::from(move |_: PointerEvent| hovered.set(None))
    };
    let at = (*hovered).and_then(|x| {
        if props.log_x {
            Some(x)
        } else {
            nearest(&props.lines, x)
        }
    });
    let path = |points: &[(f64, f64)]| {
        points
            .iter()
            .filter(|(_, y)| y.is_finite() && (!props.log || *y > 0.0))
            .fold(String::new(), |mut path, (x, y)| {
                let pen = if path.is_empty() { 'M' } else { 'L' };
                write!(path, "{pen}{:.1} {:.1}", x_of(*x), y_of(&y_axis, *y, height))
                    .expect("writing to a string");
                path
            })
    };
    let band = {
        let there = props.band.iter().map(|(x, low, _)| (*x, *low));
        let back = props.band.iter().rev().map(|(x, _, high)| (*x, *high));
        path(&there.chain(back).collect::<Vec<_>>())
    };
    let clip = format!("{}-clip", props.id);
    html! {
        <figure class="chart">
            <h3 id={format!("{}-title", props.id)}>{ props.title }</h3>
            <svg ref={node} viewBox={format!("0 0 {width} {height}")} height={height.to_string()} role="img" aria-label={spoken(props)} data-testid={props.id} {onpointermove} {onpointerleave}>
                <clipPath id={clip.clone()}>
                    <rect x={LEFT.to_string()} y={TOP.to_string()} width={inner.to_string()} height={(height - TOP - BOTTOM).to_string()} />
                </clipPath>
                { for y_axis.ticks().iter().map(|(value, text)| {
                    let y = format!("{:.1}", y_of(&y_axis, *value, height));
                    html! {
                        <>
                            <line class="grid" x1={LEFT.to_string()} x2={(width - RIGHT).to_string()} y1={y.clone()} y2={y.clone()} />
                            <text class="tick" x={(LEFT - 5.0).to_string()} {y} text-anchor="end" dominant-baseline="middle">{ text }</text>
                        </>
                    }
                }) }
                { for x_axis.ticks().iter().map(|(value, text)| html! {
                    <text class="tick" x={format!("{:.1}", x_of(*value))} y={(height - 4.0).to_string()} text-anchor="middle">{ text }</text>
                }) }
                <g clip-path={format!("url(#{clip})")}>
                    if !band.is_empty() { <path class="band" d={band} /> }
                    if let Some((_, level)) = props.rule {
                        <path class="rule" d={path(&[(x_axis.value(0.0), level), (x_axis.value(1.0), level)])} />
                    }
                    { for props.lines.iter().map(|line| html! { <path class={classes!("line", line.class)} stroke-dasharray={dashes(line)} d={path(&line.points)} /> }) }
                    { for props.lines.iter().filter(|_| props.log_x).filter_map(|line| line.points.last().map(|(x, y)| html! {
                        <path class={classes!("dot", line.class)} d={mark(line.mark, x_of(*x), y_of(&y_axis, *y, height))} />
                    })) }
                    if let Some(x) = at {
                        <line class="cursor" x1={x_of(x).to_string()} x2={x_of(x).to_string()} y1={TOP.to_string()} y2={(height - BOTTOM).to_string()} />
                    }
                </g>
            </svg>
            <p class="keys">
                { for props.lines.iter().map(|line| html! {
                    <span class={classes!("key", if props.log_x { "drawn" } else { line.class })}>
                        if props.log_x { { swatch(line) } }
                        { &line.name }{ value_text(value_at(&line.points, at)) }
                    </span>
                }) }
                if !props.band.is_empty() { <span class="key band">{ props.band_name }</span> }
                if let Some((name, level)) = props.rule { <span class="key rule">{ name }{ value_text(Some(level)) }</span> }
                if let Some(x) = at { <span class="at">{ format!("at {}", count(x)) }</span> }
            </p>
            <figcaption class="help">
                { &props.help }
                if let Some(of) = props.formula { { " " }<Math {of} /> }
            </figcaption>
        </figure>
    }
}

/// A line as it is drawn on a chart with marks.
fn swatch(line: &Line) -> Html {
    html! {
        <svg width="24" height="12" aria-hidden="true">
            if line.points.len() > 1 {
                <path class={classes!("line", line.class)} stroke-dasharray={dashes(line)} d="M0 6H24" />
            }
            <path class={classes!("dot", line.class)} d={mark(line.mark, 12.0, 6.0)} />
        </svg>
    }
}

fn axes(props: &ChartProps) -> (Axis, Axis) {
    let xs = props.lines.iter().flat_map(|l| l.points.iter().map(|p| p.0));
    let last = xs.clone().fold(0.0, f64::max);
    let x_axis = if props.log_x {
        Axis::over(xs, true).unwrap_or(Axis::between(0.0, 1.0))
    } else {
        Axis::between(0.0, last.max(10.0))
    };
    if let Some((low, high)) = props.range {
        return (x_axis, Axis::between(low, high));
    }
    // The wild first tenth of a run must not squash the rest.
    let from = if props.log { 0.0 } else { 0.1 * last };
    let lines = props
        .lines
        .iter()
        .flat_map(|l| &l.points)
        .filter(|p| p.0 >= from)
        .map(|p| p.1);
    let band = props.band.iter().filter(|b| b.0 >= from).flat_map(|b| [b.1, b.2]);
    let y_axis = Axis::over(lines.chain(band).chain(props.rule.map(|r| r.1)), props.log);
    (x_axis, y_axis.unwrap_or(Axis::between(0.0, 1.0)))
}

/// The iteration of the longest line nearest to `x`.
fn nearest(lines: &[Line], x: f64) -> Option<f64> {
    let longest = lines.iter().max_by_key(|l| l.points.len())?;
    longest
        .points
        .iter()
        .map(|p| p.0)
        .min_by(|a, b| (a - x).abs().total_cmp(&(b - x).abs()))
}

/// The last value, or the last one up to `x`.
fn value_at(points: &[(f64, f64)], x: Option<f64>) -> Option<f64> {
    let known = points.iter().rev().find(|p| x.is_none_or(|x| p.0 <= x));
    known.map(|p| p.1)
}

fn value_text(value: Option<f64>) -> Html {
    let text = |value| html! { <>{ " " }<b>{ figure(value) }</b></> };
    value.map_or(Html::default(), text)
}

fn spoken(props: &ChartProps) -> String {
    let values = props
        .lines
        .iter()
        .filter_map(|l| l.points.last().map(|p| format!("{} = {}", l.name, figure(p.1))));
    let rule = props
        .rule
        .map(|(name, level)| format!("{name} = {}", figure(level)));
    let all: Vec<_> = values.chain(rule).collect();
    if all.is_empty() {
        format!("{}: no values yet", props.title)
    } else {
        format!("{}: {}", props.title, all.join(", "))
    }
}
