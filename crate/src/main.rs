//! The native program; `rtb --help` says what it does.

#![recursion_limit = "256"]

mod program;

fn main() -> std::process::ExitCode {
    program::main()
}
