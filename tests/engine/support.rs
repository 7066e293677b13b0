//! What several tests need.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{BrownianBridge, Process};
use rtb::engine::reward::Ends;
use rtb::engine::rollout::{Batch, Chains};
use rtb::engine::weights::{Weights, load_tensors, read_tensors};
use rtb::message::{Fit, Iteration, Report};
use rtb::network::DriftNetwork;
use rtb::run::{ConfigError, Preset, Run};
use rtb::session::Session;
use rtb::task::plane::{
    ExactPrior, LogReward, Mixture, PlaneFit, PlanePolicy, PlanePrior, PlaneProblem, PolicyShape,
};
#[cfg(feature = "gpu")]
use std::sync::OnceLock;

pub type PlaneChains = Chains<BrownianBridge, PlanePrior, PlanePolicy>;

pub fn preset(name: &str) -> Run {
    Preset::find(name).expect("the preset exists").run
}

/// A run small enough for a test.
pub fn small(name: &str, steps: usize) -> Run {
    let mut run = preset(name);
    run.process.steps = steps;
    run.network.width = 16;
    run.rollout.batch = 64;
    run.rollout.noised_share = 0.0;
    run.tempering.iterations = 0;
    run.evaluation.samples = 500;
    run.evaluation.proposals = 500;
    run.evaluation.samples_while_training = 200;
    run.training.iterations = 20;
    run
}

/// What a run in the plane is about.
pub fn problem(run: &Run) -> &PlaneProblem {
    PlaneProblem::of(run).expect("a run in the plane")
}

/// The same to change.
pub fn problem_mut(run: &mut Run) -> &mut PlaneProblem {
    PlaneProblem::of_mut(run).expect("a run in the plane")
}

/// The reward of a run in the plane.
pub fn compiled(run: &Run) -> Result<LogReward, ConfigError> {
    LogReward::new(problem(run), run.tempering.floor)
}

/// What the policy of a run with an exact prior is made of.
pub fn shape(run: &Run) -> PolicyShape {
    PolicyShape {
        above_prior: true,
        langevin: run.network.langevin,
        width: run.network.width,
        depth: run.network.depth,
    }
}

/// Chains of a run with an exact prior, and its network with weights that are not zero anywhere.
pub fn chains(run: &Run, device: &Device) -> (PlaneChains, DriftNetwork) {
    let process = BrownianBridge {
        steps: run.process.steps,
        variance: run.process.variance,
        dimensions: 2,
        spacing: run.process.spacing,
    };
    let reward = compiled(run).expect("the reward compiles");
    let policy = PlanePolicy::new(shape(run), process, &reward, device);
    let network = shaken(shape(run).network().init(&Noise::new(run.seed), device));
    let prior = PlanePrior::Exact(ExactPrior::new(
        &Mixture::new(&problem(run).prior.components),
        &process,
        device,
    ));
    (
        Chains {
            process,
            prior,
            policy,
            device: device.clone(),
        },
        network,
    )
}

/// The network with a head that is not zero, so that it does something.
pub fn shaken<M: Module>(network: M) -> M {
    struct Shake(u64);
    impl burn::module::ModuleMapper for Shake {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            self.0 += 1;
            param.map(|old| {
                let shape = old.dims();
                let noise = Noise::new(7).normal(Purpose::Samples, self.0, shape.iter().product());
                let noise = Tensor::<1>::from_floats(noise.as_slice(), &old.device()).reshape(shape);
                old + noise.mul_scalar(0.05)
            })
        }
    }
    network.map(&mut Shake(0))
}

/// The GPU; none where there is no adapter. The project's test command installs a software one and sets
/// RTB_REQUIRE_GPU.
#[cfg(feature = "gpu")]
pub fn gpu() -> Option<Device> {
    // A program opens a GPU once.
    static GPU: OnceLock<Option<Device>> = OnceLock::new();
    let open = || match pollster::block_on(rtb::engine::device::gpu_device()) {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var_os("RTB_REQUIRE_GPU").is_none(), "{error}");
            eprintln!("not tested here: {error}");
            None
        }
    };
    GPU.get_or_init(open).clone()
}

pub fn batch(run: &Run, rows: usize) -> Batch {
    let noise = Noise::new(run.seed).normal(Purpose::Rollout, 0, rows * run.process.steps * 2);
    Batch {
        fresh: vec![0; rows],
        noise,
        ..Batch::default()
    }
}

/// Trains, and tells what does not depend on the clock.
pub fn train(session: &mut Session, iterations: usize) -> Vec<Iteration> {
    (0..iterations)
        .map(|_| Iteration {
            seconds: 0.0,
            ..pollster::block_on(session.step()).expect("it trains")
        })
        .collect()
}

/// What an evaluation finds that does not depend on the clock.
pub fn report(session: &mut Session, samples: usize) -> Report {
    let report = pollster::block_on(session.evaluate(samples, 1)).expect("it evaluates");
    Report {
        seconds: 0.0,
        seconds_per_iteration: 0.0,
        ..report
    }
}

/// The figures of points.
pub fn plane(fit: &Fit) -> PlaneFit {
    fit.of().expect("points in the plane")
}

/// Asks a reward about end points on the host, `[rows][state_size]`.
pub fn ask<P: Process, T>(
    process: &P,
    conditions: &[usize],
    ends: &[f32],
    question: impl AsyncFnOnce(Ends<'_, P>) -> Result<T, String>,
) -> T {
    let device = cpu_device();
    let states = process.upload(ends.to_vec(), &device);
    let answer = question(Ends {
        process,
        device: &device,
        states: &states,
        conditions,
        read: Some(ends),
    });
    pollster::block_on(answer).expect("the processor answers")
}

/// All gradients one after the other, in the order of the module's parameters.
pub fn flat<M: Module>(module: &M, gradients: &GradientsParams) -> Vec<f32> {
    struct Flat<'a>(&'a GradientsParams, Vec<f32>);
    impl ModuleVisitor for Flat<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = self.0.get::<D>(param.id).expect("every parameter has a gradient");
            self.1.extend(gradient.into_data().iter::<f32>());
        }
    }
    let mut visitor = Flat(gradients, Vec::new());
    module.visit(&mut visitor);
    visitor.1
}

/// Tokens in rows of so many.
pub fn tokens(numbers: &[f64], columns: usize) -> Tensor<2, Int> {
    let numbers: Vec<i32> = numbers.iter().map(|n| *n as i32).collect();
    let rows = numbers.len() / columns;
    Tensor::from_data(TensorData::new(numbers, [rows, columns]), &cpu_device())
}

/// The parameters of a network.
pub fn weights_of<M: Module>(module: &M) -> Weights {
    pollster::block_on(Weights::of(module)).expect("the processor answers")
}

pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f32>().map(f64::from).collect()
}

/// Largest absolute difference over the largest absolute value.
pub fn relative_difference(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = a.iter().chain(b).fold(0.0f32, |m, v| m.max(v.abs()));
    let difference = a.iter().zip(b).fold(0.0f32, |m, (x, y)| m.max((x - y).abs()));
    f64::from(difference) / f64::from(scale)
}

pub fn mean_and_std(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt())
}

/// Numbers that PyTorch made, and the weights it made them with.
pub struct Golden {
    weights: Weights,
}

impl Golden {
    /// `tests/golden/NAME.safetensors`.
    pub fn read(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
        let file = std::fs::read(format!("{folder}/{name}.safetensors")).expect("the golden file");
        Self {
            weights: read_tensors(&file).expect("whole"),
        }
    }

    pub fn numbers(&self, name: &str) -> Vec<f64> {
        let found = self.weights.tensors.iter().find(|(n, ..)| n == name);
        let (.., values) = found.expect("named in the script");
        values.iter().map(|v| f64::from(*v)).collect()
    }

    /// The weights whose names begin with `NAME.`, named without it.
    pub fn part(&self, name: &str) -> Weights {
        let of_part = |(full, shape, values): &(String, Vec<usize>, Vec<f32>)| {
            let own = full.strip_prefix(name)?.strip_prefix('.')?;
            Some((own.to_owned(), shape.clone(), values.clone()))
        };
        Weights {
            tensors: self.weights.tensors.iter().filter_map(of_part).collect(),
            ..Weights::default()
        }
    }

    /// A network with the weights whose names begin with `NAME.`.
    pub fn network<M: Module>(&self, name: &str, network: M) -> M {
        load_tensors(network, &self.part(name)).expect("the same network")
    }

    /// Whether a step of Adam, whose first one is the sign of the gradient where that is not next to
    /// 0, has led to the same outputs.
    pub fn moved_alike(&self, before: &[f64], after: &[f64], expected: &[f64]) {
        let norm = |of: &mut dyn Iterator<Item = f64>| of.map(|d| d * d).sum::<f64>().sqrt();
        let moved = norm(&mut expected.iter().zip(before).map(|(a, b)| a - b));
        let missed = norm(&mut expected.iter().zip(after).map(|(a, b)| a - b));
        assert!(missed < 1e-2 * moved, "{missed} of {moved}");
    }
}

pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "number {at}: {a}, expected {b}");
    }
}
