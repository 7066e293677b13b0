//! Three grids of images, the reward, the way of a chosen one from noise, and the classes.

use super::canvas::Constraint;
use super::journey::Journey;
use super::reward::wish;
use super::shares::shares;
use super::{GRID, constraint, fit, problem, words};
use crate::kit::number::{log_r, mean, short};
use crate::kit::picture::Picture;
use crate::kit::sheet::Sheet;
use crate::kit::surface::state_at;
use crate::parts::panels::{EXACT, LEARNED, PANELS, PRIOR, PanelsProps, REWARD, stage};
use crate::tasks::common::log_rewards::LogRewards;
use crate::tasks::common::samples::{gathered, use_samples};
use rtb::message::Paths;
use rtb::run::Run;
use rtb::task::images::ExactFit;
use yew::prelude::*;

/// What a run on images shows.
#[component]
pub fn Panels(props: &PanelsProps) -> Html {
    let samples = use_samples(props);
    let (step, snapshot) = (samples.step(), samples.snapshot.clone());
    let truth = props.stage.truth.clone();
    let scene = props.stage.scene.clone();
    let prior = use_memo((scene.clone(), step), |(scene, step)| {
        at(&scene.prior_paths, *step)
    });
    let learned = use_memo((snapshot.clone(), step), |(snapshot, step)| {
        snapshot.as_ref().and_then(|s| at(&s.paths, *step))
    });
    let exact = use_memo(truth.clone(), |truth| {
        truth.as_ref().map(|t| GRID.picture(&t.samples))
    });

    let log_reward_learned = snapshot.as_ref().map_or(&[][..], |s| &s.log_reward);
    let log_reward_exact = truth.as_ref().map_or(&[][..], |t| &t.log_reward);
    let sheet = |panel: usize| {
        let (id, _) = PANELS[panel];
        let (picture, log_reward) = match panel {
            PRIOR => (&*prior, props.stage.log_reward()),
            LEARNED => (&*learned, log_reward_learned),
            _ => (&*exact, log_reward_exact),
        };
        let place = samples.chosen_on(panel);
        let label = match panel {
            PRIOR => format!("Images of the prior at step {step:.0} of {}.", samples.steps),
            LEARNED => words::learned(snapshot.as_deref()),
            _ => words::exact(truth.as_deref()),
        };
        let help = match panel {
            PRIOR => {
                "Images drawn by the pretrained model. Select one by pointer or arrow keys to see its trajectory below."
            }
            LEARNED => {
                "Images drawn by the trained model with the same noise: training turns each prior image into one that the reward wants."
            }
            _ => "The target of the learned posterior: the prior’s own images, each kept with probability r.",
        };
        let shown = html! {
            <>
                <Sheet {id} {label} picture={picture.clone()} mosaic={GRID} chosen={place} choose={samples.choose_on(panel)} dark={props.dark} />
                { tally(log_reward, place, &props.run) }
                if panel == EXACT { { gathered(truth.as_deref(), "Prior images sampled", words::progress(truth.as_deref())) } }
            </>
        };
        samples.frame(panel, help, shown)
    };
    let reward = match constraint::known(&problem(&props.run).reward) {
        Some(rows) => html! {
            <Constraint key="reward" run={props.run.clone()} rows={rows.clone()} selection={props.selection}
                dispatch={props.dispatch.clone()} dark={props.dark} wide={samples.wide.is(REWARD)} on_wide={samples.wide.toggle(REWARD)} />
        },
        None => html! {
            <LogRewards key="reward" wish={wish(&problem(&props.run).reward)} stage={props.stage.clone()} snapshot={snapshot.clone()} what="image" chosen={samples.chosen()}
                dark={props.dark} wide={samples.wide.is(REWARD)} on_wide={samples.wide.toggle(REWARD)} />
        },
    };
    let measured = snapshot.as_ref().and_then(|s| match &s.report.chosen {
        Some(chosen) => fit(&chosen.fit),
        None => fit(&s.report.fit),
    });
    let shown = html! {
        <>
            <div class="panels">
                { for (0..PANELS.len()).map(|panel| if panel == REWARD { reward.clone() } else { sheet(panel) }) }
            </div>
            <div class="beside">
                <Journey stage={props.stage.clone()} snapshot={snapshot.clone()} chosen={samples.chosen()} {step} on_step={samples.times.on_step(samples.steps)} dark={props.dark} />
                { shares(&problem(&props.run).reward, measured.map(|fit| fit.classes), truth.as_ref().and_then(|t| t.fit.of::<ExactFit>()).map(|e| e.classes)) }
            </div>
            { samples.timeline("Every image starts at x₀ = 0, which is grey. The first step makes it noise, the other steps denoise it.") }
        </>
    };
    stage("digits", shown)
}

/// The images of trajectories at a step.
fn at(paths: &Paths, step: f64) -> Option<Picture> {
    let images: Vec<f32> = (0..paths.count())
        .flat_map(|path| state_at(paths, path, step))
        .collect();
    (!images.is_empty()).then(|| GRID.picture(&images))
}

/// What is asked of the chosen image and its log r, and that of all.
fn tally(values: &[f32], chosen: Option<usize>, run: &Run) -> Html {
    let Some(mean) = mean(values).map(short) else {
        return html! { <p class="tally">{ "no images yet" }</p> };
    };
    html! {
        <p class="tally">
            if let Some(place) = chosen.filter(|place| *place < values.len()) {
                <span>
                    { format!("{}: ", place + 1) }
                    if let Some(class) = words::asked(run, place, values.len()) {
                        { format!("asked for {class}, ") }
                    }
                    { log_r(Some(values[place])) }
                </span>
            }
            <span>{ format!("mean log r {mean}") }</span>
        </p>
    }
}
