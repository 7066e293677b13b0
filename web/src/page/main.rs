//! The page of rtb: it describes a run, hands it to a worker and draws what comes back. It knows
//! messages, never tensors.

mod app;
mod components;
mod engine;
mod gaussian;
mod handles;
mod kit;
mod link;
mod parts;
mod preview;
mod shipped;
mod stage;
mod state;

fn main() {
    yew::Renderer::<app::App>::new().render();
}
