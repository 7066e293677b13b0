//! A reward that is a target mixture over another one.

use super::set;
use crate::kit::field::Check;
use crate::parts::edit::EditProps;
use crate::tasks::plane::mixture::Mixture;
use crate::tasks::plane::problem;
use rtb::task::plane::{Component, Reward};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct RatioProps {
    pub edits: EditProps,
    pub numerator: Vec<Component>,
    pub denominator: Vec<Component>,
}

#[component]
pub fn Ratio(
    RatioProps {
        edits,
        numerator,
        denominator,
    }: &RatioProps,
) -> Html {
    let of_denominator = use_state_eq(|| None::<usize>);
    let set_numerator = {
        let (edits, denominator) = (edits.clone(), denominator.clone());
        Callback::from(move |numerator| {
            set(
                &edits,
                Reward::Ratio {
                    numerator,
                    denominator: denominator.clone(),
                },
            )
        })
    };
    let set_denominator = {
        let (edits, numerator) = (edits.clone(), numerator.clone());
        Callback::from(move |denominator| {
            set(
                &edits,
                Reward::Ratio {
                    numerator: numerator.clone(),
                    denominator,
                },
            )
        })
    };
    let own = {
        let (set, prior) = (
            set_denominator.clone(),
            problem(&edits.run).prior.components.clone(),
        );
        Callback::from(move |own: bool| {
            // The prior's mixture, or none, is always allowed.
            let _ = set.emit(if own { prior.clone() } else { Vec::new() });
        })
    };
    let select_denominator = {
        let of_denominator = of_denominator.clone();
        Callback::from(move |component| of_denominator.set(component))
    };
    html! {
        <>
            <p class="help">{ "r = target / prior, so the posterior is the target mixture itself." }</p>
            <Mixture id="target" field="reward.numerator" components={numerator.clone()} selected={edits.selection.reward} select={edits.selects(false)} set={set_numerator} />
            <Check id="own-denominator" label="Divide by another mixture instead of the prior" checked={!denominator.is_empty()} set={own}
                help="The posterior is then prior · target / this mixture." />
            if !denominator.is_empty() {
                <Mixture id="denominator" field="reward.denominator" components={denominator.clone()} selected={*of_denominator}
                    select={select_denominator} set={set_denominator} />
            }
        </>
    }
}
