//! The tasks: a room each, with everything that is particular to it. What the rest of the page shows
//! of a task it asks its room for; this file alone says which one that is.

mod common;
mod control;
mod images;
mod latents;
mod plane;
mod points;
mod text;

use crate::parts::compare::Compared;
use crate::parts::controls::numbers::Numbers;
use crate::parts::curves::Charts;
use crate::parts::edit::EditProps;
use crate::parts::figures::{Remarks, rows::Row};
use crate::parts::lesson::LessonProps;
use crate::parts::navigation::Naming;
use crate::parts::panels::PanelsProps;
use crate::parts::save_open::{SampleFile, Saved};
use crate::parts::transport::Advice;
use futures::future::LocalBoxFuture;
use rtb::message::{Report, Scene};
use rtb::run::{ConfigError, Run};
use yew::Html;

/// The rooms, in the order of the page.
static ROOMS: [&dyn Room; 6] = [
    &plane::Plane,
    &points::Points,
    &images::Images,
    &latents::Latents,
    &text::Text,
    &control::Control,
];

/// The room of a run's task.
///
/// # Panics
///
/// Where the page has no room for its task: what comes from outside is [`shown`] first.
pub fn room(run: &Run) -> &'static dyn Room {
    find(run).expect("a run that is shown")
}

fn find(run: &Run) -> Option<&'static dyn Room> {
    let mut rooms = ROOMS.iter();
    let found = rooms.find(|room| room.facts().naming.name == run.task().name());
    found.copied()
}

/// The run, where the page can show it.
///
/// # Errors
///
/// Says what it can show.
pub fn shown(run: Run) -> Result<Run, ConfigError> {
    if let Some(room) = find(&run) {
        room.check(&run)?;
        return Ok(run);
    }
    let names: Vec<_> = namings().into_iter().map(|naming| naming.name).collect();
    let task = run.task().name();
    let allowed = format!(
        "one of {} on the page; the native program trains {task}",
        names.join(", ")
    );
    Err(ConfigError::new("task", format!("`{task}`"), allowed))
}

/// What samples make of the run that is shown, which may be of any task, and what is said of it.
pub type Change = Box<dyn FnOnce(&Run) -> (Run, String)>;

/// Reads a file of samples, in the first room that takes one.
///
/// # Errors
///
/// Says what is wrong with the file, without a full stop.
pub async fn read_samples(file: &str, bytes: &[u8]) -> Result<Change, String> {
    let mut rooms = ROOMS.iter();
    let read = rooms.find_map(|room| room.read_samples(file, bytes));
    read.expect("a room that takes samples").await
}

/// How the page speaks of the tasks.
pub fn namings() -> Vec<&'static Naming> {
    ROOMS.iter().map(|room| &room.facts().naming).collect()
}

/// What is the same for all runs of a task.
pub struct Facts {
    pub naming: Naming,
    /// The run's numbers.
    pub numbers: Numbers,
    pub charts: Charts,
    /// The figures of its reports.
    pub rows: &'static [Row],
    pub compared: Compared,
    pub saved: Saved,
}

/// What the page has to know of a task. A room is handed runs, scenes and reports of its own task only.
pub trait Room: Sync {
    fn facts(&self) -> &'static Facts;

    /// Refuses a run that only the native program trains.
    ///
    /// # Errors
    ///
    /// Says what the page can show in its place.
    fn check(&self, _run: &Run) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Gives a run a prior that ships with the page where it has another one. Says what changed.
    fn adopt(&self, run: &mut Run) -> Option<String>;

    /// The scene of a run as far as it is known before the engine answers, given the run before, which
    /// may be of another task, and its scene.
    fn preview(&self, run: &Run, before: Option<(&Run, &Scene)>) -> Scene;

    /// The four panels, and all that stands with them.
    fn panels(&self, props: PanelsProps) -> Html;

    /// The controls of the reward.
    fn reward(&self, edits: EditProps) -> Html;

    /// The controls of the prior.
    fn prior(&self, edits: EditProps) -> Html;

    /// What is to be said of a run's network, beside its numbers.
    fn note(&self, _run: &Run) -> Option<&'static str> {
        None
    }

    /// What to do about a run's iterations where they are slow on a processor.
    fn advice(&self, _run: &Run) -> Option<Advice> {
        None
    }

    /// What is said of the figures of a report, or before there is one.
    fn remarks(&self, report: Option<&Report>) -> Remarks;

    /// A lesson below the comparison.
    fn lesson(&self, _props: LessonProps) -> Html {
        Html::default()
    }

    /// Reads a file of samples, where the task has a use for them.
    fn read_samples<'a>(
        &self,
        _file: &'a str,
        _bytes: &'a [u8],
    ) -> Option<LocalBoxFuture<'a, Result<Change, String>>> {
        None
    }

    /// Samples of a run with this scene as a file.
    fn file(&self, scene: &Scene, samples: &[f32]) -> SampleFile;
}

impl PartialEq for dyn Room {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.facts(), other.facts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::task::presets;

    #[test]
    fn every_room_has_a_preset_and_other_tasks_are_refused() {
        let presets = presets();
        for naming in namings() {
            let mut own = presets.iter().filter(|p| p.run.task().name() == naming.name);
            assert!(own.any(|p| naming.opens.is_none_or(|opens| opens == p.name)));
        }
        let has_room = |run: &Run| namings().iter().any(|naming| naming.name == run.task().name());
        for preset in presets {
            let known = has_room(&preset.run);
            // Those above recorded steps are the native program's, in a task that has a room.
            let recorded = preset.name.starts_with("d4rl-");
            match shown(preset.run) {
                Ok(run) => {
                    assert!(known && !recorded && room(&run).facts().naming.name == run.task().name());
                }
                Err(refused) if recorded => {
                    assert!(known && refused.field == "environment.kind", "{refused}");
                }
                Err(refused) => assert!(!known && refused.field == "task", "{refused}"),
            }
        }
    }
}
