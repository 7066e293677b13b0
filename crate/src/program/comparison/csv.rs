//! `outcomes.csv`: a line for every finished trial and for every look at one while it trained.

use super::{Comparison, Finished};
use rtb::config::Task;
use rtb::message::{Fit, ImageFit, Outcome, PlaneFit, StoryFit, Truth};

const BEFORE: &str = "label,varied_field,varied_value,final,\
    method,title,seed,progress,iterations,samples,log_z,log_z_exact,ess,";
const PLANE: &str = "mode_total_variation,excluded_mass,within_mode_variance,\
    within_mode_variance_exact,kl_grid,";
const IMAGES: &str = "fid,fid_floor,fid_reward_classifier,diversity,diversity_exact,accuracy,\
    accuracy_exact,log_reward_exact,log_z_error,";
const STORIES: &str = "distinct,distinct_prior,words,words_exact,log_reward_prior,log_reward_exact,\
    log_z_error,";
const AFTER: &str = "log_reward,training_seconds,sampling_seconds,training_evaluations,\
    sampling_evaluations,truth,device\n";

/// The whole file.
pub fn text(comparison: &Comparison) -> String {
    let figures = match comparison.plan.run.task {
        Task::Mixtures => PLANE,
        Task::Digits => IMAGES,
        Task::Stories => STORIES,
    };
    let mut text = [BEFORE, figures, AFTER].concat();
    for trial in &comparison.finished {
        for outcome in &trial.curve {
            text += &line(comparison, trial, outcome, false);
        }
        for outcome in [Some(&trial.outcome), trial.chosen.as_ref()]
            .into_iter()
            .flatten()
        {
            text += &line(comparison, trial, outcome, true);
        }
    }
    text
}

fn line(comparison: &Comparison, trial: &Finished, outcome: &Outcome, last: bool) -> String {
    // Taken apart in full, so that a new figure is not forgotten here.
    let Outcome {
        method,
        title,
        seed,
        progress,
        iterations,
        samples,
        log_z,
        log_z_exact,
        ess,
        fit,
        log_reward,
        training_seconds,
        sampling_seconds,
        training_evaluations,
        sampling_evaluations,
        truth,
        device,
        points: _,
    } = outcome;
    let plan = &comparison.plan;
    let value = plan.variants[trial.place.variant].value.as_deref();
    let mut cells = vec![
        quoted(&comparison.entrant(trial.place).label),
        quoted(plan.field.as_deref().unwrap_or_default()),
        quoted(value.unwrap_or_default()),
        last.to_string(),
        quoted(method),
        quoted(title),
        seed.to_string(),
        progress.to_string(),
        iterations.to_string(),
        samples.to_string(),
        optional(log_z),
        log_z_exact.to_string(),
        optional(ess),
    ];
    match fit {
        Fit::Plane(fit) => cells.extend(plane(fit)),
        Fit::Images(fit) => cells.extend(images(fit)),
        Fit::Stories(fit) => cells.extend(stories(fit)),
    }
    cells.extend([
        log_reward.to_string(),
        training_seconds.to_string(),
        sampling_seconds.to_string(),
        training_evaluations.to_string(),
        sampling_evaluations.to_string(),
        match truth {
            Truth::Quadrature => "quadrature".to_owned(),
            Truth::ImportanceWeighted => "importance_weighted".to_owned(),
            Truth::Rejection => "rejection".to_owned(),
        },
        quoted(device),
    ]);
    cells.join(",") + "\n"
}

fn optional(number: &Option<f64>) -> String {
    number.map_or_else(String::new, |n| n.to_string())
}

fn plane(fit: &PlaneFit) -> [String; 5] {
    let PlaneFit {
        mode_total_variation,
        excluded_mass,
        excluded_mass_exact: _,
        within_mode_variance,
        within_mode_variance_exact,
        within_mode_covariance_error: _,
        kl_grid,
    } = fit;
    [
        mode_total_variation,
        excluded_mass,
        within_mode_variance,
        within_mode_variance_exact,
        kl_grid,
    ]
    .map(f64::to_string)
}

fn images(fit: &ImageFit) -> [String; 9] {
    let ImageFit {
        log_reward_exact,
        fid,
        fid_reward_classifier,
        fid_floor,
        diversity,
        diversity_exact,
        classes: _,
        classes_exact: _,
        accuracy,
        accuracy_exact,
        log_z_error,
        kept: _,
        proposals: _,
    } = fit;
    [
        optional(fid),
        optional(fid_floor),
        optional(fid_reward_classifier),
        diversity.to_string(),
        optional(diversity_exact),
        optional(accuracy),
        optional(accuracy_exact),
        optional(log_reward_exact),
        optional(log_z_error),
    ]
}

fn stories(fit: &StoryFit) -> [String; 7] {
    let StoryFit {
        log_reward_stories: _,
        log_reward_prior,
        log_reward_exact,
        distinct,
        distinct_prior,
        words,
        words_exact,
        log_z_error,
        proposals: _,
        effective: _,
        bleu: _,
        gleu: _,
    } = fit;
    [
        distinct.to_string(),
        optional(distinct_prior),
        words.to_string(),
        optional(words_exact),
        optional(log_reward_prior),
        optional(log_reward_exact),
        optional(log_z_error),
    ]
}

/// A cell of text (RFC 4180).
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn commas_are_quoted() {
        assert_eq!(quoted("RTB"), "RTB");
        assert_eq!(quoted("CPU, \"2\" threads"), "\"CPU, \"\"2\"\" threads\"");
    }
}
