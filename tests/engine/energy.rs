//! The energy network: its written-out gradient, and what the Radon–Nikodym consistency mends.

use crate::support::{numbers, preset, problem_mut};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::process::{BrownianBridge, Spacing};
use rtb::message::Files;
use rtb::task::plane::energy::{EnergyConfig, EnergyModel, EnergyNetwork, EnergyTraining};
use rtb::task::plane::{Component, Energy, PlaneTask};

/// The energy of two modes with unequal weights, far apart: at `mean` and opposite.
fn train(mean: [f64; 2], width: usize, consistency: f64) -> Result<Energy, EngineError> {
    let mut run = preset("25-to-9");
    run.process.steps = 50;
    problem_mut(&mut run).prior.components = vec![
        Component::isotropic(4.0, mean.map(|v| -v), 1.5),
        Component::isotropic(1.0, mean, 1.5),
    ];
    let plane = PlaneTask::open(run, cpu_device(), &Files::default()).expect("it opens");
    let config = EnergyConfig {
        iterations: 600,
        width,
        consistency,
        ..EnergyConfig::default()
    };
    pollster::block_on(async {
        let mut training = EnergyTraining::new(plane, config).await?;
        while !training.finished() {
            training.step().await?;
        }
        training.figures().await
    })
}

fn trained(mean: [f64; 2], width: usize, consistency: f64) -> Energy {
    train(mean, width, consistency).expect("it trains")
}

/// A weight that overflows is told of, not an energy without numbers.
#[test]
fn a_loss_that_is_no_number_is_an_error() {
    match train([6.0, 0.0], 8, 1e300) {
        Err(EngineError::Diverged(text)) => {
            assert!(
                text.contains("at iteration 1") && text.contains("--consistency"),
                "{text}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_consistency_normalises_the_energy_and_weighs_the_modes() {
    let (without, with) = (trained([6.0, 0.0], 32, 0.0), trained([6.0, 0.0], 32, 0.3));
    assert!(
        with.log_normalizer.abs() < 0.1,
        "log ∫ exp(−E) = {}",
        with.log_normalizer
    );
    assert!(with.mode_total_variation < 0.03, "{}", with.mode_total_variation);
    assert!(without.log_normalizer.abs() > 2.0 * with.log_normalizer.abs());
    assert!(without.mode_total_variation > with.mode_total_variation);
    let mass: f32 = with.density.iter().sum::<f32>() * 0.25;
    assert!((mass - 1.0).abs() < 0.02, "the picture is a density: {mass}");
}

/// The network's features are waves of one coordinate each. Modes that are no product of coordinates
/// used to have phantoms at the other corners, where no path ends: the KL was 2.9.
#[test]
fn a_diagonal_pair_has_few_phantoms() {
    let energy = trained([6.0, 5.0], 64, 0.3);
    assert!(energy.kl_grid < 1.5, "KL {}", energy.kl_grid);
    assert!(
        energy.mode_total_variation < 0.08,
        "{}",
        energy.mode_total_variation
    );
}

#[test]
fn the_score_is_the_gradient_of_the_log_density() {
    let device = cpu_device();
    let model = EnergyModel {
        process: BrownianBridge {
            steps: 10,
            variance: 5.0,
            dimensions: 2,
            spacing: Spacing::Even,
        },
        data_variance: 20.0,
    };
    // A head that is not zero.
    let mut network = EnergyNetwork::new(16, &Noise::new(1), &device);
    network = crate::support::shaken(network);
    let times = [0.3, 0.9];
    let places = [1.0f32, -2.0, 3.5, 0.4, -6.0, 5.0, 0.1, 0.2];
    let at = |places: &[f32]| Tensor::<2>::from_data(TensorData::new(places.to_vec(), [4, 2]), &device);
    let (_, score) = model.log_prob_and_score(&network, &times, at(&places));
    let score = numbers(score);
    let h = 1e-2;
    for axis in 0..2 {
        let moved = |by: f32| {
            let places: Vec<f32> = places
                .iter()
                .enumerate()
                .map(|(i, v)| if i % 2 == axis { v + by } else { *v })
                .collect();
            numbers(model.log_prob_and_score(&network, &times, at(&places)).0)
        };
        let (up, down) = (moved(h), moved(-h));
        for row in 0..4 {
            let finite = (up[row] - down[row]) / (2.0 * f64::from(h));
            let found = score[2 * row + axis];
            assert!(
                (finite - found).abs() < 5e-3 * (1.0 + found.abs()),
                "{finite} {found}"
            );
        }
    }
}
