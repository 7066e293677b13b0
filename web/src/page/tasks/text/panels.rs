//! Middles of the prior, of the learned and of the exact posterior, one of them in its story.

use super::lines::{Line, Lines};
use super::reward::wish;
use super::whole::Whole;
use super::{problem, reader, view};
use crate::kit::number::{count, mean, short};
use crate::parts::panels::{EXACT, LEARNED, PANELS, PRIOR, PanelsProps, REWARD, stage};
use crate::tasks::common::log_rewards::{self, LogRewards};
use crate::tasks::common::samples::{gathered, use_samples};
use rtb::message::{Paths, SampledTruth};
use rtb::task::text::Reader;
use std::rc::Rc;
use yew::prelude::*;

/// What a run of stories shows.
#[component]
pub fn Panels(props: &PanelsProps) -> Html {
    let samples = use_samples(props);
    let (step, snapshot) = (samples.step(), samples.snapshot.clone());
    let (scene, truth) = (props.stage.scene.clone(), props.stage.truth.clone());
    let reader = use_memo(scene.clone(), |scene| reader(scene));
    let of_stage = (props.stage.clone(), reader.clone(), step);
    let prior = use_memo(of_stage, |(stage, reader, step)| {
        at(reader, &stage.scene.prior_paths, *step, stage.log_reward(), &[])
    });
    let of_snapshot = (snapshot.clone(), reader.clone(), step);
    let learned = use_memo(of_snapshot, |(snapshot, reader, step)| {
        let lines = snapshot
            .as_ref()
            .map(|s| at(reader, &s.paths, *step, &s.log_reward, &s.more));
        lines.unwrap_or_default()
    });
    let exact = use_memo((truth.clone(), reader), |(truth, reader)| {
        match (&**reader, truth) {
            (Some(reader), Some(truth)) => exact_lines(reader, truth),
            _ => Vec::new(),
        }
    });

    let shows_ending = problem(&props.run).reward.asks_for_ending();
    let list = |panel: usize| {
        let (id, _) = PANELS[panel];
        let lines = match panel {
            PRIOR => &prior,
            LEARNED => &learned,
            _ => &exact,
        };
        let help = match panel {
            PRIOR => "Middles written by the pretrained model, which sees the beginning but not the ending.",
            LEARNED if shows_ending => {
                "Middles written by the trained model, which also sees the ending, with the same noise. A word’s colour shows how much more or less likely it was than under the prior."
            }
            LEARNED => {
                "Middles written by the trained model with the same noise. A word’s colour shows how much more or less likely it was than under the prior."
            }
            _ => "The target of the learned posterior: middles of the prior, drawn in proportion to r.",
        };
        let values: Vec<f32> = lines.iter().filter_map(|line| line.log_reward).collect();
        let mean = mean(&values).map(short);
        let shown = html! {
            <>
                <Lines {id} lines={lines.clone()} chosen={samples.chosen_on(panel)} choose={samples.choose_on(panel)} />
                <p class="tally"><span>{ mean.map_or("no samples yet".to_owned(), |mean| format!("mean log r {mean}")) }</span></p>
                if panel == EXACT { { gathered(truth.as_deref(), "Prior middles sampled", progress(truth.as_deref())) } }
            </>
        };
        samples.frame(panel, help, shown)
    };
    let histograms = html! {
        <LogRewards id={PANELS[REWARD].0} stage={props.stage.clone()} snapshot={snapshot.clone()} what="middle" chosen={samples.chosen()} dark={props.dark} />
    };
    let help = log_rewards::help(&wish(&problem(&props.run).reward), "middle");
    let reward = samples.frame(REWARD, help, histograms);
    // Words of the story that the prior does not know.
    let unknown = view(&scene).map(|view| view.unknown.clone()).unwrap_or_default();
    let shown = html! {
        <>
            <Whole run={props.run.clone()} dispatch={props.dispatch.clone()} {unknown}
                prior={prior.get(samples.chosen()).cloned()} learned={learned.get(samples.chosen()).cloned()} />
            <div class="panels">
                { for (0..PANELS.len()).map(|panel| if panel == REWARD { reward.clone() } else { list(panel) }) }
            </div>
            { samples.timeline("Every middle starts fully masked; each step unmasks one or more of its words.") }
        </>
    };
    stage("stories", shown)
}

/// Middles at a step, with the log r of their ends and what moved each of their words.
fn at(reader: &Rc<Option<Reader>>, paths: &Paths, step: f64, log_reward: &[f32], moved: &[f32]) -> Vec<Line> {
    let Some(reader) = reader.as_ref() else {
        return Vec::new();
    };
    let shown = paths
        .steps
        .partition_point(|s| *s as f64 <= step)
        .saturating_sub(1);
    let gap = reader.layout.gap;
    let line = |path: usize| Line {
        pieces: reader.pieces(paths.state(path, shown)),
        moved: moved
            .chunks_exact(gap)
            .nth(path)
            .map(<[f32]>::to_vec)
            .unwrap_or_default(),
        log_reward: log_reward.get(path).copied(),
    };
    (0..paths.count()).map(line).collect()
}

fn exact_lines(reader: &Reader, truth: &SampledTruth) -> Vec<Line> {
    let stories = truth.samples.chunks_exact(reader.layout.length());
    let line = |(story, log_reward): (&[f32], &f32)| Line {
        pieces: reader.pieces(story),
        moved: Vec::new(),
        log_reward: Some(*log_reward),
    };
    stories.zip(&truth.log_reward).map(line).collect()
}

/// How much of the exact posterior is known.
fn progress(truth: Option<&SampledTruth>) -> String {
    let Some(t) = truth else {
        return "no middles of the prior yet".to_owned();
    };
    let (proposals, wanted) = (count(t.proposals as f64), count(t.wanted as f64));
    if t.log_z_error.is_nan() {
        return format!(
            "{proposals} of {wanted} middles of the prior; all have the same reward, so there is no estimate yet"
        );
    }
    let estimate = if t.is_estimate() { " (estimate so far)" } else { "" };
    format!(
        "{proposals} of {wanted} middles of the prior, effective number {}{estimate}; log Z is {} ± {}",
        count(t.kept as f64),
        short(t.log_z),
        short(t.log_z_error)
    )
}
