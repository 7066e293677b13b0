//! The four panels of every task, and what a room shows on them.

use crate::kit::selection::Selection;
use crate::kit::shared::Shared;
use crate::kit::thinned::Thinned;
use crate::stage::Stage;
use crate::state::Action;
use rtb::message::Snapshot;
use rtb::run::Run;
use yew::prelude::*;

/// The panels' ids and titles.
pub const PANELS: [(&str, &str); 4] = [
    ("prior-canvas", "Prior p"),
    ("reward-canvas", "Reward r"),
    ("learned-canvas", "Learned posterior"),
    ("exact-canvas", "Exact posterior"),
];

/// Positions in [`PANELS`].
pub const PRIOR: usize = 0;
pub const REWARD: usize = 1;
pub const LEARNED: usize = 2;
pub const EXACT: usize = 3;

#[derive(Clone, Properties, PartialEq)]
pub struct PanelsProps {
    pub run: Shared<Run>,
    pub stage: Stage,
    pub snapshots: Thinned<Shared<Snapshot>, 60>,
    pub training: bool,
    pub selection: Selection,
    pub select: Callback<Selection>,
    pub dispatch: Callback<Action>,
    pub dark: bool,
    /// Whether nothing should move by itself.
    pub still: bool,
}

/// Which panel is enlarged.
pub struct Wide(UseStateHandle<Option<usize>>);

#[hook]
pub fn use_wide() -> Wide {
    Wide(use_state_eq(|| None))
}

impl Wide {
    pub fn is(&self, panel: usize) -> bool {
        *self.0 == Some(panel)
    }

    /// Enlarges a panel, or makes it small again.
    pub fn toggle(&self, panel: usize) -> Callback<()> {
        let wide = self.0.clone();
        Callback::from(move |()| wide.set((*wide != Some(panel)).then_some(panel)))
    }
}

/// The section that holds the panels of a task and what stands beside them; `class` is the task's.
pub fn stage(class: &'static str, children: Html) -> Html {
    html! {
        <section class={classes!("stage", class)} aria-labelledby="stage-title">
            <h2 id="stage-title" class="hidden">{ "Distributions" }</h2>
            { children }
        </section>
    }
}
