//! The choice among the tasks: links to the first preset of each.

use rtb::task::presets;
use yew::prelude::*;

/// How the page speaks of a task.
#[derive(Debug, PartialEq)]
pub struct Naming {
    /// As in a run's file.
    pub name: &'static str,
    pub title: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    /// The same for somebody who is new here.
    pub intro: &'static str,
}

#[derive(Properties, PartialEq)]
pub struct NavigationProps {
    pub tasks: Vec<&'static Naming>,
    /// The name of the one that is shown.
    pub current: &'static str,
}

#[component]
pub fn Navigation(props: &NavigationProps) -> Html {
    let first = use_memo(props.tasks.clone(), |tasks| {
        let all = presets();
        let first = |task: &&Naming| all.iter().find(|p| p.run.task().name() == task.name);
        tasks
            .iter()
            .map(|task| first(task).map_or("", |p| p.name))
            .collect::<Vec<_>>()
    });
    html! {
        <nav class="tasks" aria-label="Tasks">
            { for props.tasks.iter().zip(&*first).map(|(task, preset)| html! {
                <a href={format!("#preset={preset}")} aria-current={(task.name == props.current).then_some("page")}
                    data-testid={format!("task-{}", task.name)}><b>{ task.title }</b><span>{ task.what }</span></a>
            }) }
        </nav>
    }
}
