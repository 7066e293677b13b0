//! The prior: its mixture, and where its drift comes from.

use super::mixture::Mixture;
use super::{problem, problem_mut};
use crate::kit::field::Choice;
use crate::parts::edit::EditProps;
use crate::presets::preset;
use crate::tasks::common::prior::replaced;
use rtb::run::Run;
use rtb::task::plane::{Component, PriorKind};
use yew::prelude::*;

/// The learned prior of a mixture that ships with the page.
fn learned(run: &Run, components: &[Component]) -> Option<&'static str> {
    let same = |name: &str| preset(name).is_some_and(|p| problem(&p.run).prior.components == components);
    let mut priors = run.task().priors().iter();
    let of_mixture = priors.find(|prior| prior.preset.is_some_and(same));
    of_mixture.map(|prior| prior.name)
}

/// Gives a run with a learned prior the weights that belong to its mixture, or the exact drift where
/// none ship. Says what changed.
pub fn adopt(run: &mut Run) -> Option<String> {
    if problem(run).prior.kind != PriorKind::Learned {
        return None;
    }
    let shipped = learned(run, &problem(run).prior.components);
    let prior = &mut problem_mut(run).prior;
    let Some(name) = shipped else {
        (prior.kind, prior.weights) = (PriorKind::Exact, None);
        return Some(
            "The prior now has the exact drift: this page provides learned priors only for the mixtures of the \
             presets, and this mixture is another one."
                .to_owned(),
        );
    };
    replaced(prior.weights.replace(name.to_owned())?, name)
}

#[component]
pub fn PriorControls(props: &EditProps) -> Html {
    let missing = use_state_eq(|| false);
    let kind = {
        let missing = missing.clone();
        props.changes(move |run, kind: String| {
            let weights = (kind == "learned")
                .then(|| learned(run, &problem(run).prior.components))
                .flatten();
            missing.set(kind == "learned" && weights.is_none());
            if weights.is_some() {
                // The prior's network has no output for it.
                run.network.langevin = false;
            }
            let prior = &mut problem_mut(run).prior;
            prior.weights = weights.map(str::to_owned);
            prior.kind = match weights {
                Some(_) => PriorKind::Learned,
                None => PriorKind::Exact,
            };
        })
    };
    let set = {
        let edits = props.clone();
        Callback::from(move |components| edits.apply(|run| problem_mut(run).prior.components = components))
    };
    let prior = &problem(&props.run).prior;
    let value = match prior.kind {
        PriorKind::Learned => "learned",
        PriorKind::Exact => "exact",
    };
    let error = missing.then_some("prior.kind: `learned` is not allowed for this mixture; this page provides weights only for the mixtures of the presets");
    html! {
        <>
            <Choice id="prior-kind" label="Drift of the prior" value={value} set={kind} {error}
                options={vec![("exact".into(), "exact: closed form of the mixture".into()), ("learned".into(), "learned: a network trained on samples".into())]}
                help="With the exact drift, the only errors come from time steps and training. A learned prior has errors of its own, and the exact posterior is then that of the learned prior." />
            <Mixture id="prior" field="prior.components" components={prior.components.clone()} selected={props.selection.prior} select={props.selects(true)} {set} />
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Action, Notice, State};
    use std::rc::Rc;
    use yew::Reducible;

    #[test]
    fn a_learned_prior_goes_when_its_mixture_changes_and_the_reason_stays() {
        let mut run = Run::default();
        let prior = &mut problem_mut(&mut run).prior;
        (prior.kind, prior.weights) = (PriorKind::Learned, Some("prior-25".to_owned()));
        let state = State::new(run.clone(), None);
        let kind = |state: &State| problem(&state.run).prior.kind;
        assert_eq!((kind(&state), &state.notice), (PriorKind::Learned, &None));
        problem_mut(&mut run).prior.components[0].mean[0] += 1.0;
        let state = Rc::new(state).reduce(Action::Edit(run));
        assert_eq!(kind(&state), PriorKind::Exact);
        let mut dragged = (*state.run).clone();
        problem_mut(&mut dragged).prior.components[0].mean[0] += 1.0;
        let state = state.reduce(Action::Edit(dragged));
        assert!(matches!(state.notice, Some(Notice::Changed(_))));
    }
}
