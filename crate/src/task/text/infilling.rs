//! Priors and posteriors of texts: a language model that says the words of a gap.

use super::words::Vocabulary;
use crate::engine::process::{
    Absorbing, Autoregressive, Policy, Prior, Rows, Sequence, TokenChain, Walker, distinct,
};
use crate::network::{Seen, Transformer};
use burn::tensor::{Int, Tensor, TensorData, activation};

/// Added to the logit of a word that is not to be said.
const NEVER: f32 = -1e9;
/// Marks that end a sentence.
const MARKS: [&str; 3] = [".", "!", "?"];

/// What a language model's network means: log p(word|what is seen) of the tokens that a step of a
/// chain asks for. A network that sees both ways unmasks tokens, a causal one goes on with the text.
#[derive(Clone, Debug)]
pub struct Infilling {
    /// The chain whose steps are asked for.
    pub chain: TokenChain,
    /// Divides the logits.
    pub temperature: f64,
    /// Whether what comes after the gap is seen. A causal network sees it in front of everything else.
    pub shows_ending: bool,
    /// Words that are not said.
    pub never: Vec<usize>,
    /// Words after which a causal network says [`Vocabulary::NOTHING`] to the end of the gap.
    pub last: Vec<usize>,
}

impl Infilling {
    /// The kernels of a chain through stories, of a network that does not see the ending. Nobody wants
    /// to read the word that stands for those that are not known. A causal network has not learned
    /// when to stop: its middles are a sentence, unless the gap is too short for it.
    pub fn new(chain: TokenChain, vocabulary: &Vocabulary, temperature: f64) -> Self {
        let marks = MARKS.map(|mark| vocabulary.encode(mark).tokens);
        let (mut never, mut last) = (vec![Vocabulary::UNKNOWN], Vec::new());
        if let TokenChain::Autoregressive(_) = chain {
            never.push(Vocabulary::NOTHING);
            last = marks.concat();
            last.retain(|mark| *mark != Vocabulary::UNKNOWN);
            last.push(Vocabulary::NOTHING);
        }
        Self {
            chain,
            temperature,
            shows_ending: false,
            never,
            last,
        }
    }

    fn sequence(&self) -> &Sequence {
        self.chain.sequence()
    }

    /// `[blocks·rows, places, words]` at as many steps as there are blocks, in their order, each of the
    /// same trajectories; the places are those that a step's kernel speaks of. Rows under one of
    /// `conditions`, where these are known, share the work on what it gives.
    pub fn log_probs(
        &self,
        network: &Transformer,
        steps: &[usize],
        conditions: Option<&[usize]>,
        x: Tensor<2, Int>,
    ) -> Tensor<3> {
        match &self.chain {
            TokenChain::Absorbing(chain) => self.unmasked(chain, network, steps, x),
            TokenChain::Autoregressive(chain) => self.continued(chain, network, steps, conditions, x),
        }
    }

    /// [`Self::log_probs`] of one step after the other, of a causal network.
    fn walker<'a>(
        &'a self,
        network: &'a Transformer,
        conditions: &'a [usize],
    ) -> Option<Walker<'a, TokenChain>> {
        let TokenChain::Autoregressive(chain) = &self.chain else {
            return None;
        };
        let last_given = chain.sequence.gap().start - 1;
        let mut seen = Seen::default();
        Some(Box::new(move |step, x| {
            if step == 0 {
                seen = self.see_given(chain, network, Some(conditions), x);
            }
            let before = x.clone().narrow(1, last_given + step, 1);
            let logits = network.go_on(&mut seen, before.clone(), 0..1);
            self.stopped(self.normalised(logits), before, step == 0)
        }))
    }

    /// What a causal network keeps of all that is given, but for the last token before the gap.
    fn see_given(
        &self,
        chain: &Autoregressive,
        network: &Transformer,
        conditions: Option<&[usize]>,
        x: &Tensor<2, Int>,
    ) -> Seen {
        let (gap, length) = (chain.sequence.gap(), chain.sequence.length());
        let mut parts = Vec::new();
        if self.shows_ending && gap.end < length {
            parts.push(x.clone().narrow(1, gap.end, length - gap.end));
        }
        if gap.start > 1 {
            parts.push(x.clone().narrow(1, 0, gap.start - 1));
        }
        if parts.is_empty() {
            return Seen::default();
        }
        let given = Tensor::cat(parts, 1);
        let Some(conditions) = conditions else {
            return network.see(given);
        };
        let (firsts, like) = distinct(conditions);
        network.see(given.select_rows(&firsts)).select_rows(&like)
    }

    fn unmasked(
        &self,
        chain: &Absorbing,
        network: &Transformer,
        steps: &[usize],
        x: Tensor<2, Int>,
    ) -> Tensor<3> {
        let times: Vec<f64> = steps.iter().map(|step| chain.time(*step)).collect();
        let (gap, rows) = (chain.sequence.gap(), x.dims()[0]);
        let seen = if self.shows_ending {
            x
        } else {
            let ending = gap.end..chain.sequence.length();
            let hidden = Tensor::full([rows, ending.len()], chain.sequence.mask() as i32, &x.device());
            x.slice_assign([0..rows, ending], hidden)
        };
        self.normalised(network.forward(&times, seen, gap))
    }

    /// What a causal network says of a token depends on those before it alone: the last of a
    /// trajectory's states has the answers for all.
    fn continued(
        &self,
        chain: &Autoregressive,
        network: &Transformer,
        steps: &[usize],
        conditions: Option<&[usize]>,
        x: Tensor<2, Int>,
    ) -> Tensor<3> {
        let (first, last) = (steps[0], steps[steps.len() - 1]);
        let rows = x.dims()[0] / steps.len();
        let x = x.some_rows((steps.len() - 1) * rows, rows);
        let mut seen = self.see_given(chain, network, conditions, &x);
        let more = x.narrow(1, chain.sequence.gap().start - 1, last + 1);
        let before = more.clone().narrow(1, first, last + 1 - first);
        let log_probs = self.normalised(network.go_on(&mut seen, more, first..last + 1));
        let log_probs = self.stopped(log_probs, before, first == 0);
        let of_step = |step: &usize| log_probs.clone().narrow(1, step - first, 1);
        Tensor::cat(steps.iter().map(of_step).collect(), 0)
    }

    /// Log-probabilities, `[rows, places, words]`, made certain of nothing where the token `before`,
    /// `[rows, places]`, is a last one; one before the gap is none.
    fn stopped(&self, log_probs: Tensor<3>, before: Tensor<2, Int>, from_start: bool) -> Tensor<3> {
        let ([rows, places, words], device) = (log_probs.dims(), log_probs.device());
        let row = |of: Vec<f32>| Tensor::<1>::from_floats(of.as_slice(), &device);
        // The unknown token is a kind of its own.
        let mut is_last = vec![0.0; words + 1];
        for word in &self.last {
            is_last[*word] = 1.0;
        }
        let stops = row(is_last)
            .select(0, before.reshape([rows * places]))
            .reshape([rows, places, 1]);
        let stops = match from_start {
            false => stops,
            true => stops.slice_fill([0..rows, 0..1], 0.0),
        };
        let mut nothing = vec![NEVER; words];
        nothing[Vocabulary::NOTHING] = 0.0;
        let nothing = row(nothing).reshape([1, 1, words]).expand([rows, places, words]);
        let stops = stops.greater_elem(0.5).expand([rows, places, words]);
        log_probs.mask_where(stops, nothing)
    }

    fn normalised(&self, logits: Tensor<3>) -> Tensor<3> {
        let words = self.sequence().words();
        let mut never = vec![0.0; words];
        for word in &self.never {
            never[*word] = NEVER;
        }
        let never = Tensor::<3>::from_data(TensorData::new(never, [1, 1, words]), &logits.device());
        activation::log_softmax(logits.div_scalar(self.temperature) + never, 2)
    }
}

/// The prior that a trained network is; it does not see what comes after the gap.
#[derive(Clone, Debug)]
pub struct InfillingPrior {
    network: Transformer,
    infilling: Infilling,
}

impl InfillingPrior {
    /// The prior of a network, with these kernels; the ending is hidden from it.
    pub fn new(network: Transformer, infilling: Infilling) -> Self {
        let infilling = Infilling {
            shows_ending: false,
            ..infilling
        };
        Self { network, infilling }
    }

    /// The network, to start a posterior from.
    pub fn network(&self) -> &Transformer {
        &self.network
    }

    /// What its network means.
    pub fn infilling(&self) -> &Infilling {
        &self.infilling
    }

    /// The chain that it leads.
    pub fn chain(&self) -> &TokenChain {
        &self.infilling.chain
    }
}

impl Prior<TokenChain> for InfillingPrior {
    fn kernel(&self, step: usize, x: &Tensor<2, Int>) -> Tensor<3> {
        self.infilling.log_probs(&self.network, &[step], None, x.clone())
    }

    fn walker<'a>(&'a self, conditions: &'a [usize]) -> Walker<'a, TokenChain> {
        let walker = self.infilling.walker(&self.network, conditions);
        walker.unwrap_or_else(|| Box::new(|step, x| self.kernel(step, x)))
    }

    /// One pass has all those of a causal network.
    fn kernels(&self, conditions: &[usize], states: &[Tensor<2, Int>]) -> Vec<Tensor<3>> {
        if !self.network.is_causal() {
            let states = states.iter().enumerate();
            return states.map(|(step, x)| self.kernel(step, x)).collect();
        }
        let (rows, steps) = (conditions.len(), (0..states.len()).collect::<Vec<_>>());
        let x = Rows::stack(states.to_vec());
        let all = self
            .infilling
            .log_probs(&self.network, &steps, Some(conditions), x);
        let of_step = |step: usize| all.some_rows(step * rows, rows);
        steps.into_iter().map(of_step).collect()
    }
}

/// The posterior: a network like the prior's, of which it starts as a copy. Where it sees the ending
/// it starts beyond the prior.
impl Policy<TokenChain> for Infilling {
    type Network = Transformer;

    fn kernel(
        &self,
        network: &Transformer,
        steps: &[usize],
        conditions: &[usize],
        x: Tensor<2, Int>,
        _guide: Option<&Tensor<3>>,
        _prior: impl FnOnce() -> Tensor<3>,
    ) -> Tensor<3> {
        self.log_probs(network, steps, Some(conditions), x)
    }

    fn walker<'a>(
        &'a self,
        network: &'a Transformer,
        conditions: &'a [usize],
    ) -> Option<Walker<'a, TokenChain>> {
        Infilling::walker(self, network, conditions)
    }
}
