//! Which run is wanted, which one the worker was sent, and which one it holds.

use super::{Backend, Engine, Inner, fetch};
use crate::kit::shared::Shared;
use crate::state::{Action, Phase};
use rtb::message::{Files, Request};
use rtb::run::{ConfigError, Run};
use wasm_bindgen_futures::spawn_local;

/// A run to open.
#[derive(Clone)]
pub(super) struct Opening {
    pub run: Shared<Run>,
    pub weights: Option<Shared<Vec<u8>>>,
    /// Train as soon as it is open.
    pub train: bool,
}

impl Engine {
    /// Notes a run that is to be opened in place of the one that is open. Until [`Engine::open`]
    /// the worker goes on with the old one, but clicks are about the new one.
    pub fn prepare(&self, run: Shared<Run>, weights: Option<Shared<Vec<u8>>>, train: bool) {
        let mut inner = self.0.borrow_mut();
        inner.opening = Some(Opening { run, weights, train });
        inner.settling = true;
        inner.save_as = None;
    }

    /// Opens the run that was prepared, unless that has already happened.
    pub fn open(&self) {
        let (stopped, ready, train) = {
            let inner = self.0.borrow();
            if !inner.settling {
                return;
            }
            let ready = !inner.device.name.is_empty() && inner.sent.is_none();
            (inner.worker.is_none(), ready, inner.wants_training())
        };
        if stopped {
            self.emit(Action::Opening { resume: train });
            self.spawn(Backend::Cpu);
        } else if ready {
            self.send_open();
        } else {
            // The answer to the open before, or the worker's first word, sends it.
            self.0.borrow_mut().settling = false;
        }
    }

    /// Opens the last run again, with the last weights.
    pub(super) fn reopen(&self, train: bool) {
        let again = {
            let inner = self.0.borrow();
            inner.opening.clone().map(|o| {
                let same = inner.accepted.as_ref().is_some_and(|a| a.run == o.run);
                let weights = inner.weights.clone().filter(|_| same);
                (o.run, weights.or(o.weights))
            })
        };
        if let Some((run, weights)) = again {
            self.emit(Action::Opening { resume: train });
            self.prepare(run, weights, train);
            self.open();
        }
    }

    /// Sends the run to open; the weights it needs are fetched first.
    pub(super) fn send_open(&self) {
        let Some(opening) = self.0.borrow().opening.clone() else {
            return;
        };
        {
            let mut inner = self.0.borrow_mut();
            inner.sent = Some(opening.run.clone());
            inner.settling = false;
        }
        // The run opens at once where there is nothing to fetch.
        if opening.run.files().is_empty() {
            return self.send_opening(&opening, Files::default());
        }
        let engine = self.clone();
        let worker_number = self.0.borrow().worker_number;
        spawn_local(async move {
            let fetched = fetch::files(&opening.run).await;
            if engine.0.borrow().worker_number != worker_number {
                return;
            }
            match fetched {
                Ok(files) => engine.send_opening(&opening, files),
                Err(error) => engine.heard(vec![error.into()]),
            }
        });
    }

    fn send_opening(&self, opening: &Opening, files: Files) {
        self.0.borrow().send(&Request::Open {
            run: Box::new((*opening.run).clone()),
            files,
            weights: opening.weights.as_deref().cloned(),
        });
    }

    /// The worker holds the run it was sent. Returns whether that is the run that is wanted.
    pub(super) fn opened(&self) -> bool {
        let current = {
            let mut inner = self.0.borrow_mut();
            inner.opened = true;
            inner.held = inner.sent.take();
            inner.phase = Phase::Idle;
            let current = inner.opening.as_ref().map(|o| &o.run) == inner.held.as_ref();
            if current {
                inner.accept();
            }
            current
        };
        if !current {
            self.send_settled();
        }
        current
    }

    /// The worker refused the run it was sent, and goes on with the one it holds.
    pub(super) fn refused(&self, error: ConfigError) {
        let phase = {
            let mut inner = self.0.borrow_mut();
            let sent = inner.sent.take();
            let overtaken = inner.opening.as_ref().map(|o| &o.run) != sent.as_ref();
            (!overtaken).then(|| inner.go_back())
        };
        match phase {
            None => self.send_settled(),
            Some(phase) => {
                self.emit(Action::Refused { error, phase });
                if phase == Phase::Opening {
                    self.send_open();
                }
            }
        }
    }

    /// Sends the run that overtook another one, unless it may still change.
    fn send_settled(&self) {
        if !self.0.borrow().settling {
            self.send_open();
        }
    }
}

impl Inner {
    /// Whether the wanted run is not open yet: what the worker says is about an older one.
    pub(super) fn waits(&self) -> bool {
        self.settling || self.sent.is_some() || self.device.name.is_empty()
    }

    /// Whether the user wants the run to train, be it open or not.
    pub(super) fn wants_training(&self) -> bool {
        if self.waits() {
            self.opening.as_ref().is_some_and(|o| o.train)
        } else {
            self.phase == Phase::Training
        }
    }

    /// The run that was wanted is open.
    fn accept(&mut self) {
        self.weights = None;
        self.accepted = self.opening.clone();
        if self.opening.as_ref().is_some_and(|o| o.train) {
            self.phase = Phase::Training;
            self.send(&Request::Train);
        }
    }

    /// Wants the last accepted run again after a refusal. Returns what it does: where the worker
    /// holds another run, one that was overtaken while it opened, it has to be opened again.
    fn go_back(&mut self) -> Phase {
        let train = self.opening.as_ref().is_some_and(|o| o.train);
        self.opening = self.accepted.clone().map(|accepted| Opening {
            weights: self.weights.clone().or(accepted.weights),
            train,
            ..accepted
        });
        let lost = self.opening.as_ref().map(|o| &o.run) != self.held.as_ref();
        if lost { Phase::Opening } else { self.phase }
    }
}
