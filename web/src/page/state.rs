//! The page's state, and how events change it.

use crate::engine::Device;
use crate::link;
use crate::preview;
use crate::shared::Shared;
use crate::thinned::Thinned;
use rtb::config::{ConfigError, Preset, Run, presets};
use rtb::message::{Event, Iteration, Paths, Report, Scene, Snapshot};
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
    /// No worker runs, and none will until the user acts.
    Stopped,
}

/// A message for the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A value that is not allowed, beside its field.
    Refused(ConfigError),
    /// Anything else that went wrong.
    Trouble(String),
    /// Something done.
    Done(String),
}

/// The pictures and trajectories of a run.
#[derive(Clone, PartialEq)]
pub struct Stage {
    pub scene: Shared<Scene>,
    /// Bridges to samples of the exact posterior.
    pub exact_paths: Shared<Paths>,
    /// Whether the engine made the scene, or the page's preview.
    pub from_engine: bool,
}

impl Stage {
    fn new(scene: Scene, run: &Run, from_engine: bool) -> Self {
        let exact_paths = Shared::new(preview::bridge(&scene.exact, scene.side, run));
        Self {
            scene: Shared::new(scene),
            exact_paths,
            from_engine,
        }
    }
}

#[derive(Clone, PartialEq)]
pub struct State {
    pub run: Shared<Run>,
    /// Grows with every change of the run or reset: the engine then opens the run anew.
    pub revision: u32,
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
    /// Start over with the same run.
    Reset,
    /// The engine is about to open the run.
    Opening {
        resume: bool,
    },
    Train,
    Pause,
    Events(Vec<Event>),
    Device(Device),
    Stopped,
    Notice(Option<Notice>),
}

impl State {
    pub fn new(run: Run, notice: Option<Notice>) -> Self {
        Self {
            stage: Stage::new(preview::scene(&run), &run, false),
            run: Shared::new(run),
            revision: 0,
            phase: Phase::Starting,
            resume: false,
            accepted: None,
            snapshots: Thinned::default(),
            reports: Thinned::default(),
            curve: Thinned::default(),
            last: None,
            device: Device::default(),
            notice,
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

    fn load(&mut self, run: Run) {
        self.stage = Stage::new(preview::scene(&run), &run, false);
        self.run = Shared::new(run);
        self.revision += 1;
        self.resume = self.phase == Phase::Training || (self.phase == Phase::Opening && self.resume);
        self.notice = None;
        if !matches!(self.phase, Phase::Starting | Phase::Stopped) {
            self.phase = Phase::Opening;
        }
    }

    fn on(&mut self, event: Event) {
        match event {
            Event::Opened(scene) => {
                self.stage = Stage::new(*scene, &self.run, true);
                self.accepted = Some((self.run.clone(), self.stage.clone()));
                self.snapshots = Thinned::default();
                self.reports = Thinned::default();
                self.curve = Thinned::default();
                self.last = None;
                self.phase = if self.resume { Phase::Training } else { Phase::Idle };
            }
            Event::Iterated(iteration) => {
                self.curve.push(iteration);
                self.last = Some(iteration);
            }
            Event::Snapshot(snapshot) => {
                self.reports.push(Shared::new(snapshot.report.clone()));
                self.snapshots.push(Shared::new(*snapshot));
            }
            Event::Finished { .. } => self.phase = Phase::Finished,
            Event::Refused {
                field,
                value,
                allowed,
            } => {
                self.phase = if self.resume { Phase::Training } else { Phase::Idle };
                match self.accepted.clone() {
                    Some((run, stage)) => (self.run, self.stage) = (run, stage),
                    // Nothing is open yet: a link whose run only the engine could refuse.
                    None => self.load(link::first()),
                }
                self.notice = Some(Notice::Refused(ConfigError::new(field, value, allowed)));
            }
            // The phase follows the user's own pause at once.
            Event::Paused { .. } => {}
            Event::Ready { .. } | Event::Weights(_) | Event::Samples(_) | Event::Failed { .. } => {}
        }
    }
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
                    next.load(run);
                }
            }
            Action::Load(run, notice) => {
                next.load(run);
                next.notice = notice;
            }
            Action::Reset => {
                next.load((*self.run).clone());
                next.resume = false;
            }
            Action::Opening { resume } => {
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
            Action::Device(device) => next.device = device,
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
        let refused = Event::from(ConfigError::new("seed", 7, "something else"));
        let actions = vec![
            opened(),
            Action::Train,
            Action::Edit(edited),
            Action::Events(vec![refused]),
        ];
        let state = after(State::new(run.clone(), None), actions);
        assert_eq!(*state.run, run);
        assert_eq!(state.phase, Phase::Training);
        assert!(matches!(&state.notice, Some(Notice::Refused(e)) if e.field == "seed"));
    }

    #[test]
    fn an_edit_while_training_trains_on() {
        let run = presets()[0].run.clone();
        let mut edited = run.clone();
        edited.seed = 7;
        let actions = vec![opened(), Action::Train, Action::Edit(edited), opened()];
        assert_eq!(after(State::new(run, None), actions).phase, Phase::Training);
    }
}
