//! What becomes of runs that are wanted, opened, refused and lost.

use super::{Next, Opening, Plan};
use crate::kit::shared::Shared;
use crate::state::Phase;
use rtb::run::Run;

fn opening(seed: u64) -> Opening {
    Opening {
        run: Shared::new(Run {
            seed,
            ..Run::default()
        }),
        weights: None,
    }
}

/// A run is wanted and has settled.
fn want(plan: &mut Plan, opening: &Opening, train: bool) -> Next {
    plan.want(opening.clone(), train);
    plan.settle()
}

/// A plan with a run that is open, and that run.
fn open(train: bool) -> (Plan, Opening) {
    let (mut plan, first) = (Plan::default(), opening(0));
    plan.started();
    assert_eq!(
        want(&mut plan, &first, train),
        Next::Nothing,
        "the worker is not up"
    );
    assert!(plan.starts());
    assert_eq!(plan.up(), Next::Open(first.clone()));
    assert!(!plan.starts());
    let next = if train { Next::Train } else { Next::Nothing };
    assert_eq!(plan.opened(), (true, next));
    (plan, first)
}

/// With weights that were kept of it.
fn with(opening: &Opening, weights: &Shared<Vec<u8>>) -> Next {
    Next::Open(Opening {
        weights: Some(weights.clone()),
        ..opening.clone()
    })
}

#[test]
fn a_run_that_is_overtaken_while_it_opens_is_never_accepted() {
    let (mut plan, first) = open(true);
    let [second, third] = [1, 2].map(opening);
    assert_eq!(want(&mut plan, &second, true), Next::Open(second));
    assert_eq!(
        want(&mut plan, &third, true),
        Next::Nothing,
        "one after the other"
    );
    assert!(!plan.is_open() && plan.trains());
    assert_eq!(plan.opened(), (false, Next::Open(third)));
    // The worker holds the second by now, so that the first has to be opened again.
    let weights = Shared::new(vec![1]);
    assert_eq!(plan.keep(weights.clone()), None, "they are the second's");
    assert_eq!(plan.refused(), (Some(Phase::Opening), Next::Open(first)));
    assert_eq!(plan.opened(), (true, Next::Train));
}

#[test]
fn a_run_that_may_still_change_is_not_sent() {
    let (mut plan, _) = open(false);
    let [second, third, fourth] = [1, 2, 3].map(opening);
    plan.want(second, false);
    assert!(!plan.is_open(), "clicks are about the new one");
    assert_eq!(want(&mut plan, &third, false), Next::Open(third));
    assert_eq!(plan.settle(), Next::Nothing, "it is sent once");
    plan.want(fourth.clone(), false);
    assert_eq!(plan.opened(), (false, Next::Nothing));
    assert_eq!(plan.settle(), Next::Open(fourth.clone()));
    plan.want(opening(4), false);
    assert_eq!(plan.refused(), (None, Next::Nothing), "nobody asks any more");
}

#[test]
fn a_refused_run_gives_way_to_the_one_that_goes_on() {
    for (train, phase) in [(true, Phase::Training), (false, Phase::Idle)] {
        let (mut plan, _) = open(train);
        let _ = want(&mut plan, &opening(1), train);
        assert_eq!(plan.refused(), (Some(phase), Next::Nothing));
        assert!(plan.is_open() && plan.trains() == train);
    }
    let (mut plan, _) = open(true);
    let _ = want(&mut plan, &opening(1), true);
    plan.finished();
    assert_eq!(plan.refused(), (Some(Phase::Finished), Next::Nothing));
}

#[test]
fn a_first_run_that_is_refused_leaves_the_worker_empty() {
    let mut plan = Plan::default();
    plan.started();
    let _ = want(&mut plan, &opening(0), false);
    let _ = plan.up();
    assert_eq!(plan.refused(), (Some(Phase::Idle), Next::Nothing));
    assert_eq!((plan.train(), plan.pause()), (Next::Nothing, Next::Nothing));
    let other = opening(1);
    assert_eq!(want(&mut plan, &other, false), Next::Open(other));
}

#[test]
fn a_crash_while_training_goes_on_from_the_last_weights() {
    for another_kind in [false, true] {
        let (mut plan, first) = open(true);
        let weights = Shared::new(vec![1]);
        assert_eq!(plan.keep(weights.clone()), Some(first.run.clone()));
        assert!(plan.ended(another_kind) && plan.want_again(false));
        plan.started();
        assert_eq!((plan.settle(), plan.trains()), (Next::Nothing, false));
        assert_eq!(plan.up(), with(&first, &weights));
        assert_eq!(
            plan.opened(),
            (true, Next::Nothing),
            "training waits for the user"
        );
    }
}

#[test]
fn weights_of_one_run_are_not_anothers() {
    let (mut plan, _) = open(true);
    assert!(plan.keep(Shared::new(vec![1])).is_some());
    let second = opening(1);
    plan.want(second.clone(), true);
    assert!(plan.ended(false) && plan.want_again(true));
    plan.started();
    let _ = plan.settle();
    assert_eq!(plan.up(), Next::Open(second));
}

#[test]
fn a_worker_that_never_opened_a_run_is_not_replaced_until_the_user_acts() {
    let (mut plan, first) = (Plan::default(), opening(0));
    plan.started();
    let _ = want(&mut plan, &first, false);
    let _ = plan.up();
    assert!(!plan.ended(false) && !plan.is_open());
    assert_eq!(plan.train(), Next::Start);
    plan.started();
    assert_eq!(plan.up(), Next::Open(first));
    assert_eq!(plan.opened(), (true, Next::Train));
    // A change of the run tries again as well, and another kind of worker always.
    let mut plan = Plan::default();
    assert!(plan.ended(true) && !plan.want_again(false));
    assert_eq!(want(&mut plan, &opening(1), false), Next::Start);
}

#[test]
fn clicks_while_a_run_opens_are_about_that_run() {
    let (mut plan, _) = open(false);
    let _ = want(&mut plan, &opening(1), false);
    assert_eq!(plan.train(), Next::Nothing);
    assert_eq!(plan.opened(), (true, Next::Train));

    // The run that is replaced pauses too: it stays if the new one is refused.
    let _ = want(&mut plan, &opening(2), true);
    assert_eq!(plan.pause(), Next::Pause);
    assert_eq!(plan.refused(), (Some(Phase::Idle), Next::Nothing));
    assert_eq!(plan.train(), Next::Train);
    let _ = want(&mut plan, &opening(3), true);
    let _ = plan.pause();
    assert_eq!(plan.opened(), (true, Next::Nothing));
}

#[test]
fn training_ends_by_itself_or_breaks_off() {
    let (mut plan, _) = open(true);
    assert!(plan.trains());
    plan.finished();
    assert_eq!((plan.trains(), plan.pause()), (false, Next::Nothing));
    assert_eq!(plan.train(), Next::Train);
    plan.diverged();
    assert!(!plan.trains() && plan.is_open());
}

#[test]
fn another_description_of_the_open_run_is_told_once_and_keeps_its_weights() {
    let (mut plan, _) = open(true);
    let weights = Shared::new(vec![1]);
    assert!(plan.keep(weights.clone()).is_some());
    let longer = opening(0).run;
    plan.revise(longer.clone());
    assert!(plan.is_open() && plan.trains(), "it goes on");
    assert_eq!(plan.tell(), Next::Revise(longer.clone()));
    assert_eq!(plan.tell(), Next::Nothing, "once");
    plan.revise(longer.clone());
    assert_eq!(plan.tell(), Next::Nothing, "it is known");

    // Before it is told another run is wanted, which is refused: the worker hears of it then.
    let longest = opening(0).run;
    plan.revise(longest.clone());
    let _ = want(&mut plan, &opening(1), true);
    assert_eq!(
        plan.refused(),
        (Some(Phase::Training), Next::Revise(longest.clone()))
    );
    // A crash goes on with the weights, under the last description.
    assert!(plan.ended(false) && plan.want_again(true));
    plan.started();
    let _ = plan.settle();
    let last = Opening {
        run: longest,
        weights: Some(weights),
    };
    assert_eq!(plan.up(), Next::Open(last));
}

#[test]
fn a_run_that_is_not_open_yet_is_opened_as_it_is_described_last() {
    let (mut plan, _) = open(false);
    let second = opening(1);
    let described = Opening {
        run: opening(1).run,
        weights: second.weights.clone(),
    };
    plan.want(second, false);
    plan.revise(described.run.clone());
    assert_eq!(plan.settle(), Next::Open(described.clone()));
    let again = opening(1);
    plan.revise(again.run.clone());
    assert_eq!(plan.opened(), (false, Next::Open(again)));
    // Weights that are on their way are those of a run that was never accepted.
    assert_eq!(plan.keep(Shared::new(vec![1])), None);
    let weights = Shared::new(vec![2]);
    let (mut plan, _) = open(false);
    plan.want(opening(1), false);
    assert!(
        plan.keep(weights).is_some(),
        "the last words of the run that is left"
    );
}

#[test]
fn a_run_whose_files_cannot_be_fetched_waits_for_the_user() {
    let (mut plan, _) = open(true);
    let second = opening(1);
    assert_eq!(want(&mut plan, &second, true), Next::Open(second.clone()));
    assert_eq!(plan.unfetched(), (true, Next::Pause), "nothing trains on unseen");
    assert!(plan.lacks_files() && !plan.is_open() && plan.trains());
    assert_eq!(plan.train(), Next::Nothing, "no attempt by itself");
    assert_eq!(plan.settle(), Next::Open(second));
    assert!(!plan.lacks_files());
    assert_eq!(plan.opened(), (true, Next::Train));

    // One that is overtaken meanwhile is not missed.
    let [third, fourth] = [2, 3].map(opening);
    let _ = want(&mut plan, &third, false);
    assert_eq!(want(&mut plan, &fourth, false), Next::Nothing);
    assert_eq!(plan.unfetched(), (false, Next::Open(fourth)));
}

#[test]
fn a_crash_without_the_network_keeps_the_weights() {
    let (mut plan, first) = open(false);
    let weights = Shared::new(vec![1]);
    plan.keep(weights.clone());
    assert!(plan.ended(false) && plan.want_again(false));
    plan.started();
    let _ = plan.settle();
    assert_eq!(plan.up(), with(&first, &weights));
    assert_eq!(plan.unfetched(), (true, Next::Nothing));
    assert_eq!(plan.settle(), with(&first, &weights));
}

#[test]
fn a_run_that_is_refused_though_it_was_accepted_is_not_gone_back_to() {
    let (mut plan, first) = open(false);
    assert!(plan.ended(false) && plan.want_again(false));
    plan.started();
    let _ = plan.settle();
    assert_eq!(plan.up(), Next::Open(first.clone()));
    assert_eq!(plan.refused(), (Some(Phase::Opening), Next::Open(first)));
    assert_eq!(plan.refused(), (Some(Phase::Idle), Next::Nothing));
    assert_eq!(plan.train(), Next::Nothing);
}

#[test]
fn a_worker_is_deaf_until_it_takes_up_the_run_that_is_wanted() {
    let (mut plan, _) = open(false);
    assert_eq!(plan.unheard(), None);
    let [second, third] = [1, 2].map(opening);
    plan.want(second.clone(), false);
    assert_eq!(plan.unheard(), None, "it may still change");
    let _ = plan.settle();
    assert_eq!(plan.unheard(), None, "its files may take long");
    plan.posted();
    assert_eq!(plan.unheard(), Some(second.run));
    plan.heard();
    assert_eq!(plan.unheard(), None, "opening it may take long");
    let _ = want(&mut plan, &third, false);
    assert_eq!(plan.unheard(), Some(third.run.clone()), "it opens another one");
    plan.started();
    assert_eq!(plan.unheard(), None);
    assert_eq!(plan.up(), Next::Open(third));
}
