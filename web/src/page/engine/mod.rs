//! The page's hold on the engine: which worker runs, what it was told, and how to go on when it
//! fails.

mod adapter;
mod comparer;
mod device;
mod fetch;
mod keeping;
mod opening;
mod plan;
mod worker;

pub use adapter::Gpu;
pub use comparer::{Comparer, News, use_comparer};
pub use device::{Backend, Device, cores};

use crate::kit::files;
use crate::kit::shared::Shared;
use crate::state::{Action, Notice};
use plan::Plan;
use rtb::message::{Event, Request};
use rtb::run::ConfigError;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;
use web_time::Instant;
use worker::Worker;
use yew::Callback;

/// Least time between two requests for the weights while training: a crash loses no more.
const WEIGHTS_INTERVAL: Duration = Duration::from_secs(5);

struct Inner {
    emit: Callback<Action>,
    worker: Option<Worker>,
    device: Device,
    plan: Plan,
    /// Counts workers: what an ended one left behind is not held against the next.
    worker_number: u32,
    /// Whether the user ever trained or chose a device: then nothing switches by itself.
    touched: bool,
    /// Whether the worker has not come up in time.
    late: bool,
    /// Whether a worker has gone on by itself with what another one trained, since the user last asked.
    went_on: bool,
    rate: Option<f64>,
    /// Whether the run that the worker holds was trained since it was opened.
    trained: bool,
    /// When the weights were last asked for.
    weights_asked: Option<Instant>,
    /// Whether the next weights go into a file of that name.
    save_as: Option<String>,
    /// What becomes of the next samples.
    keep: Callback<Vec<f32>>,
    gpu_code: Option<web_sys::Blob>,
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
                workers: device::usual_workers(),
                why: "looking for a GPU".to_owned(),
                ..Device::default()
            },
            plan: Plan::default(),
            worker_number: 0,
            touched: false,
            late: false,
            went_on: false,
            rate: None,
            trained: false,
            weights_asked: None,
            save_as: None,
            keep: Callback::noop(),
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

    pub fn train(&self) {
        self.begin();
        self.go_on(self.plan(Plan::train));
        self.try_again();
    }

    pub fn pause(&self) {
        self.go_on(self.plan(Plan::pause));
    }

    pub fn step(&self) {
        self.begin();
        self.0.borrow().send(&Request::Step);
    }

    /// Looks at the run again, with every sample chosen among so many.
    pub fn look(&self, candidates: usize) {
        self.0.borrow().send(&Request::Look(candidates));
    }

    /// Notes that the user trains: from now on nothing switches by itself.
    fn begin(&self) {
        self.tell();
        self.0.borrow_mut().went_on = false;
        let first = !std::mem::replace(&mut self.0.borrow_mut().touched, true);
        // Only the page itself can have begun a download before the user did anything.
        if first && self.0.borrow().device.download.is_some() {
            let why = "you started before the WebGPU worker had loaded".to_owned();
            self.device(|d| (d.download, d.why) = (None, why));
        }
    }

    /// Has so many CPU workers share the iterations, from the next one on.
    pub fn share(&self, workers: usize) {
        self.device(|d| d.workers = workers);
        self.0.borrow().send_workers();
    }

    /// The kind of worker that runs.
    pub fn backend(&self) -> Backend {
        self.0.borrow().device.backend
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

    /// Draws samples, and hands them on unless another run is wanted by then.
    pub fn save_samples(&self, count: usize, keep: Callback<Vec<f32>>) {
        self.0.borrow_mut().keep = keep;
        self.0.borrow().send(&Request::Samples(count));
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
            Event::Ready { device, .. } => {
                let late = std::mem::take(&mut self.0.borrow_mut().late);
                if late {
                    // What was said of its delay no longer holds.
                    let resume = self.plan(|plan| plan.trains());
                    self.emit(Action::Opening { resume });
                }
                self.device(|d| (d.name, d.members) = (device, 0));
                self.0.borrow().send_workers();
                let rate = self.0.borrow().rate;
                self.0.borrow().send(&Request::Speed(rate));
                self.go_on(self.plan(Plan::up));
                None
            }
            Event::Failed { message } => {
                self.crash_later(message);
                None
            }
            Event::Opening => {
                self.plan(Plan::heard);
                None
            }
            Event::Members(members) => {
                self.device(|d| d.members = members);
                None
            }
            Event::Opened(_) => self.opened().then_some(event),
            Event::Weights(weights) => {
                self.kept(Shared::new(weights));
                None
            }
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

    /// Weights of the run that the worker holds.
    fn kept(&self, weights: Shared<Vec<u8>>) {
        let open = self.plan(|plan| plan.is_open());
        let file = self.0.borrow_mut().save_as.take_if(|_| open);
        if let Some(name) = file {
            files::save_bytes(&name, &weights);
        }
        if let Some(run) = self.plan(|plan| plan.keep(weights.clone())) {
            self.emit(Action::Kept { run, weights });
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

impl Inner {
    fn send(&self, request: &Request) {
        if let Some(worker) = &self.worker {
            worker.send(request);
        }
    }

    /// A GPU is not shared.
    fn send_workers(&self) {
        if self.device.backend == Backend::Cpu {
            self.send(&Request::Members(self.device.workers));
        }
    }

    /// Does what an event about the open run asks for; returns it if the page should know.
    fn note(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Finished { .. } => self.plan.finished(),
            Event::Diverged { .. } => self.plan.diverged(),
            Event::Iterated(_) => self.trained = true,
            _ => {}
        }
        if !self.plan.is_open() {
            return None;
        }
        match event {
            Event::Snapshot(_) => self.ask_for_weights(),
            Event::Iterated(_)
                if self
                    .weights_asked
                    .is_none_or(|at| at.elapsed() > WEIGHTS_INTERVAL) =>
            {
                self.ask_for_weights();
            }
            Event::Samples(samples) => {
                self.keep.emit(samples);
                return None;
            }
            _ => {}
        }
        Some(event)
    }

    fn ask_for_weights(&mut self) {
        self.weights_asked = Some(Instant::now());
        self.send(&Request::Weights);
    }
}
