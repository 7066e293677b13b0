//! The method of the page's own run: one that is trained.

use crate::kit::field::Choice;
use crate::parts::edit::EditProps;
use crate::parts::method::numbers;
use yew::prelude::*;

pub fn method(edits: &EditProps) -> Html {
    let choose = edits.changes(|run, name: String| {
        if let Ok(method) = run.task().method(&name) {
            run.method = method;
        }
    });
    let set = {
        let edits = edits.clone();
        Callback::from(move |method| edits.apply(|run| run.method = method))
    };
    let method = edits.run.method;
    let info = method.info();
    let options: Vec<_> = (edits.run.task().methods().iter())
        .filter(|m| m.is_trained())
        .map(|m| (m.info().name.into(), m.info().title.into()))
        .collect();
    html! {
        <>
            <Choice id="method" label="Method" {options} value={info.name} help={info.description} set={choose} />
            if method.is_on_policy() {
                <p class="help" data-testid="on-policy">{ "It is right only on the policy’s own trajectories, and trains on those alone: exploration, replay and noised end points are left out." }</p>
            }
            { numbers("method", method, &set) }
        </>
    }
}
