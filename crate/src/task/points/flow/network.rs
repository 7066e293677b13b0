//! The network of a flow, for its training.

use super::spline::{BINS, LEAST, PARAMETERS, REACH, shift};
use crate::engine::noise::{Noise, Purpose};
use crate::engine::weights::Weights;
use crate::network::layer::Dense;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, activation};

/// The shape of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowConfig {
    /// Couplings, 1 to 32.
    pub couplings: usize,
    /// Units of each of the two hidden layers of a coupling, 4 to 1024.
    pub width: usize,
}

/// The coordinates of d that a coupling maps; the others pass it.
pub fn transformed(coupling: usize, d: usize) -> Vec<usize> {
    match d {
        1 => vec![0],
        _ => (0..d).filter(|at| (at + coupling) % 2 == 1).collect(),
    }
}

impl FlowConfig {
    /// The shape that a file's tensors have.
    ///
    /// # Errors
    ///
    /// Says what is missing, or beyond what is allowed.
    pub fn of(weights: &Weights) -> Result<Self, String> {
        let [_, width] = weights.matrix("couplings.0.first.weight")?;
        let couplings = weights.count(|name| name.ends_with(".head.weight"));
        if !(4..=1024).contains(&width) || !(1..=32).contains(&couplings) {
            return Err(format!(
                "the flow has {couplings} couplings of width {width}; it must have 1 to 32 of width 4 to 1024"
            ));
        }
        Ok(Self { couplings, width })
    }

    /// Numbers before, between and behind the layers of a coupling.
    pub(super) fn sizes(&self, coupling: usize, d: usize) -> [usize; 4] {
        let mapped = transformed(coupling, d).len();
        [(d - mapped).max(1), self.width, self.width, mapped * PARAMETERS]
    }

    /// The flow of d coordinates that is the identity.
    pub fn init(&self, d: usize, noise: &Noise, device: &Device) -> FlowNetwork {
        let mut rng = noise.stream(Purpose::Initialization, 0);
        let coupling = |at: usize| {
            let [inputs, one, two, outputs] = self.sizes(at, d);
            Coupling {
                first: Dense::new(&mut rng, inputs, one, FIRST_GAIN, device),
                second: Dense::new(&mut rng, one, two, 1.0, device),
                head: Dense::zeros(two, outputs, device),
            }
        };
        FlowNetwork {
            couplings: (0..self.couplings).map(coupling).collect(),
        }
    }
}

/// Factor of the first layers' initial weights: modes are far narrower than the range of the coordinates.
const FIRST_GAIN: f64 = 3.0;

/// z = g(x) with log |det ∂g/∂x|, as [`Flow`](super::Flow) has it.
#[derive(Module, Debug)]
pub struct FlowNetwork {
    couplings: Vec<Coupling>,
}

/// h = silu(W₂·silu(W₁·passed + b₁) + b₂), parameters = W₃·h + b₃.
#[derive(Module, Debug)]
pub struct Coupling {
    first: Dense,
    second: Dense,
    head: Dense,
}

impl FlowNetwork {
    /// Standardised points `[rows, d]` → z `[rows, d]` and the log determinant `[rows, 1]`.
    pub fn normalise(&self, x: Tensor<2>) -> [Tensor<2>; 2] {
        let [rows, d] = x.dims();
        let mut columns: Vec<Tensor<2>> = (0..d).map(|at| x.clone().narrow(1, at, 1)).collect();
        let mut total = Tensor::zeros([rows, 1], &x.device());
        for (number, coupling) in self.couplings.iter().enumerate() {
            let mapped = transformed(number, d);
            let passed: Vec<_> = (0..d).filter(|at| !mapped.contains(at)).collect();
            let seen = match passed.is_empty() {
                true => Tensor::zeros([rows, 1], &x.device()),
                false => Tensor::cat(passed.iter().map(|at| columns[*at].clone()).collect(), 1),
            };
            let h = activation::silu(coupling.first.forward(seen));
            let h = activation::silu(coupling.second.forward(h));
            let parameters = coupling.head.forward(h);
            for (number, at) in mapped.into_iter().enumerate() {
                let own = parameters.clone().narrow(1, number * PARAMETERS, PARAMETERS);
                let [y, log_slope] = splined(columns[at].clone(), own);
                columns[at] = y;
                total = total + log_slope;
            }
        }
        [Tensor::cat(columns, 1), total]
    }

    /// log p of standardised points `[rows, d]`, `[rows, 1]`.
    pub fn log_prob(&self, x: Tensor<2>) -> Tensor<2> {
        let d = x.dims()[1] as f64;
        let [z, log_det] = self.normalise(x);
        let squares = z.square().sum_dim(1).mul_scalar(0.5);
        (log_det - squares).sub_scalar(0.5 * d * (2.0 * std::f64::consts::PI).ln())
    }
}

/// y(x) and log y′(x) of splines of these parameters, `[rows, 1]` and `[rows, PARAMETERS]`.
fn splined(x: Tensor<2>, parameters: Tensor<2>) -> [Tensor<2>; 2] {
    let device = x.device();
    let rows = x.dims()[0];
    let part = |from: usize, count: usize| parameters.clone().narrow(1, from, count);
    let bins = |raw: Tensor<2>| {
        let share = 2.0 * REACH * (1.0 - LEAST * BINS as f64);
        activation::softmax(raw, 1)
            .mul_scalar(share)
            .add_scalar(2.0 * REACH * LEAST)
    };
    // Row k has a 1 for every column behind it: sums of what comes before.
    let before: Vec<f32> = (0..BINS * BINS)
        .map(|at| f32::from(u8::from(at / BINS < at % BINS)))
        .collect();
    let before = Tensor::<2>::from_data(TensorData::new(before, [BINS, BINS]), &device);
    let lows = |sizes: &Tensor<2>| sizes.clone().matmul(before.clone()).sub_scalar(REACH);
    let (widths, heights) = (bins(part(0, BINS)), bins(part(BINS, BINS)));
    let (x_lows, y_lows) = (lows(&widths), lows(&heights));
    let one = Tensor::<2>::ones([rows, 1], &device);
    let inner = activation::softplus(part(2 * BINS, BINS - 1).add_scalar(shift()), 1.0).add_scalar(LEAST);
    let slopes = Tensor::cat(vec![one.clone(), inner, one.clone()], 1);
    let inside = x.clone().clamp(-REACH, REACH);
    // 1 at the bin of x: its low is the last that is not above it.
    let reached = x_lows
        .clone()
        .narrow(1, 1, BINS - 1)
        .lower_equal(inside.clone().expand([rows, BINS - 1]));
    let reached = reached.float();
    let here =
        Tensor::cat(vec![one.clone(), reached.clone()], 1) - Tensor::cat(vec![reached, one.zeros_like()], 1);
    let of = |values: Tensor<2>| (values * here.clone()).sum_dim(1);
    let (width, height) = (of(widths), of(heights));
    let (left, right) = (
        of(slopes.clone().narrow(1, 0, BINS)),
        of(slopes.narrow(1, 1, BINS)),
    );
    let share = (inside - of(x_lows)) / width.clone();
    let mean = height.clone() / width;
    let rest = share.clone().neg().add_scalar(1.0);
    let both = share.clone() * rest.clone();
    let below = mean.clone() + (left.clone() + right.clone() - mean.clone().mul_scalar(2.0)) * both.clone();
    let risen = (mean.clone() * share.clone().square() + left.clone() * both.clone()) / below.clone();
    let y = of(y_lows) + height * risen;
    let bent = right * share.square() + (mean.clone() * both).mul_scalar(2.0) + left * rest.square();
    let log_slope = mean.log().mul_scalar(2.0) + bent.log() - below.log().mul_scalar(2.0);
    let outside = x.clone().abs().greater_equal_elem(REACH);
    [
        y.mask_where(outside.clone(), x),
        log_slope.mask_fill(outside, 0.0),
    ]
}
