//! Which worker runs: its choice, its start, and how to go on after its end.

use super::fetch::PATIENCE;
use super::worker::{Heard, Program, Worker};
use super::{Backend, Engine, Gpu, fetch};
use crate::state::{Action, Notice};
use gloo::timers::callback::Timeout;
use wasm_bindgen_futures::spawn_local;

/// Why a run is not computed by WebGPU.
pub(super) const ASKS_HOST: &str =
    "the Langevin term takes the gradient of the formula from the processor at every step";

impl Engine {
    pub(super) fn found(&self, gpu: Gpu) {
        let touched = self.0.borrow().touched;
        let why = match &gpu {
            Gpu::Asking => return,
            Gpu::Absent(why) => (*why).to_owned(),
            Gpu::Software(name) => {
                format!("this browser only emulates WebGPU ({name}), which is slower")
            }
            Gpu::Hardware(_) if touched => "you started before the GPU was found".to_owned(),
            Gpu::Hardware(name) => format!("until the WebGPU worker has loaded (GPU: {name})"),
        };
        let hardware = matches!(gpu, Gpu::Hardware(_));
        self.device(|d| (d.gpu, d.why) = (gpu, why));
        if hardware && !touched {
            self.switch(Backend::Gpu);
        }
    }

    /// Moves the run, with the weights it has, to another worker, at the user's wish.
    pub fn choose(&self, backend: Backend) {
        self.0.borrow_mut().touched = true;
        self.switch(backend);
    }

    fn switch(&self, backend: Backend) {
        if backend == Backend::Gpu && self.plan(|plan| plan.asks_host()) {
            return self.device(|d| d.why = ASKS_HOST.to_owned());
        }
        let code = self.0.borrow().gpu_code.clone();
        if backend == Backend::Cpu || code.is_some() {
            self.device(|d| d.download = None);
            return self.move_to(backend);
        }
        let touched = self.0.borrow().touched;
        if touched {
            self.device(|d| d.why = "until the WebGPU worker has loaded".to_owned());
        }
        if self.0.borrow().device.download.is_some() {
            return;
        }
        self.device(|d| d.download = Some((0.0, None)));
        let engine = self.clone();
        spawn_local(async move {
            let telling = engine.clone();
            let tell = move |done, total| {
                // A download the user gave up goes on unseen.
                if telling.0.borrow().device.download.is_some() {
                    telling.device(|d| d.download = Some((done, total)));
                }
            };
            let code = fetch::wasm("worker-gpu_bg.wasm", tell).await;
            let wanted = engine.0.borrow().device.download.is_some();
            engine.device(|d| d.download = None);
            match code {
                Ok(code) => {
                    engine.0.borrow_mut().gpu_code = Some(code);
                    if wanted {
                        engine.move_to(Backend::Gpu);
                    }
                }
                // What was given up on is not missed.
                Err(_) if !wanted => {}
                Err(message) => {
                    engine.device(|d| d.why = "the WebGPU worker could not be downloaded".to_owned());
                    engine.notice(Notice::Trouble(message));
                }
            }
        });
    }

    fn move_to(&self, backend: Backend) {
        let why = {
            let inner = self.0.borrow();
            match &inner.device.gpu {
                Gpu::Hardware(name) if !inner.touched => format!("this browser offers a GPU ({name})"),
                _ => "your choice".to_owned(),
            }
        };
        self.device(|d| d.why = why);
        let runs = self.0.borrow().worker.is_some();
        if runs && self.0.borrow().device.backend == backend {
            return;
        }
        let train = self.plan(|plan| plan.trains());
        self.spawn(backend);
        self.reopen(train);
    }

    /// What a worker of this kind runs.
    pub(super) fn program(&self, backend: Backend) -> Program {
        let file = backend.file();
        let code = match (backend, &self.0.borrow().gpu_code) {
            (Backend::Gpu, Some(code)) => code.into(),
            _ => fetch::part(&format!("{file}_bg.wasm")).into(),
        };
        Program {
            glue: fetch::part(&format!("{file}.js")),
            code,
        }
    }

    pub(super) fn spawn(&self, backend: Backend) {
        let program = self.program(backend);
        let engine = self.clone();
        let hear = move |heard| match heard {
            Heard::Events(events) => engine.heard(events),
            Heard::Crashed(why) => engine.crash_later(why),
        };
        // The old worker ends before the new one begins: they would share the device.
        self.0.borrow_mut().worker = None;
        let worker = Worker::start(&program, hear);
        {
            let mut inner = self.0.borrow_mut();
            inner.plan.started();
            (inner.save_as, inner.late) = (None, false);
            inner.worker_number += 1;
        }
        self.device(|d| (d.backend, d.name) = (backend, String::new()));
        match worker {
            Ok(worker) => {
                self.0.borrow_mut().worker = Some(worker);
                self.watch_start();
            }
            Err(message) => self.failed(&message),
        }
    }

    /// Does not wait for ever for a worker's first word. One for the CPU may be on a slow network, and is
    /// taken when it comes.
    fn watch_start(&self) {
        let engine = self.clone();
        let number = self.0.borrow().worker_number;
        Timeout::new(1000 * PATIENCE, move || {
            if engine.0.borrow().worker_number != number || !engine.plan(|plan| plan.starts()) {
                return;
            }
            if engine.backend() == Backend::Gpu {
                return engine.crashed(&format!("it did not start within {PATIENCE} s"));
            }
            engine.0.borrow_mut().late = true;
            engine.emit(Action::Unfetched(format!(
                "The engine has not loaded within {PATIENCE} s: the network may be slow, or have failed."
            )));
        })
        .forget();
    }

    /// A worker's end waits a turn, so that none is dropped from within its own event.
    pub(super) fn crash_later(&self, why: String) {
        let engine = self.clone();
        let number = self.0.borrow().worker_number;
        later(move || {
            if engine.0.borrow().worker_number == number {
                engine.crashed(&why);
            }
        });
    }

    fn crashed(&self, why: &str) {
        // A worker may tell of its end twice.
        let ended = self.0.borrow_mut().worker.take();
        if ended.is_some() {
            self.failed(why);
        }
    }

    /// Goes on without the worker: from the GPU to the CPU; from the CPU to a fresh worker, in training once,
    /// unless that one never got as far as opening a run.
    fn failed(&self, why: &str) {
        // A backtrace is for the console.
        gloo::console::error!("the worker stopped:", why);
        let why = brief(why);
        let on_gpu = self.backend() == Backend::Gpu;
        let (train, goes_on) = self.plan(|plan| (plan.trains(), plan.ended(on_gpu)));
        if on_gpu {
            self.0.borrow_mut().touched = true;
            self.device(|d| d.why = "the WebGPU worker stopped".to_owned());
            let notice = "The GPU worker stopped, and the CPU goes on with the run from its last weights.";
            self.notice(Notice::Trouble(notice.to_owned()));
            self.spawn(Backend::Cpu);
            self.reopen(train);
        } else if goes_on {
            let again = train && std::mem::replace(&mut self.0.borrow_mut().went_on, true);
            let rest = if again { "; press Train to continue" } else { "" };
            self.notice(Notice::Trouble(format!(
                "The worker stopped: {why}. A new worker goes on with the run from its last weights{rest}."
            )));
            self.spawn(Backend::Cpu);
            self.reopen(train && !again);
        } else {
            self.device(|d| d.name.clear());
            self.notice(Notice::Trouble(format!(
                "The engine did not start: {why}. To try again, press Train or change the run."
            )));
            self.emit(Action::Stopped);
        }
    }
}

/// Why a worker stopped, in a line.
pub(super) fn brief(why: &str) -> &str {
    match why.lines().next() {
        None | Some("") => "it could not be loaded",
        Some(line) => line,
    }
}

/// Does something in the event loop's next turn: no worker is dropped from within its own event.
pub(super) fn later(act: impl FnOnce() + 'static) {
    Timeout::new(0, act).forget();
}
