//! The examples of the library: what they print of the learned posterior agrees with the exact answer beside it.

use std::path::Path;
use std::process::Command;

/// The lines that an example prints.
fn printed(name: &str) -> Vec<String> {
    // `cargo test` builds the examples beside the program.
    let program = Path::new(env!("CARGO_BIN_EXE_rtb"))
        .with_file_name("examples")
        .join(name);
    let made = Command::new(&program)
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(
        made.status.success(),
        "{name}: {said}{}",
        String::from_utf8_lossy(&made.stderr)
    );
    said.lines().map(str::to_owned).collect()
}

/// The number after a word.
fn after(line: &str, word: &str) -> f64 {
    let (_, rest) = line
        .split_once(word)
        .unwrap_or_else(|| panic!("`{word}` is in `{line}`"));
    let number = rest
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_end_matches(',');
    number
        .parse()
        .unwrap_or_else(|e| panic!("`{number}` in `{line}`: {e}"))
}

/// What is found and what is exact are as near as this in a line.
fn near(line: &str, found: &str, tolerance: f64) {
    let (found, exact) = (after(line, found), after(line, "exact"));
    assert!((found - exact).abs() < tolerance, "{line}");
}

#[test]
fn a_reward_of_ones_own() {
    let printed = printed("own_reward");
    assert_eq!(printed.len(), 2, "{printed:?}");
    near(&printed[0], "learned", 0.1);
    near(&printed[1], "learned", 0.03);
}

#[test]
fn a_chain_of_ones_own() {
    let printed = printed("own_chain");
    assert_eq!(printed.len(), 9, "{printed:?}");
    for line in &printed {
        near(line, "learned", 0.02);
    }
}

#[test]
fn a_denoiser_of_ones_own() {
    let printed = printed("own_denoiser");
    assert_eq!(printed.len(), 2, "{printed:?}");
    near(&printed[0], "learned", 0.1);
    near(&printed[0], "weighted", 0.02);
    near(&printed[1], "learned", 0.02);
}
