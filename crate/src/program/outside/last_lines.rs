//! The last lines of a stream that is read all the time.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Lines that are kept.
const KEPT: usize = 5;
/// Most characters of a line.
const LONGEST: usize = 200;

/// Reads a stream to its end, so that its writer never waits, and keeps the last lines.
pub struct LastLines {
    lines: Arc<Mutex<Lines>>,
    reader: JoinHandle<()>,
}

#[derive(Default)]
struct Lines {
    whole: VecDeque<String>,
    /// The beginning of the line that has not ended.
    open: Vec<u8>,
}

impl LastLines {
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Lines::default()));
        let kept = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            loop {
                let length = match stream.fill_buf() {
                    Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                    Ok([]) | Err(_) => return,
                    Ok(bytes) => {
                        kept.lock().unwrap_or_else(PoisonError::into_inner).add(bytes);
                        bytes.len()
                    }
                };
                stream.consume(length);
            }
        });
        Self { lines, reader }
    }

    /// The lines so far. Waits so long for the end of the stream.
    pub fn after(&self, patience: Duration) -> Vec<String> {
        let until = Instant::now() + patience;
        while !self.reader.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(2));
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.end();
        lines.whole.iter().cloned().collect()
    }
}

impl Lines {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                // Bars of progress are lines that are written over.
                b'\n' | b'\r' => self.end(),
                // A character is at most four bytes long.
                byte if self.open.len() < 4 * LONGEST => self.open.push(byte),
                _ => {}
            }
        }
    }

    fn end(&mut self) {
        let line = mem::take(&mut self.open);
        let line: String = String::from_utf8_lossy(&line)
            .trim_end()
            .chars()
            .take(LONGEST)
            .collect();
        if line.is_empty() {
            return;
        }
        if self.whole.len() == KEPT {
            self.whole.pop_front();
        }
        self.whole.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::LastLines;
    use std::time::Duration;

    #[test]
    fn the_last_lines_are_kept_and_cut() {
        let text = format!("1\n2\n\n3\r4\n5\n{}", "ä".repeat(1000));
        let lines = LastLines::of(std::io::Cursor::new(text)).after(Duration::from_secs(10));
        assert_eq!(lines, ["2", "3", "4", "5", &"ä".repeat(200)]);
    }
}
