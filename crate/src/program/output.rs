//! Text for standard output and standard error, and what is said about times and numbers.

use super::error::ProgramError;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Writes text to standard output. A reader that has gone away (`rtb list | head -1`) is no error.
pub fn print(text: &str) -> Result<(), ProgramError> {
    print_bytes(text.as_bytes()).map_err(|e| ProgramError::file("write", Path::new("standard output"), e))
}

/// The same with bytes.
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    unless_closed(out.write_all(bytes).and_then(|()| out.flush()))
}

/// No error where the reader of a pipe has gone away: it has all that it wanted.
pub fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line to standard error. Where nobody can read it, work goes on: a terminal or a pipe may be closed,
/// a disk full.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A cell of a table with commas (RFC 4180).
pub fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A word of a command as a shell reads it.
pub fn quoted(word: impl Display) -> String {
    let word = word.to_string();
    match shlex::try_quote(&word) {
        Ok(quoted) => quoted.into_owned(),
        // No path and no argument has a zero byte.
        Err(_) => word,
    }
}

/// A figure to three decimals; small ones keep one digit, and what is no number is a dash.
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if (1e-5..5e-4).contains(&value.abs()) {
        return format!("{value:.0e}");
    }
    let rounded = (1e3 * value).round() / 1e3;
    // Adding zero takes the sign off a zero.
    format!("{:.3}", rounded + 0.0)
}

/// A number of bytes.
pub fn bytes(count: u64) -> String {
    let count = count as f64;
    match [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        .into_iter()
        .find(|(_, unit)| count >= *unit)
    {
        Some((name, unit)) => format!("{:.2} {name}", count / unit),
        None => format!("{count} B"),
    }
}

/// A number beside an axis: at most three decimals, and no needless zeros.
pub fn tick(value: f64) -> String {
    let digits = if value.abs() >= 100.0 { 0 } else { 3 };
    let scale = 10f64.powi(digits);
    format!("{}", (value * scale).round() / scale + 0.0)
}

/// A whole number with its thousands apart.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let sign = if value <= -0.5 { "-" } else { "" };
    let first = digits.len() % 3;
    let groups = digits.as_bytes()[first..].chunks(3);
    let groups = groups.map(|group| String::from_utf8_lossy(group).into_owned());
    let head = (first > 0).then(|| digits[..first].to_owned());
    sign.to_owned() + &head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// A span of time for people.
pub fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours} h {minutes:02} min")
    } else {
        format!("{minutes} min {seconds:02} s")
    }
}

#[cfg(test)]
mod tests {
    use super::{cell, duration, figure, grouped, quoted, tick};

    #[test]
    fn words_are_quoted_for_a_shell() {
        let shown = ["runs/a-1", "my runs", "it's", ""].map(quoted);
        assert_eq!(shown, ["runs/a-1", "'my runs'", "\"it's\"", "''"]);
    }

    #[test]
    fn commas_and_quotes_are_quoted_in_a_table() {
        assert_eq!(cell("RTB"), "RTB");
        assert_eq!(cell("CPU, \"2\" threads"), "\"CPU, \"\"2\"\" threads\"");
    }

    #[test]
    fn figures_are_short() {
        let shown = [0.0, -1e-9, 1.23456, -2e-4, f64::NAN].map(figure);
        assert_eq!(shown, ["0.000", "0.000", "1.235", "-2e-4", "–"]);
    }

    #[test]
    fn ticks_have_no_needless_zeros() {
        let shown = [-1e-9, 0.02, -12.0, 1500.4].map(tick);
        assert_eq!(shown, ["0", "0.02", "-12", "1500"]);
    }

    #[test]
    fn thousands_are_apart() {
        let shown = [0.0, 999.4, 20_000.0, -1_234_567.0].map(grouped);
        assert_eq!(shown, ["0", "999", "20,000", "-1,234,567"]);
    }

    #[test]
    fn times_are_read_at_a_glance() {
        let shown = [0.04, 59.94, 61.2, 3700.0].map(duration);
        assert_eq!(shown, ["0.0 s", "59.9 s", "1 min 01 s", "1 h 01 min"]);
    }
}
