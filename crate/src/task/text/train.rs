//! Networks of texts: a prior that unmasks, a causal one that says how likely an ending is.

use super::words::{Layout, Vocabulary};
use crate::engine::EngineError;
use crate::engine::host::read;
use crate::engine::noise::{self, Noise, Purpose};
use crate::engine::parallel;
use crate::engine::train::examples::Pretraining;
use crate::network::Transformer;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use std::ops::Range;

/// Times of one batch; its rows are divided among them.
const LEVELS: usize = 32;
/// Share of the examples whose ending is hidden: the network is the prior p(gap|beginning) there, and
/// p(gap|beginning, ending) elsewhere.
const HIDDEN_ENDINGS: f64 = 0.5;
/// Share of the examples of which every word may be masked, not the gap's alone: there is more to
/// learn from a text than its gap.
const WHOLE_TEXTS: f64 = 0.5;

/// Whether a network that unmasks sees what comes after the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It does not.
    Hidden,
    /// It does.
    Shown,
    /// One or the other, text by text.
    Either,
}

/// What a network that unmasks is trained by: a bound of −log p(text) that is a sum over the masked
/// places, each with the weight 1/t of the log-linear schedule at time t.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// −log p(word) by the normalised logits: the negative ELBO (MDLM, arXiv 2406.07524).
    #[default]
    Elbo,
    /// Denoising score entropy (SEDD, arXiv 2310.16834, §3), for which logits need not be normalised.
    ///
    /// A masked place has the scores s_y = e^{l_y}/(e^σ − 1), and the ratio that they are to meet,
    /// p(y|x_0)/p(mask|x_0), is 1/(e^σ − 1) for its word and 0 for others. The entropy of a score is
    /// s − a·log s + a·(log a − 1) for a ratio a; their sum over the words is
    /// (Σ_y e^{l_y} − l_word − 1)/(e^σ − 1). With 1 − e^{−σ} = t, at the rate dσ/dt = 1/(1 − t), the
    /// factors come to 1/t. In Z = Σ_y e^{l_y} the term is −log p(word) + (Z − 1 − log Z): what the
    /// ELBO has where Z is 1, more elsewhere.
    ///
    /// As SEDD has it, l are the logits less the logarithm of the number of words, so that Z is near 1
    /// when training starts.
    ScoreEntropy,
}

impl Loss {
    /// Σ weight·term over places, `[1]`, of logits `[rows, places, words]`; words and weights are
    /// `[rows, places]`.
    fn of(self, logits: Tensor<3>, wanted: Tensor<2, Int>, weights: Tensor<2>) -> Tensor<1> {
        let wanted = wanted.unsqueeze_dim(2);
        let terms = match self {
            Self::Elbo => activation::log_softmax(logits, 2).gather(2, wanted).neg(),
            Self::ScoreEntropy => {
                let [rows, places, words] = logits.dims();
                // Nothing holds down the exponentials of places that do not count.
                let idle = weights.clone().equal_elem(0.0).unsqueeze_dim::<3>(2);
                let logits = logits.mask_fill(idle.expand([rows, places, words]), 0.0);
                let scores = logits.sub_scalar((words as f64).ln());
                let of_wanted = scores.clone().gather(2, wanted);
                (scores.exp().sum_dim(2) - of_wanted).sub_scalar(1.0)
            }
        };
        (terms.squeeze_dim::<2>(2) * weights).sum()
    }
}

/// Texts with a gap, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Texts {
    layout: Layout,
    words: usize,
    /// `[count][length]`, the gap filled.
    tokens: Vec<Vec<usize>>,
    /// Whether a causal network learns where they end.
    ends: bool,
}

impl Texts {
    /// Texts of this layout and vocabulary, of which there is at least one.
    pub fn new(layout: Layout, vocabulary: &Vocabulary, tokens: Vec<Vec<usize>>) -> Option<Self> {
        let fits = |text: &Vec<usize>| {
            text.len() == layout.length() && text.iter().all(|token| *token < vocabulary.len())
        };
        (!tokens.is_empty() && tokens.iter().all(fits)).then_some(Self {
            layout,
            words: vocabulary.len(),
            tokens,
            ends: false,
        })
    }

    /// The same texts, whose end is said too: a causal network that goes on with them learns to say
    /// nothing behind the last word, where the gap and what comes after it have a place left.
    pub fn with_ends(self) -> Self {
        Self { ends: true, ..self }
    }
}

/// A batch's part: what a network sees, and at every place the word that it should say there and how
/// much that counts.
#[derive(Default)]
struct Shard {
    times: Vec<f64>,
    seen: Vec<i32>,
    wanted: Vec<i32>,
    weights: Vec<f32>,
}

impl Shard {
    /// Σ weight·term of a loss over these places of texts of `length` tokens, `[1]`.
    fn loss(
        self,
        loss: Loss,
        network: &Transformer,
        length: usize,
        places: Range<usize>,
        device: &Device,
    ) -> Tensor<1> {
        let rows = self.seen.len() / length;
        let table = |values| TensorData::new(values, [rows, length]);
        let seen = Tensor::<2, Int>::from_data(table(self.seen), device);
        let wanted = Tensor::<2, Int>::from_data(table(self.wanted), device);
        let weights = Tensor::<2>::from_data(TensorData::new(self.weights, [rows, length]), device);
        let wanted = wanted.slice([0..rows, places.clone()]);
        let weights = weights.slice([0..rows, places.clone()]);
        loss.of(network.forward(&self.times, seen, places), wanted, weights)
    }
}

impl Texts {
    /// Texts there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// These texts with words masked, those of a part with the probability that its time is: the times
    /// are evenly spaced with a random offset, and all parts have equally many texts. Of a share of
    /// `whole` of the texts any word may be masked, of the others those of the gap.
    fn masked(&self, texts: &[usize], ending: Ending, whole: f64, rng: &mut ChaCha8Rng) -> Vec<Shard> {
        let rows = texts.len().div_ceil(LEVELS);
        let levels = texts.len() / rows;
        let offset = noise::uniform(rng);
        let part = |(level, texts): (usize, &[usize])| {
            // Never 0, where nothing is masked.
            let time = (level as f64 + 1.0 - offset) / levels as f64;
            let mut shard = Shard {
                times: vec![time],
                ..Shard::default()
            };
            for text in texts {
                self.mask(*text, ending, whole, &mut shard, rng);
            }
            shard
        };
        let parts = texts.chunks_exact(rows).take(levels).enumerate();
        let mut parts: Vec<Shard> = parts.map(part).collect();
        for weight in parts.iter_mut().flat_map(|part| &mut part.weights) {
            *weight /= (levels * rows) as f32;
        }
        parts
    }

    /// Adds a text to a part, whose words are wanted where they are masked.
    fn mask(&self, text: usize, ending: Ending, whole: f64, part: &mut Shard, rng: &mut ChaCha8Rng) {
        let (gap, mask, time) = (self.layout.gap(), self.words as i32, part.times[0]);
        let text = &self.tokens[text];
        let hides = match ending {
            Ending::Hidden => true,
            Ending::Shown => false,
            Ending::Either => noise::uniform(rng) < HIDDEN_ENDINGS,
        };
        let whole = noise::uniform(rng) < whole;
        let hidden = |place: usize| hides && place >= gap.end;
        let may = |place: usize| match place {
            // What stands before a short beginning is always the same.
            before if before < gap.start => whole && text[before] != Vocabulary::NOTHING,
            after if after >= gap.end => whole && !hides,
            _ => true,
        };
        let weight = 1.0 / (time * (0..text.len()).filter(|place| may(*place)).count() as f64);
        for (place, token) in text.iter().enumerate() {
            let masked = may(place) && noise::uniform(rng) < time;
            let token = *token as i32;
            part.seen.push(if masked || hidden(place) { mask } else { token });
            part.wanted.push(token);
            part.weights.push(if masked { weight as f32 } else { 0.0 });
        }
    }

    /// Whether the token at a place of a text is one to learn: a word, or the text's end where that
    /// counts, which is behind the last word and not before the gap.
    fn counts(&self, text: &[usize], place: usize) -> bool {
        let is_word = |token: &usize| *token != Vocabulary::NOTHING;
        let end = || text.iter().rposition(is_word).map_or(0, |last| last + 1);
        is_word(&text[place]) || self.ends && place == end().max(self.layout.gap().start)
    }

    /// These texts, of which every token that counts from place `from` on is wanted from those before
    /// it.
    fn continued(&self, texts: &[usize], from: usize) -> Vec<Shard> {
        let texts = || texts.iter().map(|index| &self.tokens[*index]);
        let counts = |text: &[usize], place| (from..text.len()).contains(&place) && self.counts(text, place);
        let of_text = |text: &Vec<usize>| (0..text.len()).filter(|place| counts(text, *place)).count();
        let weight = 1.0 / texts().map(of_text).sum::<usize>().max(1) as f32;
        texts()
            .map(|text| {
                let next = 1..=text.len();
                let token = |place: usize| text.get(place).map_or(Vocabulary::NOTHING, |token| *token);
                let weighed = |place| if counts(text, place) { weight } else { 0.0 };
                Shard {
                    times: Vec::new(),
                    seen: text.iter().map(|token| *token as i32).collect(),
                    wanted: next.clone().map(|place| token(place) as i32).collect(),
                    weights: next.map(weighed).collect(),
                }
            })
            .collect()
    }

    /// The negative ELBO of a place of the gap, in nats, of these texts under a network that unmasks:
    /// one draw of its time and its masks for each.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn unmasking_loss(
        &self,
        network: &Transformer,
        ending: Ending,
        noise: &Noise,
        device: &Device,
    ) -> Result<f64, EngineError> {
        let mut rng = noise.stream(Purpose::Evaluation, 0);
        let mut all: Vec<usize> = (0..self.len()).collect();
        // A text's time does not depend on its place.
        all.sort_by_cached_key(|_| rng.next_u64());
        let blocks = all
            .chunks(LEVELS)
            .map(|block| (block.len(), self.masked(block, ending, 0.0, &mut rng)))
            .collect();
        self.mean_loss(network, blocks, self.layout.gap(), device).await
    }

    /// −log p of a word of the endings, in nats, of these texts under a causal network.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn ending_loss(&self, network: &Transformer, device: &Device) -> Result<f64, EngineError> {
        let all: Vec<usize> = (0..self.len()).collect();
        let ending = self.layout.gap().end;
        let blocks = all
            .chunks(LEVELS)
            .map(|block| (block.len(), self.continued(block, ending)))
            .collect();
        let places = ending - 1..self.layout.length() - 1;
        self.mean_loss(network, blocks, places, device).await
    }

    async fn mean_loss(
        &self,
        network: &Transformer,
        blocks: Vec<(usize, Vec<Shard>)>,
        places: Range<usize>,
        device: &Device,
    ) -> Result<f64, EngineError> {
        let mut sum = 0.0;
        for (count, parts) in blocks {
            let whole = parts.into_iter().fold(Shard::default(), Shard::and);
            let loss = whole.loss(Loss::Elbo, network, self.layout.length(), places.clone(), device);
            sum += count as f64 * f64::from(read(loss).await.map_err(EngineError::Device)?[0]);
        }
        Ok(sum / self.len() as f64)
    }
}

impl Pretraining<Transformer, Texts> {
    /// One iteration of masked diffusion on the gaps alone, with sight of the endings: what supervised
    /// fine-tuning for infilling is. Returns the negative ELBO of a place of the gap, in nats.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn fill(&mut self) -> Result<f64, EngineError> {
        self.unmask_as(Ending::Shown, 0.0, Loss::Elbo).await
    }

    async fn unmask_as(&mut self, ending: Ending, whole: f64, loss: Loss) -> Result<f64, EngineError> {
        let mut rng = self.rng();
        let drawn = self.draw(&mut rng, self.examples.len(), self.recipe.batch);
        let parts = self.examples.masked(&drawn, ending, whole, &mut rng);
        self.descend(parts, loss).await
    }

    /// One iteration of masked diffusion: words are masked with probability t and said from what is
    /// left. Returns the loss of a place, in nats, the gap's of one half of the texts, any place's of
    /// the other.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn unmask(&mut self, loss: Loss) -> Result<f64, EngineError> {
        self.unmask_as(Ending::Either, WHOLE_TEXTS, loss).await
    }

    /// One iteration of a causal network on the words of the texts, each from all before it. Returns
    /// the negative log-probability of a word, in nats.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn continue_texts(&mut self) -> Result<f64, EngineError> {
        let drawn = self.draw(&mut self.rng(), self.examples.len(), self.recipe.batch);
        let parts = self.examples.continued(&drawn, 0);
        // A causal network's words have −log p as their terms, too.
        self.descend(parts, Loss::Elbo).await
    }

    /// A step down the sum of the parts' losses.
    async fn descend(&mut self, parts: Vec<Shard>, loss: Loss) -> Result<f64, EngineError> {
        let length = self.examples.layout.length();
        let count = parallel::parts(&self.device, self.recipe.batch);
        let shards = parallel::split(parts, count);
        let (device, scale) = (&self.device, shards.len() as f64);
        self.descent
            .step(shards, |network, shard| {
                let whole = shard.into_iter().fold(Shard::default(), Shard::and);
                // The step takes the mean over its parts.
                whole
                    .loss(loss, network, length, 0..length, device)
                    .mul_scalar(scale)
            })
            .await
    }
}

impl Shard {
    fn and(mut self, more: Self) -> Self {
        self.times.extend(more.times);
        self.seen.extend(more.seen);
        self.wanted.extend(more.wanted);
        self.weights.extend(more.weights);
        self
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::*;
    use crate::engine::device::cpu_device;

    /// The loss of one place of three words, of which word 1 is wanted, with weight 2; `scores` are e^l.
    fn loss(loss: Loss, scores: [f64; 3]) -> f64 {
        let logits = scores.map(|score| (score.ln() + 3f64.ln()) as f32);
        let logits = Tensor::<3>::from_data([[logits]], &cpu_device());
        let wanted = Tensor::<2, Int>::from_data([[1]], &cpu_device());
        let weights = Tensor::<2>::from_data([[2.0]], &cpu_device());
        f64::from(loss.of(logits, wanted, weights).into_scalar::<f32>())
    }

    #[test]
    fn score_entropy_is_the_elbo_where_scores_are_normalised() {
        for scores in [[0.2, 0.5, 0.3], [0.98, 0.01, 0.01]] {
            let (elbo, entropy) = (loss(Loss::Elbo, scores), loss(Loss::ScoreEntropy, scores));
            assert!((elbo + 2.0 * scores[1].ln()).abs() < 1e-5, "{elbo}");
            assert!((entropy - elbo).abs() < 1e-5, "{entropy} and {elbo}");
        }
    }

    #[test]
    fn score_entropy_is_larger_elsewhere() {
        // Σ e^l − l − 1 for e^l = 1, 2 and ½: 3.5 − log 2 − 1; −log p is log 1.75.
        let scores = [1.0, 2.0, 0.5];
        let entropy = loss(Loss::ScoreEntropy, scores);
        assert!((entropy - 2.0 * 1.806_852_8).abs() < 1e-5, "{entropy}");
        assert!((loss(Loss::Elbo, scores) - 2.0 * 0.559_615_8).abs() < 1e-5);
        // A tenth of it: 0.35 − log 0.2 − 1.
        let entropy = loss(Loss::ScoreEntropy, scores.map(|score| 0.1 * score));
        assert!((entropy - 2.0 * 0.959_437_9).abs() < 1e-5, "{entropy}");
    }

    #[test]
    fn places_that_do_not_count_may_say_anything() {
        let device = cpu_device().autodiff();
        let logits = [[[500.0, 0.0, -500.0], [0.0, 0.0, 0.0]]];
        let logits = Tensor::<3>::from_data(logits, &device).require_grad();
        let wanted = Tensor::<2, Int>::from_data([[0, 2]], &device);
        let weights = Tensor::<2>::from_data([[0.0, 1.0]], &device);
        let loss = Loss::ScoreEntropy.of(logits.clone(), wanted, weights);
        let gradients = loss.backward();
        let gradient = logits.grad(&gradients).expect("a gradient").into_data();
        let third = 1.0 / 3.0;
        for (found, exact) in gradient
            .iter::<f32>()
            .zip([0.0, 0.0, 0.0, third, third, third - 1.0])
        {
            assert!((found - exact).abs() < 1e-6, "{found} and {exact}");
        }
        let loss = loss.into_scalar::<f32>();
        assert!((loss - 3f32.ln()).abs() < 1e-6, "{loss}");
    }
}
