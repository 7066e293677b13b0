//! A test of many inputs, each with a deadline.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use std::any::Any;
use std::fmt::Debug;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// What reading an input may take, on a slow machine too.
const DEADLINE: Duration = Duration::from_secs(20);
/// What proptest draws where nobody says how many.
const USUAL: u32 = 256;

/// Tests `cases` inputs. Of one that fails it looks for a smaller one, and panics with that.
pub fn each<S: Strategy>(cases: u32, inputs: S, test: fn(S::Value))
where
    S::Value: Debug + Send + 'static,
{
    let usual = Config::default();
    let config = Config {
        cases: cases * usual.cases / USUAL,
        rng_seed: match usual.rng_seed {
            RngSeed::Random => RngSeed::Fixed(0),
            given => given,
        },
        failure_persistence: None,
        max_shrink_time: 30_000,
        ..usual
    };
    let tested = TestRunner::new(config).run(&inputs, |input| in_time(test, input));
    if let Err(failure) = tested {
        panic!("{failure}");
    }
}

/// Tests an input in a thread of its own, which is left alone if it hangs.
fn in_time<I: Send + 'static>(test: fn(I), input: I) -> Result<(), TestCaseError> {
    let (done, waiting) = channel();
    let tester = thread::spawn(move || {
        test(input);
        // Nobody waits for one that is late.
        let _ = done.send(());
    });
    match waiting.recv_timeout(DEADLINE) {
        Err(RecvTimeoutError::Timeout) => Err(TestCaseError::fail(format!("no answer in {DEADLINE:?}"))),
        _ => tester.join().map_err(|panic| TestCaseError::fail(said(&*panic))),
    }
}

/// The message of a panic.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
