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
use crate::state::{Action, Notice, Phase};
use gloo::file::ObjectUrl;
use gloo::timers::callback::Timeout;
use rtb::config::{ConfigError, PriorKind, Run};
use rtb::message::{Event, Request};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use worker::{Heard, Worker};
use yew::Callback;

/// Least time between two requests for the weights while training, ms: a crash loses no more.
const WEIGHTS_INTERVAL: f64 = 5000.0;

/// A run to open.
#[derive(Clone)]
struct Opening {
    run: Shared<Run>,
    weights: Option<Shared<Vec<u8>>>,
    /// Train as soon as it is open.
    train: bool,
}

struct Inner {
    emit: Callback<Action>,
    worker: Option<Worker>,
    device: Device,
    /// What is open, being opened, or to be opened as soon as the run has settled.
    opening: Option<Opening>,
    /// Whether the run to open may still change: it waits for [`Engine::open`].
    settling: bool,
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
    /// What the worker does with the run it holds: idle, training or finished.
    phase: Phase,
    /// Whether the user ever trained or chose a device: then nothing switches by itself.
    touched: bool,
    rate: Option<f64>,
    /// The last weights the worker sent of the accepted run.
    weights: Option<Shared<Vec<u8>>>,
    /// When the weights were last asked for.
    weights_asked: f64,
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
            settling: false,
            accepted: None,
            sent: None,
            held: None,
            worker_number: 0,
            opened: false,
            phase: Phase::Idle,
            touched: false,
            rate: None,
            weights: None,
            weights_asked: 0.0,
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
        let touched = self.0.borrow().touched;
        let why = match &gpu {
            Gpu::Asking => return,
            Gpu::Absent(why) => (*why).to_owned(),
            Gpu::Software(name) => {
                format!("WebGPU is only emulated here ({name}), which is slower")
            }
            Gpu::Hardware(_) if touched => "you had begun before the GPU was found".to_owned(),
            Gpu::Hardware(name) => format!("until the worker for the GPU ({name}) is here"),
        };
        let hardware = matches!(gpu, Gpu::Hardware(_));
        self.device(|d| (d.gpu, d.why) = (gpu, why));
        if hardware && !touched {
            self.switch(Backend::Gpu);
        }
    }

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

    pub fn train(&self) {
        self.begin();
        if self.0.borrow().worker.is_none() {
            self.reopen(true);
            return;
        }
        let mut inner = self.0.borrow_mut();
        if !inner.waits() {
            inner.phase = Phase::Training;
            inner.send(&Request::Train);
        } else if let Some(opening) = &mut inner.opening {
            opening.train = true;
        }
    }

    pub fn pause(&self) {
        let mut inner = self.0.borrow_mut();
        if let Some(opening) = &mut inner.opening {
            opening.train = false;
        }
        // Also the run that is about to be replaced: it stays if the new one is refused.
        if inner.phase == Phase::Training {
            inner.phase = Phase::Idle;
            inner.send(&Request::Pause);
        }
    }

    pub fn step(&self) {
        self.begin();
        self.0.borrow().send(&Request::Step);
    }

    /// Notes that the user trains: from now on nothing switches by itself.
    fn begin(&self) {
        let first = !std::mem::replace(&mut self.0.borrow_mut().touched, true);
        // Only the page itself can have begun a download before the user did anything.
        if first && self.0.borrow().device.download.is_some() {
            let why = "you had begun before the GPU worker was here".to_owned();
            self.device(|d| (d.download, d.why) = (None, why));
        }
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
        self.switch(backend);
    }

    fn switch(&self, backend: Backend) {
        let code = self.0.borrow().gpu_code.clone();
        if backend == Backend::Cpu || code.is_some() {
            self.device(|d| d.download = None);
            return self.move_to(backend);
        }
        let touched = self.0.borrow().touched;
        if touched {
            self.device(|d| d.why = "until the GPU worker you chose is here".to_owned());
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
                // What was given up on is not missed.
                Err(_) if !wanted => {}
                Err(message) => {
                    engine.device(|d| d.why = "the WebGPU worker could not be fetched".to_owned());
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
                _ => "chosen by you".to_owned(),
            }
        };
        self.device(|d| d.why = why);
        let runs = self.0.borrow().worker.is_some();
        if runs && self.0.borrow().device.backend == backend {
            return;
        }
        let train = self.0.borrow().wants_training();
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
            self.prepare(run, weights, train);
            self.open();
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
            (inner.opened, inner.phase) = (false, Phase::Idle);
            inner.save_as = None;
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
        {
            let mut inner = self.0.borrow_mut();
            inner.sent = Some(opening.run.clone());
            inner.settling = false;
        }
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
            weights: opening.weights.as_deref().cloned(),
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
        match event {
            Event::Ready { device } => {
                self.device(|d| d.name = device);
                let rate = self.0.borrow().rate;
                self.0.borrow().send(&Request::Speed(rate));
                self.send_open();
                None
            }
            Event::Failed { message } => {
                self.crash_later(message);
                None
            }
            Event::Opened(_) => self.opened().then_some(event),
            Event::Refused {
                field,
                value,
                allowed,
            } => {
                self.refused(ConfigError::new(field, value, allowed));
                None
            }
            _ => self.0.borrow_mut().note(event),
        }
    }

    /// The worker holds the run it was sent. Returns whether that is the run that is wanted.
    fn opened(&self) -> bool {
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
    fn refused(&self, error: ConfigError) {
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

    /// Whether the wanted run is not open yet: what the worker says is about an older one.
    fn waits(&self) -> bool {
        self.settling || self.sent.is_some() || self.device.name.is_empty()
    }

    /// Whether the user wants the run to train, be it open or not.
    fn wants_training(&self) -> bool {
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

    /// Does what an event about the open run asks for; returns it if the page should know.
    fn note(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Finished { .. } => self.phase = Phase::Finished,
            Event::Diverged { .. } => self.phase = Phase::Idle,
            _ => {}
        }
        if self.waits() {
            return None;
        }
        match event {
            Event::Snapshot(_) => self.ask_for_weights(),
            Event::Iterated(_) if js_sys::Date::now() - self.weights_asked > WEIGHTS_INTERVAL => {
                self.ask_for_weights();
            }
            Event::Weights(weights) => {
                if let Some(name) = self.save_as.take() {
                    files::save_bytes(&name, &weights);
                }
                self.weights = Some(Shared::new(weights));
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

    fn ask_for_weights(&mut self) {
        self.weights_asked = js_sys::Date::now();
        self.send(&Request::Weights);
    }
}
