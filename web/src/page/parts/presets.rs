//! The choice among the presets of the run's task.

use crate::kit::field::Choice;
use crate::kit::shared::Shared;
use crate::link;
use crate::presets::{preset, presets_of, title};
use crate::state::Action;
use rtb::run::Run;
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
    let load = {
        let (run, current, dispatch) = (props.run.clone(), props.preset, props.dispatch.clone());
        Callback::from(move |name: String| {
            // Back leads to the run as it is now.
            link::write(&run, current);
            if let Some(preset) = preset(&name)
                && !link::visit(&name)
            {
                dispatch.emit(Action::Load(preset.run.clone(), None));
            }
        })
    };
    let task = props.run.task();
    // A corpus is a file of the native program.
    let all: Vec<_> = presets_of(task.name())
        .filter(|p| p.run.file("corpus").is_none())
        .collect();
    let mut options: Vec<(AttrValue, AttrValue)> =
        all.iter().map(|p| (p.name.into(), p.title.into())).collect();
    let description = match props.preset.and_then(|name| all.iter().find(|p| p.name == name)) {
        Some(preset) => preset.description,
        None => {
            options.insert(0, ("".into(), title(&props.run).into()));
            "You have changed the settings. Choose a preset to replace your run."
        }
    };
    html! {
        <Choice id="preset" label="Preset" {options} value={props.preset.unwrap_or_default()} help={description} set={load} />
    }
}
