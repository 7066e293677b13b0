//! One worker: starting it, the line to it, and hearing of its end.

use super::fetch;
use gloo::events::EventListener;
use js_sys::{Array, Error, Uint8Array};
use rtb::message::{Event, Request, from_bytes, to_bytes};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, WorkerOptions, WorkerType};

/// What comes from a worker.
pub enum Heard {
    Events(Vec<Event>),
    /// It is gone; why.
    Crashed(String),
}

/// What a worker runs.
pub struct Program {
    /// The address of its glue, absolute.
    pub glue: String,
    /// Its code: an absolute address, or a download kept in memory.
    pub code: JsValue,
}

/// A running worker; dropping it ends it.
pub struct Worker {
    worker: web_sys::Worker,
    _listeners: [EventListener; 2],
}

impl Worker {
    /// Starts a worker. A short script stands before its glue: it takes the code from anywhere, a
    /// download kept in memory included, and reports whatever the worker itself no longer can.
    pub fn start(program: &Program, hear: impl Fn(Heard) + Clone + 'static) -> Result<Self, String> {
        let said = |e: JsValue| match e.dyn_ref::<Error>() {
            Some(error) => String::from(error.message()),
            None => format!("{e:?}"),
        };
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(&fetch::part("worker.js"), &options).map_err(said)?;
        let first = Array::of2(&program.glue.as_str().into(), &program.code);
        worker.post_message(&first).map_err(said)?;
        let on_message = {
            let hear = hear.clone();
            EventListener::new(&worker, "message", move |event| hear(read(event.unchecked_ref())))
        };
        let on_error = EventListener::new(&worker, "error", move |event| {
            let message = event
                .dyn_ref::<ErrorEvent>()
                .map(ErrorEvent::message)
                .unwrap_or_default();
            hear(Heard::Crashed(message));
        });
        Ok(Self {
            worker,
            _listeners: [on_message, on_error],
        })
    }

    pub fn send(&self, request: &Request) {
        let bytes = Uint8Array::from(to_bytes(request).as_slice());
        self.worker
            .post_message_with_transfer(&bytes, &Array::of1(&bytes.buffer()))
            .expect("bytes can be posted");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn read(event: &MessageEvent) -> Heard {
    let data = event.data();
    if let Some(text) = data.as_string() {
        return Heard::Crashed(text);
    }
    let events: Result<Vec<Event>, _> = from_bytes(&Uint8Array::new(&data).to_vec());
    let stranger = |event: &Event| matches!(event, Event::Ready { build, .. } if build != fetch::BUILD);
    match events {
        Ok(events) if events.iter().any(stranger) => Heard::Crashed(
            "it is of another version than this page; reload the page, past the browser’s cache".to_owned(),
        ),
        Ok(events) => Heard::Events(events),
        Err(message) => Heard::Crashed(message),
    }
}
