//! The choice among the tasks: links to the first preset of each.

use rtb::config::{Task, presets};
use yew::prelude::*;

/// Each task, its name, and what it is.
const TASKS: [(Task, &str, &str); 3] = [
    (Task::Mixtures, "Mixtures", "densities in the plane"),
    (Task::Digits, "Digits", "images of handwriting"),
    (Task::Stories, "Stories", "the missing middle"),
];

#[derive(Properties, PartialEq)]
pub struct TasksProps {
    pub task: Task,
}

#[component]
pub fn Tasks(props: &TasksProps) -> Html {
    let first = use_memo((), |()| {
        let all = presets();
        TASKS.map(|(task, ..)| all.iter().find(|p| p.run.task == task).map(|p| p.name))
    });
    html! {
        <nav class="tasks" aria-label="Task">
            { for TASKS.iter().zip(first.iter()).map(|((task, name, what), preset)| html! {
                <a href={format!("#preset={}", preset.unwrap_or_default())} aria-current={(*task == props.task).then_some("page")}
                    data-testid={format!("task-{}", task.name())}><b>{ *name }</b><span>{ *what }</span></a>
            }) }
        </nav>
    }
}
