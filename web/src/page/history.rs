//! What came of a run, and of the one that was left for it.

use crate::kit::shared::Shared;
use crate::kit::thinned::Thinned;
use rtb::message::{Iteration, Report, Snapshot, from_bytes, to_bytes};
use rtb::run::Run;
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

/// A run that was trained this many times as long as the one that is left after it stays to be brought back:
/// a few iterations are soon done again.
const WORTH: usize = 10;

/// Iterations whose mean is the pace.
const PACE: usize = 8;

/// What came of a run so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Too large to be kept over a reload.
    #[serde(skip)]
    pub snapshots: Thinned<Shared<Snapshot>, 60>,
    pub reports: Thinned<Shared<Report>, 400>,
    pub curve: Thinned<Iteration, 600>,
    pub last: Option<Iteration>,
}

impl History {
    /// Iterations done.
    pub fn iteration(&self) -> usize {
        let shown = self.snapshots.items().last().map_or(0, |s| s.iteration);
        self.last.map_or(0, |i| i.iteration).max(shown)
    }

    /// How long the last iterations took each, s.
    pub fn pace(&self) -> Option<f64> {
        let last = self.curve.items().iter().rev().take(PACE);
        let (count, seconds) = last.fold((0, 0.0), |(count, sum), i| (count + 1, sum + i.seconds));
        (count > 0).then(|| seconds / f64::from(count))
    }

    /// Takes in a snapshot. What is looked at again, with more to choose from, is no other time. A run that
    /// goes on from its last weights may be behind its curves: what came after them is done again.
    pub fn show(&mut self, snapshot: Snapshot) {
        let (iteration, iterations) = (snapshot.iteration, snapshot.report.iterations);
        self.snapshots.drop_last(|s| s.iteration <= iteration);
        self.reports.drop_last(|r| r.iterations <= iterations);
        self.curve.drop_last(|i| i.iteration <= iteration);
        self.last.take_if(|last| last.iteration > iteration);
        let report = Shared::new(snapshot.report.clone());
        self.reports
            .push_or_replace(report, |last| last.iterations == iterations);
        self.snapshots
            .push_or_replace(Shared::new(snapshot), |last| last.iteration == iteration);
    }
}

/// The last weights of a run and its curves, to be kept over a reload.
pub fn pack(weights: &[u8], history: &History) -> Vec<u8> {
    to_bytes(&(Bytes::new(weights), history))
}

/// What [`pack`] packed.
pub fn unpack(bytes: &[u8]) -> Option<(Vec<u8>, History)> {
    let (weights, history): (ByteBuf, _) = from_bytes(bytes).ok()?;
    Some((weights.into_vec(), history))
}

/// A trained run that was left, to be brought back.
#[derive(Clone, PartialEq)]
pub struct Past {
    pub run: Shared<Run>,
    pub history: History,
    /// Its last weights, as soon as the engine has sent them.
    pub weights: Option<Shared<Vec<u8>>>,
}

impl Past {
    /// The one of two runs, left one after the other, that it is worse to lose.
    pub fn dearer(before: Option<Self>, now: Self) -> Self {
        let longer = |before: &Self| before.history.iteration() > WORTH * now.history.iteration();
        before.filter(longer).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let mut history = History::default();
        let iteration = Iteration {
            iteration: 3,
            log_z: f64::NEG_INFINITY,
            ..Iteration::default()
        };
        history.curve.push(iteration);
        history.show(Snapshot {
            iteration: 3,
            ..Snapshot::default()
        });
        history.last = Some(iteration);
        let (weights, kept) = unpack(&pack(&[0, 255, 7], &history)).unwrap();
        // Reports are equal by address only.
        let reports = |of: &History| {
            of.reports
                .items()
                .iter()
                .map(|r| (**r).clone())
                .collect::<Vec<_>>()
        };
        assert_eq!((weights, reports(&kept)), (vec![0, 255, 7], reports(&history)));
        assert_eq!((kept.curve, kept.last), (history.curve, history.last));
        assert_eq!(unpack(b"nonsense"), None);
    }
}
