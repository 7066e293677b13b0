//! The page of rtb: it describes a run, hands it to a worker and draws what comes back. It knows
//! messages, never tensors.

use std::panic::PanicHookInfo;

mod app;
mod engine;
mod history;
mod kit;
mod link;
mod parts;
mod presets;
#[cfg(test)]
mod sources;
mod stage;
mod state;
mod tasks;

/// Says that the page has stopped, once: after a panic nothing on it answers any more.
fn stop(panic: &PanicHookInfo) {
    const ID: &str = "stopped";
    console_error_panic_hook::hook(panic);
    let document = gloo::utils::document();
    if document.get_element_by_id(ID).is_some() {
        return;
    }
    if let (Ok(message), Some(body)) = (document.create_element("p"), document.body()) {
        message.set_id(ID);
        let _ = message.set_attribute("role", "alert");
        message.set_class_name("message bad");
        message.set_text_content(Some(
            "The page has stopped because of a mistake in it. Reload it to go on; its address keeps the run.",
        ));
        let _ = body.append_child(&message);
    }
}

fn main() {
    yew::set_custom_panic_hook(Box::new(stop));
    yew::Renderer::<app::App>::new().render();
}
