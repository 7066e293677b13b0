//! The worker that computes on the CPU.
#![recursion_limit = "256"]

mod clock;
mod compare;
mod driver;
mod energy;
mod numbers;
mod port;

fn main() {
    port::report_panics();
    wasm_bindgen_futures::spawn_local(driver::serve(rtb::session::cpu_device(), "CPU (WebAssembly)"));
}
