//! A reward that is a second prior: the posterior is the product of the two.

use super::set;
use crate::kit::math::{Math, PRODUCT};
use crate::parts::edit::EditProps;
use crate::tasks::plane::mixture::Mixture;
use rtb::task::plane::{Component, Reward};
use yew::prelude::*;

pub fn product(edits: &EditProps, components: &[Component]) -> Html {
    let set = {
        let edits = edits.clone();
        Callback::from(move |components| set(&edits, Reward::Product { components }))
    };
    html! {
        <>
            <p class="help">{ "r = q, the density of a second mixture. The posterior is large where both priors are large. " }<Math of={PRODUCT} /></p>
            <Mixture id="product" field="reward.components" components={components.to_vec()} selected={edits.selection.reward} select={edits.selects(false)} {set} />
        </>
    }
}
