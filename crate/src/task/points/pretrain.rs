//! Learned priors: a network trained on the rows of a table by denoising.

use super::marginals::{Compared, Weighted, correlation_error, marginal_error};
use super::prior::{LearnedPrior, PointsPrior};
use super::space::{Column, Space};
use super::standard::Prepared;
use super::{MOST_COORDINATES, Table, names};
use crate::engine::EngineError;
use crate::engine::check::whole;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::OrnsteinUhlenbeck;
use crate::engine::reward::{Each, OnHost};
use crate::engine::sampler::{Setting, prior_samples};
use crate::engine::train::{Descent, Pretrain};
use crate::engine::weights::{Weights, load_tensors, read_tensors};
use crate::network::{DriftNetwork, DriftNetworkConfig};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

pub use super::standard::Bounds;

/// Where the header of the weights has the coordinates.
const HEADER: &str = "points";
/// Steps of the chain that the figures are measured with.
const STEPS: usize = 50;
/// Most samples of the figures.
const MEASURED: usize = 10_000;
/// Blocks of rows that share a time, as in the chain itself.
const BLOCKS: usize = 32;

/// The coordinates as the header of the weights has them.
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub names: Vec<String>,
    pub columns: Vec<Column>,
}

impl Header {
    /// That of a file.
    ///
    /// # Errors
    ///
    /// Where it is damaged.
    pub fn read(text: &str) -> Result<Self, String> {
        // What serde says names types of ours.
        let header: Option<Self> = serde_json::from_str(text).ok();
        let sound = |header: &Self| {
            (1..=MOST_COORDINATES).contains(&header.names.len())
                && header.columns.len() == header.names.len()
                && header.columns.iter().all(Column::is_sound)
        };
        let header = header.filter(sound).ok_or("its coordinates are damaged")?;
        let field = |at| format!("the name of coordinate {}", at + 1);
        names::check(&header.names, field).map_err(|why| why.to_string())?;
        Ok(header)
    }
}

/// How a prior is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PretrainConfig {
    /// Iterations of training.
    pub iterations: usize,
    /// Rows of an iteration, rounded up to a multiple of 32.
    pub batch: usize,
    /// Units of each hidden layer, 4 to 1024.
    pub width: usize,
    /// Hidden layers, 1 to 8.
    pub depth: usize,
    /// Highest learning rate of the schedule.
    pub learning_rate: f64,
    /// Decay of the average of the weights that is saved.
    pub ema: f64,
    /// Seed of all noise.
    pub seed: u64,
}

impl Default for PretrainConfig {
    fn default() -> Self {
        Self {
            iterations: 5000,
            batch: 512,
            width: 128,
            depth: 3,
            learning_rate: 2e-3,
            ema: 0.999,
            seed: 0,
        }
    }
}

/// How near samples of a learned prior are to rows that it has not seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PretrainFigures {
    /// Rows that were held out.
    pub held_out: usize,
    /// Samples that they are held against.
    pub samples: usize,
    /// Mean over the coordinates of the Wasserstein-1 distance of the marginals, in deviations.
    pub marginal_error: f64,
    /// That of the held-out rows to the rows it was trained on.
    pub marginal_error_exact: f64,
    /// Largest absolute difference of a correlation.
    pub correlation_error: f64,
    /// That of the held-out rows to the rows it was trained on.
    pub correlation_error_exact: f64,
}

/// A prior in training.
pub struct Pretraining {
    config: PretrainConfig,
    space: Space,
    header: Header,
    /// Standardised, `[rows][d]`.
    rows: Vec<f32>,
    /// The points themselves, of training and held out.
    trained: Vec<f64>,
    held_out: Vec<f64>,
    noise: Noise,
    device: Device,
    descent: Descent<DriftNetwork>,
}

impl Pretraining {
    /// A network for the rows of a table, which errors call `name`; columns with bounds are unbounded by logarithms
    /// first.
    ///
    /// # Errors
    ///
    /// Where the table, its bounds or the shape of the network is refused.
    pub fn new(
        name: &str,
        table: &Table,
        bounds: &[Bounds],
        config: PretrainConfig,
        device: Device,
    ) -> Result<Self, EngineError> {
        whole("--width", config.width, 4, 1024)?;
        whole("--depth", config.depth, 1, 8)?;
        whole("--batch", config.batch, 2, 100_000)?;
        let d = table.columns();
        let Prepared {
            columns,
            rows,
            trained,
            held_out,
        } = Prepared::of(name, table, bounds)?;
        let noise = Noise::new(config.seed);
        let shape = DriftNetworkConfig {
            inputs: d,
            outputs: d,
            width: config.width,
            depth: config.depth,
        };
        Ok(Self {
            rows,
            descent: Descent::new(
                shape.init(&noise, &device),
                config.learning_rate,
                config.ema,
                config.iterations,
                &device,
            )?,
            space: Space::of_columns(table.names.clone(), columns.clone()),
            header: Header {
                names: table.names.clone(),
                columns,
            },
            config,
            trained,
            held_out,
            noise,
            device,
        })
    }

    /// The averaged network as safetensors, with the coordinates in its header.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, EngineError> {
        let weights = Weights::of(self.descent.network()).await;
        let mut weights = weights.map_err(EngineError::Device)?;
        let header = serde_json::to_string(&self.header).expect("names and numbers");
        weights.metadata.insert(HEADER.to_owned(), header);
        Ok(weights.to_safetensors(false))
    }

    /// Figures over samples of the saved prior's own chain, against the rows that were held out.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn figures(&self) -> Result<PretrainFigures, EngineError> {
        let d = self.space.size();
        let process = OrnsteinUhlenbeck {
            steps: STEPS,
            dimensions: d,
        };
        let prior = PointsPrior::Learned(Box::new(LearnedPrior {
            process,
            network: self.descent.network().clone(),
        }));
        let setting = Setting {
            process: &process,
            prior: &prior,
            reward: &OnHost(Each(|_: &[f32]| 0.0)),
            beta: 1.0,
            noise: self.noise,
            device: &self.device,
        };
        let ends = prior_samples(&setting, Purpose::PriorEvaluation, MEASURED, 0).await;
        let made = self.space.points(&ends.map_err(EngineError::Device)?);
        let equally = |points| {
            let points = Weighted::equally(points, d).map_err(EngineError::Device)?;
            Ok::<_, EngineError>(Compared::from(&points))
        };
        let (made, trained) = (equally(&made)?, equally(&self.trained)?);
        let held_out = equally(&self.held_out)?;
        Ok(PretrainFigures {
            held_out: self.held_out.len() / d,
            samples: MEASURED,
            marginal_error: marginal_error(&made, &held_out),
            marginal_error_exact: marginal_error(&trained, &held_out),
            correlation_error: correlation_error(&made, &held_out),
            correlation_error_exact: correlation_error(&trained, &held_out),
        })
    }
}

impl Pretrain for Pretraining {
    type Network = DriftNetwork;

    fn descent(&self) -> &Descent<DriftNetwork> {
        &self.descent
    }

    fn descent_mut(&mut self) -> &mut Descent<DriftNetwork> {
        &mut self.descent
    }

    /// One iteration: regress (data − α·z)/σ of noised rows at stratified times. Returns the loss.
    async fn step(&mut self) -> Result<f64, EngineError> {
        let d = self.space.size();
        let count = self.rows.len() / d;
        let mut rng = self
            .noise
            .stream(Purpose::Pretraining, self.descent.iteration() as u64);
        let rows = self.config.batch.div_ceil(BLOCKS);
        let offset = noise::uniform(&mut rng);
        let mut blocks = Vec::with_capacity(BLOCKS);
        for block in 0..BLOCKS {
            let time = (block as f64 + offset) / BLOCKS as f64;
            let level = OrnsteinUhlenbeck::level(time);
            let (mut at, mut target) = (Vec::new(), Vec::new());
            for _ in 0..rows {
                let row = (rng.next_u64() % count as u64) as usize;
                for data in &self.rows[row * d..(row + 1) * d] {
                    let [z, wanted] = OrnsteinUhlenbeck::noised(level, *data, noise::normal(&mut rng));
                    at.push(z);
                    target.push(wanted);
                }
            }
            blocks.push((time, at, target));
        }
        let parts = parallel::split(blocks, parallel::parts(&self.device, self.config.batch));
        let device = &self.device;
        self.descent
            .step(parts, |network, part| {
                let total = part.len() * rows;
                let (mut times, mut at, mut target) = (Vec::new(), Vec::new(), Vec::new());
                for (time, noised, wanted) in part {
                    times.push(time);
                    at.extend(noised);
                    target.extend(wanted);
                }
                let upload = |values| Tensor::<2>::from_data(TensorData::new(values, [total, d]), device);
                (network.forward(&times, upload(at)) - upload(target))
                    .square()
                    .mean()
            })
            .await
    }
}

/// Coordinates and network of the weights that [`Pretraining::weights`] wrote.
///
/// # Errors
///
/// Where they are no such weights.
pub(super) fn read(file: &[u8], device: &Device) -> Result<(Space, DriftNetwork), String> {
    let weights = read_tensors(file)?;
    let header = weights
        .metadata
        .get(HEADER)
        .ok_or("its header has no coordinates: write it with `rtb pretrain points`")?;
    let header = Header::read(header)?;
    let d = header.names.len();
    let config = DriftNetworkConfig::of(&weights)?;
    if (config.inputs, config.outputs) != (d, d) {
        return Err(format!(
            "the network maps {} numbers to {}, but there are {d} coordinates",
            config.inputs, config.outputs
        ));
    }
    let network = load_tensors(config.init(&Noise::new(0), device), &weights)?;
    Ok((Space::of_columns(header.names, header.columns), network))
}
