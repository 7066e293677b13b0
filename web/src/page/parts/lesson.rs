//! What is learned beside the run in a worker of its own: whether it goes on, and what came of it.

use crate::engine::{Comparer, Engine, News, use_comparer};
use crate::kit::shared::Shared;
use crate::stage::Stage;
use rtb::message::{Event, Files, Request};
use rtb::run::Run;
use std::rc::Rc;
use yew::prelude::*;

/// What a lesson of a task is given.
#[derive(Clone, Properties, PartialEq)]
pub struct LessonProps {
    pub run: Shared<Run>,
    pub stage: Stage,
    pub engine: Engine,
    /// Whether the engine holds the run.
    pub open: bool,
    pub dark: bool,
}

/// What a worker tells of one of two trainings, one after the other.
pub trait Learned: Clone + Default + 'static {
    /// It, and which training it is about, where an event tells it.
    fn told(event: Event) -> Option<(usize, Self)>;
}

#[derive(Clone, Default)]
struct Progress<T> {
    running: bool,
    /// The last of either training.
    learned: [Option<Shared<T>>; 2],
    /// Why the worker is gone.
    lost: Option<AttrValue>,
}

enum Action {
    Start,
    News(News),
}

impl<T: Learned> Reducible for Progress<T> {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut new = (*self).clone();
        match action {
            Action::Start => {
                new = Self {
                    running: true,
                    ..Self::default()
                }
            }
            Action::News(News::Events(events)) => {
                for (training, learned) in events.into_iter().filter_map(T::told) {
                    new.learned[training] = Some(Shared::new(learned));
                }
            }
            Action::News(News::Ended) => new.running = false,
            Action::News(News::Lost(why)) => {
                new.running = false;
                new.lost = Some(why.into());
            }
        }
        new.into()
    }
}

/// A lesson of a component.
pub struct Lesson<T: Learned> {
    progress: UseReducerHandle<Progress<T>>,
    comparer: Rc<Comparer>,
}

#[hook]
pub fn use_lesson<T: Learned>() -> Lesson<T> {
    let progress = use_reducer(Progress::<T>::default);
    let comparer = use_comparer(&progress, Action::News);
    Lesson { progress, comparer }
}

impl<T: Learned> Lesson<T> {
    pub fn learned(&self) -> &[Option<Shared<T>>; 2] {
        &self.progress.learned
    }

    /// What a button does: starts over with what `ask` asks for, given the files that `needs` needs.
    pub fn start(
        &self,
        engine: &Engine,
        needs: Option<Shared<Run>>,
        ask: impl Fn(Files) -> Request + Clone + 'static,
    ) -> Callback<MouseEvent> {
        let (progress, comparer) = (self.progress.dispatcher(), self.comparer.clone());
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| {
            progress.dispatch(Action::Start);
            comparer.start(&engine, needs.as_deref().cloned(), ask.clone());
        })
    }

    /// The button that starts it or stops it, how it stands, and why it broke off; `id` begins their
    /// names in tests.
    pub fn buttons(&self, id: &str, label: &str, open: bool, start: Callback<MouseEvent>) -> Html {
        let stop = {
            let comparer = self.comparer.clone();
            Callback::from(move |_: MouseEvent| comparer.stop())
        };
        html! {
            <>
                <div class="buttons">
                    if self.progress.running {
                        <button type="button" onclick={stop} data-testid={format!("{id}-stop")}>{ "Stop learning" }</button>
                    } else {
                        <button type="button" onclick={start} disabled={!open} data-testid={format!("{id}-start")}>{ label }</button>
                    }
                    <span role="status" data-testid={format!("{id}-status")}>{ if self.progress.running { "Learning" } else { "Idle" } }</span>
                </div>
                if let Some(why) = &self.progress.lost {
                    <p class="refused" role="alert">{ format!("The worker stopped: {why}. Press “{label}” to start again.") }</p>
                }
            </>
        }
    }
}
