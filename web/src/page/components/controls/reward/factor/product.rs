//! A product of rewards: all of them are wanted.

use super::{Factor, another};
use crate::kit::selection::Selection;
use rtb::config::{ConfigError, Reward, Task};
use yew::prelude::*;

/// Most factors of a product.
const MOST: usize = 8;

#[derive(Properties, PartialEq)]
pub struct ProductProps {
    pub task: Task,
    pub rewards: Vec<Reward>,
    pub set: Callback<Reward, Result<(), ConfigError>>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

#[component]
pub fn Product(props: &ProductProps) -> Html {
    let count = props.rewards.len();
    let change = |rewards: Vec<Reward>| {
        let set = props.set.clone();
        Callback::from(move |_: MouseEvent| {
            let rewards = rewards.clone();
            // A factor more or less is allowed where there is a button for it.
            let _ = set.emit(Reward::All { rewards });
        })
    };
    let add = change(props.rewards.iter().cloned().chain(another(props.task)).collect());
    let part = |(at, reward): (usize, &Reward)| {
        let set = {
            let (set, rewards) = (props.set.clone(), props.rewards.clone());
            Callback::from(move |reward| {
                let mut rewards = rewards.clone();
                rewards[at] = reward;
                set.emit(Reward::All { rewards })
            })
        };
        let others = props.rewards.iter().enumerate().filter(|(other, _)| *other != at);
        let remove = change(others.map(|(_, reward)| reward.clone()).collect());
        html! {
            <fieldset key={at} class="part">
                <legend>{ format!("Factor {}", at + 1) }</legend>
                <Factor task={props.task} id={format!("part-{at}")} field={format!("reward.rewards[{at}]")} reward={reward.clone()} {set}
                    selection={props.selection} select={props.select.clone()} />
                <button type="button" data-testid={format!("part-{at}-remove")} disabled={count < 2} onclick={remove}>{ "Remove it" }</button>
            </fieldset>
        }
    };
    html! {
        <>
            { for props.rewards.iter().enumerate().map(part) }
            <div class="buttons">
                <button type="button" data-testid="part-add" disabled={count >= MOST} onclick={add}>{ "Add a factor" }</button>
            </div>
        </>
    }
}
