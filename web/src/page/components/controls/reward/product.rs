//! A reward that is a second prior: the posterior is the product of the two.

use super::Common;
use crate::components::controls::mixture::Mixture;
use crate::kit::math::{Math, PRODUCT};
use rtb::config::{Component, Reward};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ProductProps {
    pub common: Common,
    pub components: Vec<Component>,
}

#[component]
pub fn Product(ProductProps { common, components }: &ProductProps) -> Html {
    let set = {
        let common = common.clone();
        Callback::from(move |components| common.set(Reward::Product { components }))
    };
    let select = {
        let common = common.clone();
        Callback::from(move |component| common.select.emit(common.selection.with(false, component)))
    };
    html! {
        <>
            <p class="help">{ "r = q, the density of a second mixture, so that the posterior is where both priors agree. " }<Math of={PRODUCT} /></p>
            <Mixture id="product" field="reward.components" components={components.clone()} selected={common.selection.reward} {select} {set} />
        </>
    }
}
