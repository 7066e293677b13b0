//! Workers that share an iteration. The one that the page knows leads: it starts the others and tells them what to open and
//! when to make a step. What members of a team give each other goes as buffers, beside requests and events.

use super::port;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use gloo::events::EventListener;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use rtb::engine::reward::Answer;
use rtb::engine::team::Team;
use rtb::message::{Event, Request, from_bytes, to_bytes};
use rtb::run::Files;
use serde_bytes::ByteBuf;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

const GONE: &str = "a worker is gone";

thread_local! {
    /// The workers that this one leads.
    static FOLLOWERS: RefCell<Vec<Follower>> = const { RefCell::new(Vec::new()) };
    /// How often they were told to follow: an older answer is not about the run at hand.
    static SERIAL: Cell<u32> = const { Cell::new(0) };
    /// What a follower's leader gives it.
    static GIVEN: RefCell<Option<UnboundedReceiver<Vec<u8>>>> = const { RefCell::new(None) };
}

/// A worker that follows.
struct Follower {
    worker: Worker,
    events: UnboundedReceiver<Event>,
    given: UnboundedReceiver<Vec<u8>>,
    /// Whether it listens.
    ready: bool,
    _listeners: [EventListener; 2],
}

/// The page replaces a worker that has failed, and its followers with it.
fn failed(message: String) {
    port::post(&[Event::Failed { message }]);
}

impl Follower {
    /// Starts one with this worker's own program, which `worker.js` has kept.
    fn start() -> Result<Self, JsValue> {
        let scope = js_sys::global();
        let program = Reflect::get(&scope, &"program".into())?;
        let script = Reflect::get(&Reflect::get(&scope, &"location".into())?, &"href".into())?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&script.as_string().unwrap_or_default(), &options)?;
        worker.post_message(&program)?;
        let (event, events) = unbounded();
        let (give, given) = unbounded();
        let on_message = EventListener::new(&worker, "message", move |message| {
            let data = message.unchecked_ref::<MessageEvent>().data();
            hear(&data, &event, &give);
        });
        let on_error = EventListener::new(&worker, "error", |event| {
            let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
            failed(message.unwrap_or_default());
        });
        Ok(Self {
            worker,
            events,
            given,
            ready: false,
            _listeners: [on_message, on_error],
        })
    }

    fn send(&self, request: &Request) {
        let bytes = Uint8Array::from(to_bytes(request).as_slice());
        give(
            |buffers| self.worker.post_message_with_transfer(&bytes, buffers),
            &bytes.buffer(),
        );
    }

    fn give(&self, bytes: &[u8]) {
        let buffer = Uint8Array::from(bytes).buffer();
        give(
            |buffers| self.worker.post_message_with_transfer(&buffer, buffers),
            &buffer,
        );
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// Posts a message that takes its buffer along.
fn give(post: impl FnOnce(&JsValue) -> Result<(), JsValue>, buffer: &ArrayBuffer) {
    post(&js_sys::Array::of1(buffer)).expect("bytes can be posted");
}

/// A message of a follower.
fn hear(data: &JsValue, events: &UnboundedSender<Event>, given: &UnboundedSender<Vec<u8>>) {
    if data.is_instance_of::<ArrayBuffer>() {
        // The receiver lives as long as the worker.
        let _ = given.unbounded_send(Uint8Array::new(data).to_vec());
        return;
    }
    if let Some(text) = data.as_string() {
        return failed(text);
    }
    match from_bytes::<Vec<Event>>(&Uint8Array::new(data).to_vec()) {
        Ok(heard) => {
            for event in heard {
                match event {
                    Event::Failed { message } => failed(message),
                    event => drop(events.unbounded_send(event)),
                }
            }
        }
        Err(message) => failed(message),
    }
}

/// Has `size` − 1 followers open the run of a checkpoint, and waits until all of them have; none are left of more.
pub async fn follow(size: usize, checkpoint: &[u8], files: &Files) -> Result<Leader, String> {
    let serial = SERIAL.get() + 1;
    SERIAL.set(serial);
    dismiss(size);
    FOLLOWERS
        .with_borrow_mut(|followers| {
            while followers.len() < size - 1 {
                followers.push(Follower::start()?);
            }
            Ok(())
        })
        .map_err(|e: JsValue| format!("no further worker starts: {e:?}"))?;
    for at in 0..size - 1 {
        // A worker hears nothing before it says that it is there.
        while !FOLLOWERS.with_borrow(|followers| followers[at].ready) {
            let there = matches!(event_of(at).await?, Event::Ready { .. });
            FOLLOWERS.with_borrow_mut(|followers| followers[at].ready |= there);
        }
        let request = Request::Follow {
            checkpoint: checkpoint.to_vec(),
            files: files.clone(),
            place: [at + 1, size],
            serial,
        };
        FOLLOWERS.with_borrow(|followers| followers[at].send(&request));
    }
    for at in 0..size - 1 {
        while event_of(at).await? != Event::Following(serial) {}
    }
    Ok(Leader { size })
}

/// Ends those who would be more than `size` with this worker.
pub fn dismiss(size: usize) {
    FOLLOWERS.with_borrow_mut(|followers| followers.truncate(size - 1));
}

/// Sends a request to all who follow.
pub fn tell(request: &Request) {
    FOLLOWERS.with_borrow(|followers| {
        for follower in followers {
            follower.send(request);
        }
    });
}

async fn event_of(at: usize) -> Result<Event, String> {
    let event = poll_fn(|context| {
        FOLLOWERS.with_borrow_mut(|followers| followers[at].events.poll_next_unpin(context))
    });
    event.await.ok_or_else(|| GONE.to_owned())
}

/// The team, as the leading worker sees it.
pub struct Leader {
    size: usize,
}

impl Team for Leader {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        self.size
    }

    fn gather(&self, own: Vec<u8>) -> Answer<'_, Vec<Vec<u8>>> {
        Box::pin(async move {
            let mut all = vec![ByteBuf::from(own)];
            for at in 0..self.size - 1 {
                let given = poll_fn(|context| {
                    FOLLOWERS.with_borrow_mut(|followers| followers[at].given.poll_next_unpin(context))
                });
                all.push(ByteBuf::from(given.await.ok_or(GONE)?));
            }
            let bytes = to_bytes(&all);
            FOLLOWERS.with_borrow(|followers| followers.iter().for_each(|follower| follower.give(&bytes)));
            Ok(all.into_iter().map(ByteBuf::into_vec).collect())
        })
    }
}

/// From here on buffers that come are what the leader gives; the other end of their line.
pub fn listen() -> UnboundedSender<Vec<u8>> {
    let (give, given) = unbounded();
    GIVEN.set(Some(given));
    give
}

/// The team, as a follower sees it.
pub struct Member {
    /// Its place, and how many there are.
    pub place: [usize; 2],
}

impl Team for Member {
    fn rank(&self) -> usize {
        self.place[0]
    }

    fn size(&self) -> usize {
        self.place[1]
    }

    fn gather(&self, own: Vec<u8>) -> Answer<'_, Vec<Vec<u8>>> {
        Box::pin(async move {
            port::give(&own);
            let given = poll_fn(|context| {
                GIVEN.with_borrow_mut(|given| match given {
                    Some(given) => given.poll_next_unpin(context),
                    None => std::task::Poll::Ready(None),
                })
            });
            let all: Vec<ByteBuf> = from_bytes(&given.await.ok_or(GONE)?)?;
            Ok(all.into_iter().map(ByteBuf::into_vec).collect())
        })
    }
}
