//! The page's hold on the engine: which worker runs, what it was told, and how to go on when it
//! fails.

mod adapter;
mod device;
mod fetch;
mod worker;

pub use adapter::Gpu;
pub use device::{Backend, Device};

use crate::files;
use crate::shared::Shared;
use crate::state::{Action, Notice};
use gloo::file::ObjectUrl;
use gloo::timers::callback::Timeout;
use rtb::config::{PriorKind, Run};
use rtb::message::{Event, Request};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use worker::{Heard, Worker};
use yew::Callback;

/// A run to open.
#[derive(Clone)]
struct Opening {
    run: Shared<Run>,
    weights: Option<Vec<u8>>,
    /// Train as soon as it is open.
    train: bool,
}

struct Inner {
    emit: Callback<Action>,
    worker: Option<Worker>,
    device: Device,
    /// What is open or being opened.
    opening: Option<Opening>,
    /// What is open.
    accepted: Option<Opening>,
    /// The open that the worker has not answered; until it has, its events are about an older
    /// run, and later opens wait.
    sent: Option<Shared<Run>>,
    /// The run the worker holds. A run that was overtaken while it opened is held, but was never
    /// accepted.
    held: Option<Shared<Run>>,
    /// Counts workers: what an ended one left behind is not held against the next.
    worker_number: u32,
    /// Whether this worker has opened a run: one that crashed before is not started again.
    opened: bool,
    training: bool,
    /// Whether the user ever trained or chose a device: then nothing switches by itself.
    touched: bool,
    rate: Option<f64>,
    /// The last weights the worker sent of the accepted run.
    weights: Option<Vec<u8>>,
    /// Whether the next weights go into a file of that name.
    save_as: Option<String>,
    gpu_code: Option<Rc<ObjectUrl>>,
}

/// A handle that may be cloned freely.
#[derive(Clone)]
pub struct Engine(Rc<RefCell<Inner>>);

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Engine {
    /// Starts the CPU worker and looks for a GPU.
    pub fn start(emit: Callback<Action>) -> Self {
        let engine = Self(Rc::new(RefCell::new(Inner {
            emit,
            worker: None,
            device: Device {
                why: "looking for a GPU".to_owned(),
                ..Device::default()
            },
            opening: None,
            accepted: None,
            sent: None,
            held: None,
            worker_number: 0,
            opened: false,
            training: false,
            touched: false,
            rate: None,
            weights: None,
            save_as: None,
            gpu_code: None,
        })));
        engine.spawn(Backend::Cpu);
        let looking = engine.clone();
        spawn_local(async move {
            let gpu = adapter::look().await;
            looking.found(gpu);
        });
        engine
    }

    fn found(&self, gpu: Gpu) {
        let why = match &gpu {
            Gpu::Asking => return,
            Gpu::Absent(why) => (*why).to_owned(),
            Gpu::Software(name) => {
                format!("WebGPU is only emulated here ({name}), which is slower")
            }
            Gpu::Hardware(_) => "you had begun before the GPU was found".to_owned(),
        };
        let hardware = matches!(gpu, Gpu::Hardware(_));
        self.device(|d| (d.gpu, d.why) = (gpu, why));
        if hardware && !self.0.borrow().touched {
            self.switch(Backend::Gpu);
        }
    }

    /// Opens a run in place of the one that is open.
    pub fn open(&self, run: Shared<Run>, weights: Option<Vec<u8>>, train: bool) {
        let mut inner = self.0.borrow_mut();
        inner.opening = Some(Opening { run, weights, train });
        let stopped = inner.worker.is_none();
        let ready = !inner.device.name.is_empty() && inner.sent.is_none();
        drop(inner);
        if stopped {
            self.spawn(Backend::Cpu);
        } else if ready {
            self.send_open();
        }
    }

    pub fn train(&self) {
        self.0.borrow_mut().touched = true;
        if self.0.borrow().worker.is_none() {
            self.reopen(true);
            return;
        }
        let mut inner = self.0.borrow_mut();
        if inner.sent.is_some() || inner.device.name.is_empty() {
            if let Some(opening) = &mut inner.opening {
                opening.train = true;
            }
        } else {
            inner.training = true;
            inner.send(&Request::Train);
        }
    }

    pub fn pause(&self) {
        let mut inner = self.0.borrow_mut();
        inner.training = false;
        if let Some(opening) = &mut inner.opening {
            opening.train = false;
        }
        inner.send(&Request::Pause);
    }

    pub fn step(&self) {
        self.0.borrow_mut().touched = true;
        self.0.borrow().send(&Request::Step);
    }

    /// Iterations per second at most.
    pub fn speed(&self, rate: Option<f64>) {
        self.0.borrow_mut().rate = rate;
        self.0.borrow().send(&Request::Speed(rate));
    }

    pub fn save_weights(&self, file: String) {
        self.0.borrow_mut().save_as = Some(file);
        self.0.borrow().send(&Request::Weights);
    }

    pub fn save_samples(&self, count: usize) {
        self.0.borrow().send(&Request::Samples(count));
    }

    /// Moves the run, with the weights it has, to another worker, at the user's wish.
    pub fn choose(&self, backend: Backend) {
        self.0.borrow_mut().touched = true;
        self.device(|d| d.why = "chosen by you".to_owned());
        self.switch(backend);
    }

    fn switch(&self, backend: Backend) {
        let code = self.0.borrow().gpu_code.clone();
        if backend == Backend::Cpu || code.is_some() {
            self.device(|d| d.download = None);
            return self.move_to(backend);
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
                    engine.0.borrow_mut().gpu_code = Some(Rc::new(code));
                    if wanted {
                        engine.move_to(Backend::Gpu);
                    }
                }
                Err(message) => {
                    engine.device(|d| d.why = "the WebGPU worker could not be fetched".to_owned());
                    engine.notice(Notice::Trouble(message));
                }
            }
        });
    }

    fn move_to(&self, backend: Backend) {
        let runs = self.0.borrow().worker.is_some();
        if runs && self.0.borrow().device.backend == backend {
            return;
        }
        let name = match &self.0.borrow().device.gpu {
            Gpu::Software(name) | Gpu::Hardware(name) if backend == Backend::Gpu => name.clone(),
            _ => String::new(),
        };
        if !self.0.borrow().touched {
            self.device(|d| d.why = format!("this browser offers a GPU ({name})"));
        }
        let train = {
            let inner = self.0.borrow();
            let opening = inner.sent.is_some() && inner.opening.as_ref().is_some_and(|o| o.train);
            inner.training || opening
        };
        self.spawn(backend);
        self.reopen(train);
    }

    /// Opens the last run again, with the last weights.
    fn reopen(&self, train: bool) {
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
            self.open(run, weights, train);
        }
    }

    fn spawn(&self, backend: Backend) {
        let file = backend.file();
        let code = match (backend, &self.0.borrow().gpu_code) {
            (Backend::Gpu, Some(code)) => code.to_string(),
            _ => fetch::address(&format!("{file}_bg.wasm")),
        };
        let engine = self.clone();
        let hear = move |heard| match heard {
            Heard::Events(events) => engine.heard(events),
            Heard::Crashed(why) => engine.crash_later(why),
        };
        // The old worker ends before the new one begins: they would share the device.
        self.0.borrow_mut().worker = None;
        let worker = Worker::start(&fetch::address(&format!("{file}.js")), &code, hear);
        {
            let mut inner = self.0.borrow_mut();
            (inner.sent, inner.held) = (None, None);
            (inner.opened, inner.training) = (false, false);
            inner.worker_number += 1;
        }
        self.device(|d| (d.backend, d.name) = (backend, String::new()));
        match worker {
            Ok(worker) => self.0.borrow_mut().worker = Some(worker),
            Err(message) => self.crashed(&message),
        }
    }

    /// Sends the run to open; a learned prior's weights are fetched first.
    fn send_open(&self) {
        let Some(opening) = self.0.borrow().opening.clone() else {
            return;
        };
        self.0.borrow_mut().sent = Some(opening.run.clone());
        let prior = &opening.run.prior;
        let (PriorKind::Learned, Some(name)) = (prior.kind, prior.weights.clone()) else {
            return self.send_opening(&opening, None);
        };
        let engine = self.clone();
        let worker_number = self.0.borrow().worker_number;
        spawn_local(async move {
            let fetched = fetch::bytes(&format!("assets/{name}.safetensors")).await;
            if engine.0.borrow().worker_number != worker_number {
                return;
            }
            match fetched {
                Ok(weights) => engine.send_opening(&opening, Some(weights)),
                Err(why) => engine.heard(vec![Event::Refused {
                    field: "prior.weights".to_owned(),
                    value: name,
                    allowed: format!("the name of weights that ship with the page is expected; {why}"),
                }]),
            }
        });
    }

    fn send_opening(&self, opening: &Opening, prior_weights: Option<Vec<u8>>) {
        self.0.borrow().send(&Request::Open {
            run: Box::new((*opening.run).clone()),
            prior_weights,
            weights: opening.weights.clone(),
        });
    }

    fn heard(&self, events: Vec<Event>) {
        let mut news = Vec::new();
        for event in events {
            if let Some(event) = self.take(event) {
                news.push(event);
            }
        }
        if !news.is_empty() {
            self.emit(Action::Events(news));
        }
    }

    /// Does what an event asks of the engine itself; returns it if the page should know.
    fn take(&self, event: Event) -> Option<Event> {
        match &event {
            Event::Ready { device } => {
                self.device(|d| d.name = device.clone());
                let rate = self.0.borrow().rate;
                self.0.borrow().send(&Request::Speed(rate));
                self.send_open();
                return None;
            }
            Event::Failed { message } => {
                self.crash_later(message.clone());
                return None;
            }
            Event::Opened(_) | Event::Refused { .. } if !self.answered(matches!(event, Event::Opened(_))) => {
                return None;
            }
            Event::Opened(_) | Event::Refused { .. } => {}
            _ if self.0.borrow().sent.is_some() => return None,
            _ => {}
        }
        let mut inner = self.0.borrow_mut();
        match event {
            Event::Opened(_) => {
                inner.weights = None;
                inner.accepted = inner.opening.clone();
                inner.training = inner.opening.as_ref().is_some_and(|o| o.train);
                if inner.training {
                    inner.send(&Request::Train);
                }
            }
            Event::Snapshot(_) => inner.send(&Request::Weights),
            Event::Finished { .. } => inner.training = false,
            Event::Weights(weights) => {
                if let Some(name) = inner.save_as.take() {
                    files::save_bytes(&name, &weights);
                }
                inner.weights = Some(weights);
                return None;
            }
            Event::Samples(samples) => {
                files::save_text("samples.csv", &files::csv(&samples));
                return None;
            }
            _ => {}
        }
        Some(event)
    }

    /// Notes the answer to an open. Returns false, and opens the run that is wanted by now, where
    /// another one overtook it.
    fn answered(&self, opened: bool) -> bool {
        let (overtaken, lost) = {
            let mut inner = self.0.borrow_mut();
            let sent = inner.sent.take();
            inner.opened |= opened;
            if opened {
                inner.held = sent.clone();
            }
            let overtaken = inner.opening.as_ref().map(|o| &o.run) != sent.as_ref();
            if !overtaken && !opened {
                inner.opening = inner.accepted.clone();
            }
            // After a refusal the worker goes on with what it holds, which may be a run that was
            // overtaken.
            let lost = inner.opening.as_ref().map(|o| &o.run) != inner.held.as_ref();
            (overtaken, lost)
        };
        if overtaken || lost {
            self.send_open();
        }
        !overtaken
    }

    /// A worker's end waits a turn, so that none is dropped from within its own event.
    fn crash_later(&self, why: String) {
        let engine = self.clone();
        let number = self.0.borrow().worker_number;
        later(move || {
            if engine.0.borrow().worker_number == number {
                engine.crashed(&why);
            }
        });
    }

    /// Goes on after a crash: from the GPU to the CPU, from the CPU to a fresh worker, unless
    /// that one never got as far as opening a run.
    fn crashed(&self, why: &str) {
        let (backend, opened) = {
            let mut inner = self.0.borrow_mut();
            if inner.worker.take().is_none() {
                return;
            }
            (inner.device.backend, inner.opened)
        };
        let why = if why.is_empty() {
            "it could not be loaded"
        } else {
            why
        };
        if backend == Backend::Gpu {
            self.0.borrow_mut().touched = true;
            self.device(|d| d.why = "the GPU worker stopped".to_owned());
            self.notice(Notice::Trouble(format!("The GPU worker stopped: {why}. The run goes on from its last weights on the CPU; press Train.")));
            self.spawn(Backend::Cpu);
            self.reopen(false);
        } else if opened {
            self.notice(Notice::Trouble(format!("The worker stopped: {why}. A new one opened the run with its last weights; press Train to go on.")));
            self.spawn(Backend::Cpu);
            self.reopen(false);
        } else {
            self.0.borrow_mut().weights = None;
            self.device(|d| d.name.clear());
            self.notice(Notice::Trouble(format!(
                "The engine did not start: {why}. Train, reset or any change of the run tries again."
            )));
            self.emit(Action::Stopped);
        }
    }

    fn device(&self, change: impl FnOnce(&mut Device)) {
        let device = {
            let mut inner = self.0.borrow_mut();
            change(&mut inner.device);
            inner.device.clone()
        };
        self.emit(Action::Device(device));
    }

    fn notice(&self, notice: Notice) {
        self.emit(Action::Notice(Some(notice)));
    }

    fn emit(&self, action: Action) {
        let emit = self.0.borrow().emit.clone();
        emit.emit(action);
    }
}

/// Does something in the event loop's next turn.
fn later(act: impl FnOnce() + 'static) {
    Timeout::new(0, act).forget();
}

impl Inner {
    fn send(&self, request: &Request) {
        if let Some(worker) = &self.worker {
            worker.send(request);
        }
    }
}
