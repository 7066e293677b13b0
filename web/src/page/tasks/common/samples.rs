//! What panels share that show samples one by one.

use crate::kit::frame::Frame;
use crate::kit::math;
use crate::kit::shared::Shared;
use crate::kit::timeline::{Times, use_times};
use crate::parts::panels::{EXACT, PANELS, PanelsProps, Wide, use_wide};
use rtb::message::{SampledTruth, Snapshot};
use yew::prelude::*;

/// Which sample is chosen, which panel is enlarged, and the times that are shown.
pub struct Samples {
    pub times: Times,
    /// Of the kept snapshots.
    pub iterations: Vec<usize>,
    /// T of the chain: a causal prior has a step a place, whatever the run says.
    pub steps: usize,
    /// The kept snapshot that is shown.
    pub snapshot: Option<Shared<Snapshot>>,
    pub wide: Wide,
    /// Of the prior's and of the learned posterior's, which have the same noise.
    chosen: UseStateHandle<usize>,
    /// Of the exact ones, which have noise of their own.
    chosen_exact: UseStateHandle<Option<usize>>,
}

#[hook]
pub fn use_samples(props: &PanelsProps) -> Samples {
    let times = use_times(&props.stage.scene, props.training, props.still);
    let snapshots = props.snapshots.items();
    let iterations: Vec<usize> = snapshots.iter().map(|s| s.iteration).collect();
    Samples {
        steps: props.stage.steps(&props.run),
        snapshot: snapshots.get(times.shown(&iterations)).cloned(),
        iterations,
        times,
        wide: use_wide(),
        chosen: use_state_eq(|| 0),
        chosen_exact: use_state_eq(|| None),
    }
}

impl Samples {
    /// The step of T that is shown.
    pub fn step(&self) -> f64 {
        self.times.step(self.steps)
    }

    /// The chosen sample of the prior and of the learned posterior.
    pub fn chosen(&self) -> usize {
        *self.chosen
    }

    /// The chosen sample of a panel.
    pub fn chosen_on(&self, panel: usize) -> Option<usize> {
        match panel {
            EXACT => *self.chosen_exact,
            _ => Some(*self.chosen),
        }
    }

    /// Chooses a sample of a panel.
    pub fn choose_on(&self, panel: usize) -> Callback<usize> {
        let (chosen, chosen_exact) = (self.chosen.setter(), self.chosen_exact.setter());
        Callback::from(move |place| match panel {
            EXACT => chosen_exact.set(Some(place)),
            _ => chosen.set(place),
        })
    }

    /// The sliders; `flow` says what they show.
    pub fn timeline(&self, flow: &'static str) -> Html {
        self.times.timeline(self.steps, self.iterations.clone(), flow)
    }

    /// A panel with samples.
    pub fn frame(&self, panel: usize, help: impl Into<AttrValue>, children: Html) -> Html {
        let (id, title) = PANELS[panel];
        let help = help.into();
        html! {
            <Frame key={id} {id} {title} {help} formula={(panel == EXACT).then_some(math::POSTERIOR)}
                wide={self.wide.is(panel)} on_wide={self.wide.toggle(panel)}>
                { children }
            </Frame>
        }
    }
}

/// How much of the exact posterior is known; `label` names the bar, `words` say the same.
pub fn gathered(truth: Option<&SampledTruth>, label: &'static str, words: String) -> Html {
    let (done, wanted) = truth.map_or((0, 1), |t| (t.proposals, t.wanted));
    html! {
        <div class="gathered">
            if done < wanted {
                <progress max={wanted.to_string()} value={done.to_string()} aria-label={label}></progress>
            }
            <p class="help" data-testid="exact-progress">{ words }</p>
        </div>
    }
}
