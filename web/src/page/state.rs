//! The page's state, and how events change it.

use crate::engine::Device;
use crate::kit::shared::Shared;
use crate::kit::thinned::Thinned;
use crate::link;
use crate::stage::Stage;
use crate::tasks;
use rtb::message::{Event, Iteration, Report, Snapshot};
use rtb::run::{ConfigError, Preset, Run};
use rtb::task::presets;
use std::rc::Rc;
use yew::Reducible;

/// What a run's name ends in once it is no longer the preset of that name.
const EDITED: &str = " (edited)";

/// Where the run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// No worker has answered yet.
    #[default]
    Starting,
    /// A run is being opened.
    Opening,
    Idle,
    Training,
    Finished,
    /// The run's files could not be fetched, and will not be until the user acts.
    Unfetched,
    /// No worker runs, and none will until the user acts.
    Stopped,
}

impl Phase {
    /// Whether the engine holds the run that is shown.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Idle | Self::Training | Self::Finished)
    }
}

/// A message for the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A value that is not allowed, beside its field.
    Refused(ConfigError),
    /// Anything else that went wrong.
    Trouble(String),
    /// The run's files could not be fetched; the user may try again.
    Unfetched(String),
    /// Something done.
    Done(String),
    /// Something the page changed on its own; it outlives the edits of the drag that caused it.
    Changed(String),
}

#[derive(Clone, PartialEq)]
pub struct State {
    pub run: Shared<Run>,
    /// Grows with every change of the run or reset: the engine then opens the run anew.
    pub revision: u32,
    /// Weights the run begins with, from a file.
    pub weights: Option<Shared<Vec<u8>>>,
    pub phase: Phase,
    /// Whether training goes on when the run has been opened.
    pub resume: bool,
    pub stage: Stage,
    /// The run and stage the engine last accepted, to go back to.
    accepted: Option<(Shared<Run>, Stage)>,
    pub snapshots: Thinned<Shared<Snapshot>, 60>,
    pub reports: Thinned<Shared<Report>, 400>,
    pub curve: Thinned<Iteration, 600>,
    pub last: Option<Iteration>,
    pub device: Device,
    pub notice: Option<Notice>,
}

pub enum Action {
    /// The user changed the run.
    Edit(Run),
    /// A preset, a link or a file replaces the run.
    Load(Run, Option<Notice>),
    /// A file of weights, and the run it belongs to where it says so.
    Weights {
        run: Option<Run>,
        weights: Vec<u8>,
        notice: Notice,
    },
    /// Start over with the same run.
    Reset,
    /// The engine is about to open the run.
    Opening {
        resume: bool,
    },
    Train,
    Pause,
    Events(Vec<Event>),
    /// The engine refused the run that was to be opened; what it does with the one it holds.
    Refused {
        error: ConfigError,
        phase: Phase,
    },
    Device(Device),
    /// The files of the run could not be fetched; why.
    Unfetched(String),
    Stopped,
    Notice(Option<Notice>),
}

impl State {
    pub fn new(mut run: Run, notice: Option<Notice>) -> Self {
        let changed = tasks::room(&run).adopt(&mut run).map(Notice::Changed);
        Self {
            stage: Stage::preview(&run, None),
            run: Shared::new(run),
            revision: 0,
            weights: None,
            phase: Phase::Starting,
            resume: false,
            accepted: None,
            snapshots: Thinned::default(),
            reports: Thinned::default(),
            curve: Thinned::default(),
            last: None,
            device: Device::default(),
            notice: notice.or(changed),
        }
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        let shown = self.snapshots.items().last().map_or(0, |s| s.iteration);
        self.last.map_or(0, |i| i.iteration).max(shown)
    }

    /// The preset the run equals, if it does.
    pub fn preset(&self) -> Option<&'static str> {
        presets().iter().find(|p| p.run == *self.run).map(|p| p.name)
    }

    /// Replaces the run by one whose learned prior, if it has one, ships with the page.
    fn load(&mut self, mut run: Run, notice: Option<Notice>) {
        self.notice = tasks::room(&run).adopt(&mut run).map(Notice::Changed).or(notice);
        self.stage = Stage::preview(&run, Some((&self.run, &self.stage)));
        let same_task = run.task() == self.run.task();
        if !same_task {
            self.forget();
        }
        self.run = Shared::new(run);
        self.weights = None;
        self.revision += 1;
        let waits = matches!(self.phase, Phase::Starting | Phase::Opening | Phase::Unfetched);
        // Training goes on with another run, but not with another task.
        self.resume = same_task && (self.phase == Phase::Training || (waits && self.resume));
        if !matches!(self.phase, Phase::Starting | Phase::Stopped) {
            self.phase = Phase::Opening;
        }
    }

    /// Forgets what came of the run before.
    fn forget(&mut self) {
        self.snapshots = Thinned::default();
        self.reports = Thinned::default();
        self.curve = Thinned::default();
        self.last = None;
    }

    /// Goes back to the run that the engine accepted last.
    fn refuse(&mut self, error: ConfigError, phase: Phase) {
        self.phase = phase;
        let accepted = self.accepted.clone();
        // One that has to be opened again is accepted when it is.
        self.accepted.take_if(|_| phase == Phase::Opening);
        match accepted {
            Some((run, stage)) => (self.run, self.stage) = (run, stage),
            // There is none: a link whose run only the engine could refuse.
            None => self.load(link::first(), None),
        }
        self.notice = Some(Notice::Refused(error));
    }

    fn on(&mut self, event: Event) {
        // The engine may not have heard yet that another run is wanted: the last words are about the old one.
        if !self.phase.is_open() && !matches!(event, Event::Opened(_)) {
            return;
        }
        match event {
            Event::Opened(scene) => {
                self.stage = Stage::new(*scene);
                self.accepted = Some((self.run.clone(), self.stage.clone()));
                self.forget();
                if let Some(snapshot) = untrained(&self.run, &self.stage) {
                    self.snapshots.push(snapshot);
                }
                self.phase = if self.resume { Phase::Training } else { Phase::Idle };
            }
            Event::Iterated(iteration) => {
                self.curve.push(iteration);
                self.last = Some(iteration);
            }
            Event::Snapshot(snapshot) => {
                // What is looked at again, with more to choose from, is no other time.
                let (iteration, iterations) = (snapshot.iteration, snapshot.report.iterations);
                let report = Shared::new(snapshot.report.clone());
                self.reports
                    .push_or_replace(report, |last| last.iterations == iterations);
                self.snapshots
                    .push_or_replace(Shared::new(*snapshot), |last| last.iteration == iteration);
            }
            Event::Truth(truth) => {
                self.stage.truth = Some(Shared::new(*truth));
                self.accepted = Some((self.run.clone(), self.stage.clone()));
            }
            Event::Finished { .. } => self.phase = Phase::Finished,
            Event::Diverged { message } => {
                self.phase = Phase::Idle;
                self.notice = Some(Notice::Trouble(format!("Training stopped: {message}.")));
            }
            // The phase followed the user's own pause at once; by now training may go on again.
            Event::Paused { .. } => {}
            // The engine's own business, and that of a comparison's own worker.
            Event::Ready { .. }
            | Event::Opening
            | Event::Weights(_)
            | Event::Samples(_)
            | Event::Compared { .. }
            | Event::NotComparable { .. }
            | Event::ComparisonEnded
            | Event::Lesson(_)
            | Event::Refused { .. }
            | Event::Failed { .. } => {}
        }
    }
}

/// The posterior before any training, where that is the prior itself.
fn untrained(run: &Run, stage: &Stage) -> Option<Shared<Snapshot>> {
    run.starts_at_prior().then(|| {
        Shared::new(Snapshot {
            paths: stage.scene.prior_paths.clone(),
            log_reward: stage.log_reward().to_vec(),
            ..Snapshot::default()
        })
    })
}

/// The run under the name that tells whether it still is its preset.
fn named(mut run: Run) -> Run {
    if let Some(base) = run.name.strip_suffix(EDITED) {
        run.name = base.to_owned();
    }
    if Preset::find(&run.name).is_ok_and(|p| p.run != run) {
        run.name.push_str(EDITED);
    }
    run
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            Action::Edit(run) => {
                let run = named(run);
                if run != *next.run {
                    let changed = next.notice.take().filter(|n| matches!(n, Notice::Changed(_)));
                    next.load(run, changed);
                }
            }
            Action::Load(run, notice) => next.load(run, notice),
            Action::Weights { run, weights, notice } => {
                next.load(run.unwrap_or_else(|| (*self.run).clone()), Some(notice));
                next.weights = Some(Shared::new(weights));
                next.resume = false;
            }
            Action::Reset => {
                next.load((*self.run).clone(), None);
                next.resume = false;
            }
            Action::Opening { resume } => {
                next.notice
                    .take_if(|notice| matches!(notice, Notice::Unfetched(_)));
                next.phase = Phase::Opening;
                next.resume = resume;
            }
            Action::Train => {
                if next.phase == Phase::Idle {
                    next.phase = Phase::Training;
                } else {
                    next.resume = true;
                }
            }
            Action::Pause => {
                next.resume = false;
                if next.phase == Phase::Training {
                    next.phase = Phase::Idle;
                }
            }
            Action::Events(events) => events.into_iter().for_each(|e| next.on(e)),
            Action::Refused { error, phase } => next.refuse(error, phase),
            Action::Device(device) => next.device = device,
            Action::Unfetched(why) => {
                next.phase = Phase::Unfetched;
                next.notice = Some(Notice::Unfetched(why));
            }
            Action::Stopped => next.phase = Phase::Stopped,
            Action::Notice(notice) => next.notice = notice,
        }
        Rc::new(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(state: State, actions: Vec<Action>) -> Rc<State> {
        actions.into_iter().fold(Rc::new(state), |s, a| s.reduce(a))
    }

    fn opened() -> Action {
        Action::Events(vec![Event::Opened(Box::default())])
    }

    #[test]
    fn editing_back_to_the_preset_restores_its_name() {
        let run = presets()[0].run.clone();
        let mut edited = run.clone();
        edited.seed = 7;
        let state = after(State::new(run.clone(), None), vec![Action::Edit(edited)]);
        assert_eq!(
            (state.run.name.as_str(), state.preset()),
            ("25-to-9 (edited)", None)
        );
        let mut back = (*state.run).clone();
        back.seed = run.seed;
        assert_eq!(state.reduce(Action::Edit(back)).preset(), Some("25-to-9"));
    }

    #[test]
    fn a_refused_run_gives_way_to_the_last_accepted_one() {
        let run = presets()[0].run.clone();
        let mut edited = run.clone();
        edited.seed = 7;
        let refused = Action::Refused {
            error: ConfigError::new("seed", 7, "something else"),
            phase: Phase::Training,
        };
        let actions = vec![opened(), Action::Train, Action::Edit(edited), refused];
        let state = after(State::new(run.clone(), None), actions);
        assert_eq!(*state.run, run);
        assert_eq!(state.phase, Phase::Training);
        assert!(matches!(&state.notice, Some(Notice::Refused(e)) if e.field == "seed"));
    }

    #[test]
    fn a_run_that_is_refused_though_it_was_accepted_gives_way_to_the_first() {
        let refused = |phase| Action::Refused {
            error: ConfigError::new("network", "`gone`", "another one"),
            phase,
        };
        let run = Preset::find("ring-tilt").unwrap().run;
        let actions = vec![opened(), refused(Phase::Idle), refused(Phase::Opening)];
        let state = after(State::new(run, None), actions);
        assert_eq!((state.preset(), state.phase), (Some("ring-tilt"), Phase::Opening));
        let state = state.reduce(refused(Phase::Idle));
        assert_eq!((state.preset(), state.revision), (Some("25-to-9"), 1));
        assert!(matches!(&state.notice, Some(Notice::Refused(_))));
    }

    #[test]
    fn a_run_waits_for_its_files_until_the_user_tries_again() {
        let actions = vec![opened(), Action::Train, Action::Unfetched("no".to_owned())];
        let state = after(State::new(presets()[0].run.clone(), None), actions);
        assert_eq!(state.phase, Phase::Unfetched);
        assert!(matches!(&state.notice, Some(Notice::Unfetched(why)) if why == "no"));
        let again = state.reduce(Action::Opening { resume: true });
        assert_eq!((again.phase, &again.notice), (Phase::Opening, &None));
        assert_eq!(again.reduce(opened()).phase, Phase::Training);
    }

    #[test]
    fn an_edit_while_training_trains_on() {
        let run = presets()[0].run.clone();
        let mut edited = run.clone();
        edited.seed = 7;
        let actions = vec![opened(), Action::Train, Action::Edit(edited), opened()];
        let state = after(State::new(run, None), actions);
        assert_eq!(state.phase, Phase::Training);
        let other = Preset::find("digit-3").unwrap().run;
        let iterated = Action::Events(vec![Event::Iterated(Iteration::default())]);
        let switched = state.reduce(Action::Load(other, None)).reduce(iterated);
        assert_eq!(
            switched.last, None,
            "the old run's iterations are not the new one's"
        );
        let switched = switched.reduce(opened());
        assert_eq!(switched.phase, Phase::Idle, "another task waits to be trained");
    }
}
