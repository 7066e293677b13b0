//! The networks of a critic: several of one shape, side by side.

use crate::engine::noise::{Noise, Purpose};
use crate::engine::weights::Weights;
use crate::network::layer::uniform;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

/// Most networks, hidden layers and units in a file.
const MOST_NETWORKS: usize = 64;
const MOST_LAYERS: usize = 8;
const MOST_UNITS: usize = 2048;

/// The shape of a [`CriticNetwork`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CriticNetworkConfig {
    /// Numbers of a state.
    pub states: usize,
    /// Numbers of an action.
    pub actions: usize,
    /// Networks of Q.
    pub networks: usize,
    /// Units of each hidden layer.
    pub width: usize,
    /// Hidden layers.
    pub depth: usize,
}

/// N networks of one shape that know nothing of each other: hidden layers with ReLU, and one number.
#[derive(Module, Debug)]
pub struct Ensemble {
    /// One `[N, inputs, outputs]` a layer.
    weights: Vec<Param<Tensor<3>>>,
    /// One `[N, 1, outputs]` a layer.
    biases: Vec<Param<Tensor<3>>>,
}

/// Q of states and actions, several times, and V of states.
#[derive(Module, Debug)]
pub struct CriticNetwork {
    /// Of `[state, action]`.
    pub q: Ensemble,
    /// Of states, one network.
    pub v: Ensemble,
}

impl Ensemble {
    /// Weights and biases uniform on ±√(1/inputs), as PyTorch has them.
    fn new(rng: &mut ChaCha8Rng, networks: usize, sizes: &[usize], device: &Device) -> Self {
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for sizes in sizes.windows(2) {
            let bound = 1.0 / (sizes[0] as f64).sqrt();
            let shape = [networks, sizes[0], sizes[1]];
            weights.push(Param::from_tensor(uniform(rng, shape, bound, device)));
            let shape = [networks, 1, sizes[1]];
            biases.push(Param::from_tensor(uniform(rng, shape, bound, device)));
        }
        Self { weights, biases }
    }

    /// `[rows, inputs]` → `[N, rows]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let [rows, inputs] = x.dims();
        let [networks, ..] = self.weights[0].val().dims();
        let mut h: Tensor<3> = x.unsqueeze::<3>().expand([networks, rows, inputs]);
        let last = self.weights.len() - 1;
        for (at, (weight, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            h = h.matmul(weight.val()) + bias.val();
            if at < last {
                h = activation::relu(h);
            }
        }
        h.reshape([networks, rows])
    }
}

impl CriticNetworkConfig {
    /// The shape that a file's tensors have.
    ///
    /// # Errors
    ///
    /// Names a tensor that is missing or of another shape, or says that the network is too large.
    pub fn of(weights: &Weights) -> Result<Self, String> {
        let cube = |name: &str| -> Result<[usize; 3], String> {
            let shape = weights.shape(name)?;
            let cube = shape.try_into();
            cube.map_err(|_| format!("tensor `{name}` has shape {shape:?}, but must have three dimensions"))
        };
        let ([networks, both, width], [_, states, _]) = (cube("q.weights.0")?, cube("v.weights.0")?);
        let depth = weights
            .count(|name| name.starts_with("q.weights."))
            .saturating_sub(1);
        let actions = both.saturating_sub(states);
        let sizes = [
            (networks, MOST_NETWORKS),
            (depth, MOST_LAYERS),
            (width, MOST_UNITS),
        ];
        if sizes.iter().any(|(size, most)| !(1..=*most).contains(size)) || states == 0 || actions == 0 {
            return Err(format!(
                "the critic has {networks} networks of {depth} hidden layers of {width} units for {states} numbers of a \
                 state and {actions} of an action; none may be 0, and at most {MOST_NETWORKS} networks, {MOST_LAYERS} \
                 layers and {MOST_UNITS} units are read"
            ));
        }
        weights.can_hold((networks + 1) * (depth - 1) * width * width)?;
        Ok(Self {
            states,
            actions,
            networks,
            width,
            depth,
        })
    }

    /// Networks from the run's generator.
    pub fn init(&self, noise: &Noise, device: &Device) -> CriticNetwork {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let mut ensemble = |networks: usize, inputs: usize| {
            let mut sizes = vec![inputs];
            sizes.extend(vec![self.width; self.depth]);
            sizes.push(1);
            Ensemble::new(rng, networks, &sizes, device)
        };
        CriticNetwork {
            q: ensemble(self.networks, self.states + self.actions),
            v: ensemble(1, self.states),
        }
    }
}

impl CriticNetwork {
    /// The shape of these networks.
    pub fn config(&self) -> CriticNetworkConfig {
        let [networks, both, width] = self.q.weights[0].val().dims();
        let [_, states, _] = self.v.weights[0].val().dims();
        CriticNetworkConfig {
            states,
            actions: both - states,
            networks,
            width,
            depth: self.q.weights.len() - 1,
        }
    }
}
