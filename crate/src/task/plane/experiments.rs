//! Comparisons in the plane.

use super::{PlaneProblem, PriorKind, presets};
use crate::engine::Method;
use crate::run::{Experiment, PROBLEM, Run, values};

fn preset(name: &str) -> Run {
    let all = presets::presets();
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
    let shares = || values("rollout.noised_share", &["0", "0.1", "0.25", "0.5", "0.75", "1"]);

    // Long enough to tell the methods apart, and an experiment takes minutes.
    let shorter = |name| {
        let mut run = preset(name);
        run.training.iterations = 600;
        run
    };
    let mut learned = shorter("25-to-9");
    if let Some(problem) = learned.problem.get_mut::<PlaneProblem>() {
        problem.prior.kind = PriorKind::Learned;
        problem.prior.weights = Some("prior-25".to_owned());
    }

    let mut unseen = Run::new(PlaneProblem::default());
    unseen.evaluation.candidates = 16;

    // Trust-PCL with its α of 1 would be RTB's run once more.
    let distinct = || -> Vec<Method> {
        let all = Method::all().into_iter();
        all.filter(|method| !matches!(method, Method::TrustPcl { .. }))
            .collect()
    };
    vec![
        experiment(
            "methods",
            "All methods on the paper's toy",
            "Which methods reach the posterior, how closely, and at what cost?",
            shorter("25-to-9"),
            distinct(),
            None,
        ),
        experiment(
            "steps",
            "Number of steps",
            "How does the error of trained and of weighted samples fall with the number T of steps?",
            shorter("25-to-9"),
            methods(&["rtb", "smc", "importance"]),
            values("process.steps", &["10", "20", "50", "100", "200", "500"]),
        ),
        experiment(
            "on-policy-share",
            "Off-policy trajectories",
            "What share of the batch should be noised back from end points of the prior?",
            shorter("25-to-9"),
            methods(&["rtb"]),
            shares(),
        ),
        experiment(
            "on-policy-share-islands",
            "Off-policy trajectories, far islands",
            "What share of the batch should be noised back when on-policy training misses modes?",
            shorter("islands"),
            methods(&["rtb"]),
            shares(),
        ),
        experiment(
            "non-differentiable",
            "A reward without a useful gradient",
            "How does each method cope with a reward that jumps between two values?",
            shorter("ring-teeth"),
            distinct(),
            None,
        ),
        experiment(
            "hard-mask",
            "A hard constraint",
            "How does each method cope with a reward that is 1 on one side of a line and 0 on the other?",
            shorter("25-half-plane"),
            distinct(),
            None,
        ),
        experiment(
            "tempering",
            "Sharper and flatter posteriors",
            "How does RTB's error change with the reward's power β?",
            shorter("25-to-9"),
            methods(&["rtb"]),
            values("tempering.beta", &["0.25", "0.5", "1", "2", "4"]),
        ),
        experiment(
            "learned-prior",
            "A learned prior",
            "A learned prior's chain only approximates the reversal of its noising, so it violates trajectory balance with \
             it: does that matter?",
            learned,
            methods(&["rtb", "policy-gradient-kl", "importance", "smc"]),
            None,
        ),
        Experiment {
            seeds: vec![0],
            ..experiment(
                "unseen",
                "Problems that nobody tuned for",
                "How near do the defaults come on twenty problems that are drawn at random?",
                unseen,
                methods(&["rtb"]),
                Some((
                    PROBLEM,
                    (1..=20).map(|number| format!("unseen-1-{number}")).collect(),
                )),
            )
        },
    ]
}
