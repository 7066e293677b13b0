//! One worker: starting it, the line to it, and hearing of its end.

use gloo::events::EventListener;
use gloo::file::{Blob, ObjectUrl};
use js_sys::{Array, Error, Uint8Array};
use rtb::message::{Event, Request, from_bytes, to_bytes};
use wasm_bindgen::JsCast;
use web_sys::{ErrorEvent, MessageEvent, WorkerOptions, WorkerType};

/// What comes from a worker.
pub enum Heard {
    Events(Vec<Event>),
    /// It is gone; why.
    Crashed(String),
}

/// A running worker; dropping it ends it.
pub struct Worker {
    worker: web_sys::Worker,
    _script: ObjectUrl,
    _listeners: [EventListener; 2],
}

impl Worker {
    /// Starts the worker whose glue is the script `js` and whose code is `wasm`, both absolute.
    ///
    /// A script of two lines stands before the glue: it takes the code from anywhere, a download
    /// kept in memory included, and reports whatever the worker itself no longer can.
    pub fn start(js: &str, wasm: &str, hear: impl Fn(Heard) + Clone + 'static) -> Result<Self, String> {
        let script = format!(
            "addEventListener('unhandledrejection', e => postMessage(String(e.reason)));\n\
             import('{js}').then(m => m.default({{ module_or_path: '{wasm}' }})).catch(e => postMessage(String(e)));"
        );
        let script = ObjectUrl::from(Blob::new_with_options(script.as_str(), Some("text/javascript")));
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker =
            web_sys::Worker::new_with_options(&script, &options).map_err(|e| match e.dyn_ref::<Error>() {
                Some(error) => String::from(error.message()),
                None => format!("{e:?}"),
            })?;
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
            _script: script,
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
    match from_bytes(&Uint8Array::new(&data).to_vec()) {
        Ok(events) => Heard::Events(events),
        Err(message) => Heard::Crashed(message),
    }
}
