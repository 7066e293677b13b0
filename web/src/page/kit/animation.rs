//! Animation: a callback before each repaint.

use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::RefCell;
use std::rc::Rc;

/// Least time between two frames, ms: points flow smoothly at 30 frames a second, and training
/// keeps the rest of the machine.
const INTERVAL: f64 = 30.0;

type Slot = Rc<RefCell<Option<AnimationFrame>>>;

/// A running animation; dropping it ends it.
pub struct Frames(Slot);

impl Frames {
    /// Calls `draw` with the milliseconds since the start.
    pub fn start(draw: impl Fn(f64) + 'static) -> Self {
        let slot = Slot::default();
        next(slot.clone(), None, Rc::new(draw));
        Self(slot)
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.0.borrow_mut().take();
    }
}

fn next(slot: Slot, times: Option<(f64, f64)>, draw: Rc<dyn Fn(f64)>) {
    let again = slot.clone();
    let frame = request_animation_frame(move |now| {
        let (start, mut last) = times.unwrap_or((now, f64::NEG_INFINITY));
        if now - last >= INTERVAL {
            draw(now - start);
            last = now;
        }
        next(again, Some((start, last)), draw);
    });
    *slot.borrow_mut() = Some(frame);
}
