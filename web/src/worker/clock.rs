//! Time in a worker: the clock, and turns of the event loop.

use futures::channel::oneshot;
use gloo::{events::EventListener, timers::future::TimeoutFuture};
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::MessageChannel;

/// Milliseconds since some fixed moment.
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// Gives the event loop one turn, so that waiting messages are seen. A message to oneself comes
/// back at once, where a timeout of 0 is held up for 4 ms.
pub async fn turn() {
    let Ok(channel) = MessageChannel::new() else {
        return TimeoutFuture::new(0).await;
    };
    let (sender, receiver) = oneshot::channel();
    let port = channel.port1();
    let listener = EventListener::once(&port, "message", move |_| {
        let _ = sender.send(());
    });
    port.start();
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        let _ = receiver.await;
    }
    drop(listener);
    port.close();
}

pub async fn sleep(time: Duration) {
    gloo::timers::future::sleep(time).await;
}
