//! Every method side by side: what is compared, how it goes, and what came of it.

mod cards;
mod choose;
pub mod columns;
mod explain;
mod plot;
mod setting;
mod state;
mod table;

use crate::engine::{Engine, use_comparer};
use crate::kit::fold::Fold;
use crate::kit::number::duration;
use crate::kit::settled::use_settled;
use crate::kit::shared::{Fixed, Shared};
use crate::stage::Stage;
use cards::Cards;
use choose::{Choose, Chosen, Limits};
use columns::Column;
use explain::Explain;
use plot::Plot;
use rtb::message::{Outcome, Request};
use rtb::run::Run;
use setting::Setting;
use state::{Action, Comparison, Phase, Subject};
use std::rc::Rc;
use table::Table;
use yew::prelude::*;

/// What the samples of a task are compared by.
pub struct Compared {
    pub limits: Limits,
    /// Most iterations of a trained method, unless the user wants more.
    pub iterations: usize,
    /// What a transition of a run's trajectories costs in training on a usual processor, s.
    pub pace: fn(&Run) -> f64,
    pub columns: &'static [Column],
    /// What the first of them is called within a sentence.
    pub error: &'static str,
    /// What those of the prior's samples are called that the exact posterior is made of.
    pub kept: &'static str,
    pub picture: fn(PictureProps) -> Html,
}

impl Compared {
    /// How long an iteration of a run takes in training on a usual processor, s.
    pub fn iteration(&self, run: &Run) -> f64 {
        (self.pace)(run) * (run.rollout.batch * run.process.steps) as f64
    }
}

/// What a card is about.
#[derive(Clone, PartialEq)]
pub enum Shown {
    /// The exact posterior.
    Exact,
    /// A method's samples, as soon as there are some.
    Samples(Option<Shared<Outcome>>),
}

/// What the picture on a card needs.
#[derive(Clone, Properties, PartialEq)]
pub struct PictureProps {
    pub run: Shared<Run>,
    /// What is known by now of the exact posterior.
    pub stage: Stage,
    pub shown: Shown,
    /// What a screen reader says of it.
    pub label: AttrValue,
    pub dark: bool,
}

#[derive(Properties, PartialEq)]
pub struct CompareProps {
    pub run: Shared<Run>,
    pub stage: Stage,
    pub compared: Fixed<Compared>,
    /// How long an iteration of the run takes, s, once there was one.
    pub pace: Option<f64>,
    /// What else can be learned on the task.
    pub lesson: Html,
    pub engine: Engine,
    /// Whether the engine holds the run, so that its exact posterior is known.
    pub open: bool,
    pub dark: bool,
}

impl CompareProps {
    /// How long an iteration of the run takes, s, as far as is known.
    fn pace(&self) -> f64 {
        self.pace.unwrap_or_else(|| self.compared.iteration(&self.run))
    }
}

#[component]
pub fn Compare(props: &CompareProps) -> Html {
    let state = use_reducer(Comparison::default);
    let chosen = use_state(Chosen::default);
    let comparer = use_comparer(&state, Action::News);
    let set = {
        let chosen = chosen.setter();
        use_callback((), move |new: Chosen, ()| chosen.set(new))
    };
    let wanted = chosen.wanted(props.run.task());
    let none = wanted.is_empty();
    let start = {
        let (state, comparer, engine) = (state.dispatcher(), comparer.clone(), props.engine.clone());
        let (of, stage, chosen) = (props.run.clone(), props.stage.clone(), chosen.clone());
        let (compared, pace) = (props.compared, props.pace());
        Callback::from(move |_: MouseEvent| {
            let run = chosen.run(&of, &compared);
            let methods = wanted.clone();
            let boxed = Box::new(run.clone());
            comparer.start(&engine, Some(run.clone()), |files| Request::Compare {
                run: boxed,
                methods,
                files,
            });
            state.dispatch(Action::Start {
                subject: Subject {
                    run: Shared::new(run),
                    stage: stage.clone(),
                    compared,
                },
                methods: wanted.clone(),
                work: chosen.work(&of, &compared, pace),
            });
        })
    };
    let stop = {
        let (state, comparer) = (state.dispatcher(), comparer.clone());
        Callback::from(move |_: MouseEvent| {
            state.dispatch(Action::Stop);
            comparer.stop();
        })
    };
    let remove = {
        let state = state.dispatcher();
        use_callback((), move |setting: Setting, ()| {
            state.dispatch(Action::Remove(setting))
        })
    };
    let current = state
        .subject
        .as_ref()
        .is_some_and(|subject| subject.is_about(&chosen.run(&props.run, &props.compared)));
    let left = use_settled(state.left());
    let comparison: Rc<Comparison> = Rc::new((*state).clone());
    html! {
        <section class="compare" aria-labelledby="compare-title">
            <Fold id="compare-title" title="Compare methods">
            <p class="help">{ "Other methods for the same posterior. They use the prior, reward, seed, steps T and batch size of the run above, but have their own worker, so the run goes on. Results stay until you remove them: change a setting and compare again to see both." }</p>
            <details open=true>
                <summary><h3>{ "Methods" }</h3></summary>
                <Choose run={props.run.clone()} compared={props.compared} chosen={(*chosen).clone()} {set} />
            </details>
            <div class="buttons">
                if state.phase == Phase::Idle {
                    <button type="button" class="primary" data-testid="compare" disabled={!props.open || none} onclick={start}>{ "Start comparison" }</button>
                } else {
                    <button type="button" class="primary" data-testid="compare-stop" disabled={state.phase == Phase::Stopping} onclick={stop}>{ "Stop comparison" }</button>
                }
                <span role="status" data-testid="compare-status">{ status(&state, props.open, none) }</span>
                if state.phase == Phase::Idle && !none {
                    { expected(props, &chosen) }
                }
                if let Some(left) = left {
                    <span class="help" data-testid="compare-left">{ format!("About {} left.", duration(left)) }</span>
                }
            </div>
            if let Some(why) = &state.lost {
                <p class="refused" role="alert" data-testid="compare-lost">
                    { format!("The comparison’s worker stopped: {why}. Its results stay, and the run above goes on. Press “Start comparison” to try again.") }
                </p>
            }
            if let Some(subject) = &state.subject {
                if !current {
                    <p class="help" data-testid="compare-old">{ "The run or the number of samples has changed. These results belong to the earlier run; the next comparison replaces them." }</p>
                }
                <Cards comparison={comparison.clone()} subject={subject.clone()} stage={if current { &props.stage } else { &subject.stage }.clone()} dark={props.dark} {remove} />
                <Plot comparison={comparison.clone()} compared={subject.compared} />
                <Table comparison={comparison.clone()} compared={subject.compared} />
            }
            <Explain {comparison} />
            { props.lesson.clone() }
            </Fold>
        </section>
    }
}

/// How long the comparison will take.
fn expected(props: &CompareProps, chosen: &Chosen) -> Html {
    let time = duration(chosen.work(&props.run, &props.compared, props.pace()).seconds());
    html! {
        <span class="help" data-testid="compare-expect">
            { match props.pace {
                Some(_) => format!("It will take about {time}."),
                None => format!("It will take roughly {time} on a usual processor."),
            } }
        </span>
    }
}

fn status(state: &Comparison, open: bool, none: bool) -> &'static str {
    match state.phase {
        Phase::Running => "Comparing",
        Phase::Stopping => "Stopping",
        Phase::Idle if !open => "Waiting for the run to open",
        Phase::Idle if none => "Choose at least one method",
        Phase::Idle if state.subject.is_none() => "Ready to compare",
        Phase::Idle => "Ended",
    }
}
