//! Runs on stories.

use super::Preset;
use crate::config::{Reward, Run, Story, Task};

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
    ]
}
