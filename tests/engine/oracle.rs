//! With both drifts exact, what is left is the error of T Gaussian steps. The table was computed
//! independently (20,000 samples, NumPy).

use crate::support::{batch, compiled, mean_and_std, numbers, plane, preset, problem};
use burn::tensor::Tensor;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::process::{BrownianBridge, Policy, Prior, Spacing};
use rtb::engine::reward::HostReward;
use rtb::engine::rollout::{Chains, Follow};
use rtb::network::{DriftNetwork, DriftNetworkConfig};
use rtb::task::plane::{
    Component, ExactPrior, Mixture, PlanePrior, PolicySamples, PriorSamples, Reward, Truth, report,
};

/// The posterior's drift in closed form, behind the interface of a trained one.
struct ExactPolicy(PlanePrior);

impl Policy<BrownianBridge> for ExactPolicy {
    type Network = DriftNetwork;

    fn kernel(
        &self,
        _: &DriftNetwork,
        steps: &[usize],
        _: &[usize],
        x: Tensor<2>,
        _: Option<&Tensor<2>>,
        _: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        let [step] = steps else {
            panic!("one step at a time")
        };
        self.0.kernel(*step, &x)
    }
}

struct Row {
    steps: usize,
    spacing: Spacing,
    mean: f64,
    std: f64,
    log_z: f64,
    ess: f64,
    total_variation: f64,
    variance: f64,
}

const TABLE: [Row; 4] = [
    Row {
        steps: 50,
        spacing: Spacing::Even,
        mean: 0.067,
        std: 0.532,
        log_z: 0.049,
        ess: 0.812,
        total_variation: 0.027,
        variance: 0.359,
    },
    Row {
        steps: 100,
        spacing: Spacing::Even,
        mean: 0.031,
        std: 0.362,
        log_z: 0.028,
        ess: 0.895,
        total_variation: 0.015,
        variance: 0.327,
    },
    Row {
        steps: 200,
        spacing: Spacing::Even,
        mean: 0.015,
        std: 0.247,
        log_z: 0.014,
        ess: 0.945,
        total_variation: 0.014,
        variance: 0.310,
    },
    Row {
        steps: 100,
        spacing: Spacing::Cosine,
        mean: 0.038,
        std: 0.370,
        log_z: 0.027,
        ess: 0.869,
        total_variation: 0.014,
        variance: 0.314,
    },
];

fn near(name: &str, steps: usize, value: f64, expected: f64, tolerance: f64) {
    assert!(
        (value - expected).abs() <= tolerance,
        "T = {steps}: {name} is {value:.4}, the table has {expected}"
    );
}

#[test]
fn exact_drifts_reproduce_the_table() {
    let device = cpu_device();
    for row in TABLE {
        let mut run = preset("25-to-9");
        run.process.steps = row.steps;
        run.tempering.floor = -50.0;
        let prior = &problem(&run).prior.components;
        let Reward::Ratio {
            numerator: posterior, ..
        } = &problem(&run).reward
        else {
            panic!("the paper's reward is a ratio")
        };

        let process = BrownianBridge {
            steps: row.steps,
            variance: run.process.variance,
            dimensions: 2,
            spacing: row.spacing,
        };
        let exact = |components: &[Component]| {
            PlanePrior::Exact(ExactPrior::new(&Mixture::new(components), &process, &device))
        };
        let chains = Chains {
            process,
            prior: exact(prior),
            policy: ExactPolicy(exact(posterior)),
            device: device.clone(),
        };
        let unused = DriftNetworkConfig {
            inputs: 1,
            outputs: 1,
            width: 4,
            depth: 1,
        }
        .init(&Noise::new(0), &device);
        let count = 20_000;
        let made = chains.roll_out(&unused, batch(&run, count), Follow::Policy { exploration: 0.0 });
        let ends: Vec<f32> = numbers(made.states[row.steps].clone())
            .into_iter()
            .map(|v| v as f32)
            .collect();
        let log_ratio = numbers(made.log_ratio());

        let reward = compiled(&run).expect("the reward compiles");
        let mixture = Mixture::new(prior);
        let log_reward = reward.log_reward(&ends, &vec![0; count]);
        let delta: Vec<f64> = log_ratio.iter().zip(&log_reward).map(|(q, r)| q - r).collect();
        let (mean, std) = mean_and_std(&delta);
        let samples = PolicySamples {
            ends,
            log_ratio,
            floored: vec![false; count],
            log_reward,
        };
        let nothing = PriorSamples {
            log_ratio: vec![0.0],
            log_reward: vec![0.0],
        };
        let truth = Truth::quadrature(&mixture, &reward, 1.0);
        near("the exact log Z", row.steps, truth.log_z, 0.0, 1e-3);
        let report = report(&samples, &nothing, &truth, &mixture, &[0.0]);

        near("mean δ", row.steps, mean, row.mean, 0.012);
        near("std δ", row.steps, std, row.std, 0.03);
        near("log Z", row.steps, report.log_z_importance, row.log_z, 0.012);
        near("ESS/N", row.steps, report.ess, row.ess, 0.04);
        near(
            "total variation",
            row.steps,
            plane(&report.fit).mode_total_variation,
            row.total_variation,
            0.01,
        );
        near(
            "variance",
            row.steps,
            plane(&report.fit).within_mode_variance,
            row.variance,
            0.01,
        );
    }
}
