//! Batches of texts as lines of JSON, and answers to them.

use super::npy::Unread;
use std::io::{BufRead, Read};

/// Most bytes of a number in an answer, with what stands around it.
const WIDTH: u64 = 64;

/// A line with an array of texts, each a JSON value.
pub fn batch(texts: &[String]) -> Vec<u8> {
    format!("[{}]\n", texts.join(",")).into_bytes()
}

/// The next line of a stream, which must be an array of `rows` numbers. JSON has no infinity: Python writes
/// `-Infinity`, R `"-Inf"`.
pub fn read(stream: &mut impl BufRead, rows: usize) -> Result<Vec<f64>, Unread> {
    let mut line = Vec::new();
    stream
        .take(WIDTH * (rows as u64 + 1))
        .read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(Unread::Ended);
    }
    let line = String::from_utf8_lossy(&line);
    let line = line.trim();
    let Some(inside) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Err(match is_json(line) {
            true => Unread::value(line, "where an array belongs, of a number for each text"),
            false => Unread::text(line),
        });
    };
    let parts = inside.split(',').map(|part| part.trim().trim_matches('"'));
    let parts: Vec<&str> = parts.filter(|_| !inside.trim().is_empty()).collect();
    let numbers: Vec<Option<f64>> = parts.iter().map(|part| part.parse().ok()).collect();
    match numbers.iter().position(Option::is_none) {
        None if numbers.len() != rows => Err(Unread::Array(format!(
            "of {} numbers for {rows} texts; give one a text",
            numbers.len()
        ))),
        None => Ok(numbers.into_iter().flatten().collect()),
        Some(at) if is_json(line) || is_json(parts[at]) => {
            let place = format!(
                "for text {}; log r is a number, or -Infinity where r is 0",
                at + 1
            );
            Err(Unread::value(parts[at], &place))
        }
        Some(_) => Err(Unread::text(line)),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Unread, batch, read};

    #[test]
    fn answers_are_lines() {
        let mut stream = &b"[-1.5, 0, -Infinity]\n[]\n[\"-Inf\",1e-3]\r\n[NaN]\n[1"[..];
        assert_eq!(read(&mut stream, 3), Ok(vec![-1.5, 0.0, f64::NEG_INFINITY]));
        assert_eq!(read(&mut stream, 0), Ok(vec![]));
        assert_eq!(read(&mut stream, 2), Ok(vec![f64::NEG_INFINITY, 1e-3]));
        assert!(read(&mut stream, 1).is_ok_and(|numbers| numbers[0].is_nan()));
        assert_eq!(read(&mut stream, 1), Err(Unread::Text("[1".to_owned())));
        assert_eq!(read(&mut stream, 1), Err(Unread::Ended));
    }

    #[test]
    fn what_is_no_answer_is_named() {
        let refused = |line: &str| read(&mut line.as_bytes(), 2).expect_err(line);
        assert_eq!(refused("Loading\n"), Unread::Text("Loading".to_owned()));
        assert_eq!(refused("[INFO] read\n"), Unread::Text("[INFO] read".to_owned()));
        assert_eq!(refused("[INFO]\n"), Unread::Text("[INFO]".to_owned()));
        for (line, said) in [
            ("[0, null]", "`null` for text 2; log r is a number"),
            ("[NaN, true]", "`true` for text 2; log r is a number"),
            ("[[0], [1]]", "`[0]` for text 1; log r is a number"),
            ("null", "`null` where an array belongs, of a number for each text"),
            ("-1.5", "`-1.5` where an array belongs"),
        ] {
            let told = refused(&format!("{line}\n"));
            assert!(
                matches!(&told, Unread::Value(told) if told.starts_with(said)),
                "{line}: {told:?}"
            );
        }
        assert_eq!(
            refused("[0]\n"),
            Unread::Array("of 1 numbers for 2 texts; give one a text".to_owned())
        );
        // A line without an end is not waited for.
        assert!(matches!(refused(&"x".repeat(1000)), Unread::Text(text) if text.len() == 192));
    }

    #[test]
    fn a_batch_is_a_line() {
        let texts = ["\"a\\nb\"", "{\"c\": 1}"].map(str::to_owned);
        assert_eq!(batch(&texts), b"[\"a\\nb\",{\"c\": 1}]\n");
    }
}
