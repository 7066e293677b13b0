//! Whether the training of a method pays off: against which training-free one it is held, and after how many
//! samples.

/// A method of a comparison, as its figures over the seeds tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// What people see as its name.
    pub label: String,
    /// Mean of the figure by which methods are told apart; less is better.
    pub error: f64,
    /// Its standard deviation over the seeds, where there are several.
    pub deviation: Option<f64>,
    /// Of training; 0 for a training-free method.
    pub seconds: f64,
    /// Of a sample.
    pub seconds_a_sample: f64,
}

/// What is to be said of a trained method beside training-free ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<'a> {
    /// This one comes nearer.
    Behind(&'a Contender),
    /// None comes as near; this one is the best of them.
    Ahead(&'a Contender),
    /// This one is the cheapest of those that come as near.
    Level {
        /// It.
        rival: &'a Contender,
        /// Samples after which training has cost less; `None` where samples are no cheaper.
        after: Option<f64>,
    },
}

impl Contender {
    /// Whether its error is no larger than another's, as far as the seeds tell: within two deviations of their
    /// difference, of a single seed within half of the smaller error.
    fn is_as_near_as(&self, other: &Self) -> bool {
        let slack = match (self.deviation, other.deviation) {
            (Some(one), Some(two)) => 2.0 * one.hypot(two),
            _ => 0.5 * self.error.min(other.error),
        };
        self.error <= other.error + slack
    }

    /// Samples after which training has cost less than another's samples.
    pub fn pays_off_after(&self, other: &Self) -> Option<f64> {
        let saved = other.seconds_a_sample - self.seconds_a_sample;
        (saved > 0.0).then(|| (self.seconds / saved).ceil())
    }

    /// What its training is worth beside these training-free methods; `None` without any.
    pub fn beside<'a>(&self, free: &'a [Self]) -> Option<Verdict<'a>> {
        let best = free.iter().min_by(|a, b| a.error.total_cmp(&b.error))?;
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

/// Two digits that count: times vary by more than the third.
pub fn rounded(samples: f64) -> f64 {
    let unit = 10f64.powf((samples.max(1.0).log10().floor() - 1.0).max(0.0));
    (samples / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::{Contender, Verdict, rounded};

    fn contender(error: f64, deviation: Option<f64>, seconds: f64, seconds_a_sample: f64) -> Contender {
        Contender {
            label: String::new(),
            error,
            deviation,
            seconds,
            seconds_a_sample,
        }
    }

    #[test]
    fn training_pays_off_against_the_cheapest_that_comes_as_near() {
        let trained = contender(0.03, Some(0.006), 10.0, 1.0);
        let (dear, cheap) = (
            contender(0.017, Some(0.002), 0.0, 5.0),
            contender(0.026, Some(0.004), 0.0, 3.0),
        );
        let far = contender(0.3, Some(0.001), 0.0, 0.1);
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
    fn a_collapsed_method_never_pays_off() {
        let collapsed = contender(0.374, None, 1.0, 0.001);
        let free = [contender(0.026, None, 0.0, 1.0)];
        assert_eq!(collapsed.beside(&free), Some(Verdict::Behind(&free[0])));
    }

    #[test]
    fn samples_that_are_no_cheaper_never_pay_for_training() {
        let free = [contender(0.02, None, 0.0, 1.0)];
        let after = |trained: Contender| match trained.beside(&free) {
            Some(Verdict::Level { after, .. }) => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(after(contender(0.02, None, 10.0, 1.0)), None);
        assert_eq!(after(contender(0.02, None, 10.0, 0.5)), Some(20.0));
    }

    #[test]
    fn two_digits_count() {
        assert_eq!([7.0, 123.0, 98_765.0].map(rounded), [7.0, 120.0, 99_000.0]);
    }
}
