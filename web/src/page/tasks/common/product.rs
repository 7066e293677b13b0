//! A product of rewards: all of them are wanted.

use super::factor::{Factor, Rewards};
use crate::kit::selection::Selection;
use rtb::run::ConfigError;
use yew::prelude::*;

/// Most factors of a product.
const MOST: usize = 8;

#[derive(Properties, PartialEq)]
pub struct ProductProps<R: Rewards> {
    pub factors: Vec<R::Reward>,
    pub set: Callback<R::Reward, Result<(), ConfigError>>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

#[component]
pub fn Product<R: Rewards>(props: &ProductProps<R>) -> Html {
    let count = props.factors.len();
    let change = |factors: Vec<R::Reward>| {
        let set = props.set.clone();
        Callback::from(move |_: MouseEvent| {
            // A factor more or less is allowed where there is a button for it.
            let _ = set.emit(R::product(factors.clone()));
        })
    };
    let add = change(props.factors.iter().cloned().chain([R::another()]).collect());
    let part = |(at, reward): (usize, &R::Reward)| {
        let set = {
            let (set, factors) = (props.set.clone(), props.factors.clone());
            Callback::from(move |reward| {
                let mut factors = factors.clone();
                factors[at] = reward;
                set.emit(R::product(factors))
            })
        };
        let others = props.factors.iter().enumerate().filter(|(other, _)| *other != at);
        let remove = change(others.map(|(_, reward)| reward.clone()).collect());
        html! {
            <fieldset key={at} class="part">
                <legend>{ format!("Factor {}", at + 1) }</legend>
                <Factor<R> id={format!("part-{at}")} field={format!("reward.rewards[{at}]")} part=true reward={reward.clone()} {set}
                    selection={props.selection} select={props.select.clone()} />
                <button type="button" data-testid={format!("part-{at}-remove")} disabled={count < 2} onclick={remove}>{ "Remove it" }</button>
            </fieldset>
        }
    };
    html! {
        <>
            { for props.factors.iter().enumerate().map(part) }
            <div class="buttons">
                <button type="button" data-testid="part-add" disabled={count >= MOST} onclick={add}>{ "Add a factor" }</button>
            </div>
        </>
    }
}
