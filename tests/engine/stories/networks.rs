//! What networks and rewards say of stories.

use super::{LAYOUT, SENTENCES, files, model, reader, vocabulary};
use crate::support::{ask, numbers};
use burn::tensor::{Int, Tensor, TensorData, activation};
use rtb::engine::device::cpu_device;
use rtb::engine::process::{Absorbing, Autoregressive, Policy, Prior, Process, Sequence, TokenChain};
use rtb::engine::reward::Reward as _;
use rtb::run::Files;
use rtb::task::text::{Infilling, InfillingPrior, LanguageModel, Reward, StoryReward, Vocabulary};

/// log r of stories, each under its condition, which has the beginning of the first story that is under it.
fn log_r(reward: &StoryReward, conditions: &[usize], stories: &[Vec<usize>]) -> Vec<f64> {
    let first = |condition| conditions.iter().position(|c| *c == condition);
    let given = (0..).map_while(first).map(|at| stories[at].clone());
    let sequence = Sequence::new(vocabulary().len(), given.collect(), LAYOUT.gap()).expect("a sequence");
    let chain = TokenChain::Autoregressive(Autoregressive { sequence });
    let ends: Vec<f32> = stories.concat().into_iter().map(|t| t as f32).collect();
    ask(&chain, conditions, &ends, async |ends| {
        reward.log_reward(ends).await
    })
}

/// A chain's kernels, whichever way they are asked for, are what the network says of the whole text,
/// which is written down here word by word.
#[test]
fn a_causal_network_answers_for_all_steps_at_once() {
    let device = cpu_device();
    let file = model(SENTENCES, true);
    let network = LanguageModel::read(&file, &device).expect("a model").network;
    let stories = [["a", "d ."], ["c b", "c"]];
    let tokens = |condition: usize, middle: &str| {
        let [beginning, ending] = stories[condition];
        let of = LAYOUT.tokens(&vocabulary(), [beginning, middle, ending]);
        of.expect("it fits")
    };
    let given = vec![tokens(0, ""), tokens(1, "")];
    let words = vocabulary().len();
    let sequence = Sequence::new(words, given, LAYOUT.gap()).expect("a sequence");
    let chain = TokenChain::Autoregressive(Autoregressive { sequence });
    let (conditions, middles) = ([0, 1, 0, 1], ["b .", ". ", "d c", "c ."]);
    let ends: Vec<Vec<usize>> = conditions
        .iter()
        .zip(middles)
        .map(|(condition, middle)| tokens(*condition, middle))
        .collect();
    let ends_of_rows = ends.concat().iter().map(|t| *t as f32).collect();
    let second = chain.upload(ends_of_rows, &device);
    let back = |step, x: &Tensor<2, Int>| chain.noise_back(step, x, Tensor::zeros([4, 1], &device));
    let first = back(1, &second);
    let states = [back(0, &first), first];
    let mark = vocabulary().encode(".").tokens[0];
    for shows_ending in [false, true] {
        let infilling = Infilling {
            shows_ending,
            ..Infilling::new(chain.clone(), &vocabulary(), 0.7)
        };
        let one = |step: usize| infilling.log_probs(&network, &[step], None, states[step].clone());
        let all = Tensor::cat(states.to_vec(), 0);
        let mut ways = vec![
            ("one by one", vec![one(0), one(1)]),
            (
                "at once",
                vec![infilling.log_probs(&network, &[0, 1], Some(&conditions), all)],
            ),
        ];
        let mut walker = Policy::walker(&infilling, &network, &conditions).expect("of a causal network");
        ways.push(("along a walk", vec![walker(0, &states[0]), walker(1, &states[1])]));
        drop(walker);
        if !shows_ending {
            let prior = InfillingPrior::new(network.clone(), infilling.clone());
            let mut walker = prior.walker(&conditions);
            ways.push((
                "the prior's walk",
                vec![walker(0, &states[0]), walker(1, &states[1])],
            ));
            ways.push(("the prior's", prior.kernels(&conditions, &states)));
        }
        for (way, kernels) in ways {
            let found = numbers(Tensor::cat(kernels, 0));
            for (at, of_row) in found.chunks_exact(words).enumerate() {
                let (step, row) = (at / 4, at % 4);
                // After a sentence comes nothing, and nowhere else.
                if step == 1 && ends[row][LAYOUT.before] == mark {
                    assert_eq!(of_row[Vocabulary::NOTHING], 0.0, "{way}, row {row}");
                    continue;
                }
                let mut text = ends[row][..LAYOUT.before + step].to_vec();
                if shows_ending {
                    text = [&ends[row][LAYOUT.gap().end..], &text].concat();
                }
                let length = text.len();
                let text: Vec<i32> = text.into_iter().map(|t| t as i32).collect();
                let text = Tensor::<2, Int>::from_data(TensorData::new(text, [1, length]), &device);
                let said = numbers(network.forward(&[], text, length - 1..length));
                let weight = |word: usize| match word {
                    Vocabulary::NOTHING | Vocabulary::UNKNOWN => 0.0,
                    word => (said[word] / 0.7).exp(),
                };
                let sum: f64 = (0..words).map(weight).sum();
                for (word, log_prob) in of_row.iter().enumerate() {
                    let expected = weight(word) / sum;
                    let case = format!("{way}, ending {shows_ending}, step {step}, row {row}, word {word}");
                    assert!(
                        (log_prob.exp() - expected).abs() < 1e-5,
                        "{case}: {log_prob}, {expected}"
                    );
                }
            }
        }
    }
}

/// log p of the last words, one prefix after the other.
#[test]
fn an_ending_is_as_likely_as_its_words() {
    let device = cpu_device();
    let file = files().get("reward").expect("there");
    let teller = LanguageModel::read(file, &device).expect("a model");
    let network = Some(teller.network.clone());
    let reward = StoryReward::new(&Reward::Ending {}, -100.0, &reader(), network, &Files::default())
        .expect("of stories");
    let (mut stories, mut expected) = (Vec::new(), Vec::new());
    // Beginnings that are the same, and one that is not.
    for (beginning, middle, ending) in [
        ("a", "b c", "b"),
        ("c d", "c", "d ."),
        ("a", "c", "d ."),
        ("a", "", "a a"),
    ] {
        let tokens = LAYOUT
            .tokens(&vocabulary(), [beginning, middle, ending])
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
        stories.push(tokens);
        expected.push(sum);
    }
    let log_r = log_r(&reward, &[0, 1, 0, 0], &stories);
    for (row, (log_r, sum)) in log_r.iter().zip(expected).enumerate() {
        assert!((log_r - sum).abs() < 1e-4, "row {row}: {log_r} and {sum}");
    }
}

#[test]
fn middles_are_counted() {
    let value = |reward: Reward, middle: &str| {
        let reward =
            StoryReward::new(&reward, -50.0, &reader(), None, &Files::default()).expect("of stories");
        let tokens = LAYOUT.tokens(&vocabulary(), ["a", middle, ""]).expect("it fits");
        log_r(&reward, &[0], &[tokens])[0]
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
    let file = files().get("prior").expect("there");
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
