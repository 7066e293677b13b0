//! The choice among the presets of the run's task.

use crate::kit::field::Choice;
use crate::kit::shared::Shared;
use crate::state::Action;
use rtb::run::{Preset, Run};
use rtb::task::presets;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PresetsProps {
    pub run: Shared<Run>,
    /// The preset the run equals.
    pub preset: Option<&'static str>,
    pub dispatch: Callback<Action>,
}

#[component]
pub fn Presets(props: &PresetsProps) -> Html {
    let load = use_callback(props.dispatch.clone(), |name: String, dispatch| {
        if let Ok(preset) = Preset::find(&name) {
            dispatch.emit(Action::Load(preset.run, None));
        }
    });
    let all = use_memo(props.run.task(), |task| {
        let mut all = presets();
        // A corpus is a file of the native program.
        all.retain(|p| p.run.task() == *task && p.run.file("corpus").is_none());
        all
    });
    let mut options: Vec<(AttrValue, AttrValue)> =
        all.iter().map(|p| (p.name.into(), p.title.into())).collect();
    let description = match props.preset.and_then(|name| all.iter().find(|p| p.name == name)) {
        Some(preset) => preset.description,
        None => {
            let title = if props.run.name.is_empty() {
                "Your own run"
            } else {
                &props.run.name
            };
            options.insert(0, ("".into(), title.to_owned().into()));
            "You have changed the settings. Choose a preset to replace your run."
        }
    };
    html! {
        <Choice id="preset" label="Preset" {options} value={props.preset.unwrap_or_default()} help={description} set={load} />
    }
}
