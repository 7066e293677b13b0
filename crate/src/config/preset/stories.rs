//! Runs on stories.

use super::Preset;
use crate::config::{Corpus, Evaluation, Optimizer, Prior, Reward, Rollout, Run, Story, Task, Training};

/// The presets of stories.
pub(super) fn presets() -> Vec<Preset> {
    let preset = |name: &'static str, title: &'static str, description: &'static str, reward, story| Preset {
        name,
        title,
        description,
        run: Run {
            name: name.to_owned(),
            reward,
            story: Some(story),
            ..Task::Stories.defaults()
        },
    };
    let story = |beginning: &str, ending: &str| Story {
        beginning: beginning.to_owned(),
        ending: ending.to_owned(),
    };
    let each = |name: &str, weights: &str, iterations: usize, learning_rate: f64| {
        let one = Task::Stories.defaults();
        Run {
            name: name.to_owned(),
            reward: Reward::Ending {},
            story: None,
            corpus: Some(Corpus::default()),
            prior: Prior {
                weights: Some(weights.to_owned()),
                ..one.prior
            },
            rollout: Rollout {
                noised_share: 0.0,
                ..one.rollout
            },
            training: Training {
                iterations,
                ..one.training
            },
            optimizer: Optimizer {
                learning_rate,
                ..one.optimizer
            },
            evaluation: Evaluation {
                every: 50,
                samples_while_training: 100,
                ..one.evaluation
            },
            ..one
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
            "What has to happen in between: the reward is a language model's probability of the ending.",
            Reward::Ending {},
            Task::Stories.defaults().story.unwrap_or_default(),
        ),
        preset(
            "story-test",
            "A good grade",
            "Another beginning and another ending, and the same reward.",
            Reward::Ending {},
            story(
                "Amy had a big math test on Friday.",
                "She got a good grade on the test.",
            ),
        ),
        preset(
            "story-dog",
            "A dog comes in",
            "A black box that looks for a word.",
            dog(),
            story("Tom was walking home from school.", ""),
        ),
        preset(
            "story-short",
            "Few words",
            "A black box that counts: middles of about four words.",
            Reward::Length {
                target: 4.0,
                deviation: 0.7,
            },
            story("It was raining all day.", ""),
        ),
        preset(
            "story-dog-ending",
            "A dog, and an ending",
            "A product of two rewards: a word that is wanted, and an ending that has to follow.",
            Reward::All {
                rewards: vec![Reward::Ending {}, dog()],
            },
            story("Tom was walking home from school.", "He took it home with him."),
        ),
        Preset {
            name: "stories-each",
            title: "Any story",
            description: "One network learns the middles of five hundred stories at once, and fills those \
                          that it has not seen; natively, with a corpus of your own.",
            run: each("stories-each", "prior-stories", 400, 3e-3),
        },
        Preset {
            name: "stories-each-causal",
            title: "Any story, word by word",
            description: "The same above a causal language model, whose chain makes a word a step.",
            run: each("stories-each-causal", "reward-stories", 300, 1e-3),
        },
    ]
}
