//! Methods side by side on the same prior, reward and seeds.
//!
//! [`plan`] says what is run; [`Comparison::run`] runs it; [`table`], [`csv`] and
//! `plot::comparison` show what came of it.

mod crossover;
pub mod csv;
pub mod entrant;
mod notes;
pub mod plan;
pub mod summary;
pub mod table;
mod words;

use super::assets;
use super::error::ProgramError;
use super::output::{duration, figure};
use super::progress::Progress;
use super::signal::Stop;
use burn::tensor::Device;
use entrant::Entrant;
use plan::{Place, Plan, Variant};
use pollster::block_on;
use rtb::config::Run;
use rtb::message::Outcome;
use rtb::metric::Truth;
use rtb::plane::Plane;
use rtb::session::SessionError;
use rtb::trial::Trial;
use std::f64::consts::PI;
use std::sync::Arc;

/// The picture's name, to which `comparison.md` links.
pub const FIGURE: &str = "comparison.png";
/// Looks at a trained method: one after every tenth of its iterations.
const LOOKS: usize = 10;

/// A trial that came to its end.
#[derive(Debug)]
pub struct Finished {
    pub place: Place,
    /// While training, without points to draw.
    pub curve: Vec<Outcome>,
    pub outcome: Outcome,
}

/// A trial that could not be done, and why.
#[derive(Debug)]
pub struct Failed {
    pub place: Place,
    pub reason: String,
}

/// A plan and what came of it.
pub struct Comparison {
    pub plan: Plan,
    /// One a variant, with the first seed.
    pub truths: Vec<Arc<Truth>>,
    pub finished: Vec<Finished>,
    pub failed: Vec<Failed>,
    /// The weights of a learned prior, one a variant.
    prior_weights: Vec<Option<Vec<u8>>>,
}

impl Comparison {
    /// Opens every variant once, so that what would stop every method is refused here.
    pub fn open(plan: Plan, device: &Device) -> Result<Self, ProgramError> {
        let (mut truths, mut prior_weights) = (Vec::new(), Vec::new());
        for Variant { run, .. } in &plan.variants {
            let run = Run {
                seed: plan.seeds[0],
                ..run.clone()
            };
            let prior = run.prior.clone();
            let weights = assets::prior_weights(&prior)?;
            let truth = Plane::open(run, device.clone(), weights.as_deref())
                .and_then(|mut plane| block_on(plane.truth()))
                .map_err(|error| assets::refused(error, &prior))?;
            truths.push(truth);
            prior_weights.push(weights);
        }
        Ok(Self {
            plan,
            truths,
            finished: Vec::new(),
            failed: Vec::new(),
            prior_weights,
        })
    }

    /// Runs all trials, or as many as there are until the user asks to stop.
    pub fn run(&mut self, device: &Device, stop: &Stop, quiet: bool) {
        let total = self.trials();
        let say = |text: String| {
            if !quiet {
                eprintln!("{text}");
            }
        };
        let places: Vec<Place> = self.plan.places().collect();
        for (index, place) in places.into_iter().enumerate() {
            let name = format!("{}/{total} {}", index + 1, self.name_of(place));
            match self.attempt(place, &name, device, stop, quiet) {
                Ok(Some(trial)) => {
                    let o = &trial.outcome;
                    let (variation, seconds) = (
                        o.fit.mode_total_variation,
                        o.training_seconds + o.sampling_seconds,
                    );
                    say(format!(
                        "{name}: total variation {} in {}",
                        figure(variation),
                        duration(seconds)
                    ));
                    self.finished.push(trial);
                }
                Ok(None) => return,
                Err(error) => {
                    let reason = error.to_string();
                    say(format!("{name}: {reason}"));
                    self.failed.push(Failed { place, reason });
                }
            }
        }
    }

    /// One trial; `None` if the user asked to stop before its end.
    fn attempt(
        &self,
        place: Place,
        name: &str,
        device: &Device,
        stop: &Stop,
        quiet: bool,
    ) -> Result<Option<Finished>, SessionError> {
        let run = self.plan.run_of(place);
        let (total, evaluation) = (run.training.iterations, run.evaluation);
        let iterations = if run.method.is_trained() { total } else { 1 };
        let progress = Progress::new(name, 0, iterations, quiet);
        let weights = self.prior_weights[place.variant].as_deref();
        let mut trial = block_on(Trial::open(run, device.clone(), weights))?;
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
                Some(last) => format!("total variation {}", figure(last.fit.mode_total_variation)),
                None => "training".to_owned(),
            });
        }
        progress.clear();
        let outcome = block_on(trial.outcome(evaluation.samples))?;
        Ok(Some(Finished {
            place,
            curve,
            outcome,
        }))
    }

    /// How many trials the plan has.
    pub fn trials(&self) -> usize {
        self.plan.places().count()
    }

    /// How many of them came to an end, good or bad.
    pub fn ended(&self) -> usize {
        self.finished.len() + self.failed.len()
    }

    pub fn entrant(&self, place: Place) -> &Entrant {
        &self.plan.entrants[place.entrant]
    }

    /// The finished trials of a method on a variant, one a seed.
    pub fn of(&self, variant: usize, entrant: usize) -> Vec<&Finished> {
        let here = |p: Place| (p.variant, p.entrant) == (variant, entrant);
        self.finished.iter().filter(|f| here(f.place)).collect()
    }

    /// Why trials of a method on a variant could not be done.
    pub fn failures_of(&self, variant: usize, entrant: usize) -> Vec<&Failed> {
        let here = |p: Place| (p.variant, p.entrant) == (variant, entrant);
        self.failed.iter().filter(|f| here(f.place)).collect()
    }

    /// The total variation that as many samples of the exact posterior would have on average: each
    /// mode's share is then off by √(2·p·(1 − p)/(π·N)).
    pub fn exact_variation(&self, variant: usize) -> f64 {
        let samples = self.plan.variants[variant].run.evaluation.samples as f64;
        let masses = self.truths[variant].modes.iter().map(|mode| mode.mass);
        let errors = masses.map(|p| (2.0 * p * (1.0 - p).max(0.0) / (PI * samples)).sqrt());
        0.5 * errors.sum::<f64>()
    }

    /// A trial's method, value and seed.
    pub fn name_of(&self, place: Place) -> String {
        let mut parts = vec![self.entrant(place).label.clone()];
        parts.extend(self.plan.setting(place.variant));
        parts.push(format!("seed {}", self.plan.seeds[place.seed]));
        parts.join(", ")
    }
}
