//! The method of the page's own run: one that is trained.

use crate::kit::field::Choice;
use crate::kit::shared::Shared;
use crate::parts::edit::{apply, changes};
use crate::parts::method::MethodSettings;
use rtb::run::Run;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MethodProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
}

#[component]
pub fn MethodControls(props: &MethodProps) -> Html {
    let choose = changes(&props.run, &props.edit, |run, name: String| {
        if let Ok(method) = run.task().method(&name) {
            run.method = method;
        }
    });
    let set = {
        let (run, edit) = (props.run.clone(), props.edit.clone());
        Callback::from(move |method| apply(&run, &edit, |run| run.method = method))
    };
    let method = props.run.method;
    let info = method.info();
    let options: Vec<_> = (props.run.task().methods().iter())
        .filter(|m| m.is_trained())
        .map(|m| (m.info().name.into(), m.info().title.into()))
        .collect();
    html! {
        <>
            <Choice id="method" label="Method" {options} value={info.name} help={info.description} set={choose} />
            if method.is_on_policy() {
                <p class="help" data-testid="on-policy">{ "It is right only on the policy’s own trajectories, and trains on those alone: exploration, replay and noised end points are left out." }</p>
            }
            <MethodSettings id="method" {method} {set} />
        </>
    }
}
