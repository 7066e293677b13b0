//! A reward of images: its kind, and what belongs to the kind.

mod classes;
mod inpaint;
mod measured;
mod product;

use crate::components::controls::Selection;
use crate::components::field::Choice;
use classes::Classes;
use inpaint::Inpaint;
use measured::Measured;
use product::Product;
use rtb::config::{ClassesBy, ConfigError, Reward, Task, presets};
use yew::prelude::*;

/// A reward of images, or one of a product's.
#[derive(Clone, PartialEq, Properties)]
pub struct ImageRewardProps {
    /// Begins the ids of the inputs.
    pub id: AttrValue,
    /// Its name in errors.
    pub field: AttrValue,
    pub reward: Reward,
    pub set: Callback<Reward, Result<(), ConfigError>>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

const KINDS: [(&str, &str); 8] = [
    ("classes", "of these classes"),
    ("each_class", "of each class, when asked for it"),
    ("inpaint", "painted: known pixels"),
    ("thickness", "width of the strokes"),
    ("ink", "amount of ink"),
    ("symmetry", "mirror symmetry"),
    ("holes", "number of holes"),
    ("all", "a product of several"),
];

/// What a kind starts from: what its first preset has.
pub fn start(kind: &str) -> Option<Reward> {
    let rewards = presets().into_iter().map(|p| p.run.reward);
    rewards
        .filter(|r| r.task() == Task::Digits)
        .find(|r| r.kind() == kind)
}

#[component]
pub fn ImageReward(props: &ImageRewardProps) -> Html {
    let ImageRewardProps {
        id,
        field,
        reward,
        set,
        ..
    } = props;
    // A posterior for each class needs more trajectories than a run may have.
    let refused = use_state_eq(|| None::<AttrValue>);
    let choose = {
        let (set, before, refused) = (set.clone(), reward.clone(), refused.setter());
        Callback::from(move |kind: String| {
            let new = match start(&kind) {
                // A product begins with what there was, of several posteriors the first.
                Some(Reward::All { mut rewards }) => {
                    rewards[0] = before.given(0);
                    Reward::All { rewards }
                }
                Some(new) => new,
                None => return,
            };
            let result = set.emit(new);
            refused.set(result.err().map(|error| error.to_string().into()));
        })
    };
    let part = field.as_str() != "reward";
    let kinds = KINDS
        .iter()
        .filter(|(kind, _)| !part || !matches!(*kind, "all" | "each_class"));
    let options: Vec<_> = kinds
        .map(|(kind, text)| ((*kind).into(), (*text).into()))
        .collect();
    let (id, field, set) = (id.clone(), field.clone(), set.clone());
    let editor = match reward.clone() {
        Reward::Classes { classes, by } => {
            html! { <Classes id={id.clone()} {classes} by={Some(by)} {set} /> }
        }
        Reward::EachClass { classes } => {
            html! { <Classes id={id.clone()} {classes} by={None::<ClassesBy>} {set} /> }
        }
        Reward::Inpaint { rows, deviation } => {
            html! { <Inpaint id={id.clone()} {field} {rows} {deviation} {set} selection={props.selection} select={props.select.clone()} /> }
        }
        Reward::All { rewards } => {
            html! { <Product {rewards} {set} selection={props.selection} select={props.select.clone()} /> }
        }
        reward => html! { <Measured id={id.clone()} {field} {reward} {set} /> },
    };
    html! {
        <>
            <Choice id={format!("{id}-kind")} label="Kind" value={reward.kind()} set={choose} {options} error={(*refused).clone()}
                help={if part { "" } else { "How much each image is wanted, from 0 to 1; only its values are used, never its gradient." }} />
            { editor }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_and_something_to_start_from() {
        for kind in Task::Digits.rewards() {
            assert!(KINDS.iter().any(|(name, _)| name == kind), "{kind}");
            assert_eq!(start(kind).map(|r| r.kind()), Some(*kind));
        }
    }
}
