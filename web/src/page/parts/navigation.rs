//! The choice among the tasks: links to the run that was last shown of each, or to its first preset.

use crate::link::to_preset;
use crate::presets::presets_of;
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::prelude::*;

/// How the page speaks of a task.
#[derive(Debug, PartialEq)]
pub struct Naming {
    /// As in a run's file.
    pub name: &'static str,
    pub title: &'static str,
    /// The preset that it opens with, where that is not its first one.
    pub opens: Option<&'static str>,
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
    /// The addresses of the runs that the others were left with, by the names of their tasks.
    pub left: Rc<BTreeMap<&'static str, String>>,
}

#[component]
pub fn Navigation(props: &NavigationProps) -> Html {
    html! {
        <nav class="tasks" aria-label="Tasks">
            { for props.tasks.iter().map(|task| html! {
                <a href={address(task, props)} aria-current={(task.name == props.current).then_some("page")}
                    data-testid={format!("task-{}", task.name)}><b>{ task.title }</b><span>{ task.what }</span></a>
            }) }
        </nav>
    }
}

/// Where a task leads.
fn address(task: &Naming, props: &NavigationProps) -> String {
    let left = props.left.get(task.name).filter(|_| task.name != props.current);
    left.cloned().unwrap_or_else(|| to_preset(opens(task)))
}

/// The preset that a task opens with.
fn opens(task: &Naming) -> &'static str {
    task.opens
        .or_else(|| presets_of(task.name).next().map(|p| p.name))
        .unwrap_or_default()
}
