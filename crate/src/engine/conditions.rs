//! Conditions of an amortised posterior, and those that an iteration trains.

#[cfg(feature = "engine")]
use super::noise::{Noise, Purpose};
#[cfg(feature = "engine")]
use rand_chacha::rand_core::Rng;

/// The conditions that one network learns posteriors for; a single one for an ordinary posterior.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Number of conditions.
    pub count: usize,
    /// Conditions per iteration. Every condition has its turn before one repeats; the order is drawn anew each
    /// round.
    pub at_once: usize,
}

impl Conditions {
    /// All of them take part in every iteration.
    pub fn all(count: usize) -> Self {
        Self {
            count,
            at_once: count,
        }
    }

    /// The condition of a row, when the rows cycle through all conditions.
    pub fn in_turn(self, row: usize) -> usize {
        row % self.count
    }

    /// The condition at a place of a picture, where samples of the same condition are neighbours.
    pub fn pictured(self, place: usize, places: usize) -> usize {
        place * self.count / places
    }

    /// The conditions of an iteration, in ascending order.
    #[cfg(feature = "engine")]
    pub(super) fn of(self, iteration: usize, noise: &Noise) -> Vec<usize> {
        let Self { count, at_once } = self;
        if at_once >= count {
            return (0..count).collect();
        }
        let mut places: Vec<usize> = (iteration * at_once..(iteration + 1) * at_once).collect();
        let mut chosen = Vec::with_capacity(at_once);
        while let Some(first) = places.first() {
            let round = first / count;
            let mut order: Vec<usize> = (0..count).collect();
            let mut rng = noise.stream(Purpose::Conditions, round as u64);
            order.sort_by_cached_key(|_| rng.next_u64());
            let (now, later): (Vec<_>, Vec<_>) = places.into_iter().partition(|at| at / count == round);
            chosen.extend(now.into_iter().map(|at| order[at % count]));
            places = later;
        }
        // A round's last may be the next one's first.
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::{Conditions, Noise};

    #[test]
    fn all_conditions_have_their_turn() {
        let noise = Noise::new(1);
        let conditions = Conditions { count: 7, at_once: 2 };
        let rounds: Vec<Vec<usize>> = (0..7).map(|iteration| conditions.of(iteration, &noise)).collect();
        let mut seen = [0; 7];
        for condition in rounds.iter().flatten() {
            seen[*condition] += 1;
        }
        // Seven pairs are two rounds, of which the fourth pair may hold one condition twice.
        assert!(seen.iter().all(|count| (1..=2).contains(count)), "{seen:?}");
        assert!(seen.iter().sum::<usize>() >= 13, "{seen:?}");
        assert_eq!(rounds[2], conditions.of(2, &noise));
        assert_ne!(rounds[..3], rounds[4..], "another order in the next round");
        assert_eq!(Conditions::all(3).of(5, &noise), [0, 1, 2]);
    }
}
