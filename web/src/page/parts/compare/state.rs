//! The state of a comparison, and how its worker's news change it.

use super::Compared;
use super::choose::Work;
use super::setting::{Setting, labels};
use crate::engine::News;
use crate::kit::shared::{Fixed, Shared};
use crate::kit::thinned::Thinned;
use crate::stage::Stage;
use rtb::message::{Event, Outcome};
use rtb::run::{Method, Run};
use std::rc::Rc;
use web_time::Instant;
use yew::{AttrValue, Reducible};

/// The share of the work that tells how long the rest takes.
const MEASURED: f64 = 0.05;

/// What a comparison is about.
#[derive(Clone, PartialEq)]
pub struct Subject {
    /// The run as it is compared, with the comparison's own numbers of samples and iterations.
    pub run: Shared<Run>,
    pub stage: Stage,
    pub compared: Fixed<Compared>,
}

impl Subject {
    /// Whether a result on that run may stand beside this one's. Iterations are part of each
    /// result's own setting.
    pub fn is_about(&self, run: &Run) -> bool {
        let mut run = run.clone();
        run.training.iterations = self.run.training.iterations;
        run == *self.run
    }
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

/// A method of a comparison, in one setting.
#[derive(Clone, PartialEq)]
pub struct Entry {
    pub setting: Setting,
    /// What tells it from the others.
    pub label: AttrValue,
    pub outcome: Option<Shared<Outcome>>,
    /// How much there is by now of the prior's samples that the exact posterior comes from.
    pub prepared: Option<f64>,
    /// Every outcome so far, without its points.
    pub curve: Thinned<Shared<Outcome>, 200>,
    /// Why it cannot be used, or broke off.
    pub refused: Option<AttrValue>,
}

impl Entry {
    fn new(setting: Setting) -> Self {
        Self {
            setting,
            label: AttrValue::default(),
            outcome: None,
            prepared: None,
            curve: Thinned::default(),
            refused: None,
        }
    }

    /// Of this entry only, whatever the others are.
    pub fn key(&self) -> String {
        format!("{} {}", self.setting.name(), self.setting.in_full())
    }

    /// Whether samples of the prior are still drawn for the exact posterior.
    pub fn prepares(&self) -> bool {
        self.prepared.is_some_and(|share| share < 1.0)
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
    pub subject: Option<Subject>,
    /// All settings that were run on it, in [`Setting::order`].
    pub entries: Vec<Entry>,
    /// What the worker was asked for last, and what that takes …
    asked: Vec<Setting>,
    work: Work,
    /// … since when it is at it, and how long it had been by its last news.
    began: Option<Instant>,
    elapsed: f64,
    pub phase: Phase,
    /// Why the worker is gone.
    pub lost: Option<AttrValue>,
}

pub enum Action {
    /// These methods are run, in this order.
    Start {
        subject: Subject,
        methods: Vec<Method>,
        work: Work,
    },
    Stop,
    Remove(Setting),
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
        let asked = self.asked.contains(&entry.setting);
        match self.phase {
            Phase::Idle => Standing::Stopped,
            _ if !asked => Standing::Stopped,
            _ if self.working() != Some(entry.setting) => Standing::Waiting,
            Phase::Running => Standing::Working,
            Phase::Stopping => Standing::Stopping,
        }
    }

    /// The first setting asked for from which more is to come.
    fn working(&self) -> Option<Setting> {
        self.asked.iter().find(|s| self.more(s)).copied()
    }

    /// Whether more is to come of a setting.
    fn more(&self, setting: &Setting) -> bool {
        self.entries.iter().any(|e| e.setting == *setting && !e.settled())
    }

    /// Methods that run before this one does.
    pub fn before(&self, entry: &Entry) -> usize {
        let before = self.asked.iter().take_while(|s| **s != entry.setting);
        before.filter(|s| self.more(s)).count()
    }

    /// How long it will go on, s: as planned at first, then at the pace of what is done.
    pub fn left(&self) -> Option<f64> {
        if self.phase != Phase::Running {
            return None;
        }
        let entry = |s: &Setting| self.entries.iter().find(|e| e.setting == *s);
        let progress = |s: &Setting| match entry(s) {
            Some(entry) if !entry.settled() => entry.outcome.as_ref().map_or(0.0, |o| o.progress),
            _ => 1.0,
        };
        let progress: Vec<_> = self.asked.iter().map(progress).collect();
        let prepared = match progress.iter().any(|p| *p > 0.0) {
            true => 1.0,
            false => self.entries.iter().filter_map(|e| e.prepared).fold(0.0, f64::max),
        };
        let methods = self.work.methods.iter().zip(progress);
        let done = self.work.prepared * prepared + methods.map(|(work, p)| work * p).sum::<f64>();
        let all = self.work.seconds();
        let pace = if done > MEASURED * all {
            self.elapsed / done
        } else {
            1.0
        };
        Some((all - done) * pace)
    }

    fn at(&mut self, index: usize) -> Option<&mut Entry> {
        let setting = self.asked.get(index)?;
        self.entries.iter_mut().find(|e| e.setting == *setting)
    }

    /// What else was run on the same subject stays beside the new.
    fn start(&mut self, subject: Subject, methods: Vec<Method>, work: Work) {
        let same = self
            .subject
            .as_ref()
            .is_some_and(|old| old.is_about(&subject.run));
        self.asked = methods
            .into_iter()
            .map(|m| Setting::new(m, &subject.run))
            .collect();
        self.entries.retain(|e| same && !self.asked.contains(&e.setting));
        self.entries.extend(self.asked.iter().copied().map(Entry::new));
        self.entries.sort_by(|a, b| a.setting.order(&b.setting));
        self.label();
        self.subject = Some(subject);
        (self.phase, self.lost) = (Phase::Running, None);
        (self.work, self.began, self.elapsed) = (work, Some(Instant::now()), 0.0);
    }

    /// The last one takes the subject with it.
    fn remove(&mut self, setting: Setting) {
        self.entries.retain(|e| e.setting != setting);
        self.label();
        if self.entries.is_empty() {
            self.subject = None;
        }
    }

    fn label(&mut self) {
        let settings: Vec<_> = self.entries.iter().map(|e| e.setting).collect();
        for (entry, label) in self.entries.iter_mut().zip(labels(&settings)) {
            entry.label = label.into();
        }
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
            Event::Preparing { index, share } => {
                if let Some(entry) = self.at(index) {
                    entry.prepared = Some(share);
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
            Action::Start {
                subject,
                methods,
                work,
            } => next.start(subject, methods, work),
            Action::Stop => next.phase = Phase::Stopping,
            Action::Remove(setting) => next.remove(setting),
            Action::News(News::Events(events)) => {
                next.elapsed = self.began.map_or(0.0, |began| began.elapsed().as_secs_f64());
                events.into_iter().for_each(|e| next.on(e));
            }
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
    use rtb::task::presets;
    use yew::Html;

    static COMPARED: Compared = Compared {
        limits: (1, 1),
        iterations: 1,
        pace: |_| 1.0,
        columns: &[],
        error: "",
        kept: "",
        picture: |_| Html::default(),
    };

    fn subject(seed: u64) -> Subject {
        let mut run = presets()[0].run.clone();
        run.seed = seed;
        Subject {
            stage: Stage::preview(&run, None),
            run: Shared::new(run),
            compared: Fixed(&COMPARED),
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

    fn standings(state: &Comparison) -> Vec<(&str, Standing)> {
        state
            .entries
            .iter()
            .map(|e| (&*e.label, state.standing(e)))
            .collect()
    }

    #[test]
    fn methods_are_worked_through_in_the_order_asked_for() {
        use Standing::*;
        let start = |seed, names: &[&str]| Action::Start {
            subject: subject(seed),
            methods: methods(names),
            work: Work::default(),
        };
        let state = after(&Rc::default(), start(0, &["smc", "dps", "rtb"]));
        assert_eq!(
            standings(&state),
            [("RTB", Waiting), ("DPS", Waiting), ("SMC (RNE)", Working)]
        );
        let refused = Event::NotComparable {
            index: 1,
            message: "no".to_owned(),
        };
        let events = vec![compared(0, 1.0), refused, compared(2, 0.2), compared(2, 0.5)];
        let state = after(&state, Action::News(News::Events(events)));
        assert_eq!(
            standings(&state),
            [("RTB", Working), ("DPS", Refused), ("SMC (RNE)", Done)]
        );
        let curve = state.entries[0].curve.items();
        assert_eq!(curve.len(), 2);
        assert!(curve[1].points.is_empty() && state.entries[0].outcome.as_ref().unwrap().points.len() == 8);
        let state = after(&after(&state, Action::Stop), Action::News(News::Ended));
        assert_eq!(
            standings(&state),
            [("RTB", Stopped), ("DPS", Refused), ("SMC (RNE)", Done)]
        );

        // More methods on the same subject join; another one starts afresh.
        let more = after(&state, start(0, &["dps"]));
        assert_eq!(
            standings(&more),
            [("RTB", Stopped), ("DPS", Working), ("SMC (RNE)", Done)]
        );
        assert_eq!(after(&more, start(1, &["dps"])).entries.len(), 1);
    }

    #[test]
    fn what_is_left_is_planned_and_then_measured() {
        let start = Action::Start {
            subject: subject(0),
            methods: methods(&["dps", "rtb"]),
            work: Work {
                prepared: 10.0,
                methods: vec![20.0, 70.0],
            },
        };
        let news = |state: &Rc<Comparison>, event, elapsed| {
            let mut state = (*after(state, Action::News(News::Events(vec![event])))).clone();
            state.elapsed = elapsed;
            Rc::new(state)
        };
        let state = after(&Rc::default(), start);
        assert_eq!(state.left(), Some(100.0));
        assert_eq!([0, 1].map(|at| state.before(&state.entries[at])), [1, 0]);
        let state = news(&state, Event::Preparing { index: 0, share: 1.0 }, 30.0);
        assert_eq!(state.left(), Some(270.0), "at a third of the pace");
        let state = news(&state, compared(0, 1.0), 30.0);
        assert_eq!(state.left(), Some(70.0));
        assert_eq!(state.before(&state.entries[0]), 0);
        let state = news(&state, compared(1, 0.5), 130.0);
        assert_eq!(state.left(), Some(70.0));
        assert_eq!(after(&state, Action::Stop).left(), None);
    }

    #[test]
    fn settings_of_a_method_stand_side_by_side_until_they_are_removed() {
        use Standing::*;
        let dps = |scale| Method::Dps {
            scale,
            normalized: false,
        };
        let start = |subject, methods| Action::Start {
            subject,
            methods,
            work: Work::default(),
        };
        let done = || Action::News(News::Events(vec![compared(0, 1.0)]));
        let ended = || Action::News(News::Ended);
        let of = |scale| Setting::new(dps(scale), &subject(0).run);

        let state = after(&Rc::default(), start(subject(0), vec![dps(2.0)]));
        let state = after(&after(&state, done()), ended());
        assert_eq!(standings(&state), [("DPS · scale 2", Done)]);
        let state = after(&state, start(subject(0), vec![dps(1.0), Method::Rtb {}]));
        let both = [
            ("RTB", Waiting),
            ("DPS · scale 1", Working),
            ("DPS · scale 2", Done),
        ];
        assert_eq!(standings(&state), both);
        let keys: Vec<_> = state.entries.iter().map(Entry::key).collect();
        assert_eq!(keys[1..], ["dps scale=1", "dps scale=2"]);

        // What came of the one is not the other's, and the same again replaces its own.
        let state = after(&after(&state, done()), ended());
        assert!(state.entries.iter().all(|e| e.curve.items().len() <= 1));
        let again = after(&state, start(subject(0), vec![dps(2.0)]));
        assert_eq!(again.entries.len(), 3);
        assert!(again.entries[2].outcome.is_none() && again.entries[1].outcome.is_some());

        // Other iterations are another setting of what is trained, not another subject.
        let mut longer = subject(0);
        let mut run = (*longer.run).clone();
        run.training.iterations *= 2;
        longer.run = Shared::new(run);
        let more = after(&again, start(longer, vec![Method::Rtb {}, dps(2.0)]));
        assert_eq!(more.entries.len(), 4);

        // One that is removed while others are worked on does not hold them up.
        let more = after(&after(&more, done()), Action::Remove(more.asked[0]));
        assert_eq!(
            standings(&more),
            [
                ("RTB", Stopped),
                ("DPS · scale 1", Done),
                ("DPS · scale 2", Working)
            ]
        );
        let state = after(&state, Action::Remove(of(2.0)));
        assert_eq!(standings(&state), [("RTB", Stopped), ("DPS", Done)]);
        let rest: Vec<_> = state.entries.iter().map(|e| e.setting).collect();
        let none = rest
            .into_iter()
            .fold(state, |state, s| after(&state, Action::Remove(s)));
        assert!(none.subject.is_none());
    }
}
