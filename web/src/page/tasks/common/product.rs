//! A product of rewards: all of them are wanted.

use super::factor::{Factor, FactorProps, Rewards};
use yew::prelude::*;

/// Most factors of a product.
const MOST: usize = 8;

/// The controls of the factors of a product.
pub fn product<R: Rewards>(props: &FactorProps<R>, factors: &[R::Reward]) -> Html {
    let count = factors.len();
    let change = |factors: Vec<R::Reward>| {
        let set = props.set.clone();
        Callback::from(move |_: MouseEvent| {
            // A factor more or less is allowed where there is a button for it.
            let _ = set.emit(R::product(factors.clone()));
        })
    };
    let add = change(factors.iter().cloned().chain([R::another()]).collect());
    let part = |(at, reward): (usize, &R::Reward)| {
        let set = {
            let (set, factors) = (props.set.clone(), factors.to_vec());
            Callback::from(move |reward| {
                let mut factors = factors.clone();
                factors[at] = reward;
                set.emit(R::product(factors))
            })
        };
        let others = factors.iter().enumerate().filter(|(other, _)| *other != at);
        let remove = change(others.map(|(_, reward)| reward.clone()).collect());
        html! {
            <fieldset key={at} class="part">
                <legend>{ format!("Factor {}", at + 1) }</legend>
                <Factor<R> id={format!("part-{at}")} field={format!("reward.rewards[{at}]")} part=true reward={reward.clone()} {set}
                    selection={props.selection} select={props.select.clone()} />
                <button type="button" data-testid={format!("part-{at}-remove")} disabled={count < 2} onclick={remove}>{ format!("Remove factor {}", at + 1) }</button>
            </fieldset>
        }
    };
    html! {
        <>
            { for factors.iter().enumerate().map(part) }
            <div class="buttons">
                <button type="button" data-testid="part-add" disabled={count >= MOST} onclick={add}>{ "Add a factor" }</button>
            </div>
        </>
    }
}
