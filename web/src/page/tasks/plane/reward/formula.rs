//! A reward that is a formula in x and y.

use super::set;
use crate::parts::edit::EditProps;
use crate::tasks::common::formula::{Formula, LANGUAGE};
use rtb::task::plane::Reward;
use yew::prelude::*;

pub fn formula(edits: &EditProps, expression: &str, logarithm: bool) -> Html {
    let set = {
        let edits = edits.clone();
        Callback::from(move |(expression, logarithm)| {
            set(
                &edits,
                Reward::Formula {
                    expression,
                    logarithm,
                },
            )
        })
    };
    html! {
        <Formula id="formula" field="reward.expression" labels={["r(x, y) =", "log r(x, y) ="]} help={format!("Numbers, x, y, {LANGUAGE}")}
            expression={expression.to_owned()} {logarithm} {set} />
    }
}
