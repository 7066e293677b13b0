//! Changes of the run.

use crate::kit::selection::Selection;
use crate::kit::shared::Shared;
use crate::parts::controls::numbers::labelled;
use crate::state::{Action, Notice};
use rtb::run::{ConfigError, Run};
use yew::prelude::*;

/// What every control of a run needs.
#[derive(Clone, Properties, PartialEq)]
pub struct EditProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

impl EditProps {
    /// Validates a change of the run and hands it on.
    pub fn apply(&self, change: impl FnOnce(&mut Run)) -> Result<(), ConfigError> {
        apply(&self.run, &self.edit, change)
    }

    /// Hands on a change that cannot be wrong, when a choice is made.
    pub fn changes<T: 'static>(&self, change: impl Fn(&mut Run, T) + 'static) -> Callback<T> {
        changes(&self.run, &self.edit, change)
    }

    /// Selects one of the things that the prior, or the reward, is made of.
    pub fn selects(&self, prior: bool) -> Callback<Option<usize>> {
        let selection = self.selection;
        self.select
            .reform(move |selected| selection.with(prior, selected))
    }
}

/// Validates a changed run and hands it on.
pub fn apply(run: &Run, edit: &Callback<Run>, change: impl FnOnce(&mut Run)) -> Result<(), ConfigError> {
    let mut run = run.clone();
    change(&mut run);
    run.validate().map_err(labelled)?;
    edit.emit(run);
    Ok(())
}

/// What hands on a run that was changed on a panel. Nothing there has a place for a refusal: the page tells it.
pub fn drawn<T: 'static>(
    run: &Shared<Run>,
    dispatch: &Callback<Action>,
    put: impl Fn(&mut Run, T) + 'static,
) -> Callback<T> {
    let (run, dispatch) = (run.clone(), dispatch.clone());
    Callback::from(move |what| {
        let edit = dispatch.reform(Action::Edit);
        if let Err(error) = apply(&run, &edit, |run| put(run, what)) {
            dispatch.emit(Action::Notice(Some(Notice::Refused(error))));
        }
    })
}

/// What hands on a changed run when a choice is made, none of which can be wrong.
pub fn changes<T: 'static>(
    run: &Shared<Run>,
    edit: &Callback<Run>,
    change: impl Fn(&mut Run, T) + 'static,
) -> Callback<T> {
    let (run, edit) = (run.clone(), edit.clone());
    Callback::from(move |chosen| {
        let mut run = (*run).clone();
        change(&mut run, chosen);
        edit.emit(run);
    })
}
