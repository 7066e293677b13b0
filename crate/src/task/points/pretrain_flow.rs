//! Flows, trained by maximum likelihood on the rows of a table.

use super::Table;
use super::flow::{Flow, FlowConfig, FlowNetwork};
use super::pretrain::Header;
use super::space::Space;
use super::standard::{Bounds, Prepared};
use crate::engine::check::whole;
use crate::engine::noise::Noise;
use crate::engine::parallel;
use crate::engine::train::examples::{Pretraining, Recipe};
use crate::engine::train::{Descent, Pretrain};
use crate::engine::weights::{Weights, read_tensors};
use crate::engine::{ConfigError, EngineError};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Where the header of the weights has the coordinates.
const HEADER: &str = "flow";

/// How near a flow is to rows that it has not seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowFigures {
    /// Rows that were held out.
    pub held_out: usize,
    /// Mean log p of these, in nats.
    pub log_prob: f64,
    /// Mean log p of the rows that it was trained on.
    pub log_prob_trained: f64,
}

/// A flow in training.
pub struct FlowTraining {
    training: Pretraining<FlowNetwork, Prepared>,
    names: Vec<String>,
}

impl FlowTraining {
    /// A flow of this shape for the rows of a table, which errors call `name`; columns with bounds are unbounded by
    /// logarithms first.
    ///
    /// # Errors
    ///
    /// Where the table, its bounds, the shape or the recipe is refused.
    pub fn new(
        (name, table): (&str, &Table),
        bounds: &[Bounds],
        shape: FlowConfig,
        recipe: Recipe,
        device: Device,
    ) -> Result<Self, ConfigError> {
        whole("--couplings", shape.couplings, 1, 32)?;
        whole("--width", shape.width, 4, 1024)?;
        let prepared = Prepared::of(name, table, bounds)?;
        let network = shape.init(table.columns(), &Noise::new(recipe.seed), &device);
        Ok(Self {
            training: Pretraining::new(network, prepared, recipe, device)?,
            names: table.names.clone(),
        })
    }

    /// The rows that were held out, `[rows][d]`.
    pub fn held_out(&self) -> &[f64] {
        &self.training.examples.held_out
    }

    /// The averaged network as safetensors of f16, with the coordinates in its header.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, EngineError> {
        let weights = Weights::of(self.training.network()).await;
        let mut weights = weights.map_err(EngineError::Device)?;
        let header = Header {
            names: self.names.clone(),
            columns: self.training.examples.columns.clone(),
        };
        let header = serde_json::to_string(&header).expect("names and numbers");
        weights.metadata.insert(HEADER.to_owned(), header);
        Ok(weights.to_safetensors(true))
    }

    /// Figures of the flow in a file that [`FlowTraining::weights`] gave.
    ///
    /// # Errors
    ///
    /// Where it is another file.
    pub fn figures(&self, file: &[u8]) -> Result<FlowFigures, EngineError> {
        let space = read(file).map_err(EngineError::Weights)?;
        let d = space.size();
        let mean = |rows: &[f64]| {
            let log_probs = parallel::over_rows(rows, d, |row| space.log_prob(row));
            log_probs.iter().sum::<f64>() / log_probs.len() as f64
        };
        let Prepared {
            trained, held_out, ..
        } = &self.training.examples;
        Ok(FlowFigures {
            held_out: held_out.len() / d,
            log_prob: mean(held_out),
            log_prob_trained: mean(trained),
        })
    }
}

impl Pretrain for FlowTraining {
    type Network = FlowNetwork;

    fn descent(&self) -> &Descent<FlowNetwork> {
        self.training.descent()
    }

    fn descent_mut(&mut self) -> &mut Descent<FlowNetwork> {
        self.training.descent_mut()
    }

    /// One iteration; minus the mean log p of its standardised rows.
    async fn step(&mut self) -> Result<f64, EngineError> {
        let (d, rows) = (self.names.len(), &self.training.examples.rows);
        let batch = self.training.recipe.batch;
        let drawn = self
            .training
            .draw(&mut self.training.rng(), rows.len() / d, batch);
        let parts = parallel::split(drawn, parallel::parts(&self.training.device, batch));
        let device = &self.training.device;
        self.training
            .descent
            .step(parts, |network, part| {
                let numbers: Vec<f32> = part
                    .iter()
                    .flat_map(|row| &rows[row * d..(row + 1) * d])
                    .copied()
                    .collect();
                let x = Tensor::from_data(TensorData::new(numbers, [part.len(), d]), device);
                network.log_prob(x).mean().neg()
            })
            .await
    }
}

/// The space of the flow in a file that [`FlowTraining::weights`] gave.
///
/// # Errors
///
/// Where it is another file.
pub fn read(file: &[u8]) -> Result<Space, String> {
    let weights = read_tensors(file)?;
    let header = weights
        .metadata
        .get(HEADER)
        .ok_or("its header has no coordinates of a flow: write it with `rtb pretrain flow`")?;
    let header = Header::read(header)?;
    let flow = Flow::of(&weights, header.names.len())?;
    Ok(Space::of_flow(header.names, header.columns, flow))
}
