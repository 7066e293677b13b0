//! Points of named coordinates: every coordinate on a diagonal, every pair below it.

mod layout;
mod still;

use super::color;
use super::shared::Shared;
use super::size::use_width;
use super::surface::{Surface, state_at};
use layout::Layout;
use rtb::message::Paths;
use rtb::task::Corner;
use yew::prelude::*;

/// Points on their way.
#[derive(Clone, PartialEq)]
pub struct Flow {
    pub paths: Shared<Paths>,
    /// Which coordinates of a point are drawn.
    pub coordinates: Vec<usize>,
    /// The step at which the points are drawn, 0 to T.
    pub step: f64,
}

#[derive(Properties, PartialEq)]
pub struct CornerPlotProps {
    /// Of the canvas; also its `data-testid`.
    #[prop_or_default]
    pub id: Option<&'static str>,
    /// What a screen reader says of it.
    pub label: AttrValue,
    pub corner: Shared<Corner>,
    /// Points that are drawn on it.
    #[prop_or_default]
    pub flow: Option<Flow>,
    /// Without names and numbers.
    #[prop_or_default]
    pub bare: bool,
    pub dark: bool,
}

#[component]
pub fn CornerPlot(props: &CornerPlotProps) -> Html {
    let canvas = use_node_ref();
    let width = use_width(&canvas).round() as u32;
    let of = (props.corner.clone(), props.bare, props.dark, width);
    let still = use_memo(of, |(corner, bare, dark, width)| {
        let layout = Layout::new(corner.names.len(), f64::from(*width), *bare);
        (still::picture(corner, &layout, *dark), layout)
    });
    {
        let (canvas, corner) = (canvas.clone(), props.corner.clone());
        let drawn = (still, props.flow.clone(), props.dark);
        use_effect_with(drawn, move |(still, flow, dark)| {
            let ink = color::ink(*dark);
            let (Some(surface), (Some(picture), layout)) = (Surface::new(&canvas, ink), &**still) else {
                return;
            };
            surface.image(picture, false);
            if let Some(flow) = flow {
                surface.spots(spots(flow, &corner, layout), ink.sample_on_reward);
            }
        });
    }
    html! { <canvas ref={canvas} id={props.id} data-testid={props.id} class="still" role="img" aria-label={props.label.clone()} /> }
}

/// Where the points are now, in every pair and on the ground of the diagonal; shares of the canvas.
fn spots(flow: &Flow, corner: &Corner, layout: &Layout) -> Vec<[f64; 2]> {
    let mut spots = Vec::new();
    for path in 0..flow.paths.count() {
        let state: Vec<f32> = state_at(&flow.paths, path, flow.step).collect();
        let share = |place: usize| {
            let (value, [low, high]) = (state.get(flow.coordinates[place])?, corner.ranges[place]);
            let share = f64::from((value - low) / (high - low));
            (0.0..=1.0).contains(&share).then_some(share)
        };
        let shares: Vec<Option<f64>> = (0..corner.names.len()).map(share).collect();
        for (row, up) in shares.iter().enumerate() {
            let Some(up) = up else { continue };
            spots.push(layout.share(row, row, [*up, 0.0]));
            for (column, across) in shares[..row].iter().enumerate() {
                spots.extend(across.map(|across| layout.share(column, row, [across, *up])));
            }
        }
    }
    spots
}
