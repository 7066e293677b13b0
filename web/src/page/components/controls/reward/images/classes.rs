//! The classes that are wanted.

use crate::components::field::Choice;
use rtb::config::{ClassesBy, ConfigError, Reward};
use rtb::image::CLASSES;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ClassesProps {
    pub id: AttrValue,
    pub classes: Vec<usize>,
    pub by: ClassesBy,
    pub set: Callback<Reward, Result<(), ConfigError>>,
}

#[component]
pub fn Classes(ClassesProps { id, classes, by, set }: &ClassesProps) -> Html {
    let by = *by;
    let toggle = |class: usize| {
        let (set, mut classes) = (set.clone(), classes.clone());
        match classes.iter().position(|c| *c == class) {
            Some(at) => drop(classes.remove(at)),
            None => classes.push(class),
        }
        classes.sort_unstable();
        Callback::from(move |_: MouseEvent| {
            // The last one stays: no class at all is refused.
            let _ = set.emit(Reward::Classes {
                classes: classes.clone(),
                by,
            });
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
            let _ = set.emit(Reward::Classes {
                classes: classes.clone(),
                by,
            });
        })
    };
    let value = match by {
        ClassesBy::Sum => "sum",
        ClassesBy::Max => "max",
    };
    html! {
        <>
            <div class="toggles" role="group" aria-label="Wanted classes">
                { for (0..CLASSES).map(|class| html! {
                    <button type="button" key={class} data-testid={format!("{id}-class-{class}")} aria-pressed={classes.contains(&class).to_string()}
                        onclick={toggle(class)}>{ class }</button>
                }) }
            </div>
            if classes.len() > 1 {
                <Choice id={format!("{id}-by")} label="Joined by" {value} set={choose}
                    options={vec![("sum".into(), "their sum: any of them".into()), ("max".into(), "the largest, as in the paper".into())]} />
            }
        </>
    }
}
