//! When training pays off, in words.

use super::{Comparison, Finished};
use crate::program::output::{figure, grouped};
use rtb::message::{Contender, Verdict, rounded};

/// What is said of the trained methods of every variant: one sentence for those that are behind, one for each
/// of the others.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    let plan = &comparison.plan;
    let sheet = plan.run.task().room().sheet();
    let mut sentences = Vec::new();
    for group in plan.groups() {
        let setting = group
            .setting
            .as_ref()
            .map_or_else(String::new, |s| format!("{s}: "));
        let (mut trained, mut free) = (Vec::new(), Vec::new());
        for (e, entrant) in plan.entrants.iter().enumerate() {
            let trials = comparison.of(&group.variants, e);
            let errors = trials.iter().map(|trial| sheet.error(&trial.outcome.fit));
            // One that lacks the error in a trial cannot be held against the others.
            if let Some(errors) = errors
                .collect::<Option<Vec<f64>>>()
                .filter(|errors| !errors.is_empty())
            {
                let side = match entrant.method.is_trained() {
                    true => &mut trained,
                    false => &mut free,
                };
                side.push(contender(&entrant.label, &trials, errors));
            }
        }
        let said = said(&trained, &free, sheet.error_name);
        sentences.extend(said.into_iter().map(|sentence| setting.clone() + &sentence));
    }
    sentences
}

fn said(trained: &[Contender], free: &[Contender], error: &str) -> Vec<String> {
    let (mut behind, mut sentences) = (Vec::new(), Vec::new());
    let mut nearest = None;
    for one in trained {
        match one.beside(free) {
            Some(Verdict::Behind(best)) => {
                behind.push(named(one));
                nearest = Some(best);
            }
            Some(Verdict::Ahead(best)) => sentences.push(format!(
                "{} has a clearly smaller {error} than every training-free method; the best of those is {}.",
                named(one),
                named(best)
            )),
            Some(Verdict::Level { rival, after }) => sentences.push(level(one, rival, after, error)),
            None => {}
        }
    }
    if let Some(best) = nearest {
        sentences.push(format!(
            "Training does not pay off where the {error} is clearly larger than that of {}: {}.",
            named(best),
            behind.join(", ")
        ));
    }
    sentences
}

fn named(one: &Contender) -> String {
    format!("{} ({})", one.label, figure(one.error()))
}

fn level(trained: &Contender, rival: &Contender, after: Option<f64>, error: &str) -> String {
    let (trained, rival) = (named(trained), named(rival));
    match after {
        Some(samples) => format!(
            "{trained} pays off after {} samples: from there on, training and sampling take less time than {rival}, the fastest \
             training-free method with a similar or smaller {error}.",
            grouped(rounded(samples))
        ),
        None => format!(
            "{trained} never pays off against {rival}, which has a similar or smaller {error} and samples at least as fast."
        ),
    }
}

fn contender(label: &str, trials: &[&Finished], errors: Vec<f64>) -> Contender {
    let mean = |of: fn(&Finished) -> f64| trials.iter().map(|t| of(t)).sum::<f64>() / trials.len() as f64;
    Contender {
        label: label.to_owned(),
        errors,
        seconds: mean(|t| t.outcome.training_seconds),
        seconds_a_sample: mean(|t| t.outcome.sampling_seconds / t.outcome.samples as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::said;
    use rtb::message::Contender;

    #[test]
    fn those_behind_share_a_sentence() {
        let contender = |label: &str, error, seconds_a_sample| Contender {
            label: label.to_owned(),
            errors: vec![error],
            seconds: 10.0,
            seconds_a_sample,
        };
        let trained =
            [("A", 0.5), ("B", 0.021), ("C", 0.75)].map(|(label, error)| contender(label, error, 0.1));
        let free = [contender("free", 0.02, 1.1)];
        let said = said(&trained, &free, "error");
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].starts_with("B (0.021) pays off after 10 samples"),
            "{}",
            said[0]
        );
        assert_eq!(
            said[1],
            "Training does not pay off where the error is clearly larger than that of free (0.020): A (0.500), C (0.750)."
        );
    }
}
