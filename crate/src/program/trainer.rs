//! Drives an open run to its end: iterations, evaluations, checkpoints, and the run's folder.

use super::error::ProgramError;
use super::members::Members;
use super::output::{figure, print};
use super::progress::Progress;
use super::signal::Stop;
use super::storage::{FolderLock, Metrics, RunFolder, WEIGHTS};
use super::{listing, plot, table};
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::session::Session;

/// Trains a session and keeps its folder.
pub struct Trainer {
    session: Session,
    folder: RunFolder,
    _lock: FolderLock,
    metrics: Metrics,
    stop: Stop,
    members: Members,
    /// Iteration of the latest checkpoint that this process wrote.
    saved: Option<usize>,
    /// Whether it has been said that most samples lie on the floor of log r.
    warned: bool,
}

impl Trainer {
    /// Takes over a session and the folder that belongs to it.
    pub fn new(
        session: Session,
        folder: RunFolder,
        lock: FolderLock,
        (stop, members): (Stop, Members),
    ) -> Result<Self, ProgramError> {
        let metrics = folder.metrics(session.iteration())?;
        Ok(Self {
            session,
            folder,
            _lock: lock,
            metrics,
            stop,
            members,
            saved: None,
            warned: false,
        })
    }

    /// Trains to the end of the run and leaves the finished folder behind.
    pub fn train(mut self, quiet: bool) -> Result<(), ProgramError> {
        let path = self.folder.path().to_owned();
        let done = self.complete(quiet);
        if let Err(ProgramError::Session(EngineError::Device(_))) = done
            && self.session.iteration() > 0
        {
            // A reward fails before its iteration changes anything. Of a lost device there is nothing to save, and the
            // last checkpoint stays.
            let _ = self.save();
        }
        let table = done.map_err(|error| error.in_run(&path, self.folder.has_checkpoint()))?;
        print(&format!("\n{table}\nRun folder: {}\n", path.display()))
    }

    /// The same; the table of the final figures.
    fn complete(&mut self, quiet: bool) -> Result<String, ProgramError> {
        let run = self.session.run();
        let (total, every) = (run.training.iterations, run.training.checkpoint_every);
        let progress = Progress::new(&self.folder.name(), self.session.iteration(), total, quiet);
        if self.session.iteration() == 0 {
            // A run that goes on from its start has been evaluated there.
            if self.metrics.history().evaluations.is_empty() {
                self.evaluate_if_due(&progress)?;
            }
            self.save()?;
        }
        while !self.session.finished() {
            if self.members.asked_to_stop(&self.stop)? {
                progress.clear();
                self.save()?;
                return Err(self.interrupted());
            }
            let iteration = block_on(self.session.step())?;
            self.metrics.iteration(&iteration)?;
            self.evaluate_if_due(&progress)?;
            if self.session.finished() || iteration.iteration.is_multiple_of(every) {
                self.save()?;
            }
            progress.advance(iteration.iteration, || {
                format!(
                    "loss {} · log Z {}",
                    figure(iteration.loss),
                    figure(iteration.log_z)
                )
            });
        }
        progress.clear();
        // Of a run that goes on at its end: with what has changed.
        self.save()?;
        self.finish(&progress)
    }

    fn evaluate_if_due(&mut self, progress: &Progress) -> Result<(), ProgramError> {
        let evaluation = self.session.run().evaluation;
        if evaluation.every == 0 || !self.session.iteration().is_multiple_of(evaluation.every) {
            return Ok(());
        }
        let report = block_on(self.session.evaluate(evaluation.samples_while_training, 1))?;
        if let Some(warning) = report.floor_warning().filter(|_| !self.warned) {
            progress.note(&format!("Warning: {warning}"));
            self.warned = true;
        }
        self.metrics.evaluation(&report)
    }

    /// Saves a checkpoint, unless the latest one is of the same iteration.
    fn save(&mut self) -> Result<(), ProgramError> {
        let iteration = self.session.iteration();
        if self.saved == Some(iteration) {
            return Ok(());
        }
        let checkpoint = self.session.checkpoint()?;
        self.metrics.sync()?;
        self.folder.save(&checkpoint)?;
        self.saved = Some(iteration);
        Ok(())
    }

    fn interrupted(&self) -> ProgramError {
        ProgramError::Interrupted {
            path: self.folder.path().to_owned(),
        }
    }

    /// Final figures, weights and pictures; the report comes last and marks the run as finished.
    fn finish(&mut self, progress: &Progress) -> Result<String, ProgramError> {
        let evaluation = self.session.run().evaluation;
        let samples = evaluation.samples;
        let busy = progress.busy(format!("Evaluating with {samples} samples"));
        let report = block_on(self.session.evaluate(samples, evaluation.candidates))?;
        let report = block_on(self.session.calibrate(report))?;
        drop(busy);
        if self.stop.asked() {
            return Err(self.interrupted());
        }
        // Weights may be numbers, and so large that the densities of their paths are none.
        if !report.elbo.is_finite() {
            let why = "training diverged: the weights of the samples are no longer numbers at the end; try a smaller \
                       optimizer.learning_rate";
            return Err(EngineError::Diverged(why.to_owned()).into());
        }
        let weights = block_on(self.session.weights())?;
        self.folder.write(WEIGHTS, &weights)?;
        let busy = progress.busy("Drawing samples and pictures".to_owned());
        let points = block_on(self.session.samples(samples, 1))?;
        let chosen = match evaluation.candidates {
            1 => Vec::new(),
            candidates => block_on(self.session.samples(plot::SHEET, candidates))?,
        };
        let scene = block_on(self.session.scene())?;
        let finished = plot::Finished {
            run: self.session.run(),
            scene: &scene,
            samples: &points,
            chosen: (evaluation.candidates > 1).then_some((evaluation.candidates, &chosen[..])),
            report: &report,
            history: self.metrics.history(),
        };
        plot::draw_all(&finished, &self.folder)?;
        let task = self.session.run().task();
        let listings = listing::write(&task.room().listings(&finished.shown()), &self.folder)?;
        drop(busy);
        self.folder.finish(&report)?;
        Ok(table::report(task, &report) + &listings)
    }
}
