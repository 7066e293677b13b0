//! A reward that a program of the user's computes.

use super::npy::Told;
use super::worker::{Read, Worker};
use super::{Checked, check, check_texts, command_line, lines, npy};
use rtb::engine::reward::{BlackBox, TextBlackBox};
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

/// How samples are given to a program.
struct Format<'a, T> {
    /// Items of a sample.
    size: usize,
    /// What the program reads of some samples.
    batch: &'a dyn Fn(&[T]) -> Vec<u8>,
    /// Refuses an answer to some samples: completes "answered …".
    check: &'a dyn Fn(&[f64], &[T]) -> Checked,
}

enum State {
    Working {
        workers: Vec<Worker>,
        /// Whether they have been seen to answer the batch that they were given.
        checked: bool,
    },
    /// After an error nobody knows to which batch an answer would belong.
    Broken(String),
}

impl CommandBox {
    /// Starts a program that is given arrays of numbers; `field` is its name in errors.
    ///
    /// # Errors
    ///
    /// Says why it cannot be started.
    pub fn start(field: &str, command: &Command) -> Result<Self, String> {
        Self::started(field, command, npy::read)
    }

    /// Starts a program that is given texts.
    ///
    /// # Errors
    ///
    /// Says why it cannot be started.
    pub fn start_for_texts(field: &str, command: &Command) -> Result<Self, String> {
        Self::started(field, command, lines::read)
    }

    fn started(field: &str, command: &Command, reads: Read) -> Result<Self, String> {
        let name = format!("{field}: `{}`", command_line(&command.run));
        let workers: Result<_, _> = (0..command.workers)
            .map(|_| Worker::start(&command.run, reads))
            .collect();
        let workers = workers.map_err(|e| format!("{name} cannot be started: {e}"))?;
        Ok(Self {
            name,
            timeout: command.timeout,
            state: Mutex::new(State::Working {
                workers,
                checked: false,
            }),
        })
    }

    /// Has every worker answer a part of the samples, in their order; unless that is known, they are also seen to
    /// answer the batch that they are given.
    fn ask<T: Clone + PartialEq>(
        &self,
        (workers, checked): (&[Worker], bool),
        samples: &[T],
        format: &Format<T>,
    ) -> Result<Vec<f64>, String> {
        let parts = parts(samples, format.size, workers.len());
        let asked = Instant::now();
        for (worker, part) in workers.iter().zip(&parts) {
            worker.ask((format.batch)(part), part.len() / format.size);
        }
        let mut log_r = Vec::new();
        for (worker, part) in workers.iter().zip(&parts) {
            let answered = self.answered(worker, asked, part, format).and_then(|answer| {
                if !checked {
                    self.check_order(worker, part, &answer, format)?;
                }
                Ok(answer)
            });
            log_r.extend(answered.map_err(|what| self.error(worker, &what))?);
        }
        Ok(log_r)
    }

    /// The answer of a worker to its part, which was given to it then.
    fn answered<T>(
        &self,
        worker: &Worker,
        asked: Instant,
        part: &[T],
        format: &Format<T>,
    ) -> Result<Vec<f64>, String> {
        let answer = worker.answer(asked, self.timeout)?;
        (format.check)(&answer, part).map_err(|what| format!("answered {what}"))?;
        Ok(answer)
    }

    /// Asks for the first two samples of a part again, in the other order: a program that answers the batch before
    /// seems right as long as all batches have equally many samples. One whose answers are random is let be.
    fn check_order<T: Clone + PartialEq>(
        &self,
        worker: &Worker,
        part: &[T],
        answer: &[f64],
        format: &Format<T>,
    ) -> Checked {
        let Some((first, second)) = part.get(..2 * format.size).map(|two| two.split_at(format.size)) else {
            return Ok(());
        };
        if first == second {
            return Ok(());
        }
        let (straight, turned) = ([first, second].concat(), [second, first].concat());
        let ask = |two: &[T]| {
            worker.ask((format.batch)(two), 2);
            self.answered(worker, Instant::now(), two, format)
        };
        let once = ask(&turned)?;
        if are_near(&once, &[answer[1], answer[0]]) {
            return Ok(());
        }
        let (again, then) = (ask(&turned)?, ask(&straight)?);
        match !are_near(&once, &again) && are_near(&then, &again) {
            true => Err("answered with log r of the batch before the one that it was given".to_owned()),
            false => Ok(()),
        }
    }

    /// The same, unless an error came before.
    fn answer<T: Clone + PartialEq>(&self, samples: &[T], format: &Format<T>) -> Result<Vec<f64>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match &mut *state {
            State::Broken(error) => Err(error.clone()),
            State::Working { workers, checked } => {
                let answer = self.ask((workers, *checked), samples, format);
                *checked = true;
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
        let size = shape.iter().product();
        let format = Format {
            size,
            batch: &|part: &[f64]| npy::array(part, shape),
            check: &|answer, part| check(answer, part, size),
        };
        self.answer(samples, &format)
    }

    fn log_reward_told(&self, samples: &[f64], shape: &[usize], texts: &[&str]) -> Result<Vec<f64>, String> {
        let size = shape.iter().product::<usize>();
        let pairs = samples.chunks_exact(size.max(1)).zip(texts);
        let told: Vec<Told> = pairs.map(|(sample, text)| Told { sample, text }).collect();
        self.answer_told(&told, shape)
    }
}

impl CommandBox {
    fn answer_told(&self, samples: &[Told], shape: &[usize]) -> Result<Vec<f64>, String> {
        let format = Format {
            size: 1,
            batch: &|part: &[Told]| npy::told(part, shape),
            check: &|answer: &[f64], part: &[Told]| {
                let samples: Vec<&[f64]> = part.iter().map(|told| told.sample).collect();
                check(answer, &samples.concat(), shape.iter().product())
            },
        };
        self.answer(samples, &format)
    }
}

impl TextBlackBox for CommandBox {
    fn log_reward(&self, texts: &[String]) -> Result<Vec<f64>, String> {
        let format = Format {
            size: 1,
            batch: &lines::batch,
            check: &check_texts,
        };
        self.answer(texts, &format)
    }
}

impl Drop for CommandBox {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Working { workers, .. } = state {
            // All of them first, so that they end side by side.
            workers.iter_mut().for_each(Worker::close);
        }
    }
}

/// Whether two answers are the same but for rounding, which may depend on the number of samples.
fn are_near(one: &[f64], other: &[f64]) -> bool {
    const ROUNDING: f64 = 1e-4;
    let near = |(a, b): (&f64, &f64)| a == b || (a - b).abs() <= ROUNDING * (1.0 + a.abs() + b.abs());
    one.iter().zip(other).all(near)
}

/// Cuts samples into at most so many parts of nearly equal rows.
fn parts<T>(samples: &[T], size: usize, most: usize) -> Vec<&[T]> {
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
        assert!(parts::<f64>(&[], 2, 3).is_empty());
    }
}
