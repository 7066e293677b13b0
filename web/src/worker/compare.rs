//! A comparison: methods on one run, one after the other, an iteration at a time.

use super::clock;
use burn::tensor::Device;
use rtb::engine::EngineError;
use rtb::message::{Event, Outcome};
use rtb::run::{Files, Method, Run};
use rtb::session::Trial;
use rtb::task::opened::Kept;

/// Least time between two outcomes of a method that trains, ms …
const SHOW_INTERVAL: f64 = 2000.0;
/// … and the most share of the time that they may take.
const SHOW_SHARE: f64 = 0.2;

/// Samples of the prior that are made at once for the exact posterior.
pub const GROWTH: usize = 32;

/// A comparison under way.
pub struct Comparison {
    run: Run,
    methods: Vec<Method>,
    files: Files,
    /// The method at hand, and its trial once that is open.
    index: usize,
    trial: Option<Trial>,
    /// Samples of the prior, which serve the methods one after the other.
    kept: Vec<Kept>,
    /// When its last outcome was there, and what it cost, ms.
    shown: f64,
    cost: f64,
}

impl Comparison {
    pub fn new(run: Run, methods: Vec<Method>, files: Files) -> Self {
        Self {
            run,
            methods,
            files,
            kept: Vec::new(),
            index: 0,
            trial: None,
            shown: 0.0,
            cost: 0.0,
        }
    }

    /// Goes on by one iteration, or by the samples of a method that need not train (any more).
    /// Returns what there is to tell; the last thing is that the comparison has ended.
    pub async fn advance(&mut self, device: &Device) -> Option<Event> {
        let index = self.index;
        let Some(method) = self.methods.get(index).copied() else {
            return Some(Event::ComparisonEnded);
        };
        match self.work(method, device).await {
            Ok(outcome) => outcome.map(|outcome| Event::Compared { index, outcome }),
            Err(error) => {
                self.next();
                let message = error.to_string();
                Some(Event::NotComparable { index, message })
            }
        }
    }

    fn next(&mut self) {
        let kept = self.trial.take().map(Trial::into_kept);
        self.kept.extend(kept.unwrap_or_default());
        self.index += 1;
    }

    async fn work(&mut self, method: Method, device: &Device) -> Result<Option<Box<Outcome>>, EngineError> {
        let Some(trial) = &mut self.trial else {
            let run = Run {
                method,
                ..self.run.clone()
            };
            let mut trial = Trial::open(run, device.clone(), &self.files).await?;
            trial.adopt(&mut self.kept);
            self.trial = Some(trial);
            (self.shown, self.cost) = (clock::now(), 0.0);
            return Ok(None);
        };
        if trial.grow_truth(GROWTH).await? {
            return Ok(None);
        }
        let training = trial.step().await?;
        let began = clock::now();
        let since = began - self.shown;
        if training && (since < SHOW_INTERVAL || since * SHOW_SHARE < self.cost) {
            return Ok(None);
        }
        let outcome = trial.outcome(self.run.evaluation.samples_while_training).await?;
        self.shown = clock::now();
        self.cost = self.shown - began;
        if !training {
            self.next();
        }
        Ok(Some(Box::new(outcome)))
    }
}
