//! How a behaviour is learned.

use super::network::{BehaviourNetwork, BehaviourNetworkConfig};
use super::{Behaviour, MOST_STEPS, Scales};
use crate::engine::EngineError;
use crate::engine::check::{Checked, whole};
use crate::engine::host::read;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::process::{OrnsteinUhlenbeck, State};
use crate::engine::train::examples::{Pretraining, Recipe};
use crate::engine::train::{Descent, Pretrain};
use crate::task::control::offline::squash::{LARGEST, unsquashed};
use crate::task::control::offline::{Standard, Transitions};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Of so many episodes one is held out; of few episodes, of so many steps.
const HELD_OUT: usize = 10;
/// Rows that share a time.
const BLOCKS: usize = 32;
/// Most rows on which a loss is measured.
const MOST_MEASURED: usize = 20_000;

/// The shape of a behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BehaviourShape {
    /// Units of each hidden layer.
    pub width: usize,
    /// Hidden layers.
    pub depth: usize,
    /// Steps of the chain, T.
    pub steps: usize,
}

impl Default for BehaviourShape {
    /// Those of arXiv 2405.20971.
    fn default() -> Self {
        Self {
            width: 256,
            depth: 3,
            steps: 75,
        }
    }
}

impl BehaviourShape {
    /// Checks every value.
    ///
    /// # Errors
    ///
    /// Names the first that is out of range by its flag.
    pub fn check(&self) -> Checked {
        whole("--width", self.width, 4, 2048)?;
        whole("--depth", self.depth, 1, 8)?;
        whole("--steps", self.steps, 1, MOST_STEPS)
    }
}

/// States and actions.
pub(super) struct Pairs {
    /// As they were recorded, `[n][s]`.
    pub states: Vec<f32>,
    /// As they were recorded, `[n][a]`.
    pub actions: Vec<f32>,
    /// As the network takes them, `[n][s]` and `[n][a]`.
    standard: Vec<f32>,
    ends: Vec<f32>,
}

/// A behaviour in training.
pub struct BehaviourTraining {
    training: Pretraining<BehaviourNetwork, Pairs>,
    pub(super) held_out: Pairs,
    scales: Scales,
}

/// Rows at a time: their states, the actions with noise, and what is to be predicted.
struct Block {
    time: f64,
    states: Vec<f32>,
    at: Vec<f32>,
    target: Vec<f32>,
}

impl Pairs {
    fn of(transitions: &Transitions, rows: &[usize], scales: &Scales) -> Self {
        let (s, a) = (transitions.state_size(), transitions.action_size());
        let states = picked(transitions.states(), rows, s);
        let actions = picked(transitions.actions(), rows, a);
        Self {
            standard: scales.states.standardised(&states),
            ends: scales.ends(&actions),
            states,
            actions,
        }
    }

    fn len(&self, scales: &Scales) -> usize {
        self.ends.len() / scales.actions.size()
    }

    /// Rows at a time with fresh noise. With z = α·data + σ·ε the target is (data − α·z)/σ.
    fn noised(&self, rows: &[usize], time: f64, scales: &Scales, rng: &mut ChaCha8Rng) -> Block {
        let level = OrnsteinUhlenbeck::level(time);
        let (mut at, mut target) = (Vec::new(), Vec::new());
        for data in picked(&self.ends, rows, scales.actions.size()) {
            let [z, wanted] = OrnsteinUhlenbeck::noised(level, data, noise::normal(rng));
            at.push(z);
            target.push(wanted);
        }
        Block {
            time,
            states: picked(&self.standard, rows, scales.states.size()),
            at,
            target,
        }
    }
}

/// These rows of `[n][size]` numbers.
fn picked(numbers: &[f32], rows: &[usize], size: usize) -> Vec<f32> {
    let row = |row: &usize| numbers[row * size..(row + 1) * size].iter().copied();
    rows.iter().flat_map(row).collect()
}

/// The mean squared error of what a network predicts of blocks of equal length, `[1]`.
fn error_of(network: &BehaviourNetwork, blocks: Vec<Block>, device: &Device) -> Tensor<1> {
    let BehaviourNetworkConfig {
        states: s,
        actions: a,
        ..
    } = network.config();
    let times: Vec<f64> = blocks.iter().map(|block| block.time).collect();
    let (mut states, mut at, mut target) = (Vec::new(), Vec::new(), Vec::new());
    for block in blocks {
        states.extend(block.states);
        at.extend(block.at);
        target.extend(block.target);
    }
    let upload = |values: Vec<f32>, size| Tensor::<2>::from_numbers(values, size, device);
    let said = network.forward(&times, upload(states, s), upload(at, a));
    (said - upload(target, a)).square().mean()
}

/// The rows of training, and those that are held out: whole episodes, since steps of the same one are alike.
fn split(transitions: &Transitions) -> (Vec<usize>, Vec<usize>) {
    let episodes = transitions.episodes();
    let is_held_out = |at: usize| at % HELD_OUT == HELD_OUT - 1;
    if episodes.len() < HELD_OUT {
        return (0..transitions.len()).partition(|row| !is_held_out(*row));
    }
    let (mut rows, mut held_out) = (Vec::new(), Vec::new());
    for (at, episode) in episodes.into_iter().enumerate() {
        match is_held_out(at) {
            true => held_out.extend(episode.rows),
            false => rows.extend(episode.rows),
        }
    }
    (rows, held_out)
}

impl BehaviourTraining {
    /// A network for the actions of recorded steps.
    ///
    /// # Errors
    ///
    /// Where there are fewer than ten steps, or a value of `shape` or `recipe` is refused.
    pub fn new(
        transitions: &Transitions,
        shape: BehaviourShape,
        recipe: Recipe,
        device: Device,
    ) -> Result<Self, EngineError> {
        shape.check()?;
        whole(
            "the number of steps in the data",
            transitions.len(),
            HELD_OUT,
            usize::MAX,
        )?;
        let (rows, held_out) = split(transitions);
        let (s, a) = (transitions.state_size(), transitions.action_size());
        let scales = Scales {
            steps: shape.steps,
            states: Standard::of(transitions.states(), s),
            actions: Standard::of(&unsquashed(transitions.actions(), LARGEST), a),
            largest: LARGEST,
        };
        let config = BehaviourNetworkConfig {
            states: s,
            actions: a,
            width: shape.width,
            depth: shape.depth,
        };
        let network = config.init(&Noise::new(recipe.seed), &device);
        let pairs = Pairs::of(transitions, &rows, &scales);
        Ok(Self {
            training: Pretraining::new(network, pairs, recipe, device)?,
            held_out: Pairs::of(transitions, &held_out, &scales),
            scales,
        })
    }

    /// The averaged network as a behaviour.
    pub fn behaviour(&self) -> Behaviour {
        Behaviour::new(self.training.network().clone(), self.scales.clone())
    }

    /// The same as safetensors, with how numbers are standardised in the header.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Vec<u8>, EngineError> {
        self.behaviour().file().await.map_err(EngineError::Device)
    }

    /// The loss of [`Self::step`] of the averaged network, on steps that were held out (at most 20,000), and on as many of
    /// training.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn losses(&self) -> Result<[f64; 2], EngineError> {
        let network = self.training.network();
        let device = &self.training.device;
        let mut losses = [0.0; 2];
        let most = self.held_out.len(&self.scales).min(MOST_MEASURED);
        for (loss, pairs) in losses.iter_mut().zip([&self.held_out, &self.training.examples]) {
            let mut rng = self.noise().stream(Purpose::Evaluation, 0);
            let rows = |block: usize| (0..most).filter(move |row| row % BLOCKS == block);
            let spread = pairs.len(&self.scales) / most;
            for block in 0..BLOCKS {
                let rows: Vec<usize> = rows(block).map(|row| row * spread).collect();
                if rows.is_empty() {
                    continue;
                }
                let share = rows.len() as f64 / most as f64;
                let time = (block as f64 + 0.5) / BLOCKS as f64;
                let block = pairs.noised(&rows, time, &self.scales, &mut rng);
                let error = read(error_of(network, vec![block], device)).await;
                *loss += share * f64::from(error.map_err(EngineError::Device)?[0]);
            }
        }
        Ok(losses)
    }

    pub(super) fn noise(&self) -> Noise {
        Noise::new(self.training.recipe.seed)
    }

    pub(super) fn device(&self) -> &Device {
        &self.training.device
    }
}

impl Pretrain for BehaviourTraining {
    type Network = BehaviourNetwork;

    fn descent(&self) -> &Descent<BehaviourNetwork> {
        self.training.descent()
    }

    fn descent_mut(&mut self) -> &mut Descent<BehaviourNetwork> {
        self.training.descent_mut()
    }

    /// One iteration: regress (data − α·z)/σ of noised actions at stratified times. Returns the loss, which is 1 for a
    /// network that predicts 0.
    async fn step(&mut self) -> Result<f64, EngineError> {
        let training = &mut self.training;
        let mut rng = training.rng();
        let count = training.examples.len(&self.scales);
        let each = training.recipe.batch.div_ceil(BLOCKS);
        let offset = noise::uniform(&mut rng);
        let blocks = (0..BLOCKS).map(|block| {
            let rows = training.draw(&mut rng, count, each);
            let time = (block as f64 + offset) / BLOCKS as f64;
            training.examples.noised(&rows, time, &self.scales, &mut rng)
        });
        let parts = parallel::split(blocks.collect(), parallel::parts(&training.device, BLOCKS * each));
        let device = &training.device;
        training
            .descent
            .step(parts, |network, blocks| error_of(network, blocks, device))
            .await
    }
}
