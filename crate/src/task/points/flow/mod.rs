//! Flows: invertible maps of standard normal noise, whose density is exact.

mod network;
mod spline;

pub use network::{FlowConfig, FlowNetwork};

use network::transformed;

use crate::engine::weights::Weights;
use spline::{PARAMETERS, Spline};
use std::f64::consts::PI;

/// A flow of spline couplings on the host, in double precision: z = g(x), x = f(z) = g⁻¹(z).
///
/// Every coupling leaves half of the coordinates as they are. A network sees these and says by which monotone spline each
/// of the others is mapped (neural spline flows, arXiv 1906.04032).
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    d: usize,
    couplings: Vec<Coupling>,
}

#[derive(Clone, Debug, PartialEq)]
struct Coupling {
    transformed: Vec<usize>,
    passed: Vec<usize>,
    /// Hidden layers and the head.
    layers: [Layer; 3],
}

#[derive(Clone, Debug, PartialEq)]
struct Layer {
    /// `[inputs][outputs]`.
    weight: Vec<f64>,
    bias: Vec<f64>,
}

impl Flow {
    /// The flow of a network's weights.
    ///
    /// # Errors
    ///
    /// Says what of it is missing or of another shape.
    pub fn of(weights: &Weights, d: usize) -> Result<Self, String> {
        let config = FlowConfig::of(weights)?;
        let tensor =
            |name: String, shape: &[usize]| match weights.tensors.iter().find(|(own, ..)| *own == name) {
                Some((_, own, values)) if own == shape => {
                    Ok(values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>())
                }
                Some((_, own, _)) => Err(format!(
                    "tensor `{name}` has shape {own:?}, but must have {shape:?}"
                )),
                None => Err(format!("tensor `{name}` is missing")),
            };
        let coupling = |at: usize| {
            let transformed = transformed(at, d);
            let passed: Vec<usize> = (0..d).filter(|own| !transformed.contains(own)).collect();
            let sizes = config.sizes(at, d);
            let layer = |(layer, name): (usize, &str)| {
                let of = |part| format!("couplings.{at}.{name}.{part}");
                Ok::<_, String>(Layer {
                    weight: tensor(of("weight"), &[sizes[layer], sizes[layer + 1]])?,
                    bias: tensor(of("bias"), &[sizes[layer + 1]])?,
                })
            };
            Ok::<_, String>(Coupling {
                layers: [layer((0, "first"))?, layer((1, "second"))?, layer((2, "head"))?],
                transformed,
                passed,
            })
        };
        let couplings = (0..config.couplings)
            .map(coupling)
            .collect::<Result<Vec<_>, _>>()?;
        match weights.tensors.len() {
            count if count == 6 * config.couplings => Ok(Self { d, couplings }),
            count => Err(format!(
                "it has {count} tensors, but a flow of its shape has {}",
                6 * config.couplings
            )),
        }
    }

    /// Coordinates.
    pub fn size(&self) -> usize {
        self.d
    }

    /// x = f(z), in place.
    pub fn generate(&self, z: &mut [f64]) {
        for coupling in self.couplings.iter().rev() {
            coupling.map(z, Spline::inverse);
        }
    }

    /// z = g(x) in place, and log |det ∂g/∂x|.
    pub fn normalise(&self, x: &mut [f64]) -> f64 {
        let couplings = self.couplings.iter();
        couplings.map(|coupling| coupling.map(x, Spline::forward)).sum()
    }

    /// log p(x) of x = f(z), z ~ N(0, I).
    pub fn log_prob(&self, x: &[f64]) -> f64 {
        let mut z = x.to_vec();
        let log_det = self.normalise(&mut z);
        let squares: f64 = z.iter().map(|z| z * z).sum();
        log_det - 0.5 * (squares + self.d as f64 * (2.0 * PI).ln())
    }
}

impl Coupling {
    /// Maps the coordinates that it does not pass; the sum of the logarithms that the splines tell.
    fn map(&self, x: &mut [f64], by: impl Fn(&Spline, f64) -> (f64, f64)) -> f64 {
        let mut h: Vec<f64> = self.passed.iter().map(|at| x[*at]).collect();
        if h.is_empty() {
            h.push(0.0);
        }
        let [first, second, head] = &self.layers;
        for layer in [first, second] {
            h = layer.forward(&h);
            h.iter_mut().for_each(|value| *value /= 1.0 + (-*value).exp());
        }
        let parameters = head.forward(&h);
        let splines = parameters.chunks_exact(PARAMETERS).map(Spline::new);
        let mut total = 0.0;
        for (at, spline) in self.transformed.iter().zip(splines) {
            let (mapped, log_slope) = by(&spline, x[*at]);
            x[*at] = mapped;
            total += log_slope;
        }
        total
    }
}

impl Layer {
    fn forward(&self, x: &[f64]) -> Vec<f64> {
        let mut out = self.bias.clone();
        for (value, row) in x.iter().zip(self.weight.chunks_exact(out.len())) {
            for (sum, weight) in out.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
        out
    }
}
