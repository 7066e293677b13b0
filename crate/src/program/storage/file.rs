//! How a file is written: whole or not at all, or through to what stands there in its place.

use super::place::try_folder;
use crate::program::error::ProgramError;
use crate::program::output::{print_bytes, unless_closed};
use serde::Serialize;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::{env, process};

/// Where the bytes for a path go.
enum Target {
    /// A file to be replaced or made; no symbolic link any more.
    File(PathBuf),
    /// A device, a pipe, or a file that is already open.
    Stream,
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() || is_open(path) => Ok(Self::Stream),
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            Err(_) if is_folder || path.file_name().is_none() => Err(ErrorKind::IsADirectory.into()),
            _ => Ok(Self::File(followed(path))),
        }
    }

    /// The folder of a file, where it is missing.
    fn missing_folder(&self) -> Option<&Path> {
        match self {
            Self::File(path) => path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()),
            Self::Stream => None,
        }
    }

    /// Makes the folder of a file, as that of a run is made.
    fn make_folder(&self) -> io::Result<()> {
        self.missing_folder().map_or(Ok(()), fs::create_dir_all)
    }

    /// The name under which it is written first, with this ending.
    fn staged(&self, ending: &str) -> PathBuf {
        match self {
            Self::File(path) => staged(path, ending),
            Self::Stream => env::temp_dir().join(format!("rtb-{}{ending}", process::id())),
        }
    }
}

/// Whether it names a file that a process has opened, such as `>(…)`.
fn is_open(path: &Path) -> bool {
    let folders = ["/dev/fd", "/dev/stdout", "/dev/stderr", "/proc"];
    folders.iter().any(|folder| path.starts_with(folder))
}

/// Where symbolic links lead in the end, whether there is a file or not.
fn followed(path: &Path) -> PathBuf {
    let mut file = path.to_owned();
    while let Ok(next) = fs::read_link(&file) {
        file = file.parent().unwrap_or(Path::new("")).join(next);
    }
    file
}

/// Writes bytes: a file whole or not at all; a device or a pipe is written to and stays what it is.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), ProgramError> {
    let refused = |e| ProgramError::file("write", path, e);
    match Target::of(path).map_err(refused)? {
        Target::Stream => pour(path, bytes).map_err(refused),
        Target::File(_) => write_with(path, "", |fresh| stage(fresh, bytes).map_err(refused)),
    }
}

/// The same for what `make` writes to a file of its own, whose name has to end like this.
pub fn write_with(
    path: &Path,
    ending: &str,
    make: impl FnOnce(&Path) -> Result<(), ProgramError>,
) -> Result<(), ProgramError> {
    let refused = |e| ProgramError::file("write", path, e);
    let target = Target::of(path).map_err(refused)?;
    target.make_folder().map_err(refused)?;
    let fresh = target.staged(ending);
    let written = make(&fresh).and_then(|()| {
        let moved = match &target {
            Target::File(file) => succeed(&fresh, file),
            Target::Stream => fs::read(&fresh).and_then(|bytes| pour(path, &bytes)),
        };
        moved.map_err(refused)
    });
    if written.is_err() || matches!(target, Target::Stream) {
        // A half of a file is of no use to anybody.
        let _ = fs::remove_file(&fresh);
    }
    written
}

/// Writes a value as JSON.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), ProgramError> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|e| ProgramError::file("write", path, e.into()))?;
    text.push('\n');
    write(path, text.as_bytes())
}

/// Finds out, before a long computation, whether its result can be written to a file.
pub fn probe(path: &Path) -> Result<(), ProgramError> {
    let tried = || {
        let target = Target::of(path)?;
        let Target::File(file) = &target else {
            return Ok(());
        };
        if let Some(folder) = target.missing_folder() {
            return try_folder(folder);
        }
        if file.exists() {
            // A file that is kept from being written to is not replaced either.
            OpenOptions::new().write(true).open(file)?;
        }
        let fresh = target.staged("");
        stage(&fresh, &[])?;
        fs::remove_file(&fresh)
    };
    tried().map_err(|e: io::Error| ProgramError::file("write", path, e))
}

/// Whether it can only be written through, with no place for files beside it.
pub fn is_stream(path: &Path) -> bool {
    matches!(Target::of(path), Ok(Target::Stream))
}

/// The extension that tells a file's format, in lower case.
pub fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_lowercase()
}

/// Writes to what is not a file of its own.
fn pour(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_stdout = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(&&*path.to_string_lossy());
    if is_stdout {
        return print_bytes(bytes);
    }
    let opened = OpenOptions::new().append(true).open(path);
    unless_closed(opened.and_then(|mut stream| stream.write_all(bytes)))
}

/// The name under which a file is written before it takes its place.
pub(super) fn staged(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".rtb.tmp");
    name.push(ending);
    path.with_file_name(name)
}

/// Writes a file and waits until it is on the disk; half of it is taken away.
pub(super) fn stage(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Moves a fresh file into the place of an older one, whose permissions it takes.
fn succeed(fresh: &Path, file: &Path) -> io::Result<()> {
    if let Ok(older) = fs::metadata(file) {
        fs::set_permissions(fresh, older.permissions())?;
    }
    replace(fresh, file)
}

/// Moves a file into the place of another, in one step.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    // A rename outlives a power cut once its folder is written too; only Unix can ask for that.
    #[cfg(unix)]
    if let Some(folder) = to.parent() {
        let here = folder.as_os_str().is_empty();
        File::open(if here { Path::new(".") } else { folder })?.sync_all()?;
    }
    Ok(())
}
