//! How much of texts that were told is found again in texts that were made.

use std::collections::HashMap;

/// Longest run of words that is counted.
const LONGEST: usize = 4;

/// A text that was made and the one that was told, in tokens.
pub type Pair<'a> = (&'a [usize], &'a [usize]);

/// BLEU-4 of all pairs together, 0 to 1 (Papineni et al. 2002): the geometric mean of the precisions
/// of runs of one to four tokens, times a penalty where what was made is shorter. Not smoothed: 0 where
/// no run of some length is found.
pub fn bleu(pairs: &[Pair]) -> f64 {
    let (mut found, mut made) = ([0; LONGEST], [0; LONGEST]);
    for pair in pairs {
        for size in 1..=LONGEST {
            found[size - 1] += common(pair, size);
            made[size - 1] += runs(pair.0, size);
        }
    }
    if found.contains(&0) {
        return 0.0;
    }
    let precisions = found.iter().zip(&made).map(|(f, m)| (*f as f64 / *m as f64).ln());
    let mean = precisions.sum::<f64>() / LONGEST as f64;
    let length = |of: fn(&Pair) -> usize| pairs.iter().map(of).sum::<usize>() as f64;
    let (made, told) = (length(|pair| pair.0.len()), length(|pair| pair.1.len()));
    (mean + (1.0 - told / made).min(0.0)).exp()
}

/// GLEU of all pairs together, 0 to 1 (arXiv 1609.08144, §7): runs of one to four tokens that are found,
/// over those that were made or those that were told, whichever are more.
pub fn gleu(pairs: &[Pair]) -> f64 {
    let sum = |of: &dyn Fn(usize) -> usize| (1..=LONGEST).map(of).sum::<usize>();
    let found: usize = pairs.iter().map(|pair| sum(&|size| common(pair, size))).sum();
    let more = |(made, told): &Pair| sum(&|size| runs(made, size)).max(sum(&|size| runs(told, size)));
    let all: usize = pairs.iter().map(more).sum();
    found as f64 / all.max(1) as f64
}

/// Runs of this many tokens in a text.
fn runs(text: &[usize], size: usize) -> usize {
    (text.len() + 1).saturating_sub(size)
}

/// Runs of this many tokens that both have, each as often as both have it.
fn common((made, told): &Pair, size: usize) -> usize {
    let mut left: HashMap<&[usize], usize> = HashMap::new();
    for run in told.windows(size) {
        *left.entry(run).or_default() += 1;
    }
    let found = made.windows(size).filter(|run| match left.get_mut(run) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    });
    found.count()
}

#[cfg(test)]
mod tests {
    use super::{bleu, gleu};

    fn tokens(text: &str) -> Vec<usize> {
        text.bytes().map(usize::from).collect()
    }

    /// The values are those of NLTK 3.10 (`corpus_bleu`, `corpus_gleu`).
    #[test]
    fn overlaps_are_those_of_nltk() {
        let texts = [("abcdef", "abcxef"), ("aaab", "abaac"), ("fghijk", "ghijkl")];
        let texts = texts.map(|(made, told)| (tokens(made), tokens(told)));
        let pairs: Vec<_> = texts.iter().map(|(a, b)| (a.as_slice(), b.as_slice())).collect();
        assert!(
            (bleu(&pairs) - 0.48187165887571154).abs() < 1e-9,
            "{}",
            bleu(&pairs)
        );
        assert!((gleu(&pairs) - 0.58).abs() < 1e-9, "{}", gleu(&pairs));
    }

    #[test]
    fn overlaps_know_their_ends() {
        let (one, other) = (tokens("abcd"), tokens("wxyz"));
        assert_eq!((bleu(&[(&one, &one)]), gleu(&[(&one, &one)])), (1.0, 1.0));
        assert_eq!((bleu(&[(&one, &other)]), gleu(&[(&one, &other)])), (0.0, 0.0));
        assert_eq!((bleu(&[(&[], &one)]), gleu(&[(&[], &one)])), (0.0, 0.0));
        assert_eq!((bleu(&[]), gleu(&[])), (0.0, 0.0));
    }
}
