//! Methods side by side on the same prior, reward and seeds.
//!
//! [`plan`] says what is run; [`Comparison::run`] runs it; [`table`], [`csv`] and
//! `plot::comparison` show what came of it.

mod crossover;
pub mod csv;
pub mod entrant;
mod notes;
pub mod plan;
mod problems;
pub mod saved;
pub mod summary;
pub mod table;
mod words;

use super::assets;
use super::error::ProgramError;
use super::output::{self, duration, figure};
use super::outside::Permission;
use super::progress::Progress;
use super::signal::Stop;
use burn::tensor::Device;
use entrant::Entrant;
use plan::{Place, Plan, Variant};
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::message::Outcome;
use rtb::run::{Files, Run};
use rtb::session::Trial;
use rtb::task::Task;
use rtb::task::opened::{Kept, Pictures, Reference};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The picture's name, to which `comparison.md` links.
pub const FIGURE: &str = "comparison.png";
/// Looks at a trained method: one after every tenth of its iterations.
const LOOKS: usize = 10;

/// A trial that came to its end.
#[derive(Debug, Deserialize, Serialize)]
pub struct Finished {
    pub place: Place,
    /// While training, without points to draw.
    pub curve: Vec<Outcome>,
    pub outcome: Outcome,
    /// That of samples which are each chosen among several.
    pub chosen: Option<Outcome>,
}

/// A trial that could not be done, and why.
#[derive(Debug, Deserialize, Serialize)]
pub struct Failed {
    pub place: Place,
    pub reason: String,
}

/// A plan and what came of it.
pub struct Comparison {
    pub plan: Plan,
    /// The exact posterior, one a variant, with the first seed.
    pub truths: Vec<Reference>,
    /// How samples look.
    pub pictures: Vec<Pictures>,
    pub finished: Vec<Finished>,
    pub failed: Vec<Failed>,
    /// What runs need, one a variant.
    files: Vec<Files>,
    /// Samples of priors, which serve the trials one after the other.
    kept: Vec<Kept>,
}

impl Comparison {
    /// Opens every variant once, so that what would stop every method is refused here.
    pub fn open(plan: Plan, device: &Device, permission: &Permission) -> Result<Self, ProgramError> {
        let (mut truths, mut pictures) = (Vec::new(), Vec::new());
        let (mut files, mut kept) = (Vec::<Files>::new(), Vec::new());
        for Variant { run, .. } in &plan.variants {
            // Variants that need the same share it, running programs too.
            let same = plan.variants[..files.len()]
                .iter()
                .position(|before| before.run.files() == run.files());
            let run = Run {
                seed: plan.seeds[0],
                ..run.clone()
            };
            let needed = match same {
                Some(before) => files[before].clone(),
                None => assets::files(&run, permission)?,
            };
            let mut task = run.task().room().open_untrained(run, device.clone(), &needed)?;
            if let Some(refused) = task.misread() {
                return Err(refused.into());
            }
            task.adopt(&mut kept);
            truths.push(block_on(task.reference())?);
            pictures.push(task.pictures());
            kept.extend(task.into_kept());
            files.push(needed);
        }
        Ok(Self {
            plan,
            truths,
            pictures,
            finished: Vec::new(),
            failed: Vec::new(),
            files,
            kept,
        })
    }

    /// Runs all trials that have not come to their end, or as many as there are until the user asks to stop; `keep` is
    /// called before the first and after each, so that a killed program loses no more than one.
    ///
    /// # Errors
    ///
    /// Where `keep` fails.
    pub fn run(
        &mut self,
        device: &Device,
        stop: &Stop,
        quiet: bool,
        keep: impl Fn(&Self) -> Result<(), ProgramError>,
    ) -> Result<(), ProgramError> {
        let (total, task) = (self.trials(), self.plan.run.task());
        let say = |text: String| {
            if !quiet {
                output::say(text);
            }
        };
        let places: Vec<Place> = self.plan.places().collect();
        keep(self)?;
        for (index, place) in places.into_iter().enumerate() {
            if self.has_ended(place) {
                continue;
            }
            let name = format!("{}/{total} {}", index + 1, self.name_of(place));
            match self.attempt(place, &name, device, stop, quiet) {
                Ok(Some(trial)) => {
                    let o = &trial.outcome;
                    let seconds = o.training_seconds + o.sampling_seconds;
                    say(format!("{name}: {} in {}", error_of(task, o), duration(seconds)));
                    self.finished.push(trial);
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    let reason = error.to_string();
                    say(format!("{name}: {reason}"));
                    self.failed.push(Failed { place, reason });
                }
            }
            keep(self)?;
        }
        Ok(())
    }

    /// One trial; `None` if the user asked to stop before its end.
    fn attempt(
        &mut self,
        place: Place,
        name: &str,
        device: &Device,
        stop: &Stop,
        quiet: bool,
    ) -> Result<Option<Finished>, EngineError> {
        let run = self.plan.run_of(place);
        let mut trial = block_on(Trial::open(run, device.clone(), &self.files[place.variant]))?;
        trial.adopt(&mut self.kept);
        let done = carry_out(&mut trial, name, stop, quiet);
        self.kept.extend(trial.into_kept());
        Ok(done?.map(|(curve, outcome, chosen)| Finished {
            place,
            curve,
            outcome,
            chosen,
        }))
    }

    /// How many trials the plan has.
    pub fn trials(&self) -> usize {
        self.plan.places().count()
    }

    /// Whether a trial came to an end, good or bad.
    fn has_ended(&self, place: Place) -> bool {
        let mut finished = self.finished.iter().map(|trial| trial.place);
        let mut failed = self.failed.iter().map(|trial| trial.place);
        finished.any(|ended| ended == place) || failed.any(|ended| ended == place)
    }

    /// How many of them came to an end.
    pub fn ended(&self) -> usize {
        self.finished.len() + self.failed.len()
    }

    /// Whether a trial has measured samples that are each chosen among several.
    pub fn chooses(&self) -> bool {
        self.finished.iter().any(|trial| trial.chosen.is_some())
    }

    pub fn entrant(&self, place: Place) -> &Entrant {
        &self.plan.entrants[place.entrant]
    }

    /// The finished trials of a method on these variants, one a variant and seed.
    pub fn of(&self, variants: &Range<usize>, entrant: usize) -> Vec<&Finished> {
        let here = |p: Place| variants.contains(&p.variant) && p.entrant == entrant;
        self.finished.iter().filter(|f| here(f.place)).collect()
    }

    /// The first trial of a method on these variants that could not be done.
    pub fn failure_of(&self, variants: &Range<usize>, entrant: usize) -> Option<&Failed> {
        let here = |p: Place| variants.contains(&p.variant) && p.entrant == entrant;
        self.failed.iter().find(|f| here(f.place))
    }

    /// The error that as many samples of the exact posterior would have.
    pub fn exact_error(&self, variant: usize) -> Option<f64> {
        self.floor(variant, self.plan.run.task().room().sheet().error)
    }

    /// What the task's figure of this name would be of as many samples of the exact posterior.
    pub fn floor(&self, variant: usize, figure: &str) -> Option<f64> {
        let samples = self.plan.variants[variant].run.evaluation.samples;
        (self.truths[variant].floor)(figure, samples)
    }

    /// A trial's method, value and seed.
    pub fn name_of(&self, place: Place) -> String {
        let mut parts = vec![self.entrant(place).label.clone()];
        parts.extend(self.plan.setting(place.variant));
        parts.push(format!("seed {}", self.plan.seeds[place.seed]));
        parts.join(", ")
    }
}

/// The figure by which methods are told apart, with its name.
fn error_of(task: Task, outcome: &Outcome) -> String {
    let sheet = task.room().sheet();
    let error = sheet.error(&outcome.fit);
    format!("{} {}", sheet.error_name, error.map_or("–".to_owned(), figure))
}

/// The looks on the way, the outcome, and that of chosen samples.
type Done = (Vec<Outcome>, Outcome, Option<Outcome>);

/// Trains where the method has to be, and samples.
fn carry_out(trial: &mut Trial, name: &str, stop: &Stop, quiet: bool) -> Result<Option<Done>, EngineError> {
    let run = trial.run();
    let task = run.task();
    let (total, evaluation) = (run.training.iterations, run.evaluation);
    let iterations = if run.method.is_trained() { total } else { 1 };
    let progress = Progress::new(name, 0, iterations, quiet);
    let mut curve: Vec<Outcome> = Vec::new();
    for done in 1.. {
        if stop.asked() {
            progress.clear();
            return Ok(None);
        }
        if !block_on(trial.step())? {
            break;
        }
        // Whether a tenth of the iterations ends here; the last one is looked at below.
        if done < total && done * LOOKS / total > (done - 1) * LOOKS / total {
            let mut outcome = block_on(trial.outcome(evaluation.samples_while_training))?;
            outcome.points = Vec::new();
            curve.push(outcome);
        }
        progress.advance(done, || match curve.last() {
            Some(last) => error_of(task, last),
            None => "training".to_owned(),
        });
    }
    progress.clear();
    let _busy = progress.busy(format!("{name}: evaluating with {} samples", evaluation.samples));
    let outcome = block_on(trial.outcome(evaluation.samples))?;
    let chosen = block_on(trial.chosen(evaluation.samples))?;
    Ok(Some((curve, outcome, chosen)))
}
