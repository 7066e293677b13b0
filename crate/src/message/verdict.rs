//! Whether the training of a method pays off: compared with which training-free method, and after how many
//! samples.

/// A method of a comparison. All have the same trials: seeds, values of a varied field, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// Its title.
    pub label: String,
    /// Its error in each trial, as defined by the task; smaller is better.
    pub errors: Vec<f64>,
    /// Seconds of training, mean over the trials; 0 for a training-free method.
    pub seconds: f64,
    /// Seconds to draw one sample, mean over the trials.
    pub seconds_a_sample: f64,
}

/// A trained method compared with training-free ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<'a> {
    /// This training-free method has a clearly smaller error.
    Behind(&'a Contender),
    /// Every training-free method has a clearly larger error; this one is the best of them.
    Ahead(&'a Contender),
    /// Some training-free methods have a similar or smaller error.
    Level {
        /// The one of these that draws samples fastest.
        rival: &'a Contender,
        /// Number of samples after which the trained method has taken less time; `None` if it samples no
        /// faster.
        after: Option<f64>,
    },
}

impl Contender {
    /// Mean error over the trials.
    pub fn error(&self) -> f64 {
        mean(&self.errors)
    }

    /// Whether its error is at most another's, up to the noise of the trials: two standard deviations of the
    /// logarithm of their ratio or, with a single trial, a factor of 1.5. Ratios in the same trial, since some
    /// trials are harder for every method.
    fn is_as_near_as(&self, other: &Self) -> bool {
        let logarithm = |error: &f64| error.max(f64::MIN_POSITIVE).ln();
        let pairs = self.errors.iter().zip(&other.errors);
        let ratios: Vec<f64> = pairs.map(|(one, two)| logarithm(one) - logarithm(two)).collect();
        let ratio = mean(&ratios);
        let slack = match ratios.len() {
            1 => 1.5f64.ln(),
            count => {
                let squares: f64 = ratios.iter().map(|r| (r - ratio).powi(2)).sum();
                2.0 * (squares / (count as f64 - 1.0)).sqrt()
            }
        };
        ratio <= slack
    }

    /// Number of samples after which training has saved time compared with another method.
    fn pays_off_after(&self, other: &Self) -> Option<f64> {
        let saved = other.seconds_a_sample - self.seconds_a_sample;
        (saved > 0.0).then(|| (self.seconds / saved).ceil())
    }

    /// Compares it with these training-free methods; `None` if there are none.
    pub fn beside<'a>(&self, free: &'a [Self]) -> Option<Verdict<'a>> {
        let best = free.iter().min_by(|a, b| a.error().total_cmp(&b.error()))?;
        if !self.is_as_near_as(best) {
            return Some(Verdict::Behind(best));
        }
        let as_near = free.iter().filter(|one| one.is_as_near_as(self));
        let rival = as_near.min_by(|a, b| a.seconds_a_sample.total_cmp(&b.seconds_a_sample));
        Some(match rival {
            None => Verdict::Ahead(best),
            Some(rival) => Verdict::Level {
                rival,
                after: self.pays_off_after(rival),
            },
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Rounds to two significant digits; times vary by more than the third.
pub fn rounded(samples: f64) -> f64 {
    let unit = 10f64.powf((samples.max(1.0).log10().floor() - 1.0).max(0.0));
    (samples / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::{Contender, Verdict, rounded};

    fn contender(errors: &[f64], seconds: f64, seconds_a_sample: f64) -> Contender {
        Contender {
            label: String::new(),
            errors: errors.to_vec(),
            seconds,
            seconds_a_sample,
        }
    }

    #[test]
    fn training_pays_off_against_the_cheapest_that_comes_as_near() {
        let trained = contender(&[0.024, 0.030, 0.036], 10.0, 1.0);
        let (dear, cheap) = (
            contender(&[0.015, 0.017, 0.019], 0.0, 5.0),
            contender(&[0.022, 0.028, 0.030], 0.0, 3.0),
        );
        let far = contender(&[0.299, 0.300, 0.301], 0.0, 0.1);
        let free = [dear, cheap, far];
        let verdict = trained.beside(&free[1..]).expect("there are some");
        let after = Some(5.0);
        assert_eq!(
            verdict,
            Verdict::Level {
                rival: &free[1],
                after
            }
        );
        assert_eq!(trained.beside(&free[..1]), Some(Verdict::Behind(&free[0])));
        assert_eq!(trained.beside(&free[2..]), Some(Verdict::Ahead(&free[2])));
        assert_eq!(trained.beside(&[]), None);
    }

    #[test]
    fn hard_trials_are_hard_for_both() {
        let free = [contender(&[5.7, 7.4, 14.8], 0.0, 1.0)];
        for errors in [[14.6, 27.7, 28.3], [160.0, 620.0, 590.0]] {
            let trained = contender(&errors, 10.0, 0.1);
            assert_eq!(trained.beside(&free), Some(Verdict::Behind(&free[0])));
        }
    }

    #[test]
    fn a_collapsed_method_never_pays_off() {
        let collapsed = contender(&[0.374], 1.0, 0.001);
        let free = [contender(&[0.026], 0.0, 1.0)];
        assert_eq!(collapsed.beside(&free), Some(Verdict::Behind(&free[0])));
    }

    #[test]
    fn samples_that_are_no_cheaper_never_pay_for_training() {
        let free = [contender(&[0.02], 0.0, 1.0)];
        let after = |trained: Contender| match trained.beside(&free) {
            Some(Verdict::Level { after, .. }) => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(after(contender(&[0.02], 10.0, 1.0)), None);
        assert_eq!(after(contender(&[0.02], 10.0, 0.5)), Some(20.0));
    }

    #[test]
    fn two_digits_count() {
        assert_eq!([7.0, 123.0, 98_765.0].map(rounded), [7.0, 120.0, 99_000.0]);
    }
}
