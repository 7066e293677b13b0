//! A run goes on from the checkpoint in its folder, as it was or with another length, schedule or evaluation.

use super::assets;
use super::device::DeviceKind;
use super::error::ProgramError;
use super::output::quoted;
use super::outside::Permission;
use super::storage::{CONFIG, RunFolder};
use burn::tensor::Device;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::run::{ConfigError, Files, Run};
use rtb::session::{Checkpoint, Session};

/// Where the run of a folder has come to.
pub struct Kept {
    /// The run as it has been trained.
    pub run: Run,
    /// `None` if it was stopped before it wrote any.
    checkpoint: Option<Checkpoint>,
}

impl Kept {
    pub fn of(folder: &RunFolder) -> Result<Self, ProgramError> {
        let bytes = folder.checkpoint()?;
        let checkpoint = bytes.as_deref().map(Checkpoint::read).transpose()?;
        let run = match &checkpoint {
            Some(checkpoint) => checkpoint.run.clone(),
            None => folder.run()?,
        };
        Ok(Self { run, checkpoint })
    }

    /// The session at the latest checkpoint, or at the start, now as this run; and what it needed.
    pub fn reopen_as(
        &self,
        run: Run,
        folder: &RunFolder,
        device: DeviceKind,
        permission: &Permission,
    ) -> Result<(Session, Files), ProgramError> {
        self.run
            .same_training(&run)
            .map_err(|error| refused(folder, error))?;
        let files = files(folder, &run, permission)?;
        let device = device.open()?;
        let session = match &self.checkpoint {
            Some(checkpoint) => block_on(Session::resume_as(run, checkpoint, device, &files)),
            None => block_on(Session::open(run, device, &files, None)),
        };
        let session = session.map_err(|error| match error {
            EngineError::Config(error) => refused(folder, error),
            other => other.into(),
        });
        Ok((session?, files))
    }
}

/// The session at the latest checkpoint of a folder, where there must be one; and what it needed.
pub fn reopen_trained(
    folder: &RunFolder,
    device: DeviceKind,
    permission: &Permission,
) -> Result<(Session, Files), ProgramError> {
    let kept = Kept::of(folder)?;
    if kept.checkpoint.is_none() {
        return Err(ProgramError::NoCheckpoint {
            path: folder.path().to_owned(),
            reasons: vec!["none has been written yet".to_owned()],
        });
    }
    kept.reopen_as(folder.run()?, folder, device, permission)
}

/// A run as somebody describes it, open: what its models would read as something else is refused.
pub fn opened(
    run: Run,
    device: Device,
    files: &Files,
    weights: Option<&[u8]>,
) -> Result<Session, ProgramError> {
    let session = block_on(Session::open(run, device, files, weights))?;
    match session.misread() {
        Some(refused) => Err(refused.into()),
        None => Ok(session),
    }
}

/// The files that the run of a folder needs.
pub fn files(folder: &RunFolder, run: &Run, permission: &Permission) -> Result<Files, ProgramError> {
    assets::files_beside(run, permission, |need| folder.kept(need))
}

/// The refusal of a change, with a way out.
fn refused(folder: &RunFolder, error: ConfigError) -> ProgramError {
    let path = folder.file(CONFIG);
    let allowed = format!(
        "{}; for a new run use `rtb run {} --out DIR`",
        error.allowed,
        quoted(path.display())
    );
    ProgramError::ConfigFile {
        path,
        error: ConfigError { allowed, ..error },
    }
}
