//! Models that the tests write themselves.

use super::OnnxBox;
use super::picture::Picture;
use super::written::{branch, constant, file, node, of_domain, value};
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::reward::BlackBox;
use rtb::run::{Meaning, Onnx};
use std::path::PathBuf;
use std::{env, fs, slice};

/// x·w + b, of samples of two numbers, w by columns of outputs.
fn linear(input: &[u64], w: &[f32], b: &[f32]) -> Vec<u8> {
    let outputs = b.len() as u64;
    file(
        &[node("Gemm", &["x", "w", "b"], "y")],
        &[constant("w", &[2, outputs], w), constant("b", &[outputs], b)],
        &[value("x", 1, input)],
        &[value("y", 1, &[input[0], outputs])],
    )
}

fn of(meaning: Meaning, class: usize) -> Onnx {
    Onnx {
        model: "m.onnx".to_owned(),
        output: None,
        meaning,
        class,
        mean: Vec::new(),
        deviation: Vec::new(),
    }
}

fn open(onnx: &Onnx, bytes: &[u8]) -> Result<OnnxBox, String> {
    OnnxBox::open("reward.model", onnx, bytes.to_vec())
}

fn refused(onnx: &Onnx, bytes: &[u8]) -> String {
    open(onnx, bytes).err().expect("refused")
}

#[test]
fn a_model_is_log_r() {
    // Of a free batch, and of a batch of three, which is filled up.
    for batch in [0, 3] {
        let bytes = linear(&[batch, 2], &[2.0, -3.0], &[0.5]);
        let model = open(&of(Meaning::LogReward, 0), &bytes).expect("opened");
        let samples: Vec<f64> = (0..1000).map(|i| f64::from(i % 37) * 0.25).collect();
        let expected: Vec<f64> = samples.chunks(2).map(|x| 2.0 * x[0] - 3.0 * x[1] + 0.5).collect();
        assert_eq!(model.log_reward(&samples, &[2]), Ok(expected));
        assert_eq!(model.log_reward(&[], &[2]), Ok(vec![]));
    }
}

#[test]
fn a_model_is_a_classifier() {
    let bytes = linear(&[0, 2], &[1.0, 0.0, 0.0, 1.0], &[0.0, 0.0]);
    let model = open(&of(Meaning::Logits, 1), &bytes).expect("opened");
    let log_r = model.log_reward(&[0.0, 2.0, 1.0, 1.0], &[2]).expect("log r");
    let expected = [-(1.0 + (-2f64).exp()).ln(), -(2f64).ln()];
    assert!(
        log_r.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
        "{log_r:?}"
    );

    let refused = refused(&of(Meaning::Probabilities, 2), &bytes);
    let expected = "reward.model: `m.onnx`: `class` is 2, and its output has 2 numbers a sample; use a class from 0 to 1";
    assert_eq!(refused, expected);
    let model = open(&of(Meaning::Probabilities, 0), &bytes).expect("opened");
    assert_eq!(model.log_reward(&[0.0, 1.0], &[2]), Ok(vec![f64::NEG_INFINITY]));
    let refused = model.log_reward(&[-0.5, 0.0], &[2]).expect_err("no probability");
    assert!(
        refused.contains("`m.onnx` gave -0.5 as the probability of class 0"),
        "{refused}"
    );
}

#[test]
fn samples_have_the_shape_of_the_input() {
    // Samples of four numbers as [2, 2]; the sum over both axes.
    let bytes = file(
        &[node("Flatten", &["x"], "f"), node("Gemm", &["f", "w"], "y")],
        &[constant("w", &[4, 1], &[1.0; 4])],
        &[value("x", 1, &[0, 2, 2])],
        &[value("y", 1, &[0, 1])],
    );
    let model = open(&of(Meaning::LogReward, 0), &bytes).expect("opened");
    assert_eq!(model.log_reward(&[1.0, 2.0, 3.0, 4.0], &[4]), Ok(vec![10.0]));
    let refused = model.log_reward(&[1.0, 2.0], &[2]).expect_err("another size");
    let expected =
        "reward.model: `m.onnx` takes samples of the shape [2, 2]; a sample of this run has 2 numbers";
    assert_eq!(refused, expected);
}

#[test]
fn what_is_no_log_r_names_its_sample() {
    let log = file(
        &[node("Log", &["x"], "y")],
        &[],
        &[value("x", 1, &[0, 1])],
        &[value("y", 1, &[0, 1])],
    );
    let model = open(&of(Meaning::LogReward, 0), &log).expect("opened");
    assert_eq!(
        model.log_reward(&[1.0, 0.0], &[1]),
        Ok(vec![0.0, f64::NEG_INFINITY])
    );
    let refused = model.log_reward(&[1.0, -2.0], &[1]).expect_err("no logarithm");
    assert!(
        refused.contains("`m.onnx` gave NaN for the sample (-2.000000)"),
        "{refused}"
    );
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let (x, y) = (value("x", 1, &[0, 2]), value("y", 1, &[0, 2]));
    let model = |operator, input: &[u64], kind| {
        let inputs = [value("x", kind, input)];
        file(&[node(operator, &["x"], "y")], &[], &inputs, slice::from_ref(&y))
    };
    let two = file(
        &[node("Add", &["x", "z"], "y")],
        &[],
        &[x, value("z", 1, &[0, 2])],
        slice::from_ref(&y),
    );
    let cases = [
        (b"no model".to_vec(), "is not an ONNX file, or not a whole one"),
        (Vec::new(), "is not an ONNX file, or not a whole one"),
        (
            model("Wobble", &[0, 2], 1),
            "needs the operator `Wobble`, which rtb does not have",
        ),
        (two, "must have one input, for the samples; it has `x`, `z`"),
        (
            model("Relu", &[0, 2], 7),
            "must have an input of floats; `x` is of the type tensor(i32)",
        ),
        (
            model("Relu", &[2], 1),
            "must have an input of the shape [batch, size]; `x` has 1 axes",
        ),
        (
            model("Relu", &[0, 2], 1),
            "its output has 2 numbers a sample, and log r is one; say which `meaning`",
        ),
        (
            model("ReduceMax", &[0, 2], 1),
            "must have an output of the shape [batch] or [batch, classes]",
        ),
    ];
    for (bytes, expected) in cases {
        let refused = refused(&of(Meaning::LogReward, 0), &bytes);
        assert!(refused.starts_with("reward.model: `m.onnx`"), "{refused}");
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    let named = Onnx {
        output: Some("p".to_owned()),
        ..of(Meaning::LogReward, 0)
    };
    let refused = refused(&named, &linear(&[0, 2], &[1.0, 1.0], &[0.0]));
    assert_eq!(
        refused,
        "reward.model: `m.onnx` has no output `p`; its outputs: `y`"
    );
}

#[test]
fn all_operators_that_are_missing_are_named() {
    // A branch with a graph of its own, operators of others, and those that would need attributes or inputs.
    let then = branch(
        "If",
        &["x"],
        "b",
        &[node("Wobble", &["x"], "c"), node("Relu", &["x"], "d")],
    );
    let nodes = [
        node("Conv", &["x"], "a"),
        then,
        of_domain("com.example", node("Relu", &["a"], "e")),
        node("Wiggle", &["e"], "f"),
        node("Wobble", &["f"], "y"),
    ];
    let bytes = file(&nodes, &[], &[value("x", 1, &[0, 2])], &[value("y", 1, &[0, 1])]);
    assert_eq!(
        refused(&of(Meaning::LogReward, 0), &bytes),
        "reward.model: `m.onnx` needs operators that rtb does not have: `Wiggle`, `Wobble`, `com.example.Relu`"
    );
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let bytes = linear(&[0, 2], &[2.0, -3.0], &[0.5]);
    for end in 0..bytes.len() {
        let refused = refused(&of(Meaning::LogReward, 0), &bytes[..end]);
        assert!(refused.starts_with("reward.model: `m.onnx` "), "{end}: {refused}");
    }
}

#[test]
fn damaged_files_are_opened_or_refused() {
    let bytes = linear(&[0, 2], &[2.0, -3.0], &[0.5]);
    for at in 0..bytes.len() {
        for flip in [1, 16, 128, 255] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(model) = open(&of(Meaning::LogReward, 0), &damaged) {
                let _ = model.log_reward(&[1.0, 2.0], &[2]);
            }
        }
    }
}

/// The sum over images of two channels of 2 × 2 pixels.
fn sum_of_images() -> Vec<u8> {
    file(
        &[node("Flatten", &["x"], "f"), node("Gemm", &["f", "w"], "y")],
        &[constant("w", &[8, 1], &[1.0; 8])],
        &[value("x", 1, &[0, 2, 2, 2])],
        &[value("y", 1, &[0, 1])],
    )
}

#[test]
fn images_become_what_the_model_takes() {
    let plain = of(Meaning::LogReward, 0);
    let scaled = Onnx {
        mean: vec![0.5, 0.0],
        deviation: vec![1.0, 2.0],
        ..plain.clone()
    };
    let log_r = |onnx: &Onnx, samples: &[f64], shape: &[usize]| {
        let model = open(onnx, &sum_of_images()).expect("opened");
        model.log_reward(samples, shape)
    };
    assert_eq!(log_r(&plain, &[0.5, 0.25], &[1, 1, 1]), Ok(vec![4.0, 2.0]));
    assert_eq!(log_r(&scaled, &[0.5, 0.25], &[1, 1, 1]), Ok(vec![1.0, -0.5]));
    assert_eq!(log_r(&plain, &[1.0; 8], &[2, 2, 2]), Ok(vec![8.0]));
    let refused = log_r(&plain, &[1.0; 12], &[3, 2, 2]).expect_err("of three channels");
    assert_eq!(
        refused,
        "reward.model: `m.onnx` takes images of 2 channels, and this run has coloured images (3 channels); \
         use a model of 3 channels"
    );
    let one = Onnx {
        mean: vec![0.5],
        ..plain
    };
    let refused = open(&one, &sum_of_images()).err().expect("refused");
    assert_eq!(
        refused,
        "reward.model: `m.onnx` takes images of 2 channels, and `mean` has 1; use one number a channel"
    );
    // A model of rows of numbers is given the pixels, and their scale.
    let model = open(&scaled_grey(), &linear(&[0, 2], &[2.0, -3.0], &[0.0])).expect("opened");
    assert_eq!(model.log_reward(&[1.0, 0.5], &[1, 1, 2]), Ok(vec![2.0]));
}

fn scaled_grey() -> Onnx {
    Onnx {
        mean: vec![0.5],
        deviation: vec![0.5],
        ..of(Meaning::LogReward, 0)
    }
}

/// A file of the faces, where there are any.
fn face(name: &str) -> Option<Vec<u8>> {
    let data = PathBuf::from(env::var_os("RTB_DATA")?);
    fs::read(data.join("faces").join(name)).ok()
}

/// Numbers of an image of a face: channels, rows and columns.
const FACE: [usize; 3] = [3, 64, 64];

#[test]
fn a_real_classifier_is_given_images_of_digits() {
    let Some(bytes) = face("gender.onnx") else {
        return;
    };
    let scaled = Onnx {
        mean: vec![0.5; 3],
        deviation: vec![0.5; 3],
        ..of(Meaning::Probabilities, 1)
    };
    let images: Vec<f64> = (0..70 * 784).map(|i| (i as f64 * 0.11).sin().abs()).collect();
    let log_r = open(&scaled, &bytes)
        .expect("opened")
        .log_reward(&images, &[1, 28, 28]);
    let log_r = log_r.expect("log r");
    assert!(
        log_r.len() == 70 && log_r.iter().all(|l| l.is_finite() && *l <= 0.0),
        "{log_r:?}"
    );
    // The same as of images that have its size and scale.
    let picture = Picture::new(&scaled, [1, 28, 28], FACE).expect("it fits");
    let fitted: Vec<f64> = picture.of(&images).into_iter().map(f64::from).collect();
    let plain = open(&of(Meaning::Probabilities, 1), &bytes).expect("opened");
    assert_eq!(plain.log_reward(&fitted, &FACE), Ok(log_r));
}

#[test]
fn a_real_classifier_agrees_with_another_runtime() {
    let (Some(generator), Some(classifier)) = (face("dcgan.onnx"), face("gender.onnx")) else {
        return;
    };
    const COUNT: usize = 400;
    let generator = rten::Model::load(generator).expect("opened");
    let z = Noise::new(1).normal(Purpose::Samples, 0, COUNT * 100);
    let z = rten::ValueView::from_shape(&[COUNT, 100], &z).expect("of this shape");
    let images = generator.run(
        vec![(generator.input_ids()[0], z.into())],
        generator.output_ids(),
        None,
    );
    let images = images.expect("it runs");
    let images = images[0].as_tensor_view::<f32>().expect("floats");
    let images: Vec<f64> = images.iter().map(|x| f64::from(*x)).collect();
    let model = open(&of(Meaning::Probabilities, 0), &classifier).expect("opened");
    let log_r = model.log_reward(&images, &FACE).expect("log r");
    // 0.516 over 2,000 images, with ONNX Runtime.
    let mean = log_r.iter().map(|l| l.exp()).sum::<f64>() / COUNT as f64;
    assert!((mean - 0.516).abs() < 0.07, "{mean}");
}

#[test]
fn a_real_classifier_is_opened() {
    let Some(bytes) = face("gender.onnx") else {
        return;
    };
    let model = |class| open(&of(Meaning::Probabilities, class), &bytes).expect("opened");
    let size = 3 * 64 * 64;
    let samples: Vec<f64> = (0..130 * size).map(|i| (i as f64 * 0.37).sin()).collect();
    let [first, second] = [0, 1].map(|class| model(class).log_reward(&samples, &[size]).expect("log r"));
    assert_eq!(first.len(), 130);
    assert!(
        first
            .iter()
            .zip(&second)
            .all(|(a, b)| (a.exp() + b.exp() - 1.0).abs() < 1e-5)
    );
    let alone = model(0).log_reward(&samples[..size], &[size]).expect("log r");
    assert!((alone[0] - first[0]).abs() < 1e-4, "{} {}", alone[0], first[0]);
}
