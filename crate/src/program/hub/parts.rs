//! Which files of a diffusers folder are read, and whether all are there.

use super::Sibling;
use crate::program::error::ProgramError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The file that names the parts.
pub const INDEX: &str = "model_index.json";

/// The parts that are read, with the names of their files besides weights.
const PARTS: &[(&str, &[&str])] = &[
    ("unet", &["config.json"]),
    ("vae", &["config.json"]),
    ("text_encoder", &["config.json"]),
    ("tokenizer", &["vocab.json", "merges.txt"]),
    ("scheduler", &["scheduler_config.json"]),
];
/// Those with weights.
const WITH_WEIGHTS: &[&str] = &["unet", "vae", "text_encoder"];

/// The beginnings of the names of weights; others are of whole pipelines or of other variants.
const WEIGHTS: &[&str] = &["diffusion_pytorch_model", "model"];

/// Whether a file is one of the weights, in one file or one of several, or the list of several.
fn is_weights(name: &str) -> bool {
    let of = |stem: &str| WEIGHTS.contains(&stem);
    if let Some(stem) = name.strip_suffix(".safetensors.index.json") {
        return of(stem);
    }
    let Some(stem) = name.strip_suffix(".safetensors") else {
        return false;
    };
    // `model-00001-of-00002`.
    let whole = stem.split_once("-0").map_or(stem, |(whole, _)| whole);
    of(whole)
}

/// The files of a model that are fetched: configurations, and weights as safetensors of full precision.
pub fn wanted<'a>(field: &str, model: &str, files: &'a [Sibling]) -> Result<Vec<&'a Sibling>, ProgramError> {
    let read = |file: &&Sibling| {
        let (folder, name) = file.rfilename.rsplit_once('/').unwrap_or(("", &file.rfilename));
        let known = PARTS.iter().find(|(part, _)| *part == folder);
        let listed = match known {
            Some((_, names)) => names.contains(&name),
            // The oldest models have one network, whose files lie beside the index.
            None => folder.is_empty() && [INDEX, "config.json", "scheduler_config.json"].contains(&name),
        };
        let has_weights = folder.is_empty() || WITH_WEIGHTS.contains(&folder);
        listed || has_weights && is_weights(name)
    };
    let found: Vec<&Sibling> = files.iter().filter(read).collect();
    let has = |what: &dyn Fn(&str) -> bool| found.iter().any(|file| what(&file.rfilename));
    let refused = |why: &str| Err(ProgramError::Data(format!("{field}: the model `{model}` {why}")));
    if !has(&|name| name == INDEX) {
        return refused("has no model_index.json: it is not in the format of diffusers");
    }
    if !has(&|name| name.ends_with(".safetensors")) {
        return refused(
            "has no weights as .safetensors, only as .bin or .ckpt, which can hold code; convert it: \
             `DiffusionPipeline.from_pretrained(…).save_pretrained(folder)` in Python, then name that as prior.folder",
        );
    }
    Ok(found)
}

/// Whether a folder has all files of the parts that its index names; a download may have been stopped.
pub fn are_complete(folder: &Path) -> bool {
    let index = fs::read(folder.join(INDEX)).ok();
    let index: Option<BTreeMap<String, Value>> = index.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(index) = index else {
        return false;
    };
    let named = |part: &str| {
        index
            .get(part)
            .and_then(|of| of.get(0))
            .is_some_and(|of| !of.is_null())
    };
    PARTS.iter().filter(|(part, _)| named(part)).all(|(part, files)| {
        let own = folder.join(part);
        let own = if own.is_dir() { own } else { folder.to_owned() };
        files.iter().all(|file| own.join(file).is_file())
            && (!WITH_WEIGHTS.contains(part) || has_weights(&own))
    })
}

/// Whether a folder has its weights, all of them where they are several files.
fn has_weights(folder: &Path) -> bool {
    WEIGHTS.iter().any(|stem| {
        if folder.join(format!("{stem}.safetensors")).is_file() {
            return true;
        }
        let list = fs::read(folder.join(format!("{stem}.safetensors.index.json"))).ok();
        let list: Option<Value> = list.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let files: Option<BTreeSet<String>> = list.and_then(|list| {
            let map = list.get("weight_map")?.as_object()?;
            map.values().map(|file| Some(file.as_str()?.to_owned())).collect()
        });
        files.is_some_and(|files| !files.is_empty() && files.iter().all(|file| folder.join(file).is_file()))
    })
}
