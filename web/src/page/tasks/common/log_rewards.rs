//! log r of the samples on show.

use crate::kit::color;
use crate::kit::number::{mean, short};
use crate::kit::ridges::{self, Ridge};
use crate::kit::shared::Shared;
use crate::kit::size::use_width;
use crate::kit::surface::Surface;
use crate::stage::Stage;
use rtb::message::Snapshot;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct LogRewardsProps {
    /// Of the canvas; also its `data-testid`.
    pub id: &'static str,
    pub stage: Stage,
    pub snapshot: Option<Shared<Snapshot>>,
    /// What the samples are called, and the chosen one of them.
    pub what: &'static str,
    pub chosen: usize,
    pub dark: bool,
}

/// log r of the prior's, the learned and the exact samples on show, as histograms.
#[component]
pub fn LogRewards(props: &LogRewardsProps) -> Html {
    let canvas = use_node_ref();
    let width = use_width(&canvas);
    let ink = color::ink(props.dark);
    let of = (
        props.stage.clone(),
        props.snapshot.clone(),
        props.chosen,
        props.dark,
    );
    let all = use_memo(of, |(stage, snapshot, chosen, dark)| {
        let ink = color::ink(*dark);
        let learned = snapshot.as_ref().map_or(&[][..], |s| &s.log_reward);
        let exact = stage.truth.as_ref().map_or(&[][..], |t| &t.log_reward);
        [
            ridge("prior", ink.text, stage.log_reward(), Some(*chosen)),
            ridge("learned", ink.sample, learned, Some(*chosen)),
            ridge("exact", ink.exact, exact, None),
        ]
    });
    {
        let canvas = canvas.clone();
        use_effect_with((all.clone(), ink, width.round() as u32), move |(all, ink, _)| {
            if let Some(surface) = Surface::new(&canvas, *ink) {
                let (low, high) = ridges::range(&**all);
                ridges::draw(&surface, &**all, [&short(low), &short(high)]);
            }
        });
    }
    let figures: Vec<_> = all.iter().map(|r| format!("{}, {}", r.name, r.note)).collect();
    html! {
        <>
            <canvas ref={canvas} id={props.id} data-testid={props.id} role="img" class="still"
                aria-label={format!("Histograms of β·log r, with its floor, of the {}s shown: {}.", props.what, figures.join("; "))} />
            <p class="tally">{ format!("β·log r, with its floor, of the {}s shown", props.what) }</p>
        </>
    }
}

/// What the histograms say; `wish` is what the reward wants, in a phrase, `what` what the samples are called.
pub fn help(wish: &str, what: &str) -> String {
    format!("Reward: {wish}. The line marks the selected {what}.")
}

fn ridge(name: &'static str, color: &'static str, values: &[f32], chosen: Option<usize>) -> Ridge {
    Ridge {
        name,
        color,
        note: mean(values).map_or("no samples yet".to_owned(), |m| format!("mean {}", short(m))),
        marked: chosen.and_then(|at| values.get(at).copied()),
        values: values.to_vec(),
    }
}
