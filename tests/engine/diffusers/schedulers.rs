//! Chains of schedulers.

use super::{Said, close, device, golden};
use crate::support::{assert_close, numbers};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::scheduled::{Schedule, Scheduled, guided};
use rtb::engine::process::{Prior, Process};
use rtb::network::diffusers::{Model, Pipeline, SchedulerConfig};
use serde_json::Value;

fn list(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().expect("a list").iter();
    numbers.map(|v| v.as_f64().expect("a number")).collect()
}

fn tensor(values: &[f64], columns: usize) -> Tensor<2> {
    let rows = values.len() / columns;
    let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), &device())
}

fn schedule(config: &Value, eta: Option<f64>) -> Schedule {
    let json = serde_json::to_vec(config).expect("JSON");
    let config = SchedulerConfig::read("scheduler_config.json", &json).expect("supported");
    match eta {
        None => config.ddpm(),
        Some(eta) => config.ddim(eta),
    }
}

#[test]
fn steps_have_the_means_variances_and_densities_of_diffusers() {
    let file = golden("schedulers.json").0;
    let file = std::fs::read(file).expect("the golden file");
    let all: Value = serde_json::from_slice(&file).expect("JSON");
    for setting in all.as_array().expect("a list") {
        let what = setting["config"].to_string();
        let steps = setting["steps"].as_u64().expect("a number") as usize;
        let schedule = schedule(&setting["config"], setting["eta"].as_f64());
        let process = Scheduled::new(&schedule, steps, 3).expect("allowed");
        let (x, output) = (
            tensor(&list(&setting["x"]), 3),
            tensor(&list(&setting["output"]), 3),
        );
        for made in setting["made"].as_array().expect("a list") {
            let (at, mean) = (
                made["step"].as_u64().expect("a number") as usize,
                list(&made["mean"]),
            );
            let variance = made["variance"].as_f64().expect("a number");
            // The chain begins with the noise that diffusers is given.
            let step = at + 1;
            let Some(transition) = process.transition_at(step) else {
                assert!(variance == 0.0 && at == steps - 1, "{what}: step {at}");
                let finish = process.finish().expect("a certain step");
                assert_eq!(Some(finish.timestep as u64), made["timestep"].as_u64(), "{what}");
                close(&numbers(process.finished(&x, output.clone())), &mean, 1e-4, &what);
                continue;
            };
            assert_eq!(
                Some(transition.timestep as u64),
                made["timestep"].as_u64(),
                "{what}"
            );
            close(&[transition.variance], &[variance], 1e-9, &what);
            let found = process.mean(&[step], &x, output.clone());
            close(&numbers(found.clone()), &mean, 1e-4, &what);
            let next = tensor(&list(&made["next"]), 3);
            let density = process.log_prob(&[step], &x, &next, &found);
            close(&numbers(density), &list(&made["log_density"]), 1e-4, &what);
        }
    }
}

#[test]
fn steps_together_are_as_one_by_one() {
    let config = serde_json::json!({"prediction_type": "v_prediction", "clip_sample_range": 0.7});
    for eta in [None, Some(0.6)] {
        let process = Scheduled::new(&schedule(&config, eta), 10, 3).expect("allowed");
        let noise = |at: u64| {
            let noise = Noise::new(3).normal(Purpose::Samples, at, 12);
            tensor(&noise.iter().map(|n| f64::from(*n)).collect::<Vec<_>>(), 3)
        };
        let (x, next, output, other) = (noise(0), noise(1), noise(2), noise(3));
        let steps = [2, 7];
        let half = |t: &Tensor<2>, at: usize| t.clone().narrow(0, 2 * at, 2);
        let (mean, prior) = (
            process.mean(&steps, &x, output.clone()),
            process.mean(&steps, &x, other.clone()),
        );
        let ratio = numbers(process.log_ratio(&steps, &x, &next, &mean, &prior));
        let difference =
            process.log_prob(&steps, &x, &next, &mean) - process.log_prob(&steps, &x, &next, &prior);
        close(&ratio, &numbers(difference), 1e-4, "the ratio of the densities");
        for (at, step) in steps.into_iter().enumerate() {
            let one = process.mean(&[step], &half(&x, at), half(&output, at));
            assert_close(&numbers(half(&mean, at)), &numbers(one.clone()), 1e-6);
            let other = half(&prior, at);
            let alone = process.log_ratio(&[step], &half(&x, at), &half(&next, at), &one, &other);
            close(&ratio[2 * at..2 * at + 2], &numbers(alone), 1e-5, "the ratio");
        }
    }
}

/// Noising back and forth: q(x_i|x_{i+1}) of every step compose to √ᾱ·data + √(1−ᾱ)·noise.
#[test]
fn noising_back_keeps_the_levels() {
    let schedule = schedule(&serde_json::json!({"beta_schedule": "squaredcos_cap_v2"}), None);
    let process = Scheduled::new(&schedule, 40, 1).expect("allowed");
    let (mut kept, mut variance) = (1.0, 0.0);
    for step in (1..process.steps()).rev() {
        let level = process.transition_at(step).expect("a step");
        let one = Tensor::<2>::ones([1, 1], &device());
        let noised = |noise: f64| {
            let noise = one.clone().mul_scalar(noise);
            numbers(process.noise_back(step, &one, noise))[0]
        };
        let (alone, with) = (noised(0.0), noised(1.0));
        kept *= alone;
        variance = variance * alone.powi(2) + (with - alone).powi(2);
        // The last state has the noise that the certain step takes away.
        let end = process.finish().expect("a certain step").alpha;
        let data = (level.alpha / end).sqrt();
        assert!((kept - data).abs() < 1e-4, "step {step}: {kept}, expected {data}");
        assert!((variance + kept.powi(2) * (1.0 - end) - (1.0 - level.alpha)).abs() < 1e-4);
    }
    let x = process.noise_back(
        0,
        &Tensor::ones([1, 1], &device()),
        Tensor::ones([1, 1], &device()),
    );
    assert_eq!(numbers(x), [0.0]);
}

#[test]
fn a_preview_is_the_predicted_data() {
    let config = serde_json::json!({"prediction_type": "sample", "clip_sample": false});
    for eta in [None, Some(0.4)] {
        let process = Scheduled::new(&schedule(&config, eta), 10, 2).expect("allowed");
        let (x, data) = (tensor(&[0.3, -1.2], 2), tensor(&[0.8, 0.1], 2));
        let mean = process.mean(&[4], &x, data.clone());
        let preview = process.preview(4, &x, &mean).expect("a preview");
        assert_close(&numbers(preview), &numbers(data), 1e-5);
    }
}

#[test]
fn guidance_goes_beyond_the_conditional_output() {
    let (unconditional, conditional) = (tensor(&[1.0, 2.0], 2), tensor(&[2.0, 0.0], 2));
    let said = numbers(guided(unconditional, conditional, 7.5));
    assert_eq!(said, [8.5, -13.0]);
}

#[test]
fn values_that_are_no_chain_are_refused() {
    let of = |config: Value, eta: Option<f64>, steps: usize| {
        let refused = Scheduled::new(&schedule(&config, eta), steps, 1).expect_err("refused");
        refused.to_string()
    };
    let plain = || serde_json::json!({});
    assert_eq!(
        of(plain(), Some(0.0), 10),
        "eta: 0 is not allowed; use a number above 0, at most 1"
    );
    assert_eq!(
        of(plain(), None, 1001),
        "process.steps: 1001 is not allowed; use a whole number from 1 to 1000"
    );
    assert_eq!(
        of(plain(), None, 1),
        "process.steps: 1 is not allowed; use steps that add noise, at least one before the last"
    );
    assert_eq!(
        of(serde_json::json!({"steps_offset": 1}), None, 1000),
        "steps_offset: 1 is not allowed; use less, as 1000 steps would begin at timestep 1000"
    );
}

/// Images that diffusers' sampler makes of the same noise.
#[test]
fn a_walk_makes_the_images_of_diffusers() {
    let (said, folder, device) = (Said::read(), golden("ddpm"), device());
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (_, network) = pipeline.unet(&device).expect("whole");
    let schedule = pipeline.scheduler().expect("supported").ddpm();
    let process = Scheduled::new(&schedule, 6, 3 * 8 * 8).expect("allowed");
    let model = Model::new(network, process.clone(), [3, 8, 8], None);
    let noise = said.tensor("walk.noise", [6, 2, 192]);
    let mut x = process.start(&[0, 0], &device);
    for step in 0..process.steps() {
        let noise = noise.clone().narrow(0, step, 1).squeeze_dim::<2>(0);
        x = process.transition(step, &x, &model.kernel(step, &x), noise, 0.0);
    }
    said.agrees("walk.images", model.finished(&x, &[0, 0]));
}
