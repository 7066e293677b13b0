//! What is said of the grids of digits.

use super::reward;
use crate::kit::number::{count, figure, mean};
use rtb::message::{SampledTruth, Snapshot};
use rtb::run::Run;
use rtb::task::images::{Class, Reward};

/// The class that is asked for at a place of a grid, where each is a posterior of its own.
pub fn asked(run: &Run, place: usize, places: usize) -> Option<Class> {
    match reward(run) {
        Reward::EachClass { classes, .. } => classes.get(run.pictured(place, places)).cloned(),
        _ => None,
    }
}

/// How far the exact posterior has come.
pub fn progress(truth: Option<&SampledTruth>) -> String {
    match truth {
        None => "fewer than 2 of the prior’s images kept so far".to_owned(),
        Some(t) => {
            let (kept, proposals) = (count(t.kept as f64), count(t.proposals as f64));
            let so_far = match t.proposals < t.wanted {
                true => format!(
                    "{kept} kept of {proposals} images of the prior ({} planned)",
                    count(t.wanted as f64)
                ),
                false => format!("{kept} kept of all {proposals} images of the prior"),
            };
            match t.is_estimate() {
                true => so_far + " (estimate so far)",
                false => so_far,
            }
        }
    }
}

/// What a screen reader says of the grid of learned images.
pub fn learned(snapshot: Option<&Snapshot>) -> String {
    match snapshot {
        None => "Images of the learned posterior: not drawn yet.".to_owned(),
        Some(s) => format!(
            "{} images of the learned posterior at iteration {}{}, mean log r {}.",
            s.paths.count(),
            s.iteration,
            s.report.chosen.as_ref().map_or_else(String::new, |c| format!(
                ", 1 kept of every {} drawn",
                c.candidates
            )),
            figure(mean(&s.log_reward).unwrap_or(f64::NAN))
        ),
    }
}

/// … and of exact ones.
pub fn exact(truth: Option<&SampledTruth>) -> String {
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

    #[test]
    fn progress_ends_when_all_proposals_are_there() {
        let truth = |proposals| SampledTruth {
            kept: 120,
            proposals,
            wanted: 2000,
            ..SampledTruth::default()
        };
        assert_eq!(
            progress(Some(&truth(340))),
            "120 kept of 340 images of the prior (2000 planned)"
        );
        assert_eq!(
            progress(Some(&truth(2000))),
            "120 kept of all 2000 images of the prior"
        );
    }
}
