//! What is said of the grids of digits.

use crate::components::figures::{count, figure};
use rtb::config::{ClassesBy, Reward};
use rtb::message::{ImageTruth, Snapshot};

/// log r of an image.
pub fn log_r(value: Option<f32>) -> String {
    value.map_or("log r –".to_owned(), |v| {
        format!("log r {}", short(f64::from(v)))
    })
}

/// Two decimals are what an eye compares.
pub fn short(value: f64) -> String {
    let text = format!("{value:.2}").replace('-', "−");
    if text == "−0.00" {
        "0.00".to_owned()
    } else {
        text
    }
}

pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// The mean of some log r, where there are any.
pub fn mean(values: &[f32]) -> Option<f64> {
    let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
    (!values.is_empty()).then(|| sum / values.len() as f64)
}

/// The class that is asked for at a place of a grid, where each is a posterior of its own.
pub fn asked(reward: &Reward, place: usize, places: usize) -> Option<usize> {
    match reward {
        Reward::EachClass { classes } => classes.get(reward.pictured(place, places)).copied(),
        _ => None,
    }
}

/// What a reward wants, in a phrase.
pub fn wish(reward: &Reward) -> String {
    match reward {
        Reward::Classes { classes, by } => {
            let mut names: Vec<_> = classes.iter().map(ToString::to_string).collect();
            names.sort();
            match (by, &names[..]) {
                (_, [one]) => format!("a classifier’s probability of a {one}"),
                (ClassesBy::Sum, _) => format!("a classifier’s probability of any of {}", names.join(", ")),
                (ClassesBy::Max, _) => format!(
                    "the largest of a classifier’s probabilities of {}",
                    names.join(", ")
                ),
            }
        }
        Reward::EachClass { classes } => {
            let names: Vec<_> = classes.iter().map(ToString::to_string).collect();
            format!(
                "a classifier’s probability of the class that is asked for, one of {}",
                names.join(", ")
            )
        }
        Reward::Ink { target, .. } => format!("a mean brightness near {target}"),
        Reward::Symmetry { .. } => "likeness to the mirror image".to_owned(),
        Reward::Holes { count: 1, .. } => "one hole".to_owned(),
        Reward::Holes { count, .. } => format!("{count} holes"),
        Reward::Thickness { target, .. } => format!("strokes about {target} pixels wide"),
        Reward::Inpaint { deviation, .. } => format!("the painted pixels, up to noise of {deviation}"),
        Reward::All { rewards } => rewards.iter().map(wish).collect::<Vec<_>>().join(", and "),
        // Of points in the plane.
        _ => String::new(),
    }
}

/// How far the exact posterior has come.
pub fn progress(truth: Option<&ImageTruth>) -> String {
    match truth {
        None => "0 or 1 kept of the prior’s images so far".to_owned(),
        Some(t) if t.proposals < t.wanted => format!(
            "{} kept of {} of the prior’s images ({} wanted)",
            count(t.kept as f64),
            count(t.proposals as f64),
            count(t.wanted as f64)
        ),
        Some(t) => format!(
            "{} kept of all {} of the prior’s images",
            count(t.kept as f64),
            count(t.proposals as f64)
        ),
    }
}

/// What a screen reader says of the grid of learned images.
pub fn learned(snapshot: Option<&Snapshot>) -> String {
    match snapshot {
        None => "Images of the learned posterior; the engine has not drawn them yet.".to_owned(),
        Some(s) => format!(
            "{} images of the learned posterior at iteration {}, mean log r {}.",
            s.paths.count(),
            s.iteration,
            figure(mean(&s.log_reward).unwrap_or(f64::NAN))
        ),
    }
}

/// … and of exact ones.
pub fn exact(truth: Option<&ImageTruth>) -> String {
    let how = progress(truth);
    match truth {
        None => format!("Images of the exact posterior: {how}."),
        Some(t) => format!(
            "Images of the exact posterior: {how}; mean log r {}, log Z {} ± {}.",
            figure(t.log_reward_mean),
            figure(t.log_z),
            figure(t.log_z_error)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::config::presets;

    #[test]
    fn every_reward_of_images_has_words() {
        for preset in presets() {
            let wish = wish(&preset.run.reward);
            let images = preset.run.task == rtb::config::Task::Digits;
            assert_eq!(!wish.is_empty(), images, "{}", preset.name);
        }
    }

    #[test]
    fn small_numbers_have_no_minus_before_zero() {
        assert_eq!((short(-0.001).as_str(), short(-1.5).as_str()), ("0.00", "−1.50"));
    }

    #[test]
    fn progress_ends_when_all_proposals_are_there() {
        let truth = |proposals| ImageTruth {
            kept: 12,
            proposals,
            wanted: 2000,
            ..ImageTruth::default()
        };
        assert_eq!(
            progress(Some(&truth(340))),
            "12 kept of 340 of the prior’s images (2000 wanted)"
        );
        assert_eq!(
            progress(Some(&truth(2000))),
            "12 kept of all 2000 of the prior’s images"
        );
    }
}
