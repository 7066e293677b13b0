//! Changes of the run.

use crate::kit::shared::Shared;
use rtb::config::{ConfigError, Run};
use yew::prelude::*;

/// Validates a changed run and hands it on.
pub fn apply(run: &Run, edit: &Callback<Run>, change: impl FnOnce(&mut Run)) -> Result<(), ConfigError> {
    let mut run = run.clone();
    change(&mut run);
    run.validate()?;
    edit.emit(run);
    Ok(())
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
