//! The prior's density as an energy, learned twice: without and with the Radon–Nikodym estimator's
//! consistency.

use super::PlaneTask;
use super::energy::{EnergyConfig, EnergyTraining};
use crate::message::Packed;
use crate::run::{Files, Run};
use crate::task::opened::{Later, Lesson, Progress};
use burn::tensor::Device;
use std::time::Duration;
use web_time::Instant;

/// Least time between two pictures.
const SHOW_INTERVAL: Duration = Duration::from_millis(1500);

/// A learning under way.
pub(super) struct EnergyLesson {
    run: Run,
    iterations: usize,
    files: Files,
    /// Weights of the consistency still to be trained with, the last one first.
    left: Vec<f64>,
    training: Option<EnergyTraining>,
    shown: Instant,
}

impl EnergyLesson {
    pub(super) fn new(run: Run, iterations: usize, files: Files) -> Self {
        Self {
            run,
            iterations,
            files,
            left: vec![EnergyConfig::default().consistency, 0.0],
            training: None,
            shown: Instant::now(),
        }
    }
}

impl Lesson for EnergyLesson {
    fn advance<'a>(&'a mut self, device: &'a Device) -> Later<'a, Progress> {
        Box::pin(async move {
            let Some(training) = &mut self.training else {
                let Some(consistency) = self.left.pop() else {
                    return Ok(Progress::Ended);
                };
                let plane = PlaneTask::open(self.run.clone(), device.clone(), &self.files)?;
                let config = EnergyConfig {
                    iterations: self.iterations,
                    consistency,
                    ..EnergyConfig::default()
                };
                self.training = Some(EnergyTraining::new(plane, config).await?);
                self.shown = Instant::now();
                return Ok(Progress::Nothing);
            };
            training.step().await?;
            let finished = training.finished();
            if !finished && self.shown.elapsed() < SHOW_INTERVAL {
                return Ok(Progress::Nothing);
            }
            let energy = training.figures().await?;
            self.shown = Instant::now();
            if finished {
                self.training = None;
            }
            Ok(Progress::Told(Packed::new(&energy)))
        })
    }
}
