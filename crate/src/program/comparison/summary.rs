//! Figures over the seeds.

use super::Finished;
use crate::program::output::figure;
use rtb::message::Outcome;
use std::fmt;

/// Mean and standard deviation over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub mean: f64,
    /// None of a single seed.
    pub deviation: Option<f64>,
}

impl Summary {
    /// Of numbers; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        (!values.is_empty()).then(|| Self {
            mean,
            deviation: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
        })
    }

    /// Of a figure of trials that differ in their seed; `None` where no trial has it.
    pub fn over(trials: &[&Finished], value: impl Fn(&Outcome) -> Option<f64>) -> Option<Self> {
        Self::of_outcomes(trials.iter().map(|trial| &trial.outcome), value)
    }

    /// The same of their outcomes.
    pub fn of_outcomes<'a>(
        outcomes: impl IntoIterator<Item = &'a Outcome>,
        value: impl Fn(&Outcome) -> Option<f64>,
    ) -> Option<Self> {
        let values: Vec<f64> = outcomes.into_iter().filter_map(value).collect();
        Self::of(&values)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.deviation {
            Some(deviation) => write!(f, "{} ± {}", figure(self.mean), figure(deviation)),
            None => write!(f, "{}", figure(self.mean)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn one_seed_has_no_deviation() {
        let shown = |values: &[f64]| Summary::of(values).map(|s| s.to_string());
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[0.5]).as_deref(), Some("0.500"));
        assert_eq!(shown(&[1.0, 3.0]).as_deref(), Some("2.000 ± 1.414"));
    }
}
