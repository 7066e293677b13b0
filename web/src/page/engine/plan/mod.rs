//! Which run is wanted, and what the worker does about it. A plan says what is to be done next, and
//! does nothing itself.

#[cfg(test)]
mod tests;

use crate::kit::shared::Shared;
use crate::state::Phase;
use rtb::run::Run;

pub type Weights = Shared<Vec<u8>>;

/// A run to open, and the weights that it begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    pub run: Shared<Run>,
    pub weights: Option<Weights>,
}

/// The run that the page shows.
struct Wanted {
    opening: Opening,
    /// Whether it is to train as soon as it is open.
    train: bool,
    /// Whether it may still change: it is not sent before it has settled.
    settles: bool,
    /// Whether its files could not be fetched: it waits until the user tries again.
    lacks_files: bool,
}

/// The run that was wanted and open last, to go back to.
struct Accepted {
    opening: Opening,
    /// The last weights that the worker sent of it.
    last: Option<Weights>,
}

/// What a worker does with a run that it holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Idle,
    Training,
    Finished,
}

struct Held {
    run: Shared<Run>,
    course: Course,
    /// Whether the worker knows this description of it, and not an earlier one.
    told: bool,
}

/// How far a run has got that is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// Its files are fetched first.
    Fetching,
    Posted,
    /// The worker has taken it up.
    Heard,
}

/// What the worker does.
#[derive(Default)]
enum Work {
    /// There is none.
    #[default]
    None,
    /// It was started, and has not said a word yet.
    Starting,
    /// It is up, and holds no run.
    Empty,
    /// It was sent a run, and has not answered. Until it has, all it says is about the one that it
    /// holds, with which it goes on where it refuses.
    Opening {
        sent: Shared<Run>,
        over: Option<Held>,
        delivery: Delivery,
    },
    /// It holds a run. One that was overtaken while it opened is held, but was never accepted.
    Open(Held),
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum Next {
    Nothing,
    /// Start a worker.
    Start,
    /// Send a run to the worker.
    Open(Opening),
    /// Tell the worker of another description of the run that it holds.
    Revise(Shared<Run>),
    Train,
    Pause,
}

#[derive(Default)]
pub struct Plan {
    work: Work,
    wanted: Option<Wanted>,
    accepted: Option<Accepted>,
}

impl Plan {
    /// Another run is wanted. The worker goes on with the old one, but clicks are about the new one.
    pub fn want(&mut self, opening: Opening, train: bool) {
        self.wanted = Some(Wanted {
            opening,
            train,
            settles: true,
            lacks_files: false,
        });
    }

    /// What is wanted goes on under another description of the same training.
    pub fn revise(&mut self, run: Shared<Run>) {
        let open = self.open().is_some();
        let Some(wanted) = &mut self.wanted else {
            return;
        };
        let before = std::mem::replace(&mut wanted.opening.run, run.clone());
        if before == run {
            return;
        }
        if let Some(accepted) = self.accepted.as_mut().filter(|a| a.opening.run == before) {
            accepted.opening.run = run.clone();
        }
        if let Work::Open(held) = &mut self.work
            && open
        {
            (held.run, held.told) = (run, false);
        }
    }

    /// Tells the worker how the run is described by now, where it does not know.
    pub fn tell(&mut self) -> Next {
        match &mut self.work {
            Work::Open(held) if !held.told => {
                held.told = true;
                Next::Revise(held.run.clone())
            }
            _ => Next::Nothing,
        }
    }

    /// The run that is wanted has settled.
    pub fn settle(&mut self) -> Next {
        let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.settles) else {
            return Next::Nothing;
        };
        (wanted.settles, wanted.lacks_files) = (false, false);
        match self.work {
            Work::None => Next::Start,
            // The worker's first word, or its answer to the run before, sends it.
            Work::Starting | Work::Opening { .. } => Next::Nothing,
            Work::Empty | Work::Open(_) => self.send(),
        }
    }

    /// Wants the same run again, with the last weights of it. Returns whether there is one.
    pub fn want_again(&mut self, train: bool) -> bool {
        let Some(wanted) = &mut self.wanted else {
            return false;
        };
        if let Some(Accepted {
            opening,
            last: Some(last),
        }) = &self.accepted
            && opening.run == wanted.opening.run
        {
            wanted.opening.weights = Some(last.clone());
        }
        (wanted.train, wanted.settles, wanted.lacks_files) = (train, true, false);
        true
    }

    /// A worker was started, in the place of the one before.
    pub fn started(&mut self) {
        self.work = Work::Starting;
    }

    /// Whether the worker has yet to say its first word.
    pub fn starts(&self) -> bool {
        matches!(self.work, Work::Starting)
    }

    /// The worker is up.
    pub fn up(&mut self) -> Next {
        self.work = Work::Empty;
        self.send()
    }

    /// The worker is gone. Returns whether the run goes on in another one: in one of another kind where
    /// there is any, or in a fresh one, unless this one never got as far as opening a run.
    pub fn ended(&mut self, another_kind: bool) -> bool {
        let goes_on = another_kind || self.held().is_some();
        self.work = Work::None;
        if let Some(accepted) = self.accepted.as_mut().filter(|_| !goes_on) {
            accepted.last = None;
        }
        goes_on
    }

    /// The run that is sent has its files, and is posted.
    pub fn posted(&mut self) {
        self.delivered(Delivery::Posted);
    }

    /// The worker has taken up the run that it was sent.
    pub fn heard(&mut self) {
        self.delivered(Delivery::Heard);
    }

    fn delivered(&mut self, by_now: Delivery) {
        if let Work::Opening { delivery, .. } = &mut self.work {
            *delivery = by_now;
        }
    }

    /// The run that is wanted, if it waits for a worker: for one that has not taken it up, or that is
    /// about another one.
    pub fn unheard(&self) -> Option<Shared<Run>> {
        let wanted = self.wanted.as_ref().filter(|wanted| !wanted.settles)?;
        let run = &wanted.opening.run;
        let Work::Opening { sent, delivery, .. } = &self.work else {
            return None;
        };
        (*delivery == Delivery::Posted || sent != run).then(|| run.clone())
    }

    /// The files of the run that was to be sent could not be fetched. Returns whether that one is still
    /// wanted: it then waits to be opened again, and what it replaces does not go on unseen.
    pub fn unfetched(&mut self) -> (bool, Next) {
        let Work::Opening { sent, over, .. } = std::mem::take(&mut self.work) else {
            return (false, Next::Nothing);
        };
        self.work = over.map_or(Work::Empty, Work::Open);
        let wanted = self.wanted.as_mut().filter(|wanted| wanted.opening.run == sent);
        let Some(wanted) = wanted else {
            return (false, self.send_settled());
        };
        (wanted.settles, wanted.lacks_files) = (true, true);
        (true, self.idle())
    }

    /// Whether the run that is wanted has numbers from the host at every step.
    pub fn asks_host(&self) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_some_and(|wanted| wanted.opening.run.asks_host())
    }

    /// Whether the run that is wanted waits for its files.
    pub fn lacks_files(&self) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| wanted.lacks_files)
    }

    /// The worker holds the run that it was sent. Returns whether that one is still wanted.
    pub fn opened(&mut self) -> (bool, Next) {
        let Work::Opening { sent, .. } = std::mem::take(&mut self.work) else {
            return (false, Next::Nothing);
        };
        let wanted = self.wanted.as_ref().filter(|wanted| wanted.opening.run == sent);
        let train = wanted.is_some_and(|wanted| wanted.train);
        self.work = Work::Open(Held {
            run: sent,
            course: if train { Course::Training } else { Course::Idle },
            told: true,
        });
        let Some(Wanted { opening, .. }) = wanted else {
            return (false, self.send_settled());
        };
        self.accepted = Some(Accepted {
            opening: opening.clone(),
            last: None,
        });
        (true, if train { Next::Train } else { Next::Nothing })
    }

    /// The worker refused the run that it was sent. If that one was still wanted, the last accepted one
    /// is wanted again, and opened again where the worker holds another one by now. Returns what the
    /// worker does then; nothing where the page need not hear of it.
    pub fn refused(&mut self) -> (Option<Phase>, Next) {
        let Work::Opening { sent, over, .. } = std::mem::take(&mut self.work) else {
            return (None, Next::Nothing);
        };
        self.work = over.map_or(Work::Empty, Work::Open);
        let Some(refused) = self.wanted.take_if(|wanted| wanted.opening.run == sent) else {
            return (None, self.send_settled());
        };
        self.wanted = self.accepted.as_ref().map(|Accepted { opening, last }| Wanted {
            opening: Opening {
                run: opening.run.clone(),
                weights: last.clone().or(opening.weights.clone()),
            },
            train: refused.train,
            settles: false,
            lacks_files: false,
        });
        if let Some(held) = self.open() {
            let phase = held.course.into();
            return (Some(phase), self.tell());
        }
        // Until it is open again it is not accepted: it may be refused by now, and is then not gone back to.
        self.accepted = None;
        match self.send() {
            Next::Nothing => (Some(Phase::Idle), Next::Nothing),
            next => (Some(Phase::Opening), next),
        }
    }

    /// Training is wanted, at once or as soon as the run is open.
    pub fn train(&mut self) -> Next {
        if self.is_open() {
            self.goes(Course::Training);
            return Next::Train;
        }
        if matches!(self.work, Work::None) && self.want_again(true) {
            return self.settle();
        }
        if let Some(wanted) = &mut self.wanted {
            wanted.train = true;
        }
        Next::Nothing
    }

    /// Training is not wanted any more: of the run that is wanted, nor of the one that it replaces, which
    /// stays if the worker refuses.
    pub fn pause(&mut self) -> Next {
        if let Some(wanted) = &mut self.wanted {
            wanted.train = false;
        }
        self.idle()
    }

    /// All iterations of the run that the worker holds are done.
    pub fn finished(&mut self) {
        self.goes(Course::Finished);
    }

    /// The training of the run that the worker holds broke off.
    pub fn diverged(&mut self) {
        self.goes(Course::Idle);
    }

    /// Keeps weights of the run that the worker holds, to go on from. Returns that run, if it was accepted.
    pub fn keep(&mut self, weights: Weights) -> Option<Shared<Run>> {
        let held = self.held()?.run.clone();
        let accepted = self.accepted.as_mut().filter(|a| a.opening.run == held)?;
        accepted.last = Some(weights);
        Some(held)
    }

    /// Whether the run that is wanted is open; else what the worker says is about an older one.
    pub fn is_open(&self) -> bool {
        self.open().is_some()
    }

    /// Whether training is wanted, be the run open or not.
    pub fn trains(&self) -> bool {
        match self.open() {
            Some(held) => held.course == Course::Training,
            None => self.wanted.as_ref().is_some_and(|wanted| wanted.train),
        }
    }

    /// Ends the training of the run that the worker holds.
    fn idle(&mut self) -> Next {
        if self.held().is_none_or(|held| held.course != Course::Training) {
            return Next::Nothing;
        }
        self.goes(Course::Idle);
        Next::Pause
    }

    fn goes(&mut self, course: Course) {
        if let Work::Open(held) | Work::Opening { over: Some(held), .. } = &mut self.work {
            held.course = course;
        }
    }

    fn held(&self) -> Option<&Held> {
        match &self.work {
            Work::Open(held) | Work::Opening { over: Some(held), .. } => Some(held),
            _ => None,
        }
    }

    /// The run that is open, if it is the one that is wanted.
    fn open(&self) -> Option<&Held> {
        let wanted = self.wanted.as_ref().filter(|wanted| !wanted.settles)?;
        match &self.work {
            Work::Open(held) if held.run == wanted.opening.run => Some(held),
            _ => None,
        }
    }

    /// Sends the run that is wanted.
    fn send(&mut self) -> Next {
        let Some(wanted) = &mut self.wanted else {
            return Next::Nothing;
        };
        (wanted.settles, wanted.lacks_files) = (false, false);
        let opening = wanted.opening.clone();
        self.work = Work::Opening {
            sent: opening.run.clone(),
            delivery: Delivery::Fetching,
            over: match std::mem::take(&mut self.work) {
                Work::Open(held) => Some(held),
                _ => None,
            },
        };
        Next::Open(opening)
    }

    /// Sends the run that overtook another one, unless it may still change.
    fn send_settled(&mut self) -> Next {
        match &self.wanted {
            Some(wanted) if !wanted.settles => self.send(),
            _ => Next::Nothing,
        }
    }
}

impl From<Course> for Phase {
    fn from(course: Course) -> Self {
        match course {
            Course::Idle => Self::Idle,
            Course::Training => Self::Training,
            Course::Finished => Self::Finished,
        }
    }
}
