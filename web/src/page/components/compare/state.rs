//! The state of a comparison, and how its worker's news change it.

use crate::engine::News;
use crate::shared::Shared;
use crate::state::Stage;
use crate::thinned::Thinned;
use rtb::config::{Method, Run};
use rtb::message::{Event, Outcome};
use std::rc::Rc;
use yew::{AttrValue, Reducible};

/// What a comparison is about.
#[derive(Clone, PartialEq)]
pub struct Task {
    /// The page's run when the comparison began.
    pub of: Shared<Run>,
    /// The run as it is compared, with the comparison's own numbers of samples and iterations.
    pub run: Shared<Run>,
    pub stage: Stage,
}

/// Where a method stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Waiting,
    Working,
    Stopping,
    Stopped,
    Done,
    Refused,
}

/// A method of a comparison.
#[derive(Clone, PartialEq)]
pub struct Entry {
    pub method: Method,
    pub outcome: Option<Shared<Outcome>>,
    /// Every outcome so far, without its points.
    pub curve: Thinned<Shared<Outcome>, 200>,
    /// Why it cannot be used, or broke off.
    pub refused: Option<AttrValue>,
}

impl Entry {
    fn new(method: Method) -> Self {
        Self {
            method,
            outcome: None,
            curve: Thinned::default(),
            refused: None,
        }
    }

    pub fn name(&self) -> &'static str {
        self.method.info().name
    }

    /// Whether nothing more comes of it.
    fn settled(&self) -> bool {
        self.refused.is_some() || self.outcome.as_ref().is_some_and(|o| o.progress >= 1.0)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Idle,
    Running,
    Stopping,
}

#[derive(Clone, Default, PartialEq)]
pub struct Comparison {
    pub task: Option<Task>,
    /// All methods that were run on the task, in the order of [`Method::all`].
    pub entries: Vec<Entry>,
    /// What the worker was asked for last.
    asked: Vec<Method>,
    pub phase: Phase,
    /// Why the worker is gone.
    pub lost: Option<AttrValue>,
}

pub enum Action {
    /// These methods are run, in this order.
    Start {
        task: Task,
        methods: Vec<Method>,
    },
    Stop,
    News(News),
}

impl Comparison {
    pub fn standing(&self, entry: &Entry) -> Standing {
        if entry.refused.is_some() {
            return Standing::Refused;
        }
        if entry.settled() {
            return Standing::Done;
        }
        let asked = self.asked.iter().any(|m| m.info().name == entry.name());
        match self.phase {
            Phase::Idle => Standing::Stopped,
            _ if !asked => Standing::Stopped,
            _ if self.working() != Some(entry.name()) => Standing::Waiting,
            Phase::Running => Standing::Working,
            Phase::Stopping => Standing::Stopping,
        }
    }

    /// The first method asked for from which more is to come.
    fn working(&self) -> Option<&'static str> {
        let names = self.asked.iter().map(|m| m.info().name);
        names
            .into_iter()
            .find(|name| !self.entry(name).is_some_and(Entry::settled))
    }

    /// The method of that name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.name() == name)
    }

    fn at(&mut self, index: usize) -> Option<&mut Entry> {
        let name = self.asked.get(index)?.info().name;
        self.entries.iter_mut().find(|e| e.name() == name)
    }

    /// What else was run on the same task stays beside the new.
    fn start(&mut self, task: Task, methods: Vec<Method>) {
        let same = self.task.as_ref().is_some_and(|old| *old.run == *task.run);
        let named = |method: &Method| method.info().name;
        self.entries
            .retain(|e| same && !methods.iter().any(|m| named(m) == e.name()));
        self.entries.extend(methods.iter().copied().map(Entry::new));
        let all = Method::all();
        self.entries
            .sort_by_key(|e| all.iter().position(|m| named(m) == e.name()));
        (self.task, self.asked) = (Some(task), methods);
        (self.phase, self.lost) = (Phase::Running, None);
    }

    fn on(&mut self, event: Event) {
        match event {
            Event::Compared { index, outcome } => {
                if let Some(entry) = self.at(index) {
                    entry.curve.push(Shared::new(Outcome {
                        points: Vec::new(),
                        ..(*outcome).clone()
                    }));
                    entry.outcome = Some(Shared::new(*outcome));
                }
            }
            Event::NotComparable { index, message } => {
                if let Some(entry) = self.at(index) {
                    entry.refused = Some(message.into());
                }
            }
            // The comparer's own business, and that of a run's worker.
            _ => {}
        }
    }
}

impl Reducible for Comparison {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            Action::Start { task, methods } => next.start(task, methods),
            Action::Stop => next.phase = Phase::Stopping,
            Action::News(News::Events(events)) => events.into_iter().for_each(|e| next.on(e)),
            Action::News(News::Ended) => next.phase = Phase::Idle,
            Action::News(News::Lost(why)) => {
                next.phase = Phase::Idle;
                next.lost = Some(why.into());
            }
        }
        Rc::new(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use rtb::config::presets;

    fn task(seed: u64) -> Task {
        let mut run = presets()[0].run.clone();
        run.seed = seed;
        let stage = State::new(run.clone(), None).stage;
        Task {
            of: Shared::new(run.clone()),
            run: Shared::new(run),
            stage,
        }
    }

    fn methods(names: &[&str]) -> Vec<Method> {
        names.iter().map(|n| Method::find(n).unwrap()).collect()
    }

    fn compared(index: usize, progress: f64) -> Event {
        let outcome = Box::new(Outcome {
            progress,
            points: vec![0.0; 8],
            ..Outcome::default()
        });
        Event::Compared { index, outcome }
    }

    fn after(state: &Rc<Comparison>, action: Action) -> Rc<Comparison> {
        state.clone().reduce(action)
    }

    fn standings(state: &Comparison) -> Vec<(&'static str, Standing)> {
        state
            .entries
            .iter()
            .map(|e| (e.name(), state.standing(e)))
            .collect()
    }

    #[test]
    fn methods_are_worked_through_in_the_order_asked_for() {
        use Standing::*;
        let start = |seed, names: &[&str]| Action::Start {
            task: task(seed),
            methods: methods(names),
        };
        let state = after(&Rc::default(), start(0, &["smc", "dps", "rtb"]));
        assert_eq!(
            standings(&state),
            [("rtb", Waiting), ("dps", Waiting), ("smc", Working)]
        );
        let refused = Event::NotComparable {
            index: 1,
            message: "no".to_owned(),
        };
        let events = vec![compared(0, 1.0), refused, compared(2, 0.2), compared(2, 0.5)];
        let state = after(&state, Action::News(News::Events(events)));
        assert_eq!(
            standings(&state),
            [("rtb", Working), ("dps", Refused), ("smc", Done)]
        );
        let curve = state.entries[0].curve.items();
        assert_eq!(curve.len(), 2);
        assert!(curve[1].points.is_empty() && state.entries[0].outcome.as_ref().unwrap().points.len() == 8);
        let state = after(&after(&state, Action::Stop), Action::News(News::Ended));
        assert_eq!(
            standings(&state),
            [("rtb", Stopped), ("dps", Refused), ("smc", Done)]
        );

        // More methods on the same task join; another task starts afresh.
        let more = after(&state, start(0, &["dps"]));
        assert_eq!(
            standings(&more),
            [("rtb", Stopped), ("dps", Working), ("smc", Done)]
        );
        assert_eq!(after(&more, start(1, &["dps"])).entries.len(), 1);
    }
}
