//! The whole page: its state, the engine, and the address that mirrors the run.

use crate::engine::{Backend, Engine};
use crate::history::{History, Past, pack, unpack};
use crate::kit::field::{Refusal, Revision};
use crate::kit::kept;
use crate::kit::selection::Selection;
use crate::kit::settled::use_settled;
use crate::kit::shared::{Fixed, Shared};
use crate::kit::theme::{use_reduced_motion, use_theme};
use crate::link;
use crate::parts::edit::EditProps;
use crate::parts::lesson::LessonProps;
use crate::parts::panels::PanelsProps;
use crate::parts::{
    Compare, Controls, Curves, Figures, Header, Intro, Messages, Navigation, SaveOpen, Transport, run_of,
    use_dropped_files,
};
use crate::presets::{first, name_of, title};
use crate::state::{Action, Notice, Phase, State};
use crate::tasks;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use rtb::message::Report;
use rtb::run::Run;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// How long a change of the run waits for the next one, ms.
const SETTLE: u32 = 300;

/// The state the address asks for; a link that cannot be read gives the first preset and says so.
fn opening() -> State {
    match link::read() {
        Ok(run) => State::new(run, None),
        Err(error) => State::new(first(), Some(Notice::Trouble(error.to_string()))),
    }
}

#[component]
pub fn App() -> Html {
    let state = use_reducer(opening);
    let dispatch = {
        let dispatcher = state.dispatcher();
        use_callback((), move |action: Action, ()| dispatcher.dispatch(action))
    };
    let engine = {
        let dispatch = dispatch.clone();
        (*use_memo((), move |()| Engine::start(dispatch))).clone()
    };
    let selection = use_state_eq(Selection::default);
    let select = {
        let setter = selection.setter();
        use_callback((), move |new: Selection, ()| setter.set(new))
    };
    let choose_device = use_callback(engine.clone(), |backend: Backend, engine| engine.choose(backend));
    let choose_workers = use_callback(engine.clone(), |workers: usize, engine| engine.share(workers));
    let dismiss = use_callback(dispatch.clone(), |(), dispatch| {
        dispatch.emit(Action::Notice(None))
    });
    let try_again = use_callback(engine.clone(), |(), engine| engine.try_again());
    let (theme, dark, choose_theme) = use_theme();
    let still = use_reduced_motion();

    let preset = *use_memo(state.run.clone(), |_| state.preset());
    use_open(&state, &engine, &dispatch);
    use_kept(&state);
    use_address(&state, preset, &dispatch);
    use_dropped_files(dispatch.clone());
    let left = use_left(&state.run);

    let room = tasks::room(&state.run);
    let facts = room.facts();
    let pace = use_settled(state.history.pace());
    let usual = facts.compared.iteration(&state.run);
    let report: Option<Shared<Report>> = state.history.reports.items().last().cloned();
    let edit = use_callback(dispatch.clone(), |run: Run, dispatch| {
        dispatch.emit(Action::Edit(run))
    });
    let edits = EditProps {
        run: state.run.clone(),
        edit,
        selection: *selection,
        select: select.clone(),
    };
    let refusal = Refusal(match &state.notice {
        Some(Notice::Refused(error)) => Some(error.clone()),
        _ => None,
    });
    // Controls are made anew where the run is, not with every iteration.
    let controls = use_memo(edits.clone(), |edits| {
        let room = tasks::room(&edits.run);
        (room.reward(edits.clone()), room.prior(edits.clone()))
    });
    let (reward, prior) = (*controls).clone();
    let panels = room.panels(PanelsProps {
        run: state.run.clone(),
        stage: state.stage.clone(),
        snapshots: state.history.snapshots.clone(),
        training: state.phase == Phase::Training,
        selection: *selection,
        select,
        dispatch: dispatch.clone(),
        dark,
        still,
    });
    let lesson = room.lesson(LessonProps {
        run: state.run.clone(),
        stage: state.stage.clone(),
        engine: engine.clone(),
        open: state.phase.is_open(),
        dark,
    });
    let keep = use_callback((room, state.stage.clone()), |samples: Vec<f32>, (room, stage)| {
        room.file(&stage.scene, &samples).save();
    });
    html! {
        <ContextProvider<Revision> context={Revision(state.revision)}>
        <ContextProvider<Refusal> context={refusal}>
            <Header device={state.device.clone()} stopped={state.phase == Phase::Stopped} asks_host={state.run.asks_host()} {choose_device} {choose_workers} {theme} {choose_theme} />
            <Messages notice={state.notice.clone()} {dismiss} {try_again} />
            <Navigation tasks={tasks::namings()} current={facts.naming.name} {left} />
            <main>
                <Intro tasks={tasks::namings()} />
                <Transport run={state.run.clone()} {preset} phase={state.phase} resume={state.resume} iteration={state.iteration()} last={state.history.last} {pace} {usual} snapshot={state.history.snapshots.items().last().cloned()}
                    past={state.past().map(|past| (past.history.iteration(), title(&past.run)))} backend={state.device.backend} advice={room.advice(&state.run)} engine={engine.clone()} dispatch={dispatch.clone()} />
                <Controls {edits} {reward} {prior} numbers={Fixed(&facts.numbers)} note={room.note(&state.run)} />
                { panels }
                <Curves run={state.run.clone()} curve={state.history.curve.clone()} reports={state.history.reports.clone()} stage={state.stage.clone()} charts={Fixed(&facts.charts)} />
                <Figures rows={Fixed(facts.rows)} remarks={room.remarks(report.as_deref())} {report} />
                <SaveOpen run={state.run.clone()} saved={Fixed(&facts.saved)} {keep} engine={engine.clone()} {dispatch} open={state.phase.is_open()} {dark} />
                <Compare run={state.run.clone()} stage={state.stage.clone()} compared={Fixed(&facts.compared)} {pace} {lesson} {engine} open={state.phase.is_open()} {dark} />
            </main>
        </ContextProvider<Refusal>>
        </ContextProvider<Revision>>
    }
}

/// Opens the run in the engine: as soon as it is known whether the page was reloaded, and a moment after
/// later changes. The engine hears of a change at once, so that clicks in that moment are about the new run.
#[hook]
fn use_open(state: &UseReducerHandle<State>, engine: &Engine, dispatch: &Callback<Action>) {
    {
        let (run, weights, resume) = (state.run.clone(), state.weights.clone(), state.resume);
        let (engine, dispatch) = (engine.clone(), dispatch.clone());
        use_effect_with(state.revision, move |revision| {
            engine.prepare(run.clone(), weights, resume);
            let waiting = if *revision == 0 {
                spawn_local(async move {
                    let kept = kept::kept().await.and_then(|bytes| unpack(&bytes));
                    let same = |of: Run| of.same_training(&run).is_ok();
                    let kept = kept.filter(|(weights, _)| run_of(weights).is_some_and(same));
                    match kept {
                        Some((weights, history)) => dispatch.emit(Action::Restore(Past {
                            run,
                            history,
                            weights: Some(Shared::new(weights)),
                        })),
                        None => engine.open(),
                    }
                });
                None
            } else {
                Some(Timeout::new(SETTLE, move || engine.open()))
            };
            move || drop(waiting)
        });
    }
    // What did not open anew goes on, described as it is by now.
    let engine = engine.clone();
    use_effect_with(state.run.clone(), move |run| {
        engine.revise(run.clone());
        let waiting = Timeout::new(SETTLE, move || engine.tell());
        move || drop(waiting)
    });
}

/// Keeps the last weights of the open run, and its curves, over a reload.
#[hook]
fn use_kept(state: &UseReducerHandle<State>) {
    let latest = use_mut_ref(|| None::<(Shared<Vec<u8>>, History)>);
    let writes = use_mut_ref(|| false);
    let current = state.clone();
    use_effect_with(
        (state.kept.clone(), state.phase.is_open()),
        move |(weights, open)| {
            if weights.is_none() && !open {
                return;
            }
            let history = &current.history;
            latest.replace(weights.clone().map(|weights| (weights, history.clone())));
            if writes.replace(true) {
                return;
            }
            // One after the other, and the last one last.
            spawn_local(async move {
                loop {
                    let last = latest.borrow().clone();
                    match &last {
                        Some((weights, history)) => kept::keep(&pack(weights, history)).await,
                        None => kept::drop_kept().await,
                    }
                    if *latest.borrow() == last {
                        break;
                    }
                }
                writes.replace(false);
            });
        },
    );
}

/// The addresses of the runs that tasks were left with, by the names of the tasks.
#[hook]
fn use_left(run: &Shared<Run>) -> Rc<BTreeMap<&'static str, String>> {
    let last = use_mut_ref(BTreeMap::<&'static str, Shared<Run>>::new);
    let task = run.task().name();
    // They change with the task only: every edit would make an address.
    let left = use_memo(task, |_| {
        let last = last.borrow();
        let addresses = last
            .iter()
            .map(|(task, run)| (*task, link::to_run(run, name_of(run))));
        addresses.collect()
    });
    last.borrow_mut().insert(task, run.clone());
    left
}

/// Keeps the address and the run the same, whichever changes.
#[hook]
fn use_address(state: &UseReducerHandle<State>, preset: Option<&'static str>, dispatch: &Callback<Action>) {
    use_effect_with(state.run.clone(), move |run| {
        let (run, before) = (run.clone(), link::fragment());
        let waiting = Timeout::new(SETTLE, move || {
            // An address that has changed leads to another run, which writes its own.
            if link::fragment() == before {
                link::write(&run, preset);
            }
        });
        move || drop(waiting)
    });
    use_effect_with((state.run.clone(), dispatch.clone()), move |(run, dispatch)| {
        let (run, dispatch) = (run.clone(), dispatch.clone());
        let listener = EventListener::new(&gloo::utils::window(), "hashchange", move |_| {
            dispatch.emit(match link::read() {
                Ok(new) => Action::Follow(new),
                Err(error) => {
                    // A bad link makes room for that of the run that stays.
                    link::write(&run, preset);
                    Action::Notice(Some(Notice::Trouble(error.to_string())))
                }
            });
        });
        move || drop(listener)
    });
}
