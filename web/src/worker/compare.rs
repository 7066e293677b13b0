//! A comparison: methods on one run, one after the other, an iteration at a time.

use super::clock;
use burn::tensor::Device;
use rtb::engine::EngineError;
use rtb::message::Event;
use rtb::run::{Files, Method, Run};
use rtb::session::Trial;
use rtb::task::opened::Kept;

/// Least time between two events of a method, ms …
const SHOW_INTERVAL: f64 = 2000.0;
/// … and the most share of the time that outcomes may take.
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
    /// Samples of the prior that were asked for before it.
    prepared: usize,
    /// When something was last told of it, and what its last outcome cost, ms.
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
            prepared: 0,
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
            Ok(event) => event,
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
        (self.index, self.prepared) = (self.index + 1, 0);
    }

    async fn work(&mut self, method: Method, device: &Device) -> Result<Option<Event>, EngineError> {
        let index = self.index;
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
            self.prepared += GROWTH;
            if clock::now() - self.shown < SHOW_INTERVAL {
                return Ok(None);
            }
            self.shown = clock::now();
            let share = self.prepared as f64 / self.run.evaluation.proposals as f64;
            return Ok(Some(Event::Preparing { index, share }));
        }
        if std::mem::take(&mut self.prepared) > 0 {
            return Ok(Some(Event::Preparing { index, share: 1.0 }));
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
        Ok(Some(Event::Compared {
            index,
            outcome: Box::new(outcome),
        }))
    }
}
