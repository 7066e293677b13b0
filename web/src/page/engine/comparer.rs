//! The worker of a comparison, or of what else is learned beside the page's run: its own, so that
//! the run goes on undisturbed.

use super::keeping::{brief, later};
use super::worker::{Heard, Worker};
use super::{Engine, fetch};
use gloo::timers::callback::Timeout;
use rtb::message::{Event, Files, Request};
use rtb::run::Run;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// How long a worker that is busy may take to stop, ms, before it is ended.
const PATIENCE: u32 = 3000;

/// What comes of a comparison.
pub enum News {
    Events(Vec<Event>),
    Ended,
    /// The worker is gone, or there never was one; why.
    Lost(String),
}

#[derive(Default)]
struct Inner {
    worker: Option<Worker>,
    /// Counts comparisons: what an ended one left behind is not about the next.
    number: u32,
}

/// A handle that may be cloned freely.
#[derive(Clone)]
pub struct Comparer {
    inner: Rc<RefCell<Inner>>,
    tell: Callback<News>,
}

/// A component's comparer, whose news are actions on its state.
#[hook]
pub fn use_comparer<R>(state: &UseReducerHandle<R>, action: fn(News) -> R::Action) -> Rc<Comparer>
where
    R: Reducible + 'static,
{
    let dispatcher = state.dispatcher();
    let comparer = use_memo((), move |()| Comparer {
        inner: Rc::default(),
        tell: Callback::from(move |news| dispatcher.dispatch(action(news))),
    });
    let leaving = comparer.clone();
    use_effect_with((), move |()| move || leaving.abandon());
    comparer
}

impl Comparer {
    /// Begins what `ask` asks for, in a worker of the kind that the engine runs on; it gets the files that
    /// a run needs.
    pub fn start(&self, engine: &Engine, needs: Option<Run>, ask: impl FnOnce(Files) -> Request + 'static) {
        let number = {
            let mut inner = self.inner.borrow_mut();
            inner.worker = None;
            inner.number += 1;
            inner.number
        };
        let program = engine.program(engine.backend());
        let comparer = self.clone();
        spawn_local(async move {
            let fetched = match &needs {
                None => Ok(Files::default()),
                Some(run) => fetch::files(run).await,
            };
            let files = match fetched {
                Ok(files) => files,
                Err(missing) => return comparer.lost(number, &missing.to_string()),
            };
            if comparer.inner.borrow().number != number {
                return;
            }
            let request = ask(files);
            let hearing = comparer.clone();
            let hear = move |heard| hearing.heard(number, heard, &request);
            match Worker::start(&program, hear) {
                Ok(worker) => comparer.inner.borrow_mut().worker = Some(worker),
                Err(why) => comparer.lost(number, &why),
            }
        });
    }

    /// Asks the worker to stop; one that does not hear of it in time is ended.
    pub fn stop(&self) {
        let (number, patience) = {
            let inner = self.inner.borrow();
            if let Some(worker) = &inner.worker {
                worker.send(&Request::Pause);
            }
            (inner.number, if inner.worker.is_some() { PATIENCE } else { 0 })
        };
        let comparer = self.clone();
        Timeout::new(patience, move || comparer.end(number, News::Ended)).forget();
    }

    /// Ends the worker of a component that is no longer there: nobody could stop it.
    fn abandon(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.worker = None;
        inner.number += 1;
    }

    fn heard(&self, number: u32, heard: Heard, request: &Request) {
        let events = match heard {
            Heard::Events(events) => events,
            Heard::Crashed(why) => return self.lost(number, &why),
        };
        let mut news = Vec::new();
        for event in events {
            match event {
                Event::Ready { .. } => {
                    if let Some(worker) = &self.inner.borrow().worker {
                        worker.send(request);
                    }
                }
                Event::ComparisonEnded => self.end_later(number, News::Ended),
                Event::Failed { message } => self.lost(number, &message),
                event => news.push(event),
            }
        }
        if !news.is_empty() && self.inner.borrow().number == number {
            self.tell.emit(News::Events(news));
        }
    }

    fn lost(&self, number: u32, why: &str) {
        self.end_later(number, News::Lost(brief(why).to_owned()));
    }

    fn end_later(&self, number: u32, news: News) {
        let comparer = self.clone();
        later(move || comparer.end(number, news));
    }

    /// Ends a comparison for good, once.
    fn end(&self, number: u32, news: News) {
        {
            let mut inner = self.inner.borrow_mut();
            if inner.number != number {
                return;
            }
            inner.worker = None;
            inner.number += 1;
        }
        self.tell.emit(news);
    }
}
