//! The figures of all methods as a table, and as a file.

use super::Compared;
use super::columns::{Column, ERROR, csv};
use super::state::{Comparison, Entry};
use crate::kit::files;
use crate::kit::shared::{Fixed, Shared};
use rtb::message::Outcome;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct TableProps {
    pub comparison: Rc<Comparison>,
    pub compared: Fixed<Compared>,
}

/// The methods that have figures, in order of a column's size, or as they come.
fn rows<'a>(comparison: &'a Comparison, sort: Option<&Column>) -> Vec<(&'a Entry, &'a Shared<Outcome>)> {
    let entries = comparison.entries.iter();
    let mut rows: Vec<_> = entries.filter_map(|e| Some((e, e.outcome.as_ref()?))).collect();
    if let Some(column) = sort {
        let size = |o: &Outcome| (column.read)(o).map_or(f64::INFINITY, f64::abs);
        rows.sort_by(|(_, a), (_, b)| size(a).total_cmp(&size(b)));
    }
    rows
}

#[component]
pub fn Table(props: &TableProps) -> Html {
    let columns = props.compared.columns;
    let sort = use_state_eq(|| None::<usize>);
    let save = {
        let comparison = props.comparison.clone();
        Callback::from(move |_: MouseEvent| {
            let outcomes = rows(&comparison, None).into_iter();
            files::save_text(
                "comparison.csv",
                &csv(columns, outcomes.map(|(e, o)| (e.setting, &**o))),
            );
        })
    };
    let head = |at: usize| {
        let column = &columns[at];
        let sorted = *sort == Some(at);
        let onclick = {
            let sort = sort.clone();
            Callback::from(move |_: MouseEvent| sort.set((!sorted).then_some(at)))
        };
        html! {
            <th scope="col" key={column.key} aria-sort={sorted.then_some("ascending")}>
                <button type="button" class="quiet" title={column.help} data-testid={format!("sort-{}", column.key)} {onclick}>
                    { column.name }{ if sorted { " ↑" } else { "" } }
                </button>
            </th>
        }
    };
    html! {
        <div class="table">
            <div class="scroll" tabindex="0" role="region" aria-label="Metrics of all methods">
                <table data-testid="compare-table">
                    <thead><tr><th scope="col">{ "Method" }</th>{ for (0..columns.len()).map(head) }</tr></thead>
                    <tbody>
                        { for rows(&props.comparison, sort.map(|at| &columns[at])).into_iter().map(|(entry, outcome)| html! {
                            <tr key={entry.key()} data-method={entry.setting.name()}>
                                <th scope="row">{ &entry.label }</th>
                                { for columns.iter().map(|column| html! {
                                    <td key={column.key}>{ (column.read)(outcome).map_or("–".to_owned(), column.show) }</td>
                                }) }
                            </tr>
                        }) }
                    </tbody>
                </table>
            </div>
            <p class="help">
                { format!("Click a column to sort by its absolute value, smallest first; click again to restore the order. The error in the plot is “{}”.", columns[ERROR].name) }
            </p>
            <div class="buttons"><button type="button" data-testid="compare-csv" onclick={save}>{ "Save metrics (.csv)" }</button></div>
        </div>
    }
}
