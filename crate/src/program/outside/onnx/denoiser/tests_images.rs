//! Priors of images by the exact denoiser of independent Gaussian pixels.

use super::DenoiserBox;
use crate::program::assets;
use crate::program::outside::onnx::written::{alphas_cumprod, gaussian_images};
use burn::tensor::{Tensor, TensorData};
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::{Prior, Process};
use rtb::run::{FileKind, Files, Run};
use rtb::session::Session;
use rtb::task::images::{CheckpointPrior, ImagePrior};
use std::sync::Arc;

const SHAPE: [u64; 3] = [1, 8, 8];
const PIXELS: usize = 64;
/// Mean and variance of a pixel.
const LAW: (f32, f32) = (0.2, 0.04);

fn text(more: &str) -> String {
    format!(
        r#"
        task = "images"
        process.steps = 20
        network.width = 32
        rollout = {{ batch = 32, noised_share = 0.0 }}
        optimizer.learning_rate = 0.01
        training.iterations = 160
        evaluation = {{ samples = 500, proposals = 2000, every = 0 }}
        [reward]
        kind = "ink"
        target = 0.63
        deviation = 0.01
        [prior.onnx]
        model = "denoiser.onnx"
        schedule = {{ kind = "list", alphas_cumprod = {:?} }}
        {more}
        "#,
        alphas_cumprod()
    )
}

fn run_of(prediction: &str) -> Run {
    let of_images = format!("shape = {SHAPE:?}\nprediction = \"{prediction}\"\noutput = \"{prediction}\"");
    Run::from_toml(&text(&of_images)).expect("a valid run")
}

fn files(run: &Run) -> Files {
    let needs = run.files();
    let described = needs.iter().find_map(|need| match need.kind {
        FileKind::Denoiser(described) => Some(described),
        _ => None,
    });
    let bytes = gaussian_images(SHAPE, LAW);
    let opened = DenoiserBox::open("prior.onnx.model", described.expect("a denoiser"), bytes);
    let files = Files::default().with_denoiser("prior", Arc::new(opened.expect("it opens")));
    let shipped = [("reward", "classifier"), ("judge", "classifier-evaluation")];
    shipped.into_iter().fold(files, |files, (role, name)| {
        files.with(role, assets::shipped(name).to_vec())
    })
}

/// N(μ, s²) noised to ᾱ has the data's mean μ + √ᾱ·s²/(ᾱ·s² + 1 − ᾱ)·(x − √ᾱ·μ).
#[test]
fn every_prediction_is_the_same_kernel() {
    let states = Noise::new(1).normal(Purpose::Samples, 0, 3 * PIXELS);
    let x = Tensor::<2>::from_data(TensorData::new(states.clone(), [3, PIXELS]), &cpu_device());
    for prediction in ["noise", "velocity", "data", "score"] {
        let run = run_of(prediction);
        let described = rtb::task::images::CheckpointsProblem::of(&run).expect("images");
        let (prior, _) =
            CheckpointPrior::open(&described.prior, &run, &files(&run), &cpu_device()).expect("it opens");
        let process = prior.process();
        for step in 1..process.steps() {
            let at = process.transition_at(step).expect("a transition");
            let (mean, variance, kept) = (f64::from(LAW.0), f64::from(LAW.1), at.alpha.sqrt());
            let kernel: Vec<f32> = prior.kernel(step, &x).into_data().try_to_vec().expect("floats");
            for (found, state) in kernel.iter().zip(&states) {
                let away = f64::from(*state) - kept * mean;
                let data = mean + kept * variance / (at.alpha * variance + 1.0 - at.alpha) * away;
                let wanted = at.data * data + at.state * f64::from(*state);
                let found = f64::from(*found);
                assert!(
                    (found - wanted).abs() < 2e-3 + 2e-3 * wanted.abs(),
                    "{prediction}, step {step}: {found} for {wanted}"
                );
            }
        }
    }
}

/// The network beside the model starts as no change, and learns the posterior of the mean of the pixels.
#[test]
fn a_network_beside_the_model_learns_the_posterior() {
    let run = run_of("noise");
    let mut session =
        block_on(Session::open(run.clone(), cpu_device(), &files(&run), None)).expect("it opens");
    let before = block_on(session.evaluate(500, 1)).expect("a report");
    assert!(
        (before.log_z_importance - before.log_z_exact).abs() < 0.15,
        "{before:?}"
    );
    while !session.finished() {
        block_on(session.step()).expect("an iteration");
    }
    let after = block_on(session.evaluate(500, 1)).expect("a report");
    let gap = |elbo: f64| after.log_z_exact - elbo;
    assert!(
        gap(after.elbo) < 0.5 * gap(before.elbo),
        "{} after {} for {}",
        after.elbo,
        before.elbo,
        after.log_z_exact
    );
    assert!(
        (after.log_z_importance - after.log_z_exact).abs() < 0.1,
        "{after:?}"
    );
}

#[test]
fn descriptions_that_do_not_fit_are_refused_by_name() {
    let cases = [
        ("prediction = \"noise\"", "prior.onnx.shape is missing"),
        (
            "prediction = \"noise\"\nshape = [1, 9, 8]",
            "prior.onnx.shape: [1, 9, 8] is not allowed",
        ),
        (
            "prediction = \"noise\"\nshape = [1, 8, 8]\n[prior]\nprompt = \"a dog\"",
            "prior.prompt: `a dog` is not allowed",
        ),
        (
            "prediction = \"noise\"\nshape = [1, 8, 8]\n[prior]\nfolder = \"here\"",
            "prior.folder: `here` is not allowed; use one of prior.folder, prior.hub and prior.onnx",
        ),
    ];
    for (more, said) in cases {
        let text = text(more);
        let text = match more.split_once("[prior]\n") {
            // A table is opened once.
            Some((own, field)) => text
                .replace(more, own)
                .replace("[prior.onnx]", &format!("[prior]\n{field}\n[prior.onnx]")),
            None => text,
        };
        let error = Run::from_toml(&text).expect_err("refused").to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
}
