//! The worker's end of the line to the page: requests come in one at a time, events go out as
//! lists, both as MessagePack in a `Uint8Array`. A buffer by itself is what members of a team give each other.

use super::crew;
use super::requests::Requests;
use futures::channel::mpsc::unbounded;
use gloo::events::EventListener;
use js_sys::{ArrayBuffer, Uint8Array};
use rtb::message::{Event, from_bytes, to_bytes};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Posts events to the page, in order.
pub fn post(events: &[Event]) {
    let bytes = Uint8Array::from(to_bytes(&events).as_slice());
    let buffer = js_sys::Array::of1(&bytes.buffer());
    if scope().post_message_with_transfer(&bytes, &buffer).is_err() {
        // Only a page that is going away refuses a transferable message.
        web_sys::console::warn_1(&JsValue::from_str("the page does not listen any more"));
    }
}

/// Gives the worker that leads what it gathers.
pub fn give(bytes: &[u8]) {
    let buffer = Uint8Array::from(bytes).buffer();
    let taken = js_sys::Array::of1(&buffer);
    scope()
        .post_message_with_transfer(&buffer, &taken)
        .expect("bytes can be posted");
}

/// All requests from now on, in order.
pub fn requests() -> Requests {
    let (sender, receiver) = unbounded();
    let given = crew::listen();
    EventListener::new(&scope(), "message", move |event| {
        let data = event.unchecked_ref::<MessageEvent>().data();
        // The receivers live as long as the worker.
        if data.is_instance_of::<ArrayBuffer>() {
            let _ = given.unbounded_send(Uint8Array::new(&data).to_vec());
            return;
        }
        let request = from_bytes(&Uint8Array::new(&data).to_vec());
        let _ = sender.unbounded_send(request);
    })
    .forget();
    Requests::new(receiver)
}

/// Tells the page of a panic before it becomes a trap without a text.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        let what = info.payload_as_str().unwrap_or("for no stated reason");
        let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line()));
        let message = format!("{what}{}", place.unwrap_or_default());
        post(&[Event::Failed { message }]);
    }));
}
