//! Comparisons on images.

use super::{ImagesProblem, Reward, presets};
use crate::engine::Method;
use crate::run::{Experiment, Run, values};

/// The methods that are compared on images: those of the paper's table (arXiv 2405.20971), SMC, and what needs
/// neither training nor guidance.
const IMAGES: &[&str] = &[
    "rtb",
    "ddpo",
    "dpok",
    "dps",
    "lgd-mc",
    "smc",
    "importance",
    "rejection",
];

fn preset(name: &str) -> Run {
    let all = presets::digits();
    let named = all.into_iter().find(|preset| preset.name == name);
    named.expect("experiments use presets").run
}

fn methods(names: &[&str]) -> Vec<Method> {
    let find = |name: &&str| Method::find(name).expect("experiments use methods");
    names.iter().map(find).collect()
}

/// The experiments.
pub(super) fn experiments() -> Vec<Experiment> {
    let experiment = |name, title, question, run, methods, vary| Experiment {
        name,
        title,
        question,
        run,
        methods,
        vary,
        seeds: vec![0, 1, 2],
    };
    // Thick threes: two rare rewards at once.
    let mut rare = preset("digit-3");
    if let Some(problem) = rare.problem.get_mut::<ImagesProblem>() {
        let classes = problem.reward.clone();
        let thickness = Reward::Thickness {
            target: 4.2,
            deviation: 0.3,
        };
        problem.reward = Reward::All {
            rewards: vec![classes, thickness],
        };
    }
    rare.training.iterations = 1600;
    // As few are kept of so many.
    rare.evaluation.proposals = 400_000;
    rare.evaluation.samples = 500;
    rare.evaluation.candidates = 16;
    vec![
        experiment(
            "digits-rare",
            "A rare kind of digit",
            "Only about one prior image in three thousand is a thick three: does training pay off?",
            rare,
            methods(&["rtb", "smc", "importance", "rejection"]),
            None,
        ),
        experiment(
            "digits",
            "One class of digits",
            "How close does each method come to the exact posterior of one class?",
            preset("digit-3"),
            methods(IMAGES),
            values(
                "reward.classes",
                &[
                    "[0]", "[1]", "[2]", "[3]", "[4]", "[5]", "[6]", "[7]", "[8]", "[9]",
                ],
            ),
        ),
        experiment(
            "even-odd",
            "Even or odd digits",
            "Does each method keep all five classes that the reward allows?",
            preset("digits-even"),
            methods(IMAGES),
            values("reward.classes", &["[0, 2, 4, 6, 8]", "[1, 3, 5, 7, 9]"]),
        ),
    ]
}
