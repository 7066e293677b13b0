//! What an iteration asks a GPU for. Needs an adapter; the project's test command installs a software one and sets
//! RTB_REQUIRE_GPU.

use super::support::{rtb, stderr, stdout};

/// Launches, uploads and reads of an iteration; none where there is no adapter.
fn work(preset: &str, more: &[&str]) -> Option<[usize; 3]> {
    let line = ["bench", preset, "--device=gpu", "--count=1"];
    let output = rtb(line).args(more).output().expect("it runs");
    let (said, told) = (stdout(&output), stderr(&output));
    if !output.status.success() {
        assert!(std::env::var_os("RTB_REQUIRE_GPU").is_none(), "{told}");
        eprintln!("not tested here: {told}");
        return None;
    }
    let line = said
        .lines()
        .find(|line| line.starts_with("an iteration launches "));
    let line = line.unwrap_or_else(|| panic!("an iteration's launches are missing from {said}"));
    let numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    Some(numbers.try_into().expect("three numbers"))
}

#[test]
fn an_iteration_in_the_plane_takes_few_launches() {
    let Some([launches, uploads, reads]) = work("25-to-9", &[]) else {
        return;
    };
    assert!((1..=120).contains(&launches), "{launches} launches");
    assert!((1..=10).contains(&uploads), "{uploads} uploads");
    assert_eq!(reads, 1);
    // They do not grow with the steps.
    let shorter = work("25-to-9", &["--steps=20"]).expect("an adapter");
    assert_eq!(shorter, [launches, uploads, reads]);
}
