//! The page's state, and how events change it.

use crate::engine::Device;
use crate::history::{History, Past};
use crate::kit::shared::Shared;
use crate::presets::{self, named};
use crate::stage::Stage;
use crate::tasks::{self, Change};
use rtb::message::{Event, Snapshot};
use rtb::run::{ConfigError, Run};
use std::rc::Rc;
use yew::Reducible;

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
    /// Grows with every reset, and every change of the run for which training starts again: the engine
    /// then opens the run anew.
    pub revision: u32,
    /// Weights the run begins with, from a file or from before.
    pub weights: Option<Shared<Vec<u8>>>,
    /// The last weights of the open run.
    pub kept: Option<Shared<Vec<u8>>>,
    pub phase: Phase,
    /// Whether training goes on when the run has been opened.
    pub resume: bool,
    pub stage: Stage,
    /// The run and stage the engine last accepted, to go back to.
    accepted: Option<(Shared<Run>, Stage)>,
    /// The run that was being opened when the user changed it, to go back to first.
    changed: Option<Shared<Run>>,
    pub history: History,
    /// Whether that stays when the run has been opened: it was brought back.
    returns: bool,
    past: Option<Past>,
    pub device: Device,
    pub notice: Option<Notice>,
}

pub enum Action {
    /// The user changed the run.
    Edit(Run),
    /// A preset, a link or a file replaces the run.
    Load(Run, Option<Notice>),
    /// The address leads to this run, which may be the one that wrote it.
    Follow(Run),
    /// A file of weights, and the run it belongs to where it says so.
    Weights {
        run: Option<Run>,
        weights: Vec<u8>,
        notice: Notice,
    },
    /// A file of samples was read.
    Samples(Change),
    /// The run that the page began with, as it was kept over a reload.
    Restore(Past),
    /// Start over with the same run.
    Reset,
    /// Bring back the trained run that was left last.
    Undo,
    /// The last weights of a run.
    Kept {
        run: Shared<Run>,
        weights: Shared<Vec<u8>>,
    },
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
            kept: None,
            phase: Phase::Starting,
            resume: false,
            accepted: None,
            changed: None,
            history: History::default(),
            returns: false,
            past: None,
            device: Device::default(),
            notice: notice.or(changed),
        }
    }

    /// Iterations done.
    pub fn iteration(&self) -> usize {
        self.history.iteration()
    }

    /// The trained run that was left last, as soon as it can be brought back.
    pub fn past(&self) -> Option<&Past> {
        self.past.as_ref().filter(|past| past.weights.is_some())
    }

    /// The preset the run equals, if it does.
    pub fn preset(&self) -> Option<&'static str> {
        presets::name_of(&self.run)
    }

    /// Replaces the run by one whose learned prior, if it has one, ships with the page.
    fn load(&mut self, mut run: Run, notice: Option<Notice>) {
        self.notice = tasks::room(&run).adopt(&mut run).map(Notice::Changed).or(notice);
        self.stage = Stage::preview(&run, Some((&self.run, &self.stage)));
        let same_task = run.task() == self.run.task();
        self.leave();
        if !same_task {
            self.history = History::default();
        }
        self.run = Shared::new(run);
        (self.weights, self.returns, self.changed) = (None, false, None);
        self.revision += 1;
        let waits = matches!(self.phase, Phase::Starting | Phase::Opening | Phase::Unfetched);
        // Training goes on with another run, but not with another task.
        self.resume = same_task && (self.phase == Phase::Training || (waits && self.resume));
        if !matches!(self.phase, Phase::Starting | Phase::Stopped) {
            self.phase = Phase::Opening;
        }
    }

    /// Keeps the run that is left, if it was trained, to be brought back. One that has been brought back may
    /// not be open yet.
    fn leave(&mut self) {
        let returning = self.weights.take().filter(|_| self.returns);
        let weights = self.kept.take().or(returning);
        if self.iteration() > 0 && (self.phase.is_open() || weights.is_some()) {
            let now = Past {
                run: self.run.clone(),
                history: self.history.clone(),
                weights,
            };
            self.past = Some(Past::dearer(self.past.take(), now));
        }
    }

    /// Brings back a run that was left.
    fn bring_back(&mut self, past: Past) {
        self.load((*past.run).clone(), None);
        (self.weights, self.history) = (past.weights, past.history);
        (self.returns, self.resume) = (true, false);
    }

    /// Another run is wanted: the one that was left last comes back with its training.
    fn go_to(&mut self, run: Run, notice: Option<Notice>) {
        match self.past.take_if(|past| *past.run == run) {
            Some(past) if past.weights.is_some() && *self.run != run => self.bring_back(past),
            past => {
                self.load(run, notice);
                self.past = self.past.take().or(past);
            }
        }
    }

    /// The user changed the run, so that it has to be opened anew. One that was never opened is a base to
    /// go back to.
    fn change(&mut self, run: Run, notice: Option<Notice>) {
        let opens = self.accepted.as_ref().is_none_or(|(run, _)| *run != self.run);
        let base = self.changed.take().or(opens.then(|| self.run.clone()));
        self.load(run, notice);
        self.changed = base;
    }

    /// The run goes on under another description of the same training.
    fn revise(&mut self, run: Run) {
        self.run = Shared::new(run);
        if !self.phase.is_open() {
            return;
        }
        self.accepted = Some((self.run.clone(), self.stage.clone()));
        if self.phase == Phase::Finished && self.iteration() < self.run.training.iterations {
            self.phase = Phase::Idle;
        }
    }

    fn keep(&mut self, run: &Shared<Run>, weights: Shared<Vec<u8>>) {
        if self.phase.is_open() && *run == self.run {
            // Those of a run that starts are made again as fast as they are read.
            self.kept = (self.iteration() > 0).then_some(weights);
        } else if let Some(past) = self.past.as_mut().filter(|past| past.run == *run) {
            past.weights = Some(weights);
        }
    }

    /// Goes back to the run that was being opened when it was changed, or that the engine accepted last.
    fn refuse(&mut self, error: ConfigError, phase: Phase) {
        let accepted = self.accepted.clone();
        // One that has to be opened again is accepted when it is.
        self.accepted.take_if(|_| phase == Phase::Opening);
        match (self.changed.take(), accepted) {
            (Some(base), _) => self.go_to((*base).clone(), None),
            (None, Some((run, stage))) => (self.run, self.stage, self.phase) = (run, stage, phase),
            // There is none: a link whose run only the engine could refuse.
            (None, None) => {
                self.resume = false;
                self.load(presets::first(), None);
            }
        }
        // It was not left after all.
        if let Some(past) = self.past.take_if(|past| past.run == self.run) {
            (self.history, self.kept) = (past.history, past.weights);
        }
        self.notice = Some(Notice::Refused(error));
    }

    /// What kept the engine from the run is over.
    fn started(&mut self) {
        let stopped = self.phase == Phase::Stopped;
        self.notice.take_if(|notice| match notice {
            Notice::Unfetched(_) => true,
            Notice::Trouble(_) => stopped,
            _ => false,
        });
    }

    fn on(&mut self, event: Event) {
        // The engine may not have heard yet that another run is wanted: the last words are about the old one.
        if !self.phase.is_open() && !matches!(event, Event::Opened(_)) {
            return;
        }
        match event {
            Event::Opened(scene) => {
                self.started();
                self.stage = Stage::new(*scene);
                self.accepted = Some((self.run.clone(), self.stage.clone()));
                self.changed = None;
                if !std::mem::take(&mut self.returns) {
                    self.history = History::default();
                    if let Some(snapshot) = untrained(&self.run, &self.stage) {
                        self.history.snapshots.push(snapshot);
                    }
                }
                self.kept = self.kept.take().or_else(|| self.weights.clone());
                self.phase = if self.resume { Phase::Training } else { Phase::Idle };
            }
            Event::Iterated(iteration) => {
                self.history.curve.push(iteration);
                self.history.last = Some(iteration);
            }
            Event::Snapshot(snapshot) => self.history.show(*snapshot),
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
            | Event::Members(_)
            | Event::Following(_)
            | Event::Weights(_)
            | Event::Samples(_)
            | Event::Compared { .. }
            | Event::Preparing { .. }
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

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            Action::Edit(run) => {
                let run = named(run);
                // What was refused is mended, be it by the value before.
                let changed = next.notice.take().filter(|n| matches!(n, Notice::Changed(_)));
                if run == *next.run {
                    next.notice = changed;
                } else if next.run.problem == run.problem && next.run.same_training(&run).is_ok() {
                    next.notice = changed;
                    next.revise(run);
                } else {
                    next.change(run, changed);
                }
            }
            Action::Load(run, notice) => next.go_to(run, notice),
            Action::Follow(run) if run == *next.run => {}
            Action::Follow(run) => next.go_to(run, None),
            Action::Weights { run, weights, notice } => {
                next.load(run.unwrap_or_else(|| (*self.run).clone()), Some(notice));
                next.weights = Some(Shared::new(weights));
                next.resume = false;
            }
            Action::Samples(change) => {
                let (run, notice) = change(&self.run);
                next.go_to(run, Some(Notice::Done(notice)));
            }
            Action::Restore(past) if next.revision == 0 => {
                next.bring_back(Past {
                    run: self.run.clone(),
                    ..past
                });
                (next.notice, next.resume) = (self.notice.clone(), self.resume);
            }
            // By now the user has left it.
            Action::Restore(past) => next.past = Some(Past::dearer(next.past.take(), past)),
            Action::Undo => {
                if let Some(past) = next.past.take_if(|past| past.weights.is_some()) {
                    next.bring_back(past);
                }
            }
            Action::Kept { run, weights } => next.keep(&run, weights),
            Action::Reset => {
                next.load((*self.run).clone(), None);
                next.resume = false;
            }
            Action::Opening { resume } => {
                next.started();
                next.returns |= next.kept.is_some();
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
            // The next worker begins anew.
            Action::Stopped => (next.phase, next.kept) = (Phase::Stopped, None),
            Action::Notice(notice) => next.notice = notice,
        }
        Rc::new(next)
    }
}

#[cfg(test)]
mod tests;
