//! How a run gets into the worker.

use super::fetch::{self, Missing};
use super::keeping::{ASKS_HOST, later};
use super::plan::{Next, Opening, Plan};
use super::{Backend, Engine};
use crate::kit::shared::Shared;
use crate::state::Action;
use gloo::timers::callback::Timeout;
use rtb::message::{Files, Request};
use rtb::run::{ConfigError, Run};
use wasm_bindgen_futures::spawn_local;

/// How long a worker may be deaf to the run that is wanted, ms, before another one replaces it.
const PATIENCE: u32 = 10_000;

impl Engine {
    /// Notes a run that is to be opened in place of the one that is open. Until [`Engine::open`]
    /// the worker goes on with the old one, but clicks are about the new one.
    pub fn prepare(&self, run: Shared<Run>, weights: Option<Shared<Vec<u8>>>, train: bool) {
        // What was trained can be brought back.
        if self.0.borrow().trained && self.plan(|plan| plan.is_open()) {
            self.0.borrow_mut().ask_for_weights();
        }
        self.plan(|plan| plan.want(Opening { run, weights }, train));
        self.0.borrow_mut().save_as = None;
    }

    /// Notes another description of the run that is wanted, of the same training. The worker hears of it
    /// with [`Engine::tell`], or before it trains.
    pub fn revise(&self, run: Shared<Run>) {
        self.plan(|plan| plan.revise(run));
    }

    /// Tells the worker how the run that it holds is described by now.
    pub fn tell(&self) {
        self.go_on(self.plan(Plan::tell));
    }

    /// Opens the run that was prepared, unless that has already happened.
    pub fn open(&self) {
        self.go_on(self.plan(Plan::settle));
        self.watch();
    }

    /// Opens the run whose files could not be fetched, or for which no worker came up.
    pub fn try_again(&self) {
        if self.0.borrow().late {
            let resume = self.plan(|plan| plan.trains());
            self.emit(Action::Opening { resume });
            self.spawn(self.backend());
        } else if self.plan(|plan| plan.lacks_files()) {
            let resume = self.plan(|plan| plan.trains());
            self.emit(Action::Opening { resume });
            self.open();
        }
    }

    /// Opens the last run again, with the last weights.
    pub(super) fn reopen(&self, train: bool) {
        if self.plan(|plan| plan.want_again(train)) {
            self.emit(Action::Opening { resume: train });
            self.open();
        }
    }

    /// Does what the plan says.
    pub(super) fn go_on(&self, next: Next) {
        match next {
            Next::Nothing => {}
            Next::Start => {
                let resume = self.plan(|plan| plan.trains());
                self.emit(Action::Opening { resume });
                self.spawn(Backend::Cpu);
            }
            Next::Open(opening) => self.send_open(opening),
            Next::Revise(run) => self.0.borrow().send(&Request::Revise(Box::new((*run).clone()))),
            Next::Train => self.0.borrow().send(&Request::Train),
            Next::Pause => self.0.borrow().send(&Request::Pause),
        }
    }

    /// Sends a run to open; the weights it needs are fetched first.
    fn send_open(&self, opening: Opening) {
        if opening.run.asks_host() && self.backend() == Backend::Gpu {
            self.device(|d| d.why = ASKS_HOST.to_owned());
            let engine = self.clone();
            return later(move || engine.spawn(Backend::Cpu));
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
                Err(Missing::Refused(error)) => engine.refused(error),
                Err(Missing::Lost(why)) => engine.unfetched(why),
            }
        });
    }

    /// The files of the run that was to be sent could not be fetched.
    fn unfetched(&self, why: String) {
        let (wanted, next) = self.plan(Plan::unfetched);
        if wanted {
            self.emit(Action::Unfetched(why));
        }
        self.go_on(next);
    }

    /// Replaces the worker unless it takes up the run that is wanted in time.
    fn watch(&self) {
        let waiting = |engine: &Self| {
            let run = engine.plan(|plan| plan.unheard());
            run.map(|run| (run, engine.0.borrow().worker_number))
        };
        let Some(wanted) = waiting(self) else {
            return;
        };
        let engine = self.clone();
        Timeout::new(PATIENCE, move || {
            if waiting(&engine) == Some(wanted) {
                engine.spawn(engine.backend());
            }
        })
        .forget();
    }

    fn send_opening(&self, opening: &Opening, files: Files) {
        self.0.borrow().send(&Request::Open {
            run: Box::new((*opening.run).clone()),
            files,
            weights: opening.weights.as_deref().cloned(),
        });
        self.plan(Plan::posted);
        self.watch();
    }

    /// The worker holds the run it was sent. Returns whether that is the run that is wanted.
    pub(super) fn opened(&self) -> bool {
        let (wanted, next) = self.plan(Plan::opened);
        self.0.borrow_mut().trained = false;
        self.go_on(next);
        wanted
    }

    /// The worker refused the run it was sent, and goes on with the one it holds.
    pub(super) fn refused(&self, error: ConfigError) {
        let (phase, next) = self.plan(Plan::refused);
        if let Some(phase) = phase {
            self.emit(Action::Refused { error, phase });
        }
        self.go_on(next);
    }

    pub(super) fn plan<T>(&self, change: impl FnOnce(&mut Plan) -> T) -> T {
        change(&mut self.0.borrow_mut().plan)
    }
}
