//! The classes that are wanted.

use crate::kit::field::Choice;
use rtb::run::ConfigError;
use rtb::task::images::CLASSES;
use rtb::task::images::{Class, ClassesBy, Reward};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ClassesProps {
    pub id: AttrValue,
    pub classes: Vec<usize>,
    /// How they are joined; nothing where each is a posterior of its own.
    pub by: Option<ClassesBy>,
    /// The user's own classifier.
    pub weights: Option<String>,
    pub set: Callback<Reward, Result<(), ConfigError>>,
}

fn reward(classes: Vec<usize>, by: Option<ClassesBy>, weights: Option<String>) -> Reward {
    match by {
        Some(by) => Reward::Classes {
            classes: Class::numbered(classes),
            by,
            weights,
        },
        None => Reward::EachClass {
            classes: Class::numbered(classes),
            weights,
        },
    }
}

#[component]
pub fn Classes(props: &ClassesProps) -> Html {
    let ClassesProps {
        id,
        classes,
        by,
        weights,
        set,
    } = props;
    let by = *by;
    // No class at all, or more than the run has trajectories for.
    let refused = use_state_eq(|| None::<String>);
    let toggle = |class: usize| {
        let (set, refused, mut classes) = (set.clone(), refused.setter(), classes.clone());
        let weights = weights.clone();
        match classes.iter().position(|c| *c == class) {
            Some(at) => drop(classes.remove(at)),
            None => classes.push(class),
        }
        classes.sort_unstable();
        Callback::from(move |_: MouseEvent| {
            let result = set.emit(reward(classes.clone(), by, weights.clone()));
            refused.set(result.err().map(|error| error.to_string()));
        })
    };
    let choose = {
        let (set, classes, weights) = (set.clone(), classes.clone(), weights.clone());
        Callback::from(move |by: String| {
            let by = if by == "max" {
                ClassesBy::Max
            } else {
                ClassesBy::Sum
            };
            // Either is allowed.
            let _ = set.emit(reward(classes.clone(), Some(by), weights.clone()));
        })
    };
    let joined = by.filter(|_| classes.len() > 1).map(|by| match by {
        ClassesBy::Sum => "sum",
        ClassesBy::Max => "max",
    });
    html! {
        <>
            <div class="toggles" role="group" aria-label="Wanted classes">
                { for (0..CLASSES).map(|class| html! {
                    <button type="button" key={class} data-testid={format!("{id}-class-{class}")} aria-pressed={classes.contains(&class).to_string()}
                        onclick={toggle(class)}>{ class }</button>
                }) }
            </div>
            if let Some(error) = &*refused {
                <p class="refused" role="alert" data-testid={format!("{id}-classes-error")}>{ error }</p>
            }
            if let Some(value) = joined {
                <Choice id={format!("{id}-by")} label="Combine classes by" {value} set={choose}
                    options={vec![("sum".into(), "the sum of their probabilities".into()), ("max".into(), "the largest probability, as in the paper".into())]} />
            }
        </>
    }
}
