//! One running program that answers batches.
//!
//! Three threads belong to it. One starts it, feeds it and in the end waits for it; one reads its answers, so that
//! it may answer while it is still being fed; one reads its standard error. The first lives as long as the program:
//! on Linux a program is told of the death of the thread that started it, not of the whole process.

use super::last_lines::LastLines;
use super::npy::Unread;
use super::printable;
use std::io::{self, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Time to end by itself once there are no further batches, and to say why it died.
const GRACE: Duration = Duration::from_secs(1);

/// Reads the answer of so many rows from a program's standard output.
pub type Read = fn(&mut BufReader<ChildStdout>, usize) -> Result<Vec<f64>, Unread>;

/// A program that runs until this is dropped.
pub struct Worker {
    /// Batches for its standard input; `None` once that is closed.
    batches: Option<Sender<Vec<u8>>>,
    /// Rows of the answers that are expected.
    expected: Sender<usize>,
    answers: Receiver<Result<Vec<f64>, Unread>>,
    process: Arc<Mutex<Child>>,
    errors: LastLines,
    keeper: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the program of these words, whose answers are read so.
    pub fn start(words: &[String], reads: Read) -> io::Result<Self> {
        let (batches, arrays) = mpsc::channel();
        let (expected, rows) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let (started, start) = mpsc::channel();
        let mut command = command(words);
        let keeper = thread::spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => return drop(started.send(Err(error))),
            };
            let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
            let process = Arc::new(Mutex::new(child));
            let _ = started.send(Ok((Arc::clone(&process), output, errors)));
            feed(input.expect("a pipe"), &arrays);
            end(&process);
        });
        let (process, output, errors) = start.recv().expect("it starts or says why not")?;
        let output = output.expect("a pipe");
        thread::spawn(move || read(output, reads, &rows, &answer));
        Ok(Self {
            batches: Some(batches),
            expected,
            answers,
            process,
            errors: LastLines::of(errors.expect("a pipe")),
            keeper: Some(keeper),
        })
    }

    /// Gives it a batch of so many rows, and waits for nothing.
    pub fn ask(&self, batch: Vec<u8>, rows: usize) {
        // A program that has ended is found out by its missing answer.
        let _ = self.expected.send(rows);
        if let Some(batches) = &self.batches {
            let _ = batches.send(batch);
        }
    }

    /// Its answer to the batch that it was given then, or what happened instead: completes "the program …".
    pub fn answer(&self, asked: Instant, timeout: f64) -> Result<Vec<f64>, String> {
        let left = Duration::from_secs_f64(timeout).saturating_sub(asked.elapsed());
        match self.answers.recv_timeout(left) {
            Ok(Ok(numbers)) => Ok(numbers),
            Ok(Err(Unread::Text(text))) => Err(format!(
                "wrote text to its standard output, where only answers belong: `{}`. Let it print to standard error",
                printable(&text)
            )),
            Ok(Err(Unread::Value(what))) => Err(format!("answered {}", printable(&what))),
            Ok(Err(Unread::Array(what))) => Err(format!("answered with an array {}", printable(&what))),
            Ok(Err(Unread::Ended)) | Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) => Err(format!("did not answer within {timeout} seconds")),
        }
    }

    /// Why there are no more answers.
    fn ended(&self) -> String {
        let until = Instant::now() + GRACE;
        loop {
            match lock(&self.process).try_wait() {
                Ok(Some(status)) => return format!("ended ({status}) and left a batch without an answer"),
                Ok(None) if Instant::now() < until => {}
                _ => return "closed its standard output, and goes on without an answer".to_owned(),
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The last lines of its standard error.
    pub fn last_words(&self) -> Vec<String> {
        let has_ended = matches!(lock(&self.process).try_wait(), Ok(Some(_)));
        // Of a program that still runs there is no end to wait for.
        let patience = if has_ended { GRACE } else { Duration::ZERO };
        let lines = self.errors.after(patience);
        lines.iter().map(|line| printable(line)).collect()
    }

    /// Ends it at once.
    pub fn kill(&self) {
        kill(&mut lock(&self.process));
    }

    /// Closes its standard input: it ends by itself.
    pub fn close(&mut self) {
        self.batches = None;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

fn lock(process: &Mutex<Child>) -> MutexGuard<'_, Child> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes arrays until there are no more. Where they cannot be written, the answer is missing, and says more.
fn feed(mut input: ChildStdin, arrays: &Receiver<Vec<u8>>) {
    let mut is_open = true;
    for array in arrays {
        is_open = is_open && input.write_all(&array).is_ok();
    }
}

/// Reads an answer for each that is expected.
fn read(
    output: ChildStdout,
    reads: Read,
    rows: &Receiver<usize>,
    answers: &Sender<Result<Vec<f64>, Unread>>,
) {
    let mut output = BufReader::new(output);
    for rows in rows {
        if answers.send(reads(&mut output, rows)).is_err() {
            return;
        }
    }
}

/// Waits a moment until it has ended by itself, then ends it and what it has started.
fn end(process: &Mutex<Child>) {
    let until = Instant::now() + GRACE;
    while matches!(lock(process).try_wait(), Ok(None)) && Instant::now() < until {
        thread::sleep(Duration::from_millis(2));
    }
    let mut process = lock(process);
    kill(&mut process);
    let _ = process.wait();
}

fn command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    system::bind(&mut command);
    command
}

use system::kill;

#[cfg(unix)]
mod system {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    /// Puts the program into a group of its own: Ctrl-C in the terminal is for this process alone, which first
    /// finishes its iteration. On Linux the program ends with the thread that starts it, however that ends.
    pub fn bind(command: &mut Command) {
        command.process_group(0);
        #[cfg(target_os = "linux")]
        {
            use nix::sys::prctl::set_pdeathsig;
            let end_with_parent = || set_pdeathsig(Signal::SIGTERM).map_err(Into::into);
            // SAFETY: a single system call, which may be made between fork and exec.
            unsafe { command.pre_exec(end_with_parent) };
        }
    }

    /// Ends the program and all of its group.
    pub fn kill(process: &mut Child) {
        let group = Pid::from_raw(process.id() as i32);
        // The group is gone where the program has ended and left nothing behind.
        let _ = killpg(group, Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
mod system {
    use std::process::{Child, Command};

    pub fn bind(_command: &mut Command) {}

    pub fn kill(process: &mut Child) {
        // It has ended already, perhaps.
        let _ = process.kill();
    }
}
