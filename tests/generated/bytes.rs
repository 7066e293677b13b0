//! Valid files with something wrong in them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A change of a file.
#[derive(Clone, Debug)]
pub enum Damage {
    /// The bytes from here on are lost.
    Cut(Index),
    /// The bytes between two places are lost.
    Gap(Index, Index),
    /// A byte is another one.
    Byte(Index, u8),
    /// There are more bytes at a place.
    More(Index, Vec<u8>),
    /// A part is there several times.
    Again(Index, Index, usize),
    /// A part is copied over another place.
    Over(Index, Index, Index),
}

impl Damage {
    /// Of a file of any kind; `parts` are pieces that mean something in it.
    pub fn any(parts: &'static [&'static str]) -> BoxedStrategy<Self> {
        let place = any::<Index>;
        let meaningful = (place(), proptest::sample::select(parts))
            .prop_map(|(at, part)| Self::More(at, part.as_bytes().to_vec()));
        prop_oneof![
            place().prop_map(Self::Cut),
            (place(), place()).prop_map(|(a, b)| Self::Gap(a, b)),
            (place(), any::<u8>()).prop_map(|(at, byte)| Self::Byte(at, byte)),
            (place(), vec(any::<u8>(), 0..8)).prop_map(|(at, bytes)| Self::More(at, bytes)),
            (place(), place(), 2..200usize).prop_map(|(a, b, times)| Self::Again(a, b, times)),
            (place(), place(), place()).prop_map(|(a, b, to)| Self::Over(a, b, to)),
            meaningful,
        ]
        .boxed()
    }

    /// One to three of them.
    pub fn some(parts: &'static [&'static str]) -> BoxedStrategy<Vec<Self>> {
        vec(Self::any(parts), 1..=3).boxed()
    }

    fn done_to(&self, file: &mut Vec<u8>) {
        let place = |at: &Index| at.index(file.len() + 1);
        let between = |a: &Index, b: &Index| {
            let (a, b) = (place(a), place(b));
            a.min(b)..a.max(b)
        };
        match self {
            Self::Cut(at) => file.truncate(place(at)),
            Self::Gap(a, b) => drop(file.drain(between(a, b))),
            Self::Byte(at, byte) => {
                let at = place(at);
                if let Some(old) = file.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::More(at, bytes) => {
                let at = place(at);
                file.splice(at..at, bytes.iter().copied());
            }
            Self::Again(a, b, times) => {
                let part = file[between(a, b)].to_vec();
                // A file of a megabyte says no more than one of a few hundred kilobytes.
                let times = (*times).min(1 + (1 << 18) / part.len().max(1));
                let at = place(b);
                file.splice(at..at, part.repeat(times));
            }
            Self::Over(a, b, to) => {
                let part = file[between(a, b)].to_vec();
                let to = place(to);
                let end = (to + part.len()).min(file.len());
                file.splice(to..end, part);
            }
        }
    }
}

/// A file with all this done to it.
pub fn damaged(file: &[u8], damage: &[Damage]) -> Vec<u8> {
    let mut file = file.to_vec();
    damage.iter().for_each(|damage| damage.done_to(&mut file));
    file
}

/// The same of a text; what is no text any more is replaced.
pub fn damaged_text(text: &str, damage: &[Damage]) -> String {
    String::from_utf8_lossy(&damaged(text.as_bytes(), damage)).into_owned()
}
