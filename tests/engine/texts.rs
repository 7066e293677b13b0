//! Networks of texts, on a corpus whose entropy is known.

use crate::support::numbers;
use burn::tensor::{Int, Tensor, TensorData, activation};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::network::{Transformer, TransformerConfig};
use rtb::task::text::train::{Ending, Loss, Texts};
use rtb::task::text::{Layout, Vocabulary};

const LAYOUT: Layout = Layout {
    before: 2,
    gap: 2,
    after: 2,
};
const RECIPE: Recipe = Recipe {
    iterations: 500,
    batch: 128,
    learning_rate: 4e-3,
    ema: 0.98,
    seed: 1,
};

fn vocabulary() -> Vocabulary {
    Vocabulary::read("<nothing>\n<unknown>\na\nb\nc\nd").expect("six words")
}

/// After an a the gap holds b c or c b, and the ending repeats its first word; else it is d d, and
/// the ending is anyone's guess.
fn texts() -> Texts {
    let parts = [
        ["a", "b c", "b"],
        ["a", "c b", "c"],
        ["d", "d d", "a"],
        ["d", "d d", "b"],
    ];
    let tokens = parts.map(|parts| LAYOUT.tokens(&vocabulary(), parts).expect("it fits"));
    Texts::new(LAYOUT, &vocabulary(), tokens.to_vec()).expect("texts")
}

/// A small network that has learned texts of so many words.
pub fn trained_on(
    texts: Texts,
    words: usize,
    recipe: Recipe,
    causal: bool,
) -> Pretraining<Transformer, Texts> {
    trained_by(Loss::Elbo, texts, words, recipe, causal)
}

/// The same by another loss, which is that of unmasking.
fn trained_by(
    loss: Loss,
    texts: Texts,
    words: usize,
    recipe: Recipe,
    causal: bool,
) -> Pretraining<Transformer, Texts> {
    let config = TransformerConfig {
        words,
        width: 32,
        heads: 2,
        layers: 2,
        embedding: if causal { 0 } else { 16 },
        causal,
    };
    let network = config.init(&Noise::new(0), &cpu_device());
    let mut training = Pretraining::new(network, texts, recipe, cpu_device()).expect("it starts");
    while !training.finished() {
        let step = async {
            match causal {
                true => training.continue_texts().await,
                false => training.unmask(loss).await,
            }
        };
        pollster::block_on(step).expect("it trains");
    }
    training
}

/// p(word) at a place of what a network sees.
fn words_at(network: &Transformer, seen: [i32; 6], place: usize) -> Vec<f64> {
    let x = Tensor::<2, Int>::from_data(TensorData::new(seen.to_vec(), [1, 6]), &cpu_device());
    numbers(activation::softmax(
        network.forward(&[0.9], x, place..place + 1),
        2,
    ))
}

/// The negative ELBO of a place of the gap, over many draws.
fn measured(network: &Transformer, ending: Ending) -> f64 {
    let of_noise = |seed| {
        let (noise, device, texts) = (Noise::new(seed), cpu_device(), texts());
        pollster::block_on(texts.unmasking_loss(network, ending, &noise, &device)).expect("measured")
    };
    (0..200).map(of_noise).sum::<f64>() / 200.0
}

#[test]
fn unmasking_learns_what_is_missing_by_either_loss() {
    let of = |loss| {
        let training = trained_by(loss, texts(), vocabulary().len(), RECIPE, false);
        knows_what_is_missing(training.network())
    };
    let (elbo, entropy) = (of(Loss::Elbo), of(Loss::ScoreEntropy));
    for (a, b) in elbo.iter().zip(entropy) {
        assert!((a - b).abs() < 0.02, "{elbo:?} and {entropy:?}");
    }
}

/// Checks what a network says against the corpus; its negative ELBO without and with the ending.
fn knows_what_is_missing(network: &Transformer) -> [f64; 2] {
    // One of two orders of two words, where there was an a; the ending tells.
    let entropy = 0.5 * std::f64::consts::LN_2 / 2.0;
    let [hidden, shown] = [Ending::Hidden, Ending::Shown].map(|ending| measured(network, ending));
    assert!((hidden - entropy).abs() < 0.03, "{hidden}, entropy {entropy}");
    assert!((0.0..0.03).contains(&shown), "{shown}");
    let (a, b, c, mask) = (2, 3, 4, 6);
    let first = words_at(network, [0, a, mask, mask, mask, mask], 2);
    assert!(
        (first[b] - 0.5).abs() < 0.1 && (first[c] - 0.5).abs() < 0.1,
        "{first:?}"
    );
    let told = words_at(network, [0, a, mask, mask, c as i32, 0], 2);
    assert!(told[c] > 0.9, "the ending tells: {told:?}");
    let second = words_at(network, [0, a, b as i32, mask, mask, mask], 3);
    assert!(second[c] > 0.9, "one word tells the other: {second:?}");
    [hidden, shown]
}

#[test]
fn continuing_learns_how_likely_an_ending_is() {
    let training = trained_on(texts(), vocabulary().len(), RECIPE, true);
    let (texts, device) = (texts(), cpu_device());
    let loss = pollster::block_on(texts.ending_loss(training.network(), &device)).expect("measured");
    let entropy = 0.5 * std::f64::consts::LN_2;
    assert!((loss - entropy).abs() < 0.03, "{loss}, entropy {entropy}");
    let (a, b, c, d, mask) = (2, 3, 4, 5, 6);
    let network = training.network();
    // The word after the gap, from the place before it.
    let follows = words_at(network, [0, a, c, b, mask, mask], 3);
    assert!(follows[c as usize] > 0.9, "{follows:?}");
    let guessed = words_at(network, [0, d, d, d, mask, mask], 3);
    assert!((guessed[a as usize] - 0.5).abs() < 0.1, "{guessed:?}");
}

#[test]
fn continuing_learns_where_texts_end() {
    let recipe = Recipe {
        iterations: 200,
        ..RECIPE
    };
    let training = trained_on(texts().with_ends(), vocabulary().len(), recipe, true);
    let (a, b, c, mask) = (2, 3, 4, 6);
    let ended = words_at(training.network(), [0, a, c, b, c, mask], 4);
    assert!(ended[Vocabulary::NOTHING] > 0.9, "{ended:?}");
    // Before the ending comes a word.
    let begun = words_at(training.network(), [0, a, b, c, mask, mask], 3);
    assert!(begun[Vocabulary::NOTHING] < 0.1, "{begun:?}");
}

#[test]
fn texts_of_another_layout_are_none() {
    let known = |tokens: Vec<Vec<usize>>| Texts::new(LAYOUT, &vocabulary(), tokens).is_some();
    assert!(known(vec![vec![0; 6]]));
    assert!(!known(Vec::new()));
    assert!(!known(vec![vec![0; 5]]));
    assert!(!known(vec![vec![6; 6]]));
}
