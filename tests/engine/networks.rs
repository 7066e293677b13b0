//! The shipped networks against NumPy (`tests/golden/networks.py`), which follows the text of `docs/read-the-weights.md`.

use crate::support::{ask, compiled, numbers, preset, problem};
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::process::{
    Absorbing, Autoregressive, BrownianBridge, Policy as _, Prior, Process, Rows, Spacing,
};
use rtb::engine::process::{Sequence, TokenChain};
use rtb::engine::reward::Reward as _;
use rtb::engine::weights::{Weights, load_tensors, read_tensors};
use rtb::network::{DriftNetworkConfig, ResidualConfig, TransformerConfig};
use rtb::run::{Files, shipped_weights};
use rtb::task::images::{
    CLASSES, Classify, Decoder, DenoiserPrior, Learned, MNIST, PIXELS, PooledClassifier, SIDE, Shape,
    StridedClassifier, UNetConfig,
};
use rtb::task::plane::{ExactPrior, LearnedPrior, Mixture, PlanePolicy, PolicyShape};
use rtb::task::text::{Infilling, LanguageModel, Reward, StoryReward, Vocabulary};
use serde_json::Value;

/// Relative, and absolute of numbers below 1. Both sides have the same f16 weights, so that only the arithmetic
/// differs, f32 here and f64 there: roundings of 6·10⁻⁸ each, of terms larger than their sums. The largest
/// difference that was seen is 8·10⁻⁶.
const TOLERANCE: f64 = 3e-5;

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/networks.json");
    let text = std::fs::read_to_string(path).expect("the golden file");
    serde_json::from_str(&text).expect("JSON")
}

fn list(value: &Value) -> Vec<f64> {
    let all = value.as_array().expect("a list").iter();
    all.map(|v| v.as_f64().expect("a number")).collect()
}

fn whole(value: &Value) -> usize {
    value.as_u64().expect("a whole number") as usize
}

fn wholes(value: &Value) -> Vec<usize> {
    value.as_array().expect("a list").iter().map(whole).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn rows(value: &Value, size: usize) -> Tensor<2> {
    let values: Vec<f32> = list(value).into_iter().map(|v| v as f32).collect();
    let shape = [values.len() / size, size];
    Tensor::from_data(TensorData::new(values, shape), &cpu_device())
}

fn asset(name: &str) -> &'static [u8] {
    shipped_weights(name).expect("it ships")
}

fn agrees(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        let miss = (a - b).abs() / b.abs().max(1.0);
        assert!(miss <= TOLERANCE, "{what}, number {at}: {a}, expected {b}");
    }
}

/// The chain of the golden part about the plane.
fn bridge(plane: &Value) -> BrownianBridge {
    BrownianBridge {
        steps: whole(&plane["steps"]),
        variance: 5.0,
        dimensions: 2,
        spacing: Spacing::Even,
    }
}

/// What is found at all steps of a golden part, one after the other.
fn at_steps(part: &Value, of: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
    wholes(&part["at"]).into_iter().flat_map(of).collect()
}

#[test]
fn drifts_of_the_plane_are_those_of_the_text() {
    let plane = &golden()["plane"];
    let x = rows(&plane["points"], 2);
    for name in ["prior-25", "prior-ring"] {
        let prior = LearnedPrior::open(asset(name), bridge(plane), &cpu_device()).expect("whole");
        let drifts = at_steps(plane, |step| numbers(prior.kernel(step, &x)));
        agrees(name, &drifts, &list(&plane[name]));
    }
}

#[test]
fn the_flow_is_that_of_the_text() {
    let flow = &golden()["flow"];
    let (points, noise) = (list(&flow["points"]), list(&flow["noise"]));
    let space = rtb::task::points::pretrain_flow::read(asset("flow-25")).expect("whole");
    let log_probs: Vec<f64> = points
        .chunks_exact(2)
        .map(|point| space.log_prob(point))
        .collect();
    agrees("log p", &log_probs, &list(&flow["log_probs"]));
    let narrow: Vec<f32> = noise.iter().map(|z| *z as f32).collect();
    for (back, point) in space.points(&narrow).iter().zip(&points) {
        // Single precision of the noise, where the density is lowest.
        assert!((back - point).abs() < 1e-2, "{back} for {point}");
    }
}

/// No weights of such a posterior ship: these are made up, by a formula that the script has too.
#[test]
fn a_posterior_of_the_plane_is_that_of_the_text() {
    let (golden, device) = (golden(), cpu_device());
    let plane = &golden["plane"];
    let shapes = plane["posterior shapes"].as_array().expect("a list").iter();
    let tensors = shapes.enumerate().map(|(at, named)| {
        let (name, shape) = (text(&named[0]).to_owned(), wholes(&named[1]));
        let number = |n: usize| (0.3 * (1.7 * n as f64 + at as f64).sin()) as f32;
        let values = (0..shape.iter().product()).map(number).collect();
        (name, shape, values)
    });
    let weights = Weights {
        tensors: tensors.collect(),
        ..Weights::default()
    };
    let config = DriftNetworkConfig::of(&weights).expect("whole");
    let shape = PolicyShape {
        above_prior: true,
        langevin: true,
        width: config.width,
        depth: config.depth,
    };
    assert_eq!(config, shape.network());
    let network = load_tensors(config.init(&Noise::new(0), &device), &weights).expect("whole");
    let (run, process) = (preset("25-to-9"), bridge(plane));
    let mixture = Mixture::new(&problem(&run).prior.components);
    let prior = ExactPrior::new(&mixture, &process, &device);
    let policy = PlanePolicy::new(shape, process, &compiled(&run).expect("it compiles"), &device);
    let x = rows(&plane["points"], 2);
    let drifts = at_steps(plane, |step| {
        let guide = policy.guide(step, &[0], &x, &mut None);
        let kernel = policy.kernel(&network, &[step], &[0], x.clone(), guide.as_ref(), || {
            prior.kernel(step, &x)
        });
        numbers(kernel)
    });
    agrees("the posterior", &drifts, &list(&plane["posterior"]));
}

/// The mean of x_{i+1}: the transition without noise.
fn mean(prior: &DenoiserPrior, step: usize, x: &Tensor<2>) -> Tensor<2> {
    let process = prior.denoising().process;
    process.transition(step, x, &prior.kernel(step, x), x.zeros_like(), 0.0)
}

/// The sums of an image's rows, and some of its pixels.
fn summed(image: &[f64]) -> Vec<f64> {
    let sums = image.chunks_exact(SIDE).map(|row| row.iter().sum());
    sums.chain((10..18).map(|row| image[row * SIDE + 13])).collect()
}

fn classifier<N: Classify + Module>(network: N, name: &str) -> impl Fn(Tensor<2>) -> Vec<f64> {
    let weights = read_tensors(asset(name)).expect("whole");
    let network = load_tensors(network, &weights).expect("of this network");
    move |images| numbers(network.logits(images))
}

#[test]
fn latents_of_digits_and_their_classes_are_those_of_the_text() {
    let (golden, device) = (golden(), cpu_device());
    let digits = &golden["digits"];
    let strided = classifier(
        StridedClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), &device),
        "classifier",
    );
    let pooled = classifier(
        PooledClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), &device),
        "classifier-evaluation",
    );
    for name in ["prior-digits", "prior-digits-small"] {
        let prior = DenoiserPrior::read(asset(name), whole(&digits["steps"]), &device).expect("whole");
        let x = rows(&digits["states"], prior.decoder().size());
        let means = at_steps(digits, |step| numbers(mean(&prior, step, &x)));
        agrees(name, &means, &list(&digits[name]));

        let latents = x.some_rows(0, 1).into_data().iter::<f32>().collect::<Vec<_>>();
        let image = pollster::block_on(prior.decoder().images(&latents)).expect("the processor answers");
        let pixels: Vec<f64> = image.iter().copied().map(f64::from).collect();
        let said = |what: &str| list(&digits[format!("{name} {what}")]);
        agrees("an image", &summed(&pixels), &said("image"));
        let image = Tensor::<2>::from_data(TensorData::new(image, [1, PIXELS]), &device);
        agrees("logits", &strided(image.clone()), &said("classifier"));
        agrees("logits", &pooled(image), &said("classifier-evaluation"));
    }
}

/// The decoders that ship alone.
#[test]
fn digits_of_normal_latents_are_those_of_the_text() {
    let (golden, device) = (golden(), cpu_device());
    for name in ["vae-digits-2", "vae-digits-12"] {
        let part = &golden["digits"][name];
        let mut weights = read_tensors(asset(name)).expect("whole");
        let decoder = Decoder::take(&mut weights, Shape::MNIST, &device).expect("a decoder");
        assert!(weights.tensors.is_empty(), "{name} has a decoder alone");
        assert_eq!(Learned::of(&weights.metadata).expect("told").data, MNIST);
        let latents: Vec<f32> = list(&part["latents"]).into_iter().map(|v| v as f32).collect();
        assert_eq!(latents.len(), 4 * decoder.size());
        let images = pollster::block_on(decoder.images(&latents)).expect("the processor answers");
        let images: Vec<f64> = images.into_iter().map(f64::from).collect();
        let found: Vec<f64> = images.chunks_exact(PIXELS).flat_map(summed).collect();
        agrees(name, &found, &list(&part["images"]));
    }
}

#[test]
fn pixels_of_digits_are_those_of_the_text() {
    let golden = golden();
    let digits = &golden["digits"];
    let file = asset("prior-digits-pixels");
    let prior = DenoiserPrior::read(file, whole(&digits["steps"]), &cpu_device()).expect("whole");
    let x = rows(&digits["pixels"], PIXELS);
    let means = at_steps(digits, |step| summed(&numbers(mean(&prior, step, &x))));
    agrees("pixels", &means, &list(&digits["prior-digits-pixels"]));
}

#[test]
fn variances_of_digits_are_those_of_the_text() {
    let golden = golden();
    let digits = &golden["digits"];
    let prior = DenoiserPrior::read(
        asset("prior-digits-small"),
        whole(&digits["steps"]),
        &cpu_device(),
    );
    let process = prior.expect("whole").denoising().process;
    let zeros = Tensor::zeros([1, process.dimensions], &cpu_device());
    let variances = at_steps(digits, |step| {
        let deviation = process.transition(step, &zeros, &zeros, zeros.ones_like(), 0.0);
        vec![numbers(deviation)[0].powi(2)]
    });
    let expected = list(&digits["variances"]);
    for (found, expected) in variances.into_iter().zip(expected) {
        assert!((found / expected - 1.0).abs() < TOLERANCE, "{found}, {expected}");
    }
}

fn model(name: &str) -> LanguageModel {
    LanguageModel::read(asset(name), &cpu_device()).expect("a model")
}

/// The tokens of the golden story.
fn story(stories: &Value, model: &LanguageModel) -> Vec<usize> {
    let reader = &model.reader;
    let parts = [0, 1, 2].map(|part| text(&stories["parts"][part]));
    let tokens = reader.layout.tokens(&reader.vocabulary, parts);
    tokens.expect("it fits")
}

fn state(tokens: &[usize]) -> Tensor<2, Int> {
    let numbers: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    Tensor::from_data(TensorData::new(numbers, [1, tokens.len()]), &cpu_device())
}

/// Numbers of words whose probabilities the golden file has.
fn asked(stories: &Value, vocabulary: &Vocabulary) -> Vec<usize> {
    let number = |word: &Value| match text(word) {
        "<nothing>" => Vocabulary::NOTHING,
        word => vocabulary.encode(word).tokens[0],
    };
    let words = stories["words"].as_array().expect("a list");
    words.iter().map(number).collect()
}

/// Those of kernels, `[places][words]`.
fn of_words(kernels: Tensor<3>, words: &[usize]) -> Vec<f64> {
    let of_place = kernels.dims()[2];
    let found = numbers(kernels);
    let places = found.chunks_exact(of_place);
    places
        .flat_map(|place| words.iter().map(|word| place[*word]))
        .collect()
}

#[test]
fn texts_become_the_tokens_of_the_text() {
    let golden = golden();
    let stories = &golden["stories"];
    for name in ["prior-stories", "reward-stories"] {
        let model = model(name);
        assert_eq!(story(stories, &model), wholes(&stories["tokens"]));
        let quoted = model.reader.vocabulary.encode(text(&stories["quoted"]));
        assert_eq!(quoted.tokens, wholes(&stories["quoted tokens"]));
    }
}

#[test]
fn words_of_the_masked_model_are_those_of_the_text() {
    let (golden, model) = (golden(), model("prior-stories"));
    let stories = &golden["stories"];
    let (masked, reader) = (&stories["masked"], &model.reader);
    let given = vec![story(stories, &model)];
    let sequence = Sequence::new(reader.vocabulary.len(), given, reader.layout.gap()).expect("a sequence");
    let chain = TokenChain::Absorbing(Absorbing {
        steps: whole(&masked["steps"]),
        sequence,
    });
    let temperature = stories["temperature"].as_f64().expect("a number");
    let infilling = Infilling::new(chain, &reader.vocabulary, temperature);
    let words = asked(stories, &reader.vocabulary);
    let found = at_steps(masked, |step| {
        let x = state(&wholes(&masked["state"]));
        of_words(infilling.log_probs(&model.network, &[step], None, x), &words)
    });
    agrees("words", &found, &list(&masked["log_probs"]));
}

#[test]
fn words_of_the_causal_model_are_those_of_the_text() {
    let (golden, model) = (golden(), model("reward-stories"));
    let stories = &golden["stories"];
    let (causal, reader) = (&stories["causal"], &model.reader);
    let tokens = story(stories, &model);
    let words = reader.vocabulary.len();
    let sequence = Sequence::new(words, vec![tokens.clone()], reader.layout.gap()).expect("a sequence");
    let chain = TokenChain::Autoregressive(Autoregressive { sequence });
    let temperature = stories["temperature"].as_f64().expect("a number");
    let kernels = |shows_ending: bool, step: usize| {
        let infilling = Infilling {
            shows_ending,
            ..Infilling::new(chain.clone(), &reader.vocabulary, temperature)
        };
        infilling.log_probs(&model.network, &[step], None, state(&tokens))
    };
    let words = asked(stories, &reader.vocabulary);
    for (name, shows_ending) in [("log_probs", false), ("log_probs that see the ending", true)] {
        let found = at_steps(causal, |step| of_words(kernels(shows_ending, step), &words));
        agrees(name, &found, &list(&causal[name]));
    }
    let after_the_end = of_words(kernels(false, 6), &[Vocabulary::NOTHING]);
    agrees("the end", &after_the_end, &[0.0]);
    assert_eq!(causal["after the end"].as_f64(), Some(0.0));

    let network = Some(model.network.clone());
    let reward =
        StoryReward::new(&Reward::Ending {}, -150.0, reader, network, &Files::default()).expect("a reward");
    let ends: Vec<f32> = tokens.iter().map(|token| *token as f32).collect();
    let log_r = ask(&chain, &[0], &ends, async |ends| reward.log_reward(ends).await);
    agrees(
        "the ending",
        &log_r,
        &[stories["ending"].as_f64().expect("a number")],
    );
}

/// The sizes in a file of a few kilobytes would make networks of gigabytes.
#[test]
fn small_files_of_large_networks_are_refused() {
    let file = |tensors: &[(&str, &[usize])], layers: usize, layer: [&str; 2]| {
        let tensor =
            |name: String, shape: &[usize]| (name, shape.to_vec(), vec![0.0; shape.iter().product()]);
        let named = tensors
            .iter()
            .map(|(name, shape)| tensor((*name).to_owned(), shape));
        let [before, after] = layer;
        let layers = (0..layers).map(|at| tensor(format!("{before}{at}{after}"), &[1]));
        Weights {
            tensors: named.chain(layers).collect(),
            metadata: [("heads", "1"), ("causal", "true")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        }
    };
    let words = file(&[("tokens", &[3, 4096])], 64, ["blocks.", ".contract.bias"]);
    let images = file(
        &[
            ("stem.weight", &[1024, 4]),
            ("position", &[1024, 2, 2]),
            ("shrink.weight", &[1024, 0]),
            ("time.weight", &[1, 8]),
        ],
        16,
        ["down.", ".first.bias"],
    );
    let latents = file(
        &[("input.weight", &[1, 4096]), ("output.weight", &[4096, 1])],
        32,
        ["blocks.", ".first.bias"],
    );
    for refused in [
        TransformerConfig::of(&words).map(drop),
        UNetConfig::of(&images).map(drop),
        ResidualConfig::of(&latents).map(drop),
    ] {
        let error = refused.expect_err("it is too small");
        assert!(
            error.contains("but a network of its shape has at least"),
            "{error}"
        );
    }
}
