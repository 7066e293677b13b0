//! The page of rtb: it describes a run, hands it to a worker and draws what comes back. It knows
//! messages, never tensors.

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

fn main() {
    yew::Renderer::<app::App>::new().render();
}
