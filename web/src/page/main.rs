//! The page of rtb: it describes a run, hands it to a worker and draws what comes back. It knows
//! messages, never tensors.

mod app;
mod axis;
mod components;
mod draw;
mod engine;
mod files;
mod frames;
mod gaussian;
mod handles;
mod link;
mod math;
mod paint;
mod preview;
mod shared;
mod shipped;
mod size;
mod stage;
mod state;
mod theme;
mod thinned;

fn main() {
    yew::Renderer::<app::App>::new().render();
}
