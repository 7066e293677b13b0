//! Where a new folder can be made.

use super::{CONFIG, LOCK, METRICS, file};
use crate::program::error::ProgramError;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Makes the folder `out`, which must be vacant; without it `usual`, with a number behind it if
/// that is taken. `remedy` says what to do about a taken one.
pub fn create_folder(
    out: Option<&Path>,
    usual: &Path,
    remedy: &'static str,
) -> Result<PathBuf, ProgramError> {
    let path = chosen(out, usual, remedy)?;
    fs::create_dir_all(&path).map_err(|e| ProgramError::file("make the folder", &path, e))?;
    Ok(path)
}

/// Finds out, before a long computation, whether [`create_folder`] can make the folder for its results.
pub fn probe_folder(out: Option<&Path>, usual: &Path, remedy: &'static str) -> Result<(), ProgramError> {
    let path = chosen(out, usual, remedy)?;
    try_folder(&path).map_err(|e| ProgramError::file("make the folder", &path, e))
}

/// Finds out whether a folder can be made, with those above it, and leaves nothing behind.
pub(super) fn try_folder(path: &Path) -> io::Result<()> {
    // Of a relative path the last one is empty: the working folder.
    let above = path
        .ancestors()
        .find(|above| above.as_os_str().is_empty() || above.exists());
    let trial = file::staged(&above.unwrap_or(Path::new("")).join("folder"), "");
    fs::create_dir(&trial)?;
    fs::remove_dir(&trial)
}

fn chosen(out: Option<&Path>, usual: &Path, remedy: &'static str) -> Result<PathBuf, ProgramError> {
    match out {
        Some(path) if is_vacant(path)? => Ok(path.to_owned()),
        Some(path) => Err(ProgramError::Occupied {
            path: path.to_owned(),
            what: if path.is_dir() {
                "a folder with files"
            } else {
                "a file"
            },
            remedy,
        }),
        None => vacant(usual),
    }
}

/// Whether a folder can be made there without mixing with other files. That of a run that was killed before
/// its description was written holds nothing that anybody wants.
fn is_vacant(path: &Path) -> Result<bool, ProgramError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none() || never_began(path)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(path.symlink_metadata().is_err()),
        // A file is in the way here; one further up shows when the folder is made.
        Err(e) if e.kind() == ErrorKind::NotADirectory => Ok(!path.exists()),
        Err(e) => Err(ProgramError::file("read the folder", path, e)),
    }
}

/// Whether it is the folder of a run that is locked first, but was never described.
fn never_began(folder: &Path) -> bool {
    let holds = |name: &str| folder.join(name).exists();
    holds(LOCK) && !holds(CONFIG) && !holds(METRICS)
}

/// `path`, or `path-2`, `path-3` … if that is taken.
fn vacant(path: &Path) -> Result<PathBuf, ProgramError> {
    let mut candidate = path.to_owned();
    for number in 2.. {
        if is_vacant(&candidate)? {
            break;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!("-{number}"));
        candidate = name.into();
    }
    Ok(candidate)
}

#[cfg(test)]
mod tests {
    use super::vacant;
    use crate::program::scratch::Scratch;
    use std::fs;

    #[test]
    fn taken_folders_get_a_number() {
        let place = Scratch::new();
        let wanted = place.path().join("run");
        assert_eq!(vacant(&wanted).expect("free"), wanted);
        for taken in ["run", "run-2"] {
            fs::create_dir(place.path().join(taken)).expect("made");
            fs::write(place.path().join(taken).join("file"), "").expect("written");
        }
        assert_eq!(vacant(&wanted).expect("free"), place.path().join("run-3"));
    }
}
