//! The worker that computes on the GPU through WebGPU.
#![recursion_limit = "256"]

mod clock;
mod compare;
mod crew;
mod driver;
mod port;
mod requests;

use rtb::message::Event;

fn main() {
    port::report_panics();
    wasm_bindgen_futures::spawn_local(async {
        match rtb::engine::device::gpu_device().await {
            Ok(device) => driver::serve(device, "GPU (WebGPU)").await,
            Err(error) => port::post(&[Event::Failed {
                message: error.to_string(),
            }]),
        }
    });
}
