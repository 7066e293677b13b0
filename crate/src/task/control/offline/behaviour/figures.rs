//! How well a behaviour imitates.

use super::BehaviourTraining;
use crate::engine::EngineError;
use crate::engine::noise::Purpose;
use crate::task::control::offline::{LARGEST, Standard};
use serde::{Deserialize, Serialize};

/// Most states in which actions are drawn.
const MOST_DRAWN: usize = 10_000;

/// Figures of a behaviour, over steps that it was not trained on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BehaviourFigures {
    /// Weights of the network.
    pub parameters: usize,
    /// Steps that were held out.
    pub held_out: usize,
    /// Mean squared error of what is predicted of actions with noise; 1 if 0 were predicted.
    pub denoising_loss: f64,
    /// The same of steps of training.
    pub denoising_loss_trained: f64,
    /// States that were held out in which an action was drawn.
    pub samples: usize,
    /// Largest difference, over the coordinates, of the mean of drawn actions from that of recorded ones, in deviations.
    pub mean_error: f64,
    /// Largest relative difference of the deviations.
    pub deviation_error: f64,
    /// Share of the coordinates of recorded actions that arctanh clips.
    pub clipped: f64,
}

impl BehaviourTraining {
    /// Figures of the averaged network.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn figures(&self) -> Result<BehaviourFigures, EngineError> {
        let behaviour = self.behaviour();
        let (s, a) = (behaviour.state_size(), behaviour.action_size());
        let recorded = &self.held_out;
        let held_out = recorded.actions.len() / a;
        let samples = held_out.min(MOST_DRAWN);
        let spread = held_out / samples;
        let rows = (0..samples).map(|row| row * spread);
        let states: Vec<f32> = rows
            .clone()
            .flat_map(|row| recorded.states[row * s..(row + 1) * s].iter().copied())
            .collect();
        let actions: Vec<f32> = rows
            .flat_map(|row| recorded.actions[row * a..(row + 1) * a].iter().copied())
            .collect();
        let drawn = behaviour
            .sample(
                &states,
                &self.noise(),
                (Purpose::PriorEvaluation, 0),
                self.device(),
            )
            .await
            .map_err(EngineError::Device)?;
        let [found, wanted] = [&drawn, &actions].map(|actions| Standard::of(actions, a));
        let largest = |errors: &mut dyn Iterator<Item = f64>| errors.fold(0.0, f64::max);
        let means = found.mean.iter().zip(&wanted.mean).zip(&wanted.deviation);
        let deviations = found.deviation.iter().zip(&wanted.deviation);
        let clipped = actions.iter().filter(|action| action.abs() > LARGEST);
        let [denoising_loss, denoising_loss_trained] = self.losses().await?;
        Ok(BehaviourFigures {
            parameters: burn::module::Module::num_params(&behaviour.network),
            held_out,
            denoising_loss,
            denoising_loss_trained,
            samples,
            mean_error: largest(&mut means.map(|((found, wanted), unit)| (found - wanted).abs() / unit)),
            deviation_error: largest(&mut deviations.map(|(found, wanted)| (found / wanted - 1.0).abs())),
            clipped: clipped.count() as f64 / actions.len() as f64,
        })
    }
}
