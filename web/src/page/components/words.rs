//! What is said of rewards.

use rtb::config::{ClassesBy, Reward};

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
        Reward::Ending {} => "a middle from which the ending follows".to_owned(),
        Reward::Mention { words, .. } => {
            let words: Vec<_> = words.iter().map(|word| format!("“{word}”")).collect();
            format!("that it mentions {}", words.join(" and "))
        }
        Reward::Length { target, .. } => format!("about {target} words"),
        Reward::Distinct { .. } => "no word twice".to_owned(),
        Reward::All { rewards } => rewards.iter().map(wish).collect::<Vec<_>>().join(", and "),
        // Of points in the plane.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::config::{Task, presets};

    #[test]
    fn every_reward_beyond_the_plane_has_words() {
        for preset in presets() {
            let wish = wish(&preset.run.reward);
            let plane = preset.run.task == Task::Mixtures;
            assert_eq!(wish.is_empty(), plane, "{}", preset.name);
        }
    }
}
