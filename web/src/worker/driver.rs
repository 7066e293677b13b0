//! The worker's loop: it obeys requests and, while training, runs one iteration after another.

use super::compare::{Comparison, GROWTH};
use super::requests::{Asked, Requests};
use super::{clock, crew, port};
use burn::tensor::Device;
use rtb::engine::team::{Alone, LEAST_ROWS};
use rtb::engine::{ConfigError, EngineError};
use rtb::message::{Event, Iteration, Request};
use rtb::run::{Files, Run};
use rtb::session::Session;
use rtb::task::opened::{Lesson, Progress};
use std::time::Duration;

/// Least time between two posts of iterations, ms: the page draws no faster.
const POST_INTERVAL: f64 = 33.0;
/// A slow run shows a snapshot this often, ms, although its next evaluation is far.
const SHOW_INTERVAL: f64 = 2000.0;
/// … as long as snapshots take at most this share of the time.
const SHOW_SHARE: f64 = 0.15;

/// The most share of the time that samples of the prior may take while training …
const GROWTH_SHARE: f64 = 0.2;
/// … and the least time between two posts of it, ms.
const TELL_INTERVAL: f64 = 2000.0;

/// Serves the page for the life of the worker.
pub async fn serve(device: Device, name: &str) {
    let requests = port::requests();
    port::post(&[Event::Ready {
        device: name.to_owned(),
        build: env!("RTB_BUILD").to_owned(),
    }]);
    let driver = Driver {
        device,
        requests,
        session: None,
        files: Files::default(),
        wanted: 1,
        members: None,
        follows: false,
        training: false,
        aside: None,
        growth: None,
        rate: None,
        fresh: Vec::new(),
        posted: clock::now(),
        shown: clock::now(),
        shown_iteration: None,
        show_cost: 0.0,
    };
    if let Err(error) = driver.run().await {
        port::post(&[Event::Failed {
            message: error.to_string(),
        }]);
    }
}

/// Work that is not about the open run.
enum Aside {
    Comparison(Box<Comparison>),
    Lesson(Box<dyn Lesson>),
}

/// How long the worker may be deaf for samples of the prior, ms: fewer at once where they take longer.
const LONGEST_GROWTH: f64 = 1000.0;

/// How the exact posterior comes about where samples of the prior tell it, beside training.
struct Growth {
    /// Samples at once.
    count: usize,
    /// Time it may take by now, and what the last samples took, ms.
    credit: f64,
    cost: f64,
    /// When the page heard of it last.
    told: f64,
}

impl Default for Growth {
    fn default() -> Self {
        Self {
            count: GROWTH / 8,
            credit: 0.0,
            cost: 0.0,
            told: f64::NEG_INFINITY,
        }
    }
}

impl Growth {
    /// The last samples took so long, ms.
    fn took(&mut self, cost: f64) {
        self.cost = cost;
        if cost > LONGEST_GROWTH {
            self.count = (self.count / 2).max(1);
        } else if cost < LONGEST_GROWTH / 4.0 {
            self.count = (2 * self.count).min(GROWTH);
        }
    }
}

struct Driver {
    device: Device,
    requests: Requests,
    session: Option<Session>,
    /// The files of its run.
    files: Files,
    /// Workers that are to share its iterations, and those that do, once that has been settled.
    wanted: usize,
    members: Option<usize>,
    /// Whether another worker leads this one.
    follows: bool,
    training: bool,
    aside: Option<Aside>,
    /// How the exact posterior of the open run grows; none once it is complete.
    growth: Option<Growth>,
    /// Iterations per second at most.
    rate: Option<f64>,
    /// Iterations not yet posted.
    fresh: Vec<Event>,
    posted: f64,
    /// The iteration of the last snapshot of the open run.
    shown_iteration: Option<usize>,
    /// When the last snapshot was posted, and what it cost.
    shown: f64,
    show_cost: f64,
}

impl Driver {
    async fn run(mut self) -> Result<(), EngineError> {
        loop {
            if self.training || self.aside.is_some() || self.growth.is_some() {
                clock::turn().await;
                while let Some(request) = self.requests.try_next() {
                    self.obey(request).await?;
                }
                self.go_on_aside().await;
                if self.training {
                    let began = clock::now();
                    self.iterate(false).await?;
                    self.grow_between(clock::now() - began).await?;
                    self.hold_back(began).await?;
                } else {
                    self.grow().await?;
                }
            } else if let Some(request) = self.requests.next().await {
                self.obey(request).await?;
            }
        }
    }

    async fn obey(&mut self, request: Asked) -> Result<(), EngineError> {
        let request = match request {
            Ok(request) => request,
            Err(message) => {
                self.post(Event::Failed { message });
                return Ok(());
            }
        };
        match request {
            Request::Open { run, files, weights } => self.open(*run, files, weights).await?,
            Request::Revise(run) => self.revise(*run).await?,
            Request::Compare { run, methods, files } => {
                self.aside = Some(Aside::Comparison(Box::new(Comparison::new(*run, methods, files))));
            }
            Request::Learn {
                lesson,
                run,
                iterations,
                files,
            } => self.learn(&lesson, *run, iterations, files),
            Request::Speed(rate) => self.rate = rate,
            Request::Members(wanted) => self.share(wanted)?,
            Request::Follow {
                checkpoint,
                files,
                place,
                serial,
            } => {
                let opened = Session::resume(&checkpoint, self.device.clone(), &files);
                let mut session = opened.await?;
                session.join(Box::new(crew::Member { place }))?;
                (self.session, self.follows) = (Some(session), true);
                self.post(Event::Following(serial));
            }
            Request::Step if self.follows => self.follow().await?,
            Request::Pause => self.pause().await?,
            // What is left is about the open run; without one there is nothing to do.
            Request::Train | Request::Step if self.session.as_ref().is_some_and(Session::finished) => {
                self.post_finished();
            }
            Request::Train => self.training = self.session.is_some(),
            Request::Step => {
                self.training = false;
                self.iterate(true).await?;
            }
            Request::Look(candidates) => self.show(candidates).await?,
            Request::Weights => {
                if let Some(session) = &mut self.session {
                    let weights = session.weights().await?;
                    self.post(Event::Weights(weights));
                }
            }
            Request::Samples(count) => {
                if let Some(session) = &mut self.session {
                    let drawn = self.requests.during(session.samples(count, 1)).await;
                    if let Some(samples) = drawn.transpose()? {
                        self.post(Event::Samples(samples));
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins a lesson of the run's task.
    fn learn(&mut self, name: &str, run: Run, iterations: usize, files: Files) {
        let task = run.task();
        match task.room().lesson(name, run, iterations, files) {
            Some(lesson) => self.aside = Some(Aside::Lesson(lesson)),
            None => {
                let allowed = format!("a lesson of {}", task.name());
                self.post(ConfigError::new("lesson", format!("`{name}`"), allowed).into());
            }
        }
    }

    /// Gives up what is done beside a run, and stops at the open run's last iteration.
    async fn pause(&mut self) -> Result<(), EngineError> {
        if self.aside.take().is_some() {
            self.post(Event::ComparisonEnded);
        }
        self.training = false;
        if let Some(iteration) = self.session.as_ref().map(Session::iteration) {
            if self.shown_iteration != Some(iteration) {
                self.show(1).await?;
            }
            self.post(Event::Paused { iteration });
        }
        Ok(())
    }

    /// Goes on with what is done beside a run, if there is anything.
    async fn go_on_aside(&mut self) {
        let told = match &mut self.aside {
            None => Ok(None),
            Some(Aside::Comparison(comparison)) => Ok(comparison.advance(&self.device).await),
            Some(Aside::Lesson(lesson)) => {
                lesson.advance(&self.device).await.map(|progress| match progress {
                    Progress::Nothing => None,
                    Progress::Told(told) => Some(Event::Lesson(told)),
                    Progress::Ended => Some(Event::ComparisonEnded),
                })
            }
        };
        let event = told.unwrap_or_else(|error| {
            Some(Event::Failed {
                message: error.to_string(),
            })
        });
        if let Some(event) = event {
            if matches!(event, Event::ComparisonEnded | Event::Failed { .. }) {
                self.aside = None;
            }
            self.post(event);
        }
    }

    /// Has so many workers share the iterations from the next one on.
    fn share(&mut self, wanted: usize) -> Result<(), EngineError> {
        self.wanted = wanted.max(1);
        crew::dismiss(self.wanted);
        if self.members.take().is_some_and(|members| members > 1)
            && let Some(session) = &mut self.session
        {
            session.join(Box::new(Alone))?;
        }
        Ok(())
    }

    /// Gathers the workers that are to share the iterations. Whether it came to an end: another run may be wanted.
    async fn assemble(&mut self) -> Result<bool, EngineError> {
        let Some(session) = self.session.as_mut().filter(|_| self.members.is_none()) else {
            return Ok(true);
        };
        let members = self.wanted.min(session.run().rollout.batch / LEAST_ROWS).max(1);
        if members > 1 {
            let checkpoint = session.checkpoint()?;
            let following = crew::follow(members, &checkpoint, &self.files);
            let Some(leader) = self.requests.during(following).await else {
                return Ok(false);
            };
            session.join(Box::new(leader.map_err(EngineError::Device)?))?;
        }
        self.members = Some(members);
        self.post(Event::Members(members));
        Ok(true)
    }

    /// Makes a step with the others. What ends a training ends it for the worker that leads, too, which says so.
    async fn follow(&mut self) -> Result<(), EngineError> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        match session.step().await {
            Ok(_) | Err(EngineError::Diverged(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn open(&mut self, run: Run, files: Files, weights: Option<Vec<u8>>) -> Result<(), EngineError> {
        self.post(Event::Opening);
        let opened = Session::open(run, self.device.clone(), &files, weights.as_deref()).await;
        match opened {
            Ok(mut session) => {
                let mut before = self.session.take().map(Session::into_kept).unwrap_or_default();
                session.adopt(&mut before);
                let scene = session.scene().await?;
                let finished = session.finished();
                let shows = session.iteration() > 0 || !session.run().starts_at_prior();
                self.session = Some(session);
                (self.files, self.members) = (files, None);
                self.training = false;
                self.growth = Some(Growth::default());
                self.shown_iteration = self.session.as_ref().map(Session::iteration);
                self.post(Event::Opened(Box::new(scene)));
                if shows {
                    self.show(1).await?;
                }
                // Weights carry the iterations done with them.
                if finished {
                    self.post_finished();
                }
            }
            Err(EngineError::Config(error)) => self.post(error.into()),
            Err(EngineError::Weights(why)) => self.post(Event::Refused {
                field: "weights".to_owned(),
                value: "this file".to_owned(),
                allowed: format!("weights of this run's network ({why})"),
            }),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Goes on with the open run under another description of it.
    async fn revise(&mut self, run: Run) -> Result<(), EngineError> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        let (before, after) = (session.run().evaluation, run.evaluation);
        if let Err(error) = session.revise(run.clone()) {
            self.post(error.into());
            return Ok(());
        }
        if self.follows {
            return Ok(());
        }
        if self.members.is_some_and(|members| members > 1) {
            crew::tell(&Request::Revise(Box::new(run)));
        }
        let (finished, iteration) = (session.finished(), session.iteration());
        self.training &= !finished;
        if after.proposals > before.proposals {
            self.growth = Some(Growth::default());
        }
        let measures = after.samples_while_training != before.samples_while_training;
        if !self.training && (measures || self.shown_iteration != Some(iteration)) {
            self.show(1).await?;
        }
        if finished {
            self.post_finished();
        }
        Ok(())
    }

    /// One iteration, and a snapshot where one is due or wanted.
    async fn iterate(&mut self, show: bool) -> Result<(), EngineError> {
        if !self.assemble().await? {
            return Ok(());
        }
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        if self.members.is_some_and(|members| members > 1) {
            crew::tell(&Request::Step);
        }
        let iteration: Iteration = match session.step().await {
            Ok(iteration) => iteration,
            Err(EngineError::Diverged(message)) => {
                self.training = false;
                self.post(Event::Diverged { message });
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let every = session.run().evaluation.every;
        let finished = session.finished();
        self.fresh.push(Event::Iterated(iteration));
        if clock::now() - self.posted >= POST_INTERVAL {
            self.flush();
        }
        let evaluated = every > 0 && iteration.iteration.is_multiple_of(every);
        if show || finished || evaluated || (every > 0 && self.show_is_due()) {
            self.show(1).await?;
        }
        if finished {
            self.post_finished();
        }
        Ok(())
    }

    /// Lets the exact posterior grow after an iteration that took so long, ms, as far as its share
    /// of the time allows.
    async fn grow_between(&mut self, iteration: f64) -> Result<(), EngineError> {
        let Some(growth) = &mut self.growth else {
            return Ok(());
        };
        growth.credit += iteration * GROWTH_SHARE / (1.0 - GROWTH_SHARE);
        if growth.credit >= growth.cost {
            growth.credit -= growth.cost;
            self.grow().await?;
        }
        Ok(())
    }

    /// Adds samples of the prior to what the exact posterior is computed from, and tells of it from
    /// time to time.
    async fn grow(&mut self) -> Result<(), EngineError> {
        let (Some(session), Some(growth)) = (&mut self.session, &mut self.growth) else {
            return Ok(());
        };
        let began = clock::now();
        let grows = session.grow_truth(growth.count).await?;
        growth.took(clock::now() - began);
        let due = clock::now() - growth.told >= TELL_INTERVAL || !grows;
        let truth = if due { session.truth().await? } else { None };
        if truth.is_some() {
            growth.told = clock::now();
        }
        if !grows {
            self.growth = None;
        }
        if let Some(truth) = truth {
            self.post(Event::Truth(Box::new(truth)));
        }
        Ok(())
    }

    fn show_is_due(&self) -> bool {
        let since = clock::now() - self.shown;
        self.training && since > SHOW_INTERVAL && since * SHOW_SHARE > self.show_cost
    }

    /// Takes a snapshot and posts it, unless a request overtakes that.
    async fn show(&mut self, candidates: usize) -> Result<(), EngineError> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        let began = clock::now();
        let looked = self.requests.during(session.snapshot(candidates)).await;
        if let Some(snapshot) = looked.transpose()? {
            self.shown_iteration = Some(snapshot.iteration);
            self.post(Event::Snapshot(Box::new(snapshot)));
        }
        self.shown = clock::now();
        self.show_cost = self.shown - began;
        Ok(())
    }

    /// Waits until the next iteration may start, but not longer than a request may wait.
    async fn hold_back(&mut self, began: f64) -> Result<(), EngineError> {
        while self.training
            && let Some(rate) = self.rate
        {
            let left = began + 1000.0 / rate - clock::now();
            if left <= 0.0 {
                break;
            }
            self.flush();
            clock::sleep(Duration::from_secs_f64(left.min(50.0) / 1000.0)).await;
            while let Some(request) = self.requests.try_next() {
                self.obey(request).await?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.fresh.is_empty() {
            port::post(&self.fresh);
            self.fresh.clear();
            self.posted = clock::now();
        }
    }

    /// Ends training for good: the page waits for this answer to any wish to go on.
    fn post_finished(&mut self) {
        self.training = false;
        if let Some(session) = &self.session {
            let iteration = session.iteration();
            self.post(Event::Finished { iteration });
        }
    }

    /// Posts an event after all iterations before it.
    fn post(&mut self, event: Event) {
        self.fresh.push(event);
        self.flush();
    }
}
