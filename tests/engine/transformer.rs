//! The transformer over tokens, against PyTorch (`tests/golden/transformer.py`).

use crate::support::{Golden, assert_close, numbers, tokens};
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::network::{Transformer, TransformerConfig};
use std::ops::Range;

const TIMES: [f64; 2] = [0.2, 0.7];
const PLACES: Range<usize> = 2..5;
const BOTH_WAYS: TransformerConfig = TransformerConfig {
    words: 11,
    width: 16,
    heads: 2,
    layers: 2,
    embedding: 8,
    causal: false,
};
const CAUSAL: TransformerConfig = TransformerConfig {
    embedding: 0,
    causal: true,
    ..BOTH_WAYS
};

fn of_pytorch(config: TransformerConfig, name: &str) {
    let golden = Golden::read("transformer");
    let network = golden.network(name, config.init(&Noise::new(0), &cpu_device()));
    let numbers_of = |of: &str| golden.numbers(&format!("{name}_{of}"));
    let x = tokens(&numbers_of("x"), 6);
    let logits = |network: &Transformer| network.forward(&TIMES, x.clone(), PLACES);
    let before = numbers(logits(&network));
    assert_close(&before, &numbers_of("logits"), 1e-4);

    let network = network.train();
    let log_probs = activation::log_softmax(logits(&network), 2);
    let targets = tokens(&numbers_of("targets"), 3).reshape([4, 3, 1]);
    let loss = log_probs.gather(2, targets).mean().neg();
    assert_close(&numbers(loss.clone()), &numbers_of("loss"), 1e-5);
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let stepped = adam.step(1e-3, network, gradients).valid();
    golden.moved_alike(&before, &numbers(logits(&stepped)), &numbers_of("logits_after"));
}

#[test]
fn a_transformer_that_sees_both_ways_is_that_of_pytorch() {
    of_pytorch(BOTH_WAYS, "both_ways");
}

#[test]
fn a_causal_transformer_is_that_of_pytorch() {
    of_pytorch(CAUSAL, "causal");
}

#[test]
fn a_causal_transformer_does_not_look_ahead() {
    for (config, looks) in [(CAUSAL, false), (BOTH_WAYS, true)] {
        let golden = Golden::read("transformer");
        let name = if looks { "both_ways" } else { "causal" };
        let network = golden.network(name, config.init(&Noise::new(0), &cpu_device()));
        let logits = |last: f64| {
            let x = tokens(&[1.0, 2.0, 11.0, 4.0, last, 1.0, 2.0, 11.0, 4.0, 5.0], 5);
            numbers(network.forward(&TIMES, x, 0..4))
        };
        let (one, other) = (logits(6.0), logits(7.0));
        let first_row = 4 * 11;
        let change = |range: Range<usize>| range.map(|at| (one[at] - other[at]).abs()).fold(0.0, f64::max);
        assert_eq!(change(0..first_row) > 1e-3, looks);
        assert_eq!(
            change(first_row..2 * first_row),
            0.0,
            "rows do not see each other"
        );
    }
}

#[test]
fn low_rank_corrections_of_a_transformer_start_at_nothing() {
    let golden = Golden::read("transformer");
    let network = golden.network("both_ways", BOTH_WAYS.init(&Noise::new(0), &cpu_device()));
    let x = tokens(&golden.numbers("both_ways_x"), 6);
    let before = numbers(network.forward(&TIMES, x.clone(), PLACES));
    let adapted = network.adapted(2, &Noise::new(1), &cpu_device());
    let after = numbers(adapted.forward(&TIMES, x.clone(), PLACES));
    assert_close(&after, &before, 0.0);
    let network = adapted.train();
    let loss = network.forward(&TIMES, x.clone(), PLACES).square().mean();
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    let stepped = AdamConfig::new().init().step(1e-2, network, gradients).valid();
    let moved = numbers(stepped.forward(&TIMES, x, PLACES));
    let change = moved.iter().zip(&before).map(|(a, b)| (a - b).abs());
    assert!(change.fold(0.0, f64::max) > 1e-3);
}
