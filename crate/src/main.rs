//! The native program; `rtb --help` says what it does.

#![recursion_limit = "256"]
// These panic where standard output or standard error is closed; `program::output` has what does not.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod program;

/// Tensors are allocated and freed thousands of times an iteration; the system's allocator gives
/// the larger ones back to the kernel each time, which costs a third of the training time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    program::main()
}
