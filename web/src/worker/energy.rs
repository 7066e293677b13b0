//! The prior's density as an energy, learned twice: without and with the Radon–Nikodym
//! estimator's consistency.

use super::clock;
use burn::tensor::Device;
use rtb::config::Run;
use rtb::message::{Event, Files};
use rtb::plane::Plane;
use rtb::session::SessionError;
use rtb::train::energy::{EnergyConfig, EnergyTraining};

/// Least time between two pictures, ms.
const SHOW_INTERVAL: f64 = 1500.0;

/// A learning under way.
pub struct Learning {
    run: Run,
    iterations: usize,
    files: Files,
    /// Weights of the consistency still to be trained with, the last one first.
    left: Vec<f64>,
    training: Option<EnergyTraining>,
    shown: f64,
}

impl Learning {
    pub fn new(run: Run, iterations: usize, files: Files) -> Self {
        Self {
            run,
            iterations,
            files,
            left: vec![EnergyConfig::default().consistency, 0.0],
            training: None,
            shown: 0.0,
        }
    }

    /// Goes on by one iteration; what there is to tell.
    ///
    /// # Errors
    ///
    /// Where the device fails or something is refused.
    pub async fn advance(&mut self, device: &Device) -> Result<Option<Event>, SessionError> {
        let Some(training) = &mut self.training else {
            let Some(consistency) = self.left.pop() else {
                return Ok(Some(Event::ComparisonEnded));
            };
            let plane = Plane::open(self.run.clone(), device.clone(), &self.files)?;
            let config = EnergyConfig {
                iterations: self.iterations,
                consistency,
                ..EnergyConfig::default()
            };
            self.training = Some(EnergyTraining::new(plane, config).await?);
            self.shown = clock::now();
            return Ok(None);
        };
        training.step().await?;
        let finished = training.finished();
        if !finished && clock::now() - self.shown < SHOW_INTERVAL {
            return Ok(None);
        }
        let energy = training.figures().await?;
        self.shown = clock::now();
        if finished {
            self.training = None;
        }
        Ok(Some(Event::Energy(Box::new(energy))))
    }
}
