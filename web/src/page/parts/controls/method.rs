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
            <Choice id="method" field="method" label="Method" {options} value={info.name} help={info.description} set={choose} />
            if method.is_on_policy() {
                <p class="help" data-testid="on-policy">{ "This method is correct only on-policy. It trains only on the policy’s own trajectories, without exploration, replay or noised end points." }</p>
            }
            { numbers("method", method, &set) }
        </>
    }
}
