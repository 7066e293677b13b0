//! A reward that a program of the user's computes.

use super::worker::Worker;
use super::{check, command_line, npy};
use rtb::engine::reward::BlackBox;
use rtb::run::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A program, running as often as the run says, that answers batches.
pub struct CommandBox {
    /// Whose errors these are: the field and the command.
    name: String,
    timeout: f64,
    state: Mutex<State>,
}

enum State {
    Working(Vec<Worker>),
    /// After an error nobody knows to which batch an answer would belong.
    Broken(String),
}

impl CommandBox {
    /// Starts the program; `field` is its name in errors.
    ///
    /// # Errors
    ///
    /// Says why it cannot be started.
    pub fn start(field: &str, command: &Command) -> Result<Self, String> {
        let name = format!("{field}: `{}`", command_line(&command.run));
        let workers: Result<_, _> = (0..command.workers)
            .map(|_| Worker::start(&command.run))
            .collect();
        let workers = workers.map_err(|e| format!("{name} cannot be started: {e}"))?;
        Ok(Self {
            name,
            timeout: command.timeout,
            state: Mutex::new(State::Working(workers)),
        })
    }

    /// Has every worker answer a part of the samples, in the order of their rows.
    fn ask(&self, workers: &[Worker], samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String> {
        let size = shape.iter().product();
        let parts = parts(samples, size, workers.len());
        let asked = Instant::now();
        for (worker, part) in workers.iter().zip(&parts) {
            worker.ask(npy::array(part, shape), part.len() / size);
        }
        let mut log_r = Vec::new();
        for (worker, part) in workers.iter().zip(&parts) {
            let answered = worker.answer(asked, self.timeout).and_then(|answer| {
                check(&answer, part, size).map_err(|what| format!("answered {what}"))?;
                Ok(answer)
            });
            log_r.extend(answered.map_err(|what| self.error(worker, &what))?);
        }
        Ok(log_r)
    }

    /// What happened, and what the worker said about it.
    fn error(&self, worker: &Worker, what: &str) -> String {
        let said = match &worker.last_words()[..] {
            [] => "It has written nothing to its standard error.".to_owned(),
            lines => format!("The end of its standard error:\n  {}", lines.join("\n  ")),
        };
        format!("{} {what}. {said}", self.name)
    }
}

impl BlackBox for CommandBox {
    fn log_reward(&self, samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match &*state {
            State::Broken(error) => Err(error.clone()),
            State::Working(workers) => {
                let answer = self.ask(workers, samples, shape);
                if answer.is_err() {
                    workers.iter().for_each(Worker::kill);
                }
                answer
            }
        };
        if let Err(error) = &answer {
            *state = State::Broken(error.clone());
        }
        answer
    }
}

impl Drop for CommandBox {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Working(workers) = state {
            // All of them first, so that they end side by side.
            workers.iter_mut().for_each(Worker::close);
        }
    }
}

/// Cuts samples into at most so many parts of nearly equal rows.
fn parts(samples: &[f64], size: usize, most: usize) -> Vec<&[f64]> {
    let rows = samples.len() / size.max(1);
    let most = most.min(rows);
    let cut = |i| i * rows / most * size;
    (0..most).map(|i| &samples[cut(i)..cut(i + 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_are_nearly_equal() {
        let samples: Vec<f64> = (0..14).map(f64::from).collect();
        let rows = |most| {
            parts(&samples, 2, most)
                .iter()
                .map(|part| part.len() / 2)
                .collect::<Vec<_>>()
        };
        assert_eq!(rows(1), [7]);
        assert_eq!(rows(3), [2, 2, 3]);
        assert_eq!(rows(20), [1; 7]);
        assert_eq!(parts(&samples, 2, 3).concat(), samples);
        assert!(parts(&[], 2, 3).is_empty());
    }
}
