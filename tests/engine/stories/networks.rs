//! What networks and rewards say of stories.

use super::{LAYOUT, SENTENCES, files, model, reader, vocabulary};
use crate::support::numbers;
use burn::tensor::{Int, Tensor, TensorData, activation};
use rtb::config::Reward;
use rtb::network::LanguageModel;
use rtb::prior::{Infilling, InfillingPrior};
use rtb::process::{Absorbing, Autoregressive, Prior, Process, Sequence, TokenChain};
use rtb::reward::StoryLogReward;
use rtb::session::cpu_device;
use rtb::text::Vocabulary;
use rtb::train::EndReward;

#[test]
fn a_causal_network_answers_for_all_steps_at_once() {
    let device = cpu_device();
    let file = model(SENTENCES, true);
    let model = LanguageModel::read(&file, &device).expect("a model");
    let tokens = |middle: &str| {
        let of = LAYOUT.tokens(&vocabulary(), ["a", middle, "d ."]);
        of.expect("it fits")
            .into_iter()
            .map(|t| t as f32)
            .collect::<Vec<_>>()
    };
    let given = tokens("").into_iter().map(|t| t as usize).collect();
    let sequence = Sequence::new(vocabulary().len(), vec![given], LAYOUT.gap()).expect("a sequence");
    let chain = TokenChain::Autoregressive(Autoregressive { sequence });
    for shows_ending in [false, true] {
        let infilling = Infilling {
            shows_ending,
            ..Infilling::new(chain.clone(), &vocabulary(), 0.7)
        };
        let ends = [tokens("b ."), tokens(". "), tokens("d c")].concat();
        let second = chain.upload(ends, &device);
        let first = chain.noise_back(1, &second, Tensor::zeros([3, 1], &device));
        let start = chain.noise_back(0, &first, Tensor::zeros([3, 1], &device));
        let one = |step: usize, x: &Tensor<2, Int>| infilling.log_probs(&model.network, &[step], x.clone());
        let apart = [numbers(one(0, &start)), numbers(one(1, &first))].concat();
        let both = Tensor::cat(vec![start, first], 0);
        let together = numbers(infilling.log_probs(&model.network, &[0, 1], both));
        for (a, b) in apart.iter().zip(&together) {
            assert!((a - b).abs() < 1e-4 || (*a < -1e6 && *b < -1e6), "{a} {b}");
        }
        // After a sentence comes nothing, and nowhere else.
        let words = vocabulary().len();
        for (row, after_mark) in [false, false, false, false, true, false].into_iter().enumerate() {
            let nothing = apart[row * words + Vocabulary::NOTHING];
            assert_eq!(nothing == 0.0, after_mark, "row {row}: {nothing}");
            assert!(after_mark || nothing < -1e6, "row {row}: {nothing}");
        }
    }
}

/// log p of the last words, one prefix after the other.
#[test]
fn an_ending_is_as_likely_as_its_words() {
    let device = cpu_device();
    let teller = LanguageModel::read(files().reward.as_deref().expect("there"), &device).expect("a model");
    let reward = StoryLogReward::new(
        &Reward::Ending {},
        -100.0,
        &reader(),
        Some(teller.network.clone()),
        device.clone(),
    )
    .expect("of stories");
    for (middle, ending) in [("b c", "b"), ("c", "d ."), ("", "a a")] {
        let tokens = LAYOUT
            .tokens(&vocabulary(), ["a", middle, ending])
            .expect("it fits");
        let mut sum = 0.0;
        for place in LAYOUT.gap().end..LAYOUT.length() {
            if tokens[place] == Vocabulary::NOTHING {
                continue;
            }
            // What comes later is another story altogether.
            let mut seen: Vec<i32> = tokens[..place].iter().map(|t| *t as i32).collect();
            seen.resize(LAYOUT.length(), 5);
            let x = Tensor::<2, Int>::from_data(TensorData::new(seen, [1, LAYOUT.length()]), &device);
            let next = teller.network.forward(&[], x, place - 1..place);
            sum += numbers(activation::log_softmax(next, 2))[tokens[place]];
        }
        let state: Vec<f32> = tokens.iter().map(|t| *t as f32).collect();
        let log_r = pollster::block_on(reward.log_reward(&state)).expect("it answers")[0];
        assert!((log_r - sum).abs() < 1e-4, "{middle}: {log_r} and {sum}");
    }
}

#[test]
fn middles_are_counted() {
    let value = |reward: Reward, middle: &str| {
        let reward = StoryLogReward::new(&reward, -50.0, &reader(), None, cpu_device());
        let tokens = LAYOUT.tokens(&vocabulary(), ["a", middle, ""]).expect("it fits");
        let state: Vec<f32> = tokens.iter().map(|t| *t as f32).collect();
        pollster::block_on(reward.expect("of stories").log_reward(&state)).expect("it answers")[0]
    };
    let words = |words: &[&str]| Reward::Mention {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        penalty: 3.0,
    };
    assert_eq!(value(words(&["b", "C"]), "b c"), 0.0);
    assert_eq!(value(words(&["b", "d"]), "b ."), -3.0);
    assert_eq!(value(words(&["b", "d"]), "c"), -6.0);
    let length = || Reward::Length {
        target: 2.0,
        deviation: 0.5,
    };
    assert_eq!(value(length(), "b c"), 0.0);
    // A mark is no word.
    assert_eq!(value(length(), "b ."), -2.0);
    assert_eq!(value(length(), ""), -8.0);
    let distinct = || Reward::Distinct { penalty: 1.5 };
    assert_eq!(value(distinct(), "b b"), -1.5);
    assert_eq!(value(distinct(), "b c"), 0.0);
    let all = Reward::All {
        rewards: vec![words(&["d"]), distinct()],
    };
    assert_eq!(value(all, "c c"), -4.5);
    assert_eq!(
        value(
            Reward::Mention {
                words: vec!["d".into()],
                penalty: 90.0
            },
            "b"
        ),
        -50.0
    );
}

#[test]
fn the_temperature_divides_logits() {
    let device = cpu_device();
    let file = files().prior.as_deref().expect("there");
    let model = LanguageModel::read(file, &device).expect("a model");
    let tokens = LAYOUT.tokens(&vocabulary(), ["a", "", ""]).expect("it fits");
    let chain = TokenChain::Absorbing(Absorbing {
        steps: 4,
        sequence: Sequence::new(vocabulary().len(), vec![tokens], LAYOUT.gap()).expect("a sequence"),
    });
    let x = chain.start(&[0], &device);
    let log_probs = |temperature: f64| {
        let infilling = Infilling::new(chain.clone(), &vocabulary(), temperature);
        let prior = InfillingPrior::new(model.network.clone(), infilling);
        prior.kernel(1, &x)
    };
    let divided = activation::log_softmax(log_probs(1.0).div_scalar(0.5), 2);
    for (a, b) in numbers(log_probs(0.5)).into_iter().zip(numbers(divided)) {
        assert!((a - b).abs() < 1e-4 || (a < -1e6 && b < -1e6), "{a} {b}");
    }
}
