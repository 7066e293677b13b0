//! When training pays off: trained methods sample cheaply, SMC needs no training.

use super::summary::Summary;
use super::{Comparison, Finished};
use crate::program::output::{figure, grouped};
use rtb::message::Outcome;
use rtb::run::Method;
use rtb::task::sheet::Sheet;

/// What a method costs in one unit: seconds, or evaluations.
#[derive(Clone, Copy, Debug)]
struct Cost {
    training: f64,
    per_sample: f64,
}

impl Cost {
    /// The mean over trials that differ in their seed.
    fn of(trials: &[&Finished], cost: fn(&Outcome) -> (f64, f64)) -> Self {
        let mean = |pick: fn(&Outcome, (f64, f64)) -> f64| {
            let values = trials.iter().map(|t| pick(&t.outcome, cost(&t.outcome)));
            values.sum::<f64>() / trials.len() as f64
        };
        Self {
            training: mean(|_, (training, _)| training),
            per_sample: mean(|o, (_, sampling)| sampling / o.samples as f64),
        }
    }

    /// Samples after which it is cheaper than `other`, which needs no training.
    fn pays_off_after(self, other: Self) -> Option<f64> {
        let saved = other.per_sample - self.per_sample;
        (saved > 0.0).then(|| (self.training / saved).ceil())
    }
}

/// One sentence for each trained method against each SMC that was run.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    let plan = &comparison.plan;
    let mut sentences = Vec::new();
    for variant in 0..plan.variants.len() {
        let setting = plan
            .setting(variant)
            .map_or_else(String::new, |s| format!("{s}: "));
        for (t, trained) in plan.entrants.iter().enumerate() {
            for (s, smc) in plan.entrants.iter().enumerate() {
                let (ours, theirs) = (comparison.of(variant, t), comparison.of(variant, s));
                let asked = trained.method.is_trained() && matches!(smc.method, Method::Smc { .. });
                if asked && !ours.is_empty() && !theirs.is_empty() {
                    let sheet = plan.run.task().room().sheet();
                    let sentence = sentence(sheet, (&trained.label, &ours), (&smc.label, &theirs));
                    sentences.push(setting.clone() + &sentence);
                }
            }
        }
    }
    sentences
}

fn sentence(
    sheet: &Sheet,
    (ours, trained): (&str, &[&Finished]),
    (theirs, smc): (&str, &[&Finished]),
) -> String {
    let after = |cost: fn(&Outcome) -> (f64, f64)| {
        let samples = Cost::of(trained, cost).pays_off_after(Cost::of(smc, cost));
        samples.map(|samples| grouped(rounded(samples)))
    };
    let seconds = after(|o| (o.training_seconds, o.sampling_seconds));
    let evaluations = after(|o| (o.training_evaluations, o.sampling_evaluations));
    let pays_off = match (seconds, evaluations) {
        (Some(s), Some(e)) => {
            format!("pays off against {theirs} after {s} posterior samples in seconds and {e} in evaluations")
        }
        (Some(s), None) => format!(
            "pays off against {theirs} after {s} posterior samples in seconds, but never in evaluations: \
             {theirs} samples cheaper"
        ),
        (None, Some(e)) => format!(
            "pays off against {theirs} after {e} posterior samples in evaluations, but never in seconds: \
             {theirs} samples cheaper"
        ),
        (None, None) => format!("never pays off against {theirs}, which samples cheaper"),
    };
    let error = |trials: &[&Finished]| {
        let mean = Summary::over(trials, |o| sheet.error(&o.fit)).map(|s| s.mean);
        mean.map_or("–".to_owned(), figure)
    };
    format!(
        "The training of {ours} {pays_off}; {} {} against {}.",
        sheet.error_name,
        error(trained),
        error(smc)
    )
}

/// Two digits that count: times vary by more than the third.
fn rounded(value: f64) -> f64 {
    let unit = 10f64.powf((value.max(1.0).log10().floor() - 1.0).max(0.0));
    (value / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::{Cost, rounded};

    #[test]
    fn training_pays_off_where_sampling_is_cheaper() {
        let cost = |training, per_sample| Cost { training, per_sample };
        assert_eq!(cost(10.0, 1.0).pays_off_after(cost(0.0, 3.0)), Some(5.0));
        assert_eq!(cost(10.0, 3.0).pays_off_after(cost(0.0, 3.0)), None);
    }

    #[test]
    fn two_digits_count() {
        assert_eq!([7.0, 123.0, 98_765.0].map(rounded), [7.0, 120.0, 99_000.0]);
    }
}
