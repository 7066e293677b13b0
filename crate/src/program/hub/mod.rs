//! Models of the hub (huggingface.co): where Python has left them, or fetched after a yes.

mod parts;
#[cfg(test)]
mod tests;

use super::data::{Content, offline};
use super::error::ProgramError;
use super::output::{bytes, say};
use super::permission::{Permission, agrees};
use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use rtb::run::ConfigError;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The revision where none is named.
const MAIN: &str = "main";
/// Times that a broken download goes on.
const RETRIES: usize = 3;

/// What the hub says of a model.
#[derive(Deserialize)]
struct Listing {
    /// The commit.
    sha: String,
    siblings: Vec<Sibling>,
}

/// A file of a model.
#[derive(Clone, Debug, Deserialize)]
struct Sibling {
    /// Its path in the model.
    rfilename: String,
    /// Its bytes.
    size: u64,
    /// Its SHA-256, where it is large.
    lfs: Option<Large>,
}

#[derive(Clone, Debug, Deserialize)]
struct Large {
    sha256: String,
}

/// Where models are looked for.
struct Places {
    /// In place of the others, if it is given.
    offline: Option<PathBuf>,
    cache: Cache,
    /// What to ask, with its own idea of a cache.
    hub: ApiBuilder,
}

/// The folder of a model on this machine; `field` is its name in errors.
///
/// It is looked for below `RTB_DATA` if that is set, then in the cache that the Python library shares (`HF_HOME`), and
/// then fetched into that cache: of a diffusers folder the configurations and the safetensors, each checked.
pub fn folder(
    field: &str,
    model: &str,
    revision: Option<&str>,
    permission: &Permission,
) -> Result<PathBuf, ProgramError> {
    let places = Places {
        offline: offline(),
        cache: Cache::from_env(),
        hub: ApiBuilder::from_env(),
    };
    places.folder(field, model, revision, permission)
}

impl Places {
    fn folder(
        self,
        field: &str,
        model: &str,
        revision: Option<&str>,
        permission: &Permission,
    ) -> Result<PathBuf, ProgramError> {
        check_name(field, model)?;
        if let Some(offline) = self.offline {
            let folder = offline.join(model);
            return match folder.is_dir() {
                true => Ok(folder),
                false => Err(ProgramError::Data(format!(
                    "{field}: there is no folder {}; RTB_DATA is set, so nothing is fetched",
                    folder.display()
                ))),
            };
        }
        let revision = revision.unwrap_or(MAIN).to_owned();
        let repo = Repo::with_revision(model.to_owned(), RepoType::Model, revision);
        let cached = self.cache.repo(repo.clone());
        let index = cached.get(parts::INDEX);
        let known = index.as_deref().and_then(Path::parent);
        if let Some(folder) = known.filter(|folder| parts::are_complete(folder)) {
            return Ok(folder.to_owned());
        }
        let lost = |why: String| {
            ProgramError::Data(format!(
                "{field}: the model `{model}` is not in {}, and cannot be fetched: {why}\nWithout internet access, copy its \
                 folder to this machine and name it as prior.folder.",
                self.cache.path().display()
            ))
        };
        let hub = self.hub.with_retries(RETRIES).build();
        let remote = hub.map_err(|error| lost(error.to_string()))?.repo(repo);
        let listing: Listing = remote
            .info_request()
            .query("blobs", "true")
            .call()
            .and_then(|mut answer| answer.body_mut().read_json())
            .map_err(|error| lost(error.to_string()))?;
        let folder = cached.pointer_path(&listing.sha);
        let is_there = |file: &Sibling| {
            fs::metadata(folder.join(&file.rfilename)).is_ok_and(|there| there.len() == file.size)
        };
        let mut missing = parts::wanted(field, model, &listing.siblings)?;
        missing.retain(|file| !is_there(file));
        permit(field, model, &missing, self.cache.path(), permission)?;
        for file in missing {
            fetch(&remote, file).map_err(lost)?;
        }
        Ok(folder)
    }
}

/// Refuses what is no name of a model, before it becomes an address or a path.
fn check_name(field: &str, model: &str) -> Result<(), ConfigError> {
    let is_part = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.chars().all(allowed) && !part.starts_with('.')
    };
    let parts: Vec<&str> = model.split('/').collect();
    match parts.len() <= 2 && parts.into_iter().all(is_part) {
        true => Ok(()),
        false => Err(ConfigError::new(
            field,
            format!("`{model}`"),
            "a model's name on the hub, such as `google/ddpm-cifar10-32`; for a folder of your own use prior.folder",
        )),
    }
}

/// Says what would be fetched, and asks.
fn permit(
    field: &str,
    model: &str,
    missing: &[&Sibling],
    cache: &Path,
    permission: &Permission,
) -> Result<(), ProgramError> {
    if missing.is_empty() {
        return Ok(());
    }
    let line = |file: &&Sibling| format!("\n{:>10}  {}", bytes(file.size), file.rfilename);
    let listed: String = missing.iter().map(line).collect();
    let listed = format!(
        "Files of {model}, to be fetched into {}:{listed}",
        cache.display()
    );
    let all = bytes(missing.iter().map(|file| file.size).sum());
    if permission.download {
        say(listed);
        return Ok(());
    }
    if agrees(&listed, &format!("Fetch {all}?")) {
        return Ok(());
    }
    Err(ProgramError::Data(format!(
        "{field}: {all} of `{model}` would have to be fetched; use --download to fetch them\n{listed}"
    )))
}

/// Fetches a file; one with other content than the hub says is removed again.
fn fetch(remote: &ApiRepo, file: &Sibling) -> Result<(), String> {
    let path = remote
        .download(&file.rfilename)
        .map_err(|error| format!("{}: {error}", file.rfilename))?;
    let content = Content {
        bytes: file.size,
        sha256: file.lfs.as_ref().map(|large| &*large.sha256),
    };
    let wrong = match content.wrong(&path) {
        Err(error) => error.to_string(),
        Ok(None) => return Ok(()),
        Ok(Some(wrong)) => wrong,
    };
    // The path is a link to the content, which lies elsewhere.
    let content = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    let removed = fs::remove_file(&path).and_then(|()| match content == path {
        true => Ok(()),
        false => fs::remove_file(&content),
    });
    let and = removed.map_or_else(
        |error| format!("; it cannot be removed: {error}"),
        |()| String::new(),
    );
    Err(format!("{}: {wrong}{and}", file.rfilename))
}
