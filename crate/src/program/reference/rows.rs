//! What the reference says of one field.

use super::place::dotted;
use super::probe::Probe;
use rtb::run::{Choice, Field, Shape};
use rtb::task::Task;
use toml::Value;

/// The cells of a field's row.
pub struct Row {
    pub name: String,
    pub meaning: String,
    pub default: String,
    pub allowed: String,
    /// The tasks that use it, where not all do.
    pub tasks: String,
}

/// The row of a field that the runs of these tasks have, or a kind of table in them.
pub fn of(probes: &[(Task, Probe)], of_kind: bool, path: &[&str], field: &Field) -> Row {
    let using: Vec<_> = probes
        .iter()
        .filter(|(task, _)| task.uses(&dotted(path)))
        .collect();
    let tasks: Vec<_> = using.iter().map(|(task, _)| task.name()).collect();
    Row {
        name: format!("`{}`", field.name),
        meaning: field.meaning.clone(),
        default: match of_kind {
            true => match own_default(field) {
                Some(value) => shown(&value),
                None if field.optional => "none".to_owned(),
                None => "required".to_owned(),
            },
            false => each_task(&using, &|task, _| default(&Probe::new(task), path, field)),
        },
        allowed: each_task(&using, &|_, probe| allowed(probe, path, &field.shape)),
        tasks: match tasks.len() == probes.len() {
            true => String::new(),
            false => tasks.join(", "),
        },
    }
}

/// What there is to say of all tasks, or of each.
fn each_task(probes: &[&(Task, Probe)], say: &dyn Fn(Task, &Probe) -> String) -> String {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for (task, probe) in probes {
        let text = say(*task, probe);
        match groups.iter_mut().find(|(_, other)| *other == text) {
            Some((tasks, _)) => tasks.push(task.name()),
            None => groups.push((vec![task.name()], text)),
        }
    }
    if let [(_, text)] = groups.as_slice() {
        return text.clone();
    }
    let lines = groups
        .iter()
        .map(|(tasks, text)| format!("{}: {text}", tasks.join(", ")));
    lines.collect::<Vec<_>>().join("<br>")
}

/// What a field of a task's run holds by default. A table that the run does not have has defaults of its own.
fn default(start: &Probe, path: &[&str], field: &Field) -> String {
    let value = start.value(path).cloned().or_else(|| own_default(field));
    value.map_or_else(|| "none".to_owned(), |value| shown(&value))
}

fn own_default(field: &Field) -> Option<Value> {
    Value::try_from(field.default.as_ref()?).ok()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(list) if list.iter().any(Value::is_table) => format!("{} tables", list.len()),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        value => format!("`{value}`"),
    }
}

fn allowed(probe: &Probe, path: &[&str], shape: &Shape) -> String {
    let found = || probe.allowed(path, shape).map(|allowed| short(&allowed));
    let length = || probe.allowed_length(path, shape).map(|allowed| short(&allowed));
    match shape {
        Shape::Flag => "`true`, `false`".to_owned(),
        Shape::Number { whole: true } => found().unwrap_or_else(|| "whole, 0 or more".to_owned()),
        Shape::Number { whole: false } => found().unwrap_or_else(|| "any number".to_owned()),
        Shape::Text => match length() {
            Some(range) => format!("{} characters", counted(range)),
            None => found().unwrap_or_else(|| "text".to_owned()),
        },
        Shape::Choice(choices) => choices.iter().map(choice).collect::<Vec<_>>().join("<br>"),
        Shape::List { of, length: None } => {
            let none = if probe.may_be_empty(path) { "none, or " } else { "" };
            let many = length().map_or_else(|| "any number of".to_owned(), counted);
            let what = match **of {
                Shape::Text => "texts".to_owned(),
                Shape::Number { .. } => format!("numbers, each {}", found().unwrap_or_default()),
                Shape::List { .. } => "lists".to_owned(),
                _ => "tables".to_owned(),
            };
            match many.starts_with(|c: char| c.is_ascii_digit()) {
                true => format!("{none}{many} {what}"),
                false => format!("{none}{what}, {many}"),
            }
        }
        Shape::List { .. } => match found() {
            Some(range) if range.starts_with('[') => range,
            Some(range) => format!("each {range}"),
            None => "numbers".to_owned(),
        },
        Shape::Table { .. } | Shape::Kinds { .. } | Shape::Again => "a table".to_owned(),
    }
}

fn choice(choice: &Choice) -> String {
    format!("`{}`: {}", choice.name, choice.meaning)
}

/// A range of a count, which is whole anyway.
fn counted(range: String) -> String {
    let range = range.trim_start_matches("whole, ");
    match range.split_once(" to ") {
        Some((low, high)) if low == high => low.to_owned(),
        _ => range.to_owned(),
    }
}

/// A range in few words, and with its thousands apart.
fn short(allowed: &str) -> String {
    let text = match allowed.strip_prefix("a whole number ") {
        Some(range) => format!("whole, {}", range.trim_start_matches("from ")),
        None => {
            let range = allowed.strip_prefix("a number ").unwrap_or(allowed);
            range.trim_start_matches("from ").to_owned()
        }
    };
    let words = text.split(' ').map(|word| {
        let digits = word.trim_end_matches(',');
        match digits.parse::<f64>() {
            Ok(number) if number.abs() >= 1e4 => {
                word.replacen(digits, &crate::program::output::grouped(number), 1)
            }
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
