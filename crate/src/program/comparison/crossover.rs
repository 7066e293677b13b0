//! When training pays off, in words.

use super::summary::Summary;
use super::{Comparison, Finished};
use crate::program::output::{figure, grouped};
use rtb::message::{Contender, Verdict, rounded};

/// One sentence for each trained method of every variant.
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
            if let Some(error) = Summary::over(&trials, |o| sheet.error(&o.fit)) {
                let side = match entrant.method.is_trained() {
                    true => &mut trained,
                    false => &mut free,
                };
                side.push(contender(&entrant.label, &trials, error));
            }
        }
        let said = trained
            .iter()
            .filter_map(|one| Some(sentence(one, &one.beside(&free)?, sheet.error_name)));
        sentences.extend(said.map(|sentence| setting.clone() + &sentence));
    }
    sentences
}

fn contender(label: &str, trials: &[&Finished], error: Summary) -> Contender {
    let mean = |of: fn(&Finished) -> f64| trials.iter().map(|t| of(t)).sum::<f64>() / trials.len() as f64;
    Contender {
        label: label.to_owned(),
        error: error.mean,
        deviation: error.deviation,
        seconds: mean(|t| t.outcome.training_seconds),
        seconds_a_sample: mean(|t| t.outcome.sampling_seconds / t.outcome.samples as f64),
    }
}

fn sentence(trained: &Contender, verdict: &Verdict, error: &str) -> String {
    let named = |one: &Contender| format!("{} ({})", one.label, figure(one.error));
    let trained = named(trained);
    match verdict {
        Verdict::Behind(best) => format!(
            "{trained} has a clearly larger {error} than {}: its training does not pay off.",
            named(best)
        ),
        Verdict::Ahead(best) => format!(
            "{trained} has a clearly smaller {error} than every training-free method; the best of those is {}.",
            named(best)
        ),
        Verdict::Level { rival, after } => {
            let rival = named(rival);
            match after {
                Some(samples) => format!(
                    "{trained} pays off after {} samples: from there on, training and sampling take less time than {rival}, the \
                     fastest training-free method with a similar or smaller {error}.",
                    grouped(rounded(*samples))
                ),
                None => format!(
                    "{trained} never pays off against {rival}, which has a similar or smaller {error} and samples at least as fast."
                ),
            }
        }
    }
}
