//! Other names for coordinates.

use super::problem::{PointsProblem, Prior, Reward};
use crate::task::formula::renamed;

impl PointsProblem {
    /// Gives the coordinate at a place another name, in formulas too. The names of a learned prior are its file's.
    pub fn rename(&mut self, at: usize, to: &str) {
        let before = self.prior.names().unwrap_or_default();
        let Some(from) = before.get(at) else {
            return;
        };
        match &mut self.prior {
            Prior::Marginals { coordinates } => to.clone_into(coordinates[at].name_mut()),
            Prior::Mixture { names, .. } => {
                // Those that stand for none are x1, x2, …
                if names.is_empty() {
                    names.clone_from(&before);
                }
                to.clone_into(&mut names[at]);
            }
            Prior::Onnx(denoiser) => to.clone_into(&mut denoiser.names[at]),
            Prior::Learned { .. } | Prior::Flow { .. } => {}
        }
        self.reward.rename(from, to);
    }
}

impl Reward {
    fn rename(&mut self, from: &str, to: &str) {
        match self {
            Self::Formula { expression, .. } => *expression = renamed(expression, from, to),
            Self::Product { rewards } => rewards.iter_mut().for_each(|factor| factor.rename(from, to)),
            Self::Command(_) | Self::Onnx(_) | Self::OverPrior {} => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PointsProblem, Reward};
    use crate::run::{Preset, Run};

    #[test]
    fn a_formula_follows_the_names_of_its_coordinates() {
        for (preset, at, before, after) in [
            ("eight-schools", 0, "(28 - mu - abs(t)", "(28 - m - abs(t)"),
            ("clusters", 2, "-2*max(0, x1 + x3)^2", "-2*max(0, x1 + m)^2"),
        ] {
            let run = Preset::find(preset).expect("a preset").run;
            let mut problem = PointsProblem::of(&run).expect("points").clone();
            let formula = |problem: &PointsProblem| match problem.reward.factors()[0].1 {
                Reward::Formula { expression, .. } => expression.clone(),
                other => panic!("{other:?}"),
            };
            assert!(formula(&problem).contains(before));
            problem.rename(at, "m");
            assert!(formula(&problem).contains(after), "{}", formula(&problem));
            assert_eq!(problem.prior.names().expect("names")[at], "m");
            let renamed = Run {
                problem: problem.into(),
                ..run
            };
            renamed.validate().expect("the formula knows the name");
        }
    }
}
