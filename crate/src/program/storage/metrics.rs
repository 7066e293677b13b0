//! `metrics.jsonl`: one line for every iteration and every evaluation, and what is read back
//! from it for the curves.

use crate::program::error::ProgramError;
use crate::program::output::say;
use rtb::message::{Iteration, Report};
use rtb::task::Task;
use serde::{Deserialize, Deserializer, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A line as it is written; `tag` says which.
#[derive(Serialize)]
#[serde(tag = "tag", rename_all = "snake_case")]
enum Line<'a> {
    Iteration(&'a Iteration),
    Evaluation(&'a Report),
}

/// A line as far as it is read back. Figures that a task does not have, or an older program did not write,
/// are no numbers.
#[derive(Deserialize)]
#[serde(tag = "tag", rename_all = "snake_case")]
enum ReadLine {
    Iteration(IterationPoint),
    Evaluation(ReadEvaluation),
}

/// An evaluation as it is read back: the figure by which the task tells methods apart is among the rest.
#[derive(Deserialize)]
struct ReadEvaluation {
    #[serde(flatten)]
    point: EvaluationPoint,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

/// An iteration on the curves.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct IterationPoint {
    pub iteration: usize,
    #[serde(default = "nothing", deserialize_with = "number")]
    pub loss: f64,
    #[serde(default = "nothing", deserialize_with = "number")]
    pub log_z: f64,
}

/// An evaluation on the curves.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct EvaluationPoint {
    pub iterations: usize,
    #[serde(default = "nothing", deserialize_with = "number")]
    pub log_z_importance: f64,
    #[serde(default = "nothing", deserialize_with = "number")]
    pub elbo: f64,
    #[serde(default = "nothing", deserialize_with = "number")]
    pub eubo: f64,
    #[serde(default = "nothing", deserialize_with = "number")]
    pub ess: f64,
    /// The figure by which the run's task tells methods apart; no number where it is not known.
    #[serde(skip)]
    pub error: f64,
}

/// The figure that is absent.
fn nothing() -> f64 {
    f64::NAN
}

/// JSON has no NaN or infinity: they are written as null.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

impl From<&Iteration> for IterationPoint {
    fn from(i: &Iteration) -> Self {
        Self {
            iteration: i.iteration,
            loss: i.loss,
            log_z: i.log_z,
        }
    }
}

impl EvaluationPoint {
    /// That of a report of a run of this task.
    pub fn new(r: &Report, task: Task) -> Self {
        Self {
            iterations: r.iterations,
            log_z_importance: r.log_z_importance,
            elbo: r.elbo,
            eubo: r.eubo.unwrap_or(f64::NAN),
            ess: r.ess,
            error: task.room().sheet().error(&r.fit).unwrap_or(f64::NAN),
        }
    }
}

impl ReadEvaluation {
    fn point(self, task: Task) -> EvaluationPoint {
        let error = self.rest.get(task.room().sheet().error);
        EvaluationPoint {
            error: error.and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN),
            ..self.point
        }
    }
}

/// All iterations and evaluations of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub iterations: Vec<IterationPoint>,
    pub evaluations: Vec<EvaluationPoint>,
}

impl History {
    /// Takes the lines up to `last`, and says how many bytes they fill. A line that does not read
    /// is the end: it was being written when the process was killed.
    fn parse(text: &[u8], last: usize, task: Task) -> (Self, usize) {
        let mut history = Self::default();
        let mut length = 0;
        for line in text.split_inclusive(|b| *b == b'\n') {
            let Some(whole) = line.strip_suffix(b"\n") else {
                break;
            };
            match serde_json::from_slice(whole) {
                Ok(ReadLine::Iteration(i)) if i.iteration <= last => history.iterations.push(i),
                Ok(ReadLine::Evaluation(e)) if e.point.iterations <= last => {
                    history.evaluations.push(e.point(task));
                }
                _ => break,
            }
            length += line.len();
        }
        (history, length)
    }
}

/// What the file holds; nothing if it is not there.
pub fn read(path: &Path, task: Task) -> Result<History, ProgramError> {
    match fs::read(path) {
        Ok(bytes) => Ok(History::parse(&bytes, usize::MAX, task).0),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(History::default()),
        Err(e) => Err(ProgramError::file("read the metrics", path, e)),
    }
}

/// The open file.
pub struct Metrics {
    path: PathBuf,
    file: File,
    history: History,
    task: Task,
}

impl Metrics {
    /// Opens the file to go on after `iteration`: what was written later is cut off, so that the
    /// file of a resumed run equals that of an unbroken one.
    pub fn open(path: PathBuf, iteration: usize, task: Task) -> Result<Self, ProgramError> {
        let opened = || -> io::Result<(File, History)> {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            let (history, length) = History::parse(&fs::read(&path)?, iteration, task);
            file.set_len(length as u64)?;
            file.seek(SeekFrom::End(0))?;
            Ok((file, history))
        };
        let (file, history) = opened().map_err(|e| ProgramError::file("write the metrics", &path, e))?;
        let found = history.iterations.len();
        if found != iteration {
            say(format_args!(
                "Warning: {} has only {found} of {iteration} iterations, so the curves start late",
                path.display()
            ));
        }
        Ok(Self {
            path,
            file,
            history,
            task,
        })
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    pub fn iteration(&mut self, iteration: &Iteration) -> Result<(), ProgramError> {
        self.history.iterations.push(iteration.into());
        self.write(&Line::Iteration(iteration))
    }

    pub fn evaluation(&mut self, report: &Report) -> Result<(), ProgramError> {
        self.history
            .evaluations
            .push(EvaluationPoint::new(report, self.task));
        self.write(&Line::Evaluation(report))
    }

    /// Waits until all lines are on the disk; a checkpoint must not be ahead of them.
    pub fn sync(&self) -> Result<(), ProgramError> {
        self.file.sync_data().map_err(|e| self.error(e))
    }

    fn write(&mut self, line: &Line) -> Result<(), ProgramError> {
        // One write a line: a killed process loses at most the line it was writing.
        let written = serde_json::to_vec(line)
            .map_err(io::Error::from)
            .and_then(|mut bytes| {
                bytes.push(b'\n');
                self.file.write_all(&bytes)
            });
        written.map_err(|e| self.error(e))
    }

    fn error(&self, error: io::Error) -> ProgramError {
        ProgramError::file("write the metrics", &self.path, error)
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use crate::program::scratch::Scratch;
    use rtb::message::{Iteration, Report};
    use rtb::task::Task;
    use std::fs;

    fn iteration(iteration: usize) -> Iteration {
        Iteration {
            iteration,
            loss: 0.5,
            log_z: f64::NAN,
            ..Iteration::default()
        }
    }

    /// Tasks differ in their figures, and a figure that is absent is no reason to cut what was measured.
    #[test]
    fn lines_without_some_figures_are_kept() {
        let place = Scratch::new();
        let path = place.path().join("metrics.jsonl");
        let lines = "{\"tag\":\"evaluation\",\"iterations\":0,\"elbo\":-6.0,\"distinct\":0.8}\n\
                     {\"tag\":\"iteration\",\"iteration\":1,\"loss\":0.5}\n";
        fs::write(&path, lines).expect("written");
        for task in Task::all() {
            let metrics = Metrics::open(path.clone(), 1, task).expect("opened");
            assert_eq!(fs::read_to_string(&path).expect("read"), lines, "{}", task.name());
            let [evaluation] = metrics.history().evaluations[..] else {
                panic!("{:?}", metrics.history());
            };
            assert!(evaluation.elbo == -6.0 && evaluation.ess.is_nan());
        }
    }

    #[test]
    fn later_and_torn_lines_are_cut_off() {
        let place = Scratch::new();
        let path = place.path().join("metrics.jsonl");
        let mut metrics = Metrics::open(path.clone(), 0, Task::default()).expect("opened");
        metrics.evaluation(&Report::default()).expect("written");
        metrics.iteration(&iteration(1)).expect("written");
        metrics.iteration(&iteration(2)).expect("written");
        let wanted = fs::read(&path).expect("read");
        metrics.iteration(&iteration(3)).expect("written");
        drop(metrics);
        let mut torn = fs::read(&path).expect("read");
        torn.extend(b"{\"tag\":\"itera");
        fs::write(&path, torn).expect("written");

        let metrics = Metrics::open(path.clone(), 2, Task::default()).expect("opened");
        assert_eq!(fs::read(&path).expect("read"), wanted);
        assert_eq!(metrics.history().iterations.len(), 2);
        assert_eq!(metrics.history().evaluations.len(), 1);
        assert!(metrics.history().iterations[0].log_z.is_nan());
    }
}
