//! The classes that are wanted.

use crate::kit::field::Choice;
use rtb::run::ConfigError;
use rtb::task::images::CLASSES;
use rtb::task::images::{ClassesBy, Reward};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ClassesProps {
    pub id: AttrValue,
    pub classes: Vec<usize>,
    /// How they are joined; nothing where each is a posterior of its own.
    pub by: Option<ClassesBy>,
    pub set: Callback<Reward, Result<(), ConfigError>>,
}

fn reward(classes: Vec<usize>, by: Option<ClassesBy>) -> Reward {
    match by {
        Some(by) => Reward::Classes { classes, by },
        None => Reward::EachClass { classes },
    }
}

#[component]
pub fn Classes(ClassesProps { id, classes, by, set }: &ClassesProps) -> Html {
    let by = *by;
    // No class at all, or more than the run has trajectories for.
    let refused = use_state_eq(|| None::<String>);
    let toggle = |class: usize| {
        let (set, refused, mut classes) = (set.clone(), refused.setter(), classes.clone());
        match classes.iter().position(|c| *c == class) {
            Some(at) => drop(classes.remove(at)),
            None => classes.push(class),
        }
        classes.sort_unstable();
        Callback::from(move |_: MouseEvent| {
            let result = set.emit(reward(classes.clone(), by));
            refused.set(result.err().map(|error| error.to_string()));
        })
    };
    let choose = {
        let (set, classes) = (set.clone(), classes.clone());
        Callback::from(move |by: String| {
            let by = if by == "max" {
                ClassesBy::Max
            } else {
                ClassesBy::Sum
            };
            // Either is allowed.
            let _ = set.emit(reward(classes.clone(), Some(by)));
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
