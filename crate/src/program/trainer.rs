//! Drives an open run to its end: iterations, evaluations, checkpoints, and the run's folder.

use super::device::DeviceKind;
use super::error::ProgramError;
use super::output::{figure, print};
use super::progress::Progress;
use super::signal::Stop;
use super::storage::{CONFIG, FolderLock, Metrics, RunFolder};
use super::{assets, plot, table};
use burn::tensor::Device;
use pollster::block_on;
use rtb::run::{ConfigError, Files, Run};
use rtb::session::Session;
use toml::Value;

/// The session where its folder's latest checkpoint was taken; `None` if there is no checkpoint
/// yet.
pub fn reopen(folder: &RunFolder, device: DeviceKind) -> Result<Option<Session>, ProgramError> {
    let Some(checkpoint) = folder.checkpoint()? else {
        return Ok(None);
    };
    let run = folder.run()?;
    check_same(folder, &run, &Session::run_of(&checkpoint)?)?;
    let files = files(folder, &run)?;
    let session = Session::resume(&checkpoint, device.open()?, &files);
    Ok(Some(block_on(session)?))
}

/// Refuses a checkpoint of another run than the folder's: one of both has been changed since.
fn check_same(folder: &RunFolder, said: &Run, trained: &Run) -> Result<(), ProgramError> {
    let table = |run: &Run| Value::try_from(run).expect("a run is a TOML table");
    let Some((field, [said, trained])) = difference(&table(said), &table(trained)) else {
        return Ok(());
    };
    let path = folder.file(CONFIG);
    let error = ConfigError::new(
        field,
        format!("`{said}`"),
        format!(
            "`{trained}`, as in the checkpoint; for a new run use `rtb run {} --out DIR`",
            path.display()
        ),
    );
    Err(ProgramError::ConfigFile { path, error })
}

/// The first field in which two values differ, and both.
fn difference(said: &Value, trained: &Value) -> Option<(String, [String; 2])> {
    let [Value::Table(a), Value::Table(b)] = [said, trained] else {
        return (said != trained).then(|| (String::new(), [said, trained].map(Value::to_string)));
    };
    let mut fields = a.keys().chain(b.keys().filter(|field| !a.contains_key(*field)));
    fields.find_map(|field| match [a.get(field), b.get(field)] {
        [Some(a), Some(b)] => {
            let (below, both) = difference(a, b)?;
            let dot = if below.is_empty() { "" } else { "." };
            Some((format!("{field}{dot}{below}"), both))
        }
        both => {
            let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            Some((field.clone(), both.map(text)))
        }
    })
}

/// The files that the run of a folder needs.
pub fn files(folder: &RunFolder, run: &Run) -> Result<Files, ProgramError> {
    assets::files_beside(run, |need| folder.kept(need))
}

/// A run as somebody describes it, open: what its models would read as something else is refused.
pub fn opened(
    run: Run,
    device: Device,
    files: &Files,
    weights: Option<&[u8]>,
) -> Result<Session, ProgramError> {
    let session = block_on(Session::open(run, device, files, weights))?;
    match session.misread() {
        Some(refused) => Err(refused.into()),
        None => Ok(session),
    }
}

/// The session where its folder's latest checkpoint was taken, which must be there.
pub fn reopen_trained(folder: &RunFolder, device: DeviceKind) -> Result<Session, ProgramError> {
    reopen(folder, device)?.ok_or_else(|| ProgramError::NoCheckpoint {
        path: folder.path().to_owned(),
        reasons: vec!["none has been written yet".to_owned()],
    })
}

/// Trains a session and keeps its folder.
pub struct Trainer {
    session: Session,
    folder: RunFolder,
    _lock: FolderLock,
    metrics: Metrics,
    stop: Stop,
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
        stop: Stop,
    ) -> Result<Self, ProgramError> {
        let metrics = folder.metrics(session.iteration())?;
        Ok(Self {
            session,
            folder,
            _lock: lock,
            metrics,
            stop,
            saved: None,
            warned: false,
        })
    }

    /// Trains to the end of the run and leaves the finished folder behind.
    pub fn train(mut self, quiet: bool) -> Result<(), ProgramError> {
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
            if self.stop.asked() {
                progress.clear();
                self.save()?;
                return Err(self.interrupted());
            }
            let stepped = block_on(self.session.step());
            let iteration = stepped.map_err(|error| ProgramError::Training {
                error,
                path: self.folder.path().to_owned(),
            })?;
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
    fn finish(mut self, progress: &Progress) -> Result<(), ProgramError> {
        let evaluation = self.session.run().evaluation;
        let samples = evaluation.samples;
        let busy = progress.busy(format!("Evaluating with {samples} samples"));
        let report = block_on(self.session.evaluate(samples, evaluation.candidates))?;
        drop(busy);
        if self.stop.asked() {
            return Err(self.interrupted());
        }
        let weights = block_on(self.session.weights())?;
        self.folder.write("weights.safetensors", &weights)?;
        let busy = progress.busy("Drawing samples and pictures".to_owned());
        let points = block_on(self.session.samples(samples, 1))?;
        let chosen = match evaluation.candidates {
            1 => Vec::new(),
            candidates => block_on(self.session.samples(plot::SHEET, candidates))?,
        };
        let scene = block_on(self.session.scene())?;
        plot::draw_all(
            &plot::Finished {
                run: self.session.run(),
                scene: &scene,
                samples: &points,
                chosen: (evaluation.candidates > 1).then_some((evaluation.candidates, &chosen[..])),
                report: &report,
                history: self.metrics.history(),
            },
            &self.folder,
        )?;
        drop(busy);
        self.folder.finish(&report)?;
        print(&format!(
            "\n{}\nRun folder: {}\n",
            table::report(self.session.run().task(), &report),
            self.folder.path().display()
        ))
    }
}
