//! Runs on stories.

use super::problem::{self, Corpus, Part, Reward, Story, TextProblem};
use crate::run::{
    AnyProblem, Evaluation, Network, Objective, Optimizer, Preset, Rollout, Run, Tempering, Training,
};
use crate::task::NetworkPrior;

/// The problem of a run of stories with a change.
fn changed(run: &Run, change: impl FnOnce(&mut TextProblem)) -> AnyProblem {
    let mut problem = run.problem.clone();
    if let Some(problem) = problem.get_mut() {
        change(problem);
    }
    problem
}

/// The presets of stories.
pub(super) fn presets() -> Vec<Preset> {
    let preset = |name: &'static str, title: &'static str, description: &'static str, reward, story| {
        let run = Run {
            problem: TextProblem {
                reward,
                story: Some(story),
                ..TextProblem::default()
            }
            .into(),
            ..problem::defaults()
        };
        Preset::new(name, title, description, run)
    };
    let story = |beginning: &str, ending: &str| Story {
        beginning: beginning.to_owned(),
        ending: ending.to_owned(),
    };
    let each = |name: &str, corpus: Corpus| {
        let one = problem::defaults();
        Run {
            name: name.to_owned(),
            problem: TextProblem {
                story: None,
                corpus: Some(corpus),
                ..TextProblem::default()
            }
            .into(),
            evaluation: Evaluation {
                every: 50,
                samples_while_training: 100,
                ..one.evaluation
            },
            ..one
        }
    };
    let masked = || {
        let run = each("stories-each", Corpus::default());
        Run {
            rollout: Rollout {
                noised_share: 0.0,
                ..run.rollout
            },
            training: Training {
                iterations: 400,
                ..run.training
            },
            ..run
        }
    };
    // One pass has the kernels of all steps.
    let above_causal = |run: Run| Run {
        problem: changed(&run, |problem| {
            problem.prior = NetworkPrior::new("reward-stories")
        }),
        objective: Objective {
            step_share: 1.0,
            chunk: 4096,
            ..run.objective
        },
        optimizer: Optimizer {
            learning_rate: 1e-3,
            ..run.optimizer
        },
        ..run
    };
    let causal = || {
        let corpus = Corpus {
            stories: 4000,
            ..Corpus::default()
        };
        let run = above_causal(each("stories-each-causal", corpus));
        Run {
            tempering: Tempering {
                beta: 3.0,
                ..run.tempering
            },
            rollout: Rollout {
                noised_share: 0.0,
                ..run.rollout
            },
            training: Training {
                iterations: 600,
                ..run.training
            },
            evaluation: Evaluation {
                every: 200,
                ..run.evaluation
            },
            ..run
        }
    };
    let word_by_word = || {
        let run = above_causal(problem::defaults());
        Run {
            name: "story-bike-causal".to_owned(),
            training: Training {
                iterations: 1000,
                ..run.training
            },
            ..run
        }
    };
    // What is best for a story is learned by heart: low-rank corrections do not hold that much, and good
    // middles are rare, and far from what a young policy says.
    let held_out = || {
        let run = causal();
        Run {
            name: "stories-held-out".to_owned(),
            problem: changed(&run, |problem| {
                problem.corpus = Some(Corpus {
                    part: Part::HeldOut,
                    stories: 200,
                    ..Corpus::default()
                });
            }),
            network: Network {
                rank: 0,
                ..run.network
            },
            tempering: Tempering {
                beta: 4.0,
                ..run.tempering
            },
            objective: Objective {
                residual_clip: 8.0,
                ..run.objective
            },
            rollout: Rollout {
                batch: 64,
                noised_share: 0.5,
                ..run.rollout
            },
            training: Training {
                iterations: 1200,
                ..run.training
            },
            optimizer: Optimizer {
                learning_rate: 3e-4,
                ..run.optimizer
            },
            ..run
        }
    };
    let dog = || Reward::Mention {
        words: vec!["dog".to_owned()],
        penalty: 6.0,
    };
    vec![
        preset(
            "story-bike",
            "A new bike",
            "What happens in between? The reward is a language model's probability of the ending.",
            Reward::Ending {},
            problem::story(),
        ),
        Preset {
            name: "story-bike-causal",
            title: "A new bike, word by word",
            description: "What happens in between? The prior is a causal language model, which makes one word per step: \
                          many times faster than a masked one, with sentences that make more sense.",
            run: word_by_word(),
        },
        preset(
            "story-test",
            "A good grade",
            "The same reward for another beginning and another ending.",
            Reward::Ending {},
            story(
                "Amy had a big math test on Friday.",
                "She got a good grade on the test.",
            ),
        ),
        preset(
            "story-dog",
            "A dog comes in",
            "A black-box reward that looks for a word.",
            dog(),
            story("Tom was walking home from school.", ""),
        ),
        preset(
            "story-short",
            "Few words",
            "A black-box reward that counts words: middles of about four words.",
            Reward::Length {
                target: 4.0,
                deviation: 0.7,
            },
            story("It was raining all day.", ""),
        ),
        preset(
            "story-dog-ending",
            "A dog, and an ending",
            "A product of two rewards: the middle has to mention a word and to lead to an ending.",
            Reward::All {
                rewards: vec![Reward::Ending {}, dog()],
            },
            story("Tom was walking home from school.", "He took it home with him."),
        ),
        Preset {
            name: "stories-each",
            title: "Any story",
            description: "One network learns the middles of five hundred stories at once, and then fills stories \
                          that it has not seen. It needs the native program and a corpus of your own.",
            run: masked(),
        },
        Preset {
            name: "stories-each-causal",
            title: "Any story, word by word",
            description: "The same for four thousand stories. The prior is a causal language model, which makes one \
                          word per step, and the reward is raised to the power of three.",
            run: causal(),
        },
        Preset {
            name: "stories-held-out",
            title: "The held-out stories",
            description: "The same for the two hundred stories whose gaps `rtb infill` fills. The network never sees \
                          the middles that people wrote for them.",
            run: held_out(),
        },
    ]
}
