//! A reward of images or of stories: its kind, and what belongs to the kind.

mod classes;
mod inpaint;
mod measured;
mod mention;
mod product;

use crate::kit::field::Choice;
use crate::kit::selection::Selection;
use classes::Classes;
use inpaint::Inpaint;
use measured::Measured;
use mention::Mention;
use product::Product;
use rtb::config::{ClassesBy, ConfigError, Reward, Task, presets};
use yew::prelude::*;

/// A reward of images or stories, or one of a product's.
#[derive(Clone, PartialEq, Properties)]
pub struct FactorProps {
    pub task: Task,
    /// Begins the ids of the inputs.
    pub id: AttrValue,
    /// Its name in errors.
    pub field: AttrValue,
    pub reward: Reward,
    pub set: Callback<Reward, Result<(), ConfigError>>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

/// The kinds of a task, with their names; none of points in the plane.
fn kinds(task: Task) -> &'static [(&'static str, &'static str)] {
    match task {
        Task::Mixtures => &[],
        Task::Digits => &IMAGES,
        Task::Stories => &STORIES,
    }
}

const IMAGES: [(&str, &str); 8] = [
    ("classes", "of these classes"),
    ("each_class", "of each class, when asked for it"),
    ("inpaint", "painted: known pixels"),
    ("thickness", "width of the strokes"),
    ("ink", "amount of ink"),
    ("symmetry", "mirror symmetry"),
    ("holes", "number of holes"),
    ("all", "a product of several"),
];

const STORIES: [(&str, &str); 5] = [
    ("ending", "that the ending follows"),
    ("mention", "words that it mentions"),
    ("length", "number of words"),
    ("distinct", "no repetition"),
    ("all", "a product of several"),
];

/// What a kind starts from: what its first preset has.
pub fn start(task: Task, kind: &str) -> Option<Reward> {
    if kind == "distinct" {
        return Some(Reward::Distinct { penalty: 2.0 });
    }
    let of_task = presets().into_iter().filter(|p| p.run.task == task);
    of_task.map(|p| p.run.reward).find(|r| r.kind() == kind)
}

/// What is added to a product.
fn another(task: Task) -> Option<Reward> {
    match task {
        Task::Mixtures => None,
        Task::Digits => start(task, "thickness"),
        Task::Stories => start(task, "distinct"),
    }
}

#[component]
pub fn Factor(props: &FactorProps) -> Html {
    let FactorProps {
        task,
        id,
        field,
        reward,
        set,
        ..
    } = props;
    // A posterior for each class needs more trajectories than a run may have.
    let refused = use_state_eq(|| None::<AttrValue>);
    let choose = {
        let (set, before, refused, task) = (set.clone(), reward.clone(), refused.setter(), *task);
        Callback::from(move |kind: String| {
            let new = match start(task, &kind) {
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
    let kinds = kinds(*task)
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
        Reward::Mention { words, penalty } => {
            html! { <Mention id={id.clone()} {field} {words} {penalty} {set} /> }
        }
        Reward::All { rewards } => {
            html! { <Product task={*task} {rewards} {set} selection={props.selection} select={props.select.clone()} /> }
        }
        reward => html! { <Measured id={id.clone()} {field} {reward} {set} /> },
    };
    html! {
        <>
            <Choice id={format!("{id}-kind")} label="Kind" value={reward.kind()} set={choose} {options} error={(*refused).clone()}
                help={if part { "" } else { "How much each sample is wanted, from 0 to 1; only its values are used, never its gradient." }} />
            { editor }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_and_something_to_start_from() {
        for task in [Task::Digits, Task::Stories] {
            assert!(another(task).is_some());
            for kind in task.rewards() {
                assert!(kinds(task).iter().any(|(name, _)| name == kind), "{kind}");
                assert_eq!(start(task, kind).map(|r| r.kind()), Some(*kind));
            }
        }
    }
}
