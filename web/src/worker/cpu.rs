//! The worker that computes on the CPU.
#![recursion_limit = "256"]

mod clock;
mod compare;
mod crew;
mod driver;
mod port;
mod requests;

fn main() {
    port::report_panics();
    wasm_bindgen_futures::spawn_local(driver::serve(
        rtb::engine::device::cpu_device(),
        "CPU (WebAssembly)",
    ));
}
