//! `rtb numbers`: what it prints and writes.

use super::scratch::Scratch;
use super::support::{rtb, stderr, stdout, succeed, text};
use std::fs;

/// The cells of the first line that begins with a word.
fn cells<'a>(said: &'a str, name: &str) -> Vec<&'a str> {
    let mut lines = said
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = lines.find(|line| line.first() == Some(&name));
    line.unwrap_or_else(|| panic!("{name} is missing from {said}"))
}

#[test]
fn numbers_are_shown_before_and_after() {
    let place = Scratch::new();
    let file = place.path().join("numbers.csv");
    let flags = [
        "numbers",
        "--iterations=2",
        "--batch=8",
        "--quiet",
        "--out",
        text(&file),
    ];
    let output = succeed(&mut rtb(flags));
    assert_eq!(stderr(&output), "", "quiet");
    let said = stdout(&output);
    let figure = |name: &str, at: usize| cells(&said, name)[at].parse::<f64>().expect("a figure");
    for name in ["prior", "posterior"] {
        assert!(
            figure(name, 1) > 0.3,
            "little is learned in two iterations: {said}"
        );
        assert!((0.0..0.2).contains(&figure(name, 4)), "{said}");
    }
    // From 90 to 99: bars and sums, before and after.
    let line = said
        .lines()
        .find(|line| line.starts_with("90 to 99"))
        .expect("a line");
    assert!(line.contains('▁'), "{said}");
    assert!(said.contains("RTB with VarGrad, 2 iterations of 8 answers, share from the prior 0.25, seed 0"));

    let table = fs::read_to_string(&file).expect("written");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("number,prior,posterior"));
    let mut sums = [0.0; 2];
    for (number, line) in lines.enumerate() {
        let cells: Vec<f64> = line
            .split(',')
            .map(|cell| cell.parse().expect("a number"))
            .collect();
        assert_eq!((cells.len(), cells[0]), (3, number as f64));
        sums.iter_mut().zip(&cells[1..]).for_each(|(sum, p)| *sum += p);
    }
    assert_eq!(table.lines().count(), 102);
    for (sum, invalid) in sums.into_iter().zip(&cells(&said, "invalid")[1..]) {
        let invalid: f64 = invalid.parse().expect("a figure");
        assert!((sum + invalid - 1.0).abs() < 1e-4, "{sum} and {invalid}");
    }
}
