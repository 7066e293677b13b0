//! Posteriors above a pretrained model.

use super::{Said, close, golden};
use crate::support::{assert_close, numbers};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::scheduled::{Prediction, Schedule};
use rtb::engine::process::{At, Policy, Prior, Scheduled};
use rtb::engine::statistics::effective_share;
use rtb::network::diffusers::{Adapters, Model, Pipeline, Prompt};
use rtb::prelude::*;

const ATTENTION_AND_CONVOLUTIONS: [&str; 6] = ["to_q", "to_v", "to_out.0", "conv1", "conv2", "conv_out"];

fn adapters(model: &Model) -> Adapters {
    let (noise, device) = (Noise::new(2), cpu_device());
    Adapters::new(
        model.network(),
        &ATTENTION_AND_CONVOLUTIONS,
        (4, 4.0),
        &noise,
        &device,
    )
    .expect("met")
}

fn model(steps: usize) -> Model {
    let folder = golden("ddpm");
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (_, network) = pipeline.unet(&cpu_device()).expect("whole");
    let schedule = pipeline.scheduler().expect("supported").ddpm();
    let process = Scheduled::new(&schedule, steps, 3 * 8 * 8).expect("allowed");
    Model::new(network, process, [3, 8, 8], None)
}

/// With guidance the output is made of those with either context.
#[test]
fn a_prompt_is_guided() {
    let (said, folder) = (Said::read(), golden("latent"));
    let pipeline = Pipeline::open(&folder).expect("an index");
    let schedule = pipeline.scheduler().expect("supported").ddim(0.5);
    let process = Scheduled::new(&schedule, 5, 4 * 8 * 8).expect("allowed");
    let context = said.tensor("latent.context", [2, 8, 12]);
    let [one, other] = [0, 1].map(|at| context.clone().narrow(0, at, 1));
    let x = said.tensor("latent.x", [2, 256]);
    let of = |prompt: Prompt| {
        let (_, network) = pipeline.unet(&cpu_device()).expect("whole");
        let model = Model::new(network, process.clone(), [4, 8, 8], Some(prompt));
        numbers(model.output(&[501.0], &[0, 0], &x, None))
    };
    let alone = |context: &Tensor<3>| {
        of(Prompt {
            context: context.clone(),
            guidance: None,
        })
    };
    let (conditional, without) = (alone(&one), alone(&other));
    let guided = of(Prompt {
        context: one,
        guidance: Some((other, 3.0)),
    });
    let expected: Vec<f64> = without
        .iter()
        .zip(&conditional)
        .map(|(w, c)| w + 3.0 * (c - w))
        .collect();
    assert_close(&guided, &expected, 1e-4);
}

#[test]
fn policy_and_prior_start_as_one() {
    let model = model(5);
    let adapters = adapters(&model);
    let noise = Noise::new(5).normal(Purpose::Samples, 0, 6 * 192);
    let x = Tensor::<2>::from_data(TensorData::new(noise, [6, 192]), &cpu_device());
    let steps = [0, 2, 4];
    let policy = Policy::kernel(&model, &adapters, &steps, &[0, 0], x.clone(), None, || x.clone());
    let prior: Vec<Tensor<2>> = steps
        .iter()
        .enumerate()
        .map(|(at, step)| Prior::kernel(&model, *step, &x.clone().narrow(0, 2 * at, 2)))
        .collect();
    assert_close(&numbers(policy), &numbers(Tensor::cat(prior, 0)), 1e-5);
}

/// The gradients of all factors of adapters, in their order.
fn gradients_of(adapters: &Adapters, gradients: &GradientsParams) -> Vec<Vec<f64>> {
    struct All<'a>(&'a GradientsParams, Vec<Vec<f64>>);
    impl ModuleVisitor for All<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = self.0.get::<D>(param.id).expect("every layer has its part");
            self.1.push(numbers(gradient));
        }
    }
    let mut all = All(gradients, Vec::new());
    adapters.visit(&mut all);
    all.1
}

/// Computed layer by layer, without the graph of the whole network, the gradient is that of the whole.
#[test]
fn a_recomputed_gradient_is_that_of_the_whole_graph() {
    let said = Said::read();
    let context = said.tensor("latent.context", [2, 8, 12]);
    let [one, other] = [0, 1].map(|at| context.clone().narrow(0, at, 1));
    let guided = Prompt {
        context: one,
        guidance: Some((other, 3.0)),
    };
    let layers = ["to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2", "conv"];
    let ends = [
        "conv_in",
        "conv_out",
        "linear_1",
        "linear_2",
        "time_emb_proj",
        "conv_shortcut",
    ];
    let whole = ["proj_in", "proj_out", "net.0.proj", "net.2"];
    let plain: Vec<&str> = layers.into_iter().chain(ends).collect();
    let text: Vec<&str> = plain.iter().copied().chain(whole).collect();
    for (name, [channels, side], prompt, targets) in [
        ("ddpm", [3, 8], None, plain),
        ("latent", [4, 8], Some(guided), text),
    ] {
        let (folder, numbers) = (golden(name), channels * side * side);
        let pipeline = Pipeline::open(&folder).expect("an index");
        let (_, network) = pipeline.unet(&cpu_device()).expect("whole");
        let schedule = pipeline.scheduler().expect("supported").ddpm();
        let process = Scheduled::new(&schedule, 5, numbers).expect("allowed");
        let model = Model::new(network, process, [channels, side, side], prompt);
        let adapters = Adapters::new(model.network(), &targets, (2, 2.0), &Noise::new(2), &cpu_device());
        let mut adapters = adapters.expect("met").train();
        let normal = |at: u64| {
            let noise = Noise::new(5).normal(Purpose::Samples, at, 4 * numbers);
            Tensor::<2>::from_data(TensorData::new(noise, [4, numbers]), &cpu_device())
        };
        let (x, weights, steps) = (normal(0), normal(1), [1, 4]);
        // Of squares, so that the gradient depends on the output.
        let value = |kernel: Tensor<2>| (kernel.square() * weights.clone()).sum();
        let mut descent: ModuleOptimizer = SgdConfig::new().init();
        // The second factors are 0 at first, where the first ones have no gradient.
        for round in 0..2 {
            let kernel = Policy::kernel(&model, &adapters, &steps, &[0, 0], x.clone(), None, || x.clone());
            let whole = GradientsParams::from_grads(value(kernel).backward(), &adapters);
            let at = At {
                steps: &steps,
                conditions: &[0, 0],
                states: &x,
                guide: None,
            };
            let recomputed = Policy::gradient(&model, &adapters, at, || x.clone(), value);
            let [found, expected] = [&recomputed, &whole].map(|of| gradients_of(&adapters, of));
            assert!(expected.iter().flatten().any(|v| *v != 0.0));
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                close(
                    found,
                    expected,
                    1e-4,
                    &format!("{name}, round {round}, factor {at}"),
                );
            }
            adapters = descent.step(1e-3, adapters, whole);
        }
    }
}

/// RTB makes the weights of trajectories more even, its estimate of log Z is that of weighted samples of the prior, and
/// a checkpoint, which holds the adapters alone, brings the posterior back.
#[test]
fn adapters_learn_a_posterior() {
    let folder = golden("ddpm");
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (_, network) = pipeline.unet(&cpu_device()).expect("whole");
    // The random network's images, which clipping would hold at its bounds.
    let schedule = Schedule {
        prediction: Prediction::Sample,
        clip: None,
        ..pipeline.scheduler().expect("supported").ddpm()
    };
    let process = Scheduled::new(&schedule, 2, 3 * 8 * 8).expect("allowed");
    let model = Model::new(network, process.clone(), [3, 8, 8], None);
    let bright = OnHost(Each(|x: &[f32]| {
        0.08 * x.iter().map(|v| f64::from(*v)).sum::<f64>()
    }));
    let chains = Chains::new(process, model.clone(), model.clone(), cpu_device());
    let mut settings = Settings::default();
    settings.optimizer.learning_rate = 3e-3;
    settings.rollout.batch = 32;
    settings.rollout.noised_share = 0.0;
    settings.tempering.iterations = 0;
    settings.training.iterations = 20;
    let open = || {
        let posterior = Plain::new(chains.clone(), adapters(&model), bright);
        Learner::new(posterior, settings.clone(), None).expect("it opens")
    };
    let mut learner = open();
    let weighed = |learner: &Learner<_>, follow: Follow| {
        let drawn = pollster::block_on(learner.simulate(follow, Purpose::Samples, 400));
        drawn.expect("it samples").log_weights()
    };
    let prior = weighed(&learner, Follow::Prior);
    pollster::block_on(learner.finish()).expect("it trains");
    let learned = weighed(&learner, LEARNED);
    let (before, after) = (effective_share(&prior), effective_share(&learned));
    assert!(after > 1.5 * before, "{after}, before {before}");
    let [exact, found] = [prior, learned.clone()].map(|weights| LogMean::of(weights.into_iter()));
    let error = exact.error.hypot(found.error);
    assert!(
        (found.value - exact.value).abs() < 4.0 * error,
        "{found}, expected {exact}"
    );

    let checkpoint = learner.checkpoint().expect("sound");
    assert!(checkpoint.len() < 400_000, "{} bytes", checkpoint.len());
    let mut again = open();
    again.restore(&checkpoint).expect("of the same run");
    assert_eq!(weighed(&again, LEARNED), learned);
}
