//! A reward that is a second prior: the posterior is the product of the two.

use super::set;
use crate::kit::math::{Math, PRODUCT};
use crate::parts::edit::EditProps;
use crate::tasks::plane::mixture::Mixture;
use rtb::task::plane::{Component, Reward};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ProductProps {
    pub edits: EditProps,
    pub components: Vec<Component>,
}

#[component]
pub fn Product(ProductProps { edits, components }: &ProductProps) -> Html {
    let set = {
        let edits = edits.clone();
        Callback::from(move |components| set(&edits, Reward::Product { components }))
    };
    html! {
        <>
            <p class="help">{ "r = q, the density of a second mixture, so that the posterior is where both priors agree. " }<Math of={PRODUCT} /></p>
            <Mixture id="product" field="reward.components" components={components.clone()} selected={edits.selection.reward} select={edits.selects(false)} {set} />
        </>
    }
}
