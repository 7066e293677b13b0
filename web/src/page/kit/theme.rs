//! Light and dark, and whether things may move.

use super::storage;
use gloo::events::EventListener;
use gloo::utils::{document_element, window};
use yew::prelude::*;

const KEY: &str = "rtb-theme";

/// What the user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// As the system has it.
    #[default]
    System,
    Light,
    Dark,
}

impl Choice {
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    fn stored() -> Self {
        // The first version kept it in quotes.
        match storage::kept(KEY).as_deref().map(|kept| kept.trim_matches('"')) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }
}

/// Whether a media query holds now, and from now on.
#[hook]
fn use_media(query: &'static str) -> bool {
    let list = use_memo((), |()| window().match_media(query).ok().flatten());
    let holds = use_state(|| list.as_ref().as_ref().is_some_and(|l| l.matches()));
    {
        let holds = holds.clone();
        use_effect_with((), move |()| {
            let listener = (*list).clone().map(|list| {
                let same = list.clone();
                EventListener::new(&list, "change", move |_| holds.set(same.matches()))
            });
            move || drop(listener)
        });
    }
    *holds
}

/// Whether the user asks for little motion.
#[hook]
pub fn use_reduced_motion() -> bool {
    use_media("(prefers-reduced-motion: reduce)")
}

/// The choice, whether the page is dark, and a way to choose.
#[hook]
pub fn use_theme() -> (Choice, bool, Callback<Choice>) {
    let system = use_media("(prefers-color-scheme: dark)");
    let choice = use_state(Choice::stored);
    let choose = {
        let choice = choice.clone();
        Callback::from(move |new: Choice| {
            // Without storage the choice holds for this visit.
            storage::keep(KEY, new.name());
            choice.set(new);
        })
    };
    use_effect_with(*choice, |choice| {
        let root = document_element();
        let _ = match choice {
            Choice::System => root.remove_attribute("data-theme"),
            chosen => root.set_attribute("data-theme", chosen.name()),
        };
    });
    let dark = match *choice {
        Choice::System => system,
        Choice::Light => false,
        Choice::Dark => true,
    };
    (*choice, dark, choose)
}
