//! The page's requests in their order, and work that ends early where one of them overtakes it.

use super::clock;
use futures::channel::mpsc::UnboundedReceiver;
use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt};
use rtb::message::Request;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, ready};

/// How long work goes on between two looks at what the page asks, ms.
const BREATH: f64 = 20.0;
/// How long a look at the run holds up what goes on with it, ms.
const LONGEST_LOOK: f64 = 1000.0;

/// A request, or why it cannot be read.
pub type Asked = Result<Request, String>;

pub struct Requests {
    line: UnboundedReceiver<Asked>,
    /// What came while the worker was at work.
    waiting: VecDeque<Asked>,
}

impl Requests {
    pub fn new(line: UnboundedReceiver<Asked>) -> Self {
        Self {
            line,
            waiting: VecDeque::new(),
        }
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Option<Asked> {
        match self.waiting.pop_front() {
            None => self.line.next().await,
            waiting => waiting,
        }
    }

    /// The next one, if it is there.
    pub fn try_next(&mut self) -> Option<Asked> {
        self.waiting.pop_front().or_else(|| self.line.try_recv().ok())
    }

    /// Looks at the run, unless a request overtakes that: then nothing comes of it.
    pub async fn during<T>(&mut self, look: impl Future<Output = T>) -> Option<T> {
        let (mut look, began) = (pin!(look), clock::now());
        let (mut breathed, mut turn) = (began, None::<LocalBoxFuture<()>>);
        poll_fn(|context| {
            loop {
                if let Some(turning) = &mut turn {
                    ready!(turning.poll_unpin(context));
                    (turn, breathed) = (None, clock::now());
                }
                while let Ok(asked) = self.line.try_recv() {
                    self.waiting.push_back(asked);
                }
                let lasted = clock::now() - began;
                if self.waiting.iter().any(|asked| overtakes(asked, lasted)) {
                    return Poll::Ready(None);
                }
                if let Poll::Ready(done) = look.as_mut().poll(context) {
                    return Poll::Ready(Some(done));
                }
                if clock::now() - breathed < BREATH {
                    return Poll::Pending;
                }
                // Messages come in between two turns of the event loop only.
                turn = Some(clock::turn().boxed_local());
            }
        })
        .await
    }
}

/// Whether a request ends a look at the run that has lasted so long, ms.
fn overtakes(asked: &Asked, lasted: f64) -> bool {
    match asked {
        Ok(Request::Open { .. }) => true,
        Ok(Request::Train | Request::Step | Request::Look(_)) => lasted > LONGEST_LOOK,
        _ => false,
    }
}
