//! Time in a worker: the clock, and turns of the event loop.

use futures::channel::oneshot;
use gloo::{events::EventListener, timers::future::TimeoutFuture};
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::MessageChannel;
use web_time::Instant;

thread_local! {
    static START: Instant = Instant::now();
}

/// Milliseconds since some fixed moment, whatever becomes of the machine's time of day.
pub fn now() -> f64 {
    START.with(|start| 1000.0 * start.elapsed().as_secs_f64())
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
