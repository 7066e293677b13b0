//! What is said of the grids of digits.

use super::problem;
use crate::kit::number::{count, figure, mean};
use rtb::message::{SampledTruth, Snapshot};
use rtb::run::Run;
use rtb::task::images::Reward;

/// The class that is asked for at a place of a grid, where each is a posterior of its own.
pub fn asked(run: &Run, place: usize, places: usize) -> Option<usize> {
    match &problem(run).reward {
        Reward::EachClass { classes } => classes.get(run.pictured(place, places)).copied(),
        _ => None,
    }
}

/// How far the exact posterior has come.
pub fn progress(truth: Option<&SampledTruth>) -> String {
    match truth {
        None => "0 or 1 kept of the prior’s images so far".to_owned(),
        Some(t) => {
            let (kept, proposals) = (count(t.kept as f64), count(t.proposals as f64));
            let so_far = match t.proposals < t.wanted {
                true => format!(
                    "{kept} kept of {proposals} of the prior’s images ({} wanted)",
                    count(t.wanted as f64)
                ),
                false => format!("{kept} kept of all {proposals} of the prior’s images"),
            };
            match t.is_estimate() {
                true => so_far + ": an estimate so far",
                false => so_far,
            }
        }
    }
}

/// What a screen reader says of the grid of learned images.
pub fn learned(snapshot: Option<&Snapshot>) -> String {
    match snapshot {
        None => "Images of the learned posterior; the engine has not drawn them yet.".to_owned(),
        Some(s) => format!(
            "{} images of the learned posterior at iteration {}{}, mean log r {}.",
            s.paths.count(),
            s.iteration,
            s.report
                .chosen
                .as_ref()
                .map_or_else(String::new, |c| format!(", each 1 of {}", c.candidates)),
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
            "120 kept of 340 of the prior’s images (2000 wanted)"
        );
        assert_eq!(
            progress(Some(&truth(2000))),
            "120 kept of all 2000 of the prior’s images"
        );
    }
}
