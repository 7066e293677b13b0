//! Runs that are edited, refused, left and brought back.

use super::*;
use crate::presets::preset;
use rtb::message::Iteration;

fn after(state: State, actions: Vec<Action>) -> Rc<State> {
    actions.into_iter().fold(Rc::new(state), |s, a| s.reduce(a))
}

fn opened() -> Action {
    Action::Events(vec![Event::Opened(Box::default())])
}

#[test]
fn editing_back_to_the_preset_restores_its_name() {
    let run = presets::first();
    let mut edited = run.clone();
    edited.seed = 7;
    let state = after(State::new(run.clone(), None), vec![Action::Edit(edited)]);
    assert_eq!(
        (state.run.name.as_str(), state.preset()),
        ("25-to-9 (edited)", None)
    );
    let mut back = (*state.run).clone();
    back.seed = run.seed;
    assert_eq!(state.reduce(Action::Edit(back)).preset(), Some("25-to-9"));
}

#[test]
fn a_refused_run_gives_way_to_the_last_accepted_one() {
    let run = presets::first();
    let mut edited = run.clone();
    edited.seed = 7;
    let refused = Action::Refused {
        error: ConfigError::new("seed", 7, "something else"),
        phase: Phase::Training,
    };
    let actions = vec![opened(), Action::Train, Action::Edit(edited), refused];
    let state = after(State::new(run.clone(), None), actions);
    assert_eq!(*state.run, run);
    assert_eq!(state.phase, Phase::Training);
    assert!(matches!(&state.notice, Some(Notice::Refused(e)) if e.field == "seed"));
}

#[test]
fn a_run_that_is_refused_though_it_was_accepted_gives_way_to_the_first() {
    let refused = |phase| Action::Refused {
        error: ConfigError::new("network", "`gone`", "another one"),
        phase,
    };
    let run = preset("ring-tilt").unwrap().run.clone();
    let actions = vec![opened(), refused(Phase::Idle), refused(Phase::Opening)];
    let state = after(State::new(run, None), actions);
    assert_eq!((state.preset(), state.phase), (Some("ring-tilt"), Phase::Opening));
    let state = state.reduce(refused(Phase::Idle));
    assert_eq!((state.preset(), state.revision), (Some("25-to-9"), 1));
    assert!(matches!(&state.notice, Some(Notice::Refused(_))));
}

#[test]
fn a_run_waits_for_its_files_until_the_user_tries_again() {
    let actions = vec![opened(), Action::Train, Action::Unfetched("no".to_owned())];
    let state = after(State::new(presets::first(), None), actions);
    assert_eq!(state.phase, Phase::Unfetched);
    assert!(matches!(&state.notice, Some(Notice::Unfetched(why)) if why == "no"));
    let again = state.reduce(Action::Opening { resume: true });
    assert_eq!((again.phase, &again.notice), (Phase::Opening, &None));
    assert_eq!(again.reduce(opened()).phase, Phase::Training);
}

#[test]
fn what_kept_the_engine_from_starting_is_forgotten_when_it_starts() {
    let trouble = || Action::Notice(Some(Notice::Trouble("no engine".to_owned())));
    let state = after(
        State::new(presets::first(), None),
        vec![trouble(), Action::Stopped],
    );
    assert_eq!(state.reduce(opened()).notice, None);
    // One that has started says what else went wrong.
    let state = after(
        State::new(presets::first(), None),
        vec![opened(), trouble(), opened()],
    );
    assert!(state.notice.is_some());
}

#[test]
fn an_edit_while_training_trains_on() {
    let run = presets::first();
    let mut edited = run.clone();
    edited.seed = 7;
    let actions = vec![opened(), Action::Train, Action::Edit(edited), opened()];
    let state = after(State::new(run, None), actions);
    assert_eq!(state.phase, Phase::Training);
    let other = preset("digit-3").unwrap().run.clone();
    let iterated = Action::Events(vec![Event::Iterated(Iteration::default())]);
    let switched = state.reduce(Action::Load(other, None)).reduce(iterated);
    assert_eq!(
        switched.history.last, None,
        "the old run's iterations are not the new one's"
    );
    let switched = switched.reduce(opened());
    assert_eq!(switched.phase, Phase::Idle, "another task waits to be trained");
}

/// A run that was opened and trained, and whose weights the engine has sent.
fn trained(iterations: usize) -> Rc<State> {
    let state = after(State::new(presets::first(), None), vec![opened()]);
    let kept = Action::Kept {
        run: state.run.clone(),
        weights: Shared::new(vec![7]),
    };
    state.reduce(iterated(iterations)).reduce(kept)
}

fn iterated(iterations: usize) -> Action {
    Action::Events(vec![Event::Iterated(Iteration {
        iteration: iterations,
        ..Iteration::default()
    })])
}

fn changed(state: &State, field: &str, value: &str) -> Action {
    Action::Edit(state.run.with(field, value).unwrap())
}

#[test]
fn length_and_measurement_change_a_run_as_it_is() {
    let before = trained(2000);
    let finished = before
        .clone()
        .reduce(Action::Events(vec![Event::Finished { iteration: 2000 }]));
    let state = finished
        .clone()
        .reduce(changed(&finished, "training.iterations", "3000"));
    assert_eq!((state.iteration(), state.phase), (2000, Phase::Idle));
    assert_eq!(state.revision, before.revision, "nothing opens anew");
    let state = state
        .clone()
        .reduce(changed(&state, "evaluation.samples_while_training", "100"));
    assert_eq!((state.revision, state.kept.is_some()), (before.revision, true));
    // A change that is refused later goes back to these, and to the training.
    let other = state.clone().reduce(changed(&state, "rollout.batch", "77"));
    assert_ne!(other.revision, state.revision);
    let refused = other.reduce(Action::Refused {
        error: ConfigError::new("rollout.batch", 77, "something else"),
        phase: Phase::Idle,
    });
    assert_eq!(
        (refused.run.training.iterations, refused.iteration()),
        (3000, 2000)
    );
    assert!(refused.kept.is_some() && refused.past().is_none());
    // It is mended by the value before, too.
    let mended = refused.clone().reduce(Action::Edit((*refused.run).clone()));
    assert_eq!(mended.notice, None);
}

#[test]
fn what_starts_again_can_be_brought_back() {
    let other = preset("moons-disc").unwrap().run.clone();
    for leave in [Action::Load(other.clone(), None), Action::Reset] {
        let before = trained(300);
        let left = before.clone().reduce(leave).reduce(opened());
        assert_eq!(left.iteration(), 0);
        assert_eq!(left.past().map(|past| past.history.iteration()), Some(300));
        let back = left.reduce(Action::Undo);
        assert_eq!(*back.run, *before.run);
        assert_eq!(back.weights.as_deref(), Some(&vec![7]));
        let back = back.reduce(opened());
        assert_eq!((back.iteration(), back.phase), (300, Phase::Idle));
        assert!(back.kept.is_some() && back.past().is_none());
    }
    // So does the browser's way back; and the last weights may be late.
    let before = trained(300);
    let left = before
        .clone()
        .reduce(iterated(301))
        .reduce(Action::Load(other, None));
    let late = Action::Kept {
        run: before.run.clone(),
        weights: Shared::new(vec![8]),
    };
    let back = left
        .reduce(late)
        .reduce(Action::Load((*before.run).clone(), None));
    assert_eq!(back.weights.as_deref(), Some(&vec![8]));
    assert_eq!(back.reduce(opened()).iteration(), 301);
}

#[test]
fn a_few_iterations_do_not_make_long_training_forgotten() {
    let edited = |state: Rc<State>, seed: &str| {
        let edit = changed(&state, "seed", seed);
        state.reduce(edit).reduce(opened())
    };
    let state = edited(trained(300), "7").reduce(iterated(20));
    let left = edited(state, "8");
    assert_eq!(left.past().map(|past| past.history.iteration()), Some(300));
    let state = edited(left.reduce(iterated(40)), "9");
    assert!(state.past().is_none(), "its weights are on their way");
}

#[test]
fn a_trained_run_that_comes_back_is_not_lost_before_it_is_open() {
    let [second, third] = ["moons-disc", "digit-3"].map(|name| preset(name).unwrap().run.clone());
    let before = trained(300);
    let first = (*before.run).clone();
    let loads = [second, first.clone(), third].map(|run| Action::Load(run, None));
    let left = loads.into_iter().fold(before, |state, load| state.reduce(load));
    let past = left.past().unwrap();
    assert_eq!((&*past.run, past.history.iteration()), (&first, 300));
}

/// What was kept of the page's first run.
fn kept(iterations: usize) -> Past {
    let state = trained(iterations);
    Past {
        run: state.run.clone(),
        history: state.history.clone(),
        weights: state.kept.clone(),
    }
}

#[test]
fn what_was_kept_over_a_reload_returns_with_its_curves() {
    let state = after(
        State::new(presets::first(), None),
        vec![Action::Train, Action::Restore(kept(300))],
    );
    assert_eq!((state.iteration(), state.weights.is_some()), (300, true));
    let state = state.reduce(opened());
    assert_eq!((state.iteration(), state.phase), (300, Phase::Training));
    assert_eq!(state.history.curve.items().len(), 1);
    // Its weights may be a little older than its curves.
    let snapshot = Snapshot {
        iteration: 290,
        ..Snapshot::default()
    };
    let state = state.reduce(Action::Events(vec![Event::Snapshot(Box::new(snapshot))]));
    assert_eq!(state.iteration(), 290);
}

#[test]
fn a_preset_picked_before_the_kept_run_returns_leaves_that_to_undo() {
    let pick = || Action::Load(preset("moons-disc").unwrap().run.clone(), None);
    let restore = || Action::Restore(kept(300));
    for actions in [vec![pick(), restore()], vec![restore(), pick()]] {
        let state = after(State::new(presets::first(), None), actions);
        assert_eq!(state.preset(), Some("moons-disc"));
        let back = state.reduce(opened()).reduce(Action::Undo).reduce(opened());
        assert_eq!((back.preset(), back.iteration()), (Some("25-to-9"), 300));
        assert_eq!(back.kept.as_deref(), Some(&vec![7]));
    }
    // Its length may have changed by then.
    let state = after(State::new(presets::first(), None), Vec::new());
    let longer = changed(&state, "training.iterations", "3000");
    let state = state.reduce(longer).reduce(restore()).reduce(opened());
    assert_eq!((state.run.training.iterations, state.iteration()), (3000, 300));
}

#[test]
fn an_address_leads_to_another_run_only() {
    let before = trained(300);
    let same = before.clone().reduce(Action::Follow((*before.run).clone()));
    assert_eq!((same.revision, same.iteration()), (before.revision, 300));
    // Back at once leads to the run before, whatever is drawn by then.
    let other = preset("moons-disc").unwrap().run.clone();
    let left = same.reduce(Action::Follow(other));
    assert_eq!(left.preset(), Some("moons-disc"));
    let back = left.reduce(Action::Follow((*before.run).clone()));
    assert_eq!((back.preset(), back.iteration()), (Some("25-to-9"), 300));
}

#[test]
fn a_preset_that_is_changed_while_it_opens_is_gone_back_to() {
    let refused = |phase| Action::Refused {
        error: ConfigError::new("seed", 7, "something else"),
        phase,
    };
    let pick = Action::Load(preset("moons-disc").unwrap().run.clone(), None);
    let state = trained(300).reduce(pick);
    let seed = changed(&state, "seed", "7");
    let state = state.reduce(seed);
    let batch = changed(&state, "rollout.batch", "77");
    // The engine would go on with the run before.
    let state = state.reduce(batch).reduce(refused(Phase::Idle));
    assert_eq!(
        (state.preset(), state.phase),
        (Some("moons-disc"), Phase::Opening)
    );
    assert!(matches!(&state.notice, Some(Notice::Refused(_))));
    assert_eq!(state.past().map(|past| past.history.iteration()), Some(300));
    // Where the preset is refused too, it goes on with that.
    let before = state.clone().reduce(refused(Phase::Idle));
    assert_eq!((before.preset(), before.iteration()), (Some("25-to-9"), 300));
    // Once the preset is open, changes are of that.
    let state = state.reduce(opened());
    let seed = changed(&state, "seed", "7");
    let state = state.reduce(seed).reduce(refused(Phase::Idle));
    assert_eq!((state.preset(), state.phase), (Some("moons-disc"), Phase::Idle));
}

#[test]
fn another_worker_goes_on_with_the_curves() {
    let opening = || Action::Opening { resume: true };
    let state = trained(300).reduce(opening()).reduce(opened());
    assert_eq!((state.iteration(), state.phase), (300, Phase::Training));
    assert!(state.kept.is_some());
    // One that comes after the engine gave up does not.
    let state = state.reduce(Action::Stopped).reduce(opening()).reduce(opened());
    assert_eq!((state.iteration(), state.kept.is_some()), (0, false));
}
