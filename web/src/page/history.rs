//! What came of a run, and of the one that was left for it.

use crate::kit::shared::Shared;
use crate::kit::thinned::Thinned;
use rtb::message::{Iteration, Report, Snapshot};
use rtb::run::Run;

/// A run that was trained this many times as long as the one that is left after it stays to be brought back:
/// a few iterations are soon done again.
const WORTH: usize = 10;

/// What came of a run so far.
#[derive(Clone, Default, PartialEq)]
pub struct History {
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

    /// Takes in a snapshot. What is looked at again, with more to choose from, is no other time.
    pub fn show(&mut self, snapshot: Snapshot) {
        let (iteration, iterations) = (snapshot.iteration, snapshot.report.iterations);
        let report = Shared::new(snapshot.report.clone());
        self.reports
            .push_or_replace(report, |last| last.iterations == iterations);
        self.snapshots
            .push_or_replace(Shared::new(snapshot), |last| last.iteration == iteration);
    }
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
