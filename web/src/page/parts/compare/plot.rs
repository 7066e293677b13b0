//! Error against compute, for all results.

use super::Compared;
use super::columns::{ERROR, evaluations, seconds};
use super::state::{Comparison, Entry};
use crate::kit::chart::{Chart, Line};
use crate::kit::field::Choice;
use crate::kit::shared::Fixed;
use rtb::run::Method;
use std::rc::Rc;
use yew::prelude::*;

/// Classes of the style sheet, one for each of [`Method::all`].
const CLASSES: [&str; 15] = [
    "m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "m12", "m13", "m14",
];

#[derive(Properties, PartialEq)]
pub struct PlotProps {
    pub comparison: Rc<Comparison>,
    pub compared: Fixed<Compared>,
}

#[component]
pub fn Plot(props: &PlotProps) -> Html {
    let by_seconds = use_state_eq(|| false);
    let compute = if *by_seconds { seconds } else { evaluations };
    let error = &props.compared.columns[ERROR];
    let all = Method::all();
    let place = |name| all.iter().position(|m| m.info().name == name).unwrap_or(0);
    // The settings of one method share its colour.
    let before = |entry: &Entry| {
        let others = props.comparison.entries.iter();
        let others = others.take_while(|e| e.setting != entry.setting);
        others
            .filter(|e| e.setting.name() == entry.setting.name())
            .count()
    };
    let lines: Vec<_> = props
        .comparison
        .entries
        .iter()
        .filter(|e| e.outcome.is_some())
        .map(|e| Line {
            name: e.label.clone(),
            class: CLASSES[place(e.setting.name()) % CLASSES.len()],
            mark: before(e),
            points: e
                .curve
                .items()
                .iter()
                .filter_map(|o| Some((compute(o), (error.read)(o)?)))
                .collect(),
        })
        .collect();
    let set = {
        let by_seconds = by_seconds.clone();
        Callback::from(move |unit: String| by_seconds.set(unit == "seconds"))
    };
    html! {
        <div class="plot">
            <Choice id="compare-unit" label="Unit of compute" value={if *by_seconds { "seconds" } else { "evaluations" }} {set}
                options={vec![("evaluations".into(), "drift evaluations".into()), ("seconds".into(), "seconds on this machine".into())]}
                help="Drift evaluations are the same on every machine; seconds also depend on the load of this one." />
            <Chart id="chart-compare" title="Error against compute" log=true log_x=true height=260.0 {lines}
                help={format!("{}: {}. The horizontal axis is the compute spent on training and sampling; both axes are logarithmic. A trained method gives a curve, a training-free method a single mark. Settings of one method share a colour and differ in marks and dashes. \
                      Point at an amount of compute to read the error of each method there.", error.name, error.help)} />
        </div>
    }
}
