//! The two-pass gradient: against finite differences, chunked, subsampled, sharded.

use crate::support::{assert_close, batch, chains, flat, numbers, relative_difference, small};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::objective::{Pull, select_steps};
use rtb::engine::process::{BrownianBridge, Policy, Process};
use rtb::engine::rollout::{Chains, Follow};
use rtb::network::DriftNetwork;
use rtb::task::plane::PlanePolicy;
use std::sync::atomic::{AtomicUsize, Ordering};

const FOLLOW: Follow = Follow::Policy { exploration: 0.0 };

/// weights of the test: any numbers will do, the gradient is linear in them.
fn weights(rows: usize) -> Vec<f32> {
    Noise::new(3).normal(Purpose::Samples, 0, rows)
}

/// The network moved by `size` along a fixed random direction, and that direction.
pub fn moved<N: Module>(network: &N, size: f64) -> (N, Vec<f32>) {
    struct Move(f64, u64, Vec<f32>);
    impl ModuleMapper for Move {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            self.1 += 1;
            let shape = param.val().dims();
            let direction = Noise::new(11).normal(Purpose::Samples, self.1, shape.iter().product());
            self.2.extend(&direction);
            param.map(|old| {
                let device = old.device();
                old + Tensor::<1>::from_floats(direction.as_slice(), &device)
                    .reshape(shape)
                    .mul_scalar(self.0)
            })
        }
    }
    let mut mover = Move(size, 0, Vec::new());
    let network = network.clone().map(&mut mover);
    (network, mover.2)
}

#[test]
fn gradient_matches_finite_differences() {
    let device = cpu_device();
    for langevin in [false, true] {
        let mut run = small("25-to-9", 6);
        run.network.langevin = langevin;
        let rows = 32;
        let (chains, network) = chains(&run, &device);
        let made = chains.roll_out(&network, batch(&run, rows), FOLLOW);
        let weights = weights(rows);
        let steps: Vec<usize> = (0..6).collect();
        let tracked = network.clone().train();
        let gradient = chains.gradient(&tracked, &made, Pull::new(&weights), &steps, 10_000);
        let gradient = flat(&tracked, &gradient);

        // The same trajectories scored under the network moved back and forth: Σ w·log p_φ
        // changes as Σ w·(log p_φ − log p_θ) does, and that is what a replayed batch reports.
        let scored = |network: &DriftNetwork| -> f64 {
            let mut total = 0.0;
            for step in 0..6 {
                let x = &made.states[step];
                let prior = made.prior[step].clone();
                let guide = made.guides.as_ref().map(|guides| &guides[step]);
                let kernel = Policy::kernel(&chains.policy, network, &[step], &[], x.clone(), guide, || {
                    prior.clone()
                });
                let ratio = Process::log_ratio(
                    &chains.process,
                    &[step],
                    x,
                    &made.states[step + 1],
                    &kernel,
                    &prior,
                );
                total += numbers(ratio)
                    .iter()
                    .zip(&weights)
                    .map(|(q, w)| q * f64::from(*w))
                    .sum::<f64>();
            }
            total
        };
        // ReLUs have kinks, so a larger step is off; f32 rounds, so a smaller one is.
        let size = 3e-4;
        let (forward, direction) = moved(&network, size);
        let (backward, _) = moved(&network, -size);
        let finite = (scored(&forward) - scored(&backward)) / (2.0 * size);
        let exact: f64 = gradient
            .iter()
            .zip(&direction)
            .map(|(g, d)| f64::from(*g) * f64::from(*d))
            .sum();
        assert!(
            (finite - exact).abs() <= 2e-2 * exact.abs(),
            "langevin {langevin}: finite differences give {finite}, the gradient {exact}"
        );
        assert!(
            exact.abs() > 1.0,
            "a direction along which nothing changes tests nothing: {exact}"
        );
    }
}

/// A policy that knows the most rows that were asked of it at once.
struct Watched(PlanePolicy, AtomicUsize);

impl Policy<BrownianBridge> for Watched {
    type Network = DriftNetwork;

    fn kernel(
        &self,
        network: &DriftNetwork,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2>,
        guide: Option<&Tensor<2>>,
        prior: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        self.1.fetch_max(x.dims()[0], Ordering::Relaxed);
        self.0.kernel(network, steps, conditions, x, guide, prior)
    }
}

#[test]
fn chunks_bound_the_rows_at_once_and_do_not_change_the_gradient() {
    let device = cpu_device();
    let run = small("25-to-9", 12);
    let (chains, network) = chains(&run, &device);
    let made = chains.roll_out(&network, batch(&run, 40), FOLLOW);
    let chains = Chains {
        process: chains.process,
        prior: chains.prior,
        policy: Watched(chains.policy, AtomicUsize::new(0)),
        device,
    };
    let tracked = network.train();
    let steps: Vec<usize> = (0..12).collect();
    let gradient = |chunk| {
        chains.policy.1.store(0, Ordering::Relaxed);
        flat(
            &tracked,
            &chains.gradient(&tracked, &made, Pull::new(&weights(40)), &steps, chunk),
        )
    };
    let whole = gradient(1_000_000);
    for chunk in [1, 7, 40, 130, 400] {
        let difference = relative_difference(&whole, &gradient(chunk));
        assert!(difference < 1e-5, "chunks of {chunk} rows differ by {difference}");
        let most = chains.policy.1.load(Ordering::Relaxed);
        assert!(most <= chunk, "{most} rows at once, of {chunk}");
    }
}

#[test]
fn subsampled_steps_are_unbiased() {
    let device = cpu_device();
    let steps = 8;
    let run = small("25-to-9", steps);
    let (chains, network) = chains(&run, &device);
    let made = chains.roll_out(&network, batch(&run, 24), FOLLOW);
    let tracked = network.train();
    let gradient = |of: &[usize]| {
        flat(
            &tracked,
            &chains.gradient(&tracked, &made, Pull::new(&weights(24)), of, 1000),
        )
    };
    let whole = gradient(&(0..steps).collect::<Vec<_>>());
    let mut mean = vec![0.0f32; whole.len()];
    for step in 0..steps {
        for (sum, part) in mean.iter_mut().zip(gradient(&[step])) {
            *sum += part / steps as f32;
        }
    }
    let difference = relative_difference(&whole, &mean);
    assert!(
        difference < 1e-5,
        "the mean over single steps differs by {difference}"
    );
}

#[test]
fn steps_are_selected_equally_often() {
    let (steps, share, rounds) = (20, 0.25, 20_000);
    let mut counts = vec![0usize; steps];
    for round in 0..rounds {
        let chosen = select_steps(
            steps,
            share,
            &mut Noise::new(1).stream(Purpose::StepSelection, round),
        );
        assert_eq!(chosen.len(), 5);
        assert!(
            chosen.windows(2).all(|w| w[0] < w[1]),
            "{chosen:?} is not in order"
        );
        chosen.iter().for_each(|s| counts[*s] += 1);
    }
    for (step, count) in counts.iter().enumerate() {
        let rate = *count as f64 / rounds as f64;
        assert!(
            (rate - share).abs() < 0.015,
            "step {step} is taken with rate {rate}"
        );
    }
    let one = select_steps(3, 0.01, &mut Noise::new(1).stream(Purpose::StepSelection, 0));
    assert_eq!(one.len(), 1, "at least one step is taken");
}

#[test]
fn shards_make_the_same_trajectories() {
    let device = cpu_device();
    let run = small("ring-tilt", 9);
    let (chains, network) = chains(&run, &device);
    let mut whole = batch(&run, 30);
    whole.given = (0..14).map(|v| v as f32 - 7.0).collect();
    whole.given_noise = Noise::new(5).normal(Purpose::Noising, 0, 7 * 9 * 2);
    whole.given_conditions = vec![0; 7];
    let made = chains.roll_out(&network, whole.clone(), FOLLOW);
    let together = (numbers(made.log_ratio()), numbers(made.states[9].clone()));
    assert_eq!(together.0.len(), 37);

    for (parts, most, shards) in [(3, 37, 3), (2, 5, 8), (1, 1, 37)] {
        let split = whole.split(&chains.process, parts, most);
        assert_eq!(split.len(), shards);
        let mut fresh: (Vec<f64>, Vec<f64>) = Default::default();
        let mut given: (Vec<f64>, Vec<f64>) = Default::default();
        for part in split {
            let made = chains.roll_out(&network, part, FOLLOW);
            assert!(made.conditions.len() <= most);
            let (ratio, ends) = (numbers(made.log_ratio()), numbers(made.states[9].clone()));
            fresh.0.extend(&ratio[..made.fresh]);
            fresh.1.extend(&ends[..2 * made.fresh]);
            given.0.extend(&ratio[made.fresh..]);
            given.1.extend(&ends[2 * made.fresh..]);
        }
        fresh.0.extend(given.0);
        fresh.1.extend(given.1);
        assert_close(&fresh.0, &together.0, 1e-4);
        assert_close(&fresh.1, &together.1, 1e-4);
    }
}
