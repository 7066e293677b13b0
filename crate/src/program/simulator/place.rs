//! Where MuJoCo and the descriptions of robots lie: where the user says, or among the packages of `python3`.

use crate::program::error::ProgramError;
use rtb::run::ConfigError;
use rtb::task::control::offline::Robot;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names MuJoCo's shared library.
const NAMED: &str = "RTB_MUJOCO";
/// What to do where nothing is found.
const INSTALL: &str = "`pip install \"gymnasium[mujoco]\"` for the `python3` that is found first";

/// Prints the folder of a package without running it.
const FOLDER: &str = "
import importlib.util, sys
found = importlib.util.find_spec(sys.argv[1])
print(found.submodule_search_locations[0] if found else '')
";

/// MuJoCo's shared library.
pub fn library() -> Result<PathBuf, ProgramError> {
    if let Some(path) = std::env::var_os(NAMED).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return match path.is_file() {
            true => Ok(path),
            false => {
                let allowed = "the file of MuJoCo's shared library, such as libmujoco.so";
                Err(ConfigError::new(NAMED, format!("`{}`", path.display()), allowed).into())
            }
        };
    }
    let found = package("mujoco").and_then(|folder| within(&folder));
    found.ok_or_else(|| {
        ProgramError::Data(format!(
            "MuJoCo is not found; set {NAMED} to its shared library, such as libmujoco.so, or {INSTALL}"
        ))
    })
}

/// The description of a robot: the named file, or that of the user's Gymnasium.
pub fn model(named: Option<&Path>, robot: &Robot) -> Result<PathBuf, ProgramError> {
    if let Some(path) = named {
        return match path.is_file() {
            true => Ok(path.to_owned()),
            false => {
                let allowed = format!("a file that exists, such as Gymnasium's {}", robot.model);
                Err(ConfigError::new("--xml", format!("`{}`", path.display()), allowed).into())
            }
        };
    }
    let folder = package("gymnasium").map(|folder| folder.join("envs/mujoco/assets"));
    let path = folder.map(|folder| folder.join(robot.model));
    path.filter(|path| path.is_file()).ok_or_else(|| {
        ProgramError::Data(format!(
            "the robot's {} is not found; name it with --xml, or {INSTALL}",
            robot.model
        ))
    })
}

/// The folder of a package of Python, where there is one.
fn package(name: &str) -> Option<PathBuf> {
    let told = Command::new("python3").args(["-c", FOLDER, name]).output().ok()?;
    let folder = String::from_utf8(told.stdout).ok()?.trim().to_owned();
    (!folder.is_empty()).then(|| folder.into())
}

/// The shared library in the folder of the package.
fn within(folder: &Path) -> Option<PathBuf> {
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libmujoco.") || name == "mujoco.dll"
    };
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_library).collect();
    found.sort();
    found.pop()
}
