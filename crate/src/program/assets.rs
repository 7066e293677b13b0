//! What a run needs: weights that the program ships, files of the user's own, rewards that are computed outside.

use super::data;
use super::error::ProgramError;
use super::folder::Disk;
use super::hub;
use super::output::quoted;
use super::outside::{self, Permission};
use burn::module::Module;
use burn::tensor::Device;
use rtb::engine::EngineError;
use rtb::engine::noise::Noise;
use rtb::engine::weights::{load_tensors, read_tensors};
use rtb::run::{ConfigError, FileKind, FileNeed, Files, Run, shipped_weights};
use rtb::task::Task;
use rtb::task::images::{CLASSES, PooledClassifier, Shape, StridedClassifier};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The role of a prior's weights.
const PRIOR: &str = "prior";

/// The weights of that name, which ship.
pub fn shipped(name: &str) -> &'static [u8] {
    shipped_weights(name).expect("they ship")
}

/// The classifier that rewards of images use.
pub fn reward_classifier(device: &Device) -> Result<StridedClassifier, EngineError> {
    let network = StridedClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), device);
    shipped_network(network, "classifier")
}

/// The classifier that only measures.
pub fn evaluation_classifier(device: &Device) -> Result<PooledClassifier, EngineError> {
    let network = PooledClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), device);
    shipped_network(network, "classifier-evaluation")
}

fn shipped_network<N: Module>(network: N, name: &str) -> Result<N, EngineError> {
    read_tensors(shipped(name))
        .and_then(|weights| load_tensors(network, &weights))
        .map_err(EngineError::Weights)
}

/// The files that a run needs ([`Run::files`]), and the programs, if they are permitted.
pub fn files(run: &Run, permission: &Permission) -> Result<Files, ProgramError> {
    files_beside(run, permission, |need| match need.kind {
        FileKind::Weights if need.role == PRIOR => weights(need.field, need.name),
        FileKind::Weights | FileKind::ShippedWeights => own_weights(need),
        FileKind::Corpus { held_out } => {
            let stories = data::stories(need.name)?;
            let part = if held_out { stories.held_out } else { stories.train };
            Ok(data::infillings(&part))
        }
        FileKind::Table => {
            let path = Path::new(need.name);
            fs::read(path).map_err(|e| ProgramError::file("read the table", path, e))
        }
        FileKind::Text => own(need, "a text file"),
        FileKind::Onnx(_) | FileKind::Denoiser(_) | FileKind::Generator(_) => own(need, "an ONNX file"),
        FileKind::Pretrained { what, data } => pretrained(need, what, data),
        // A program has no file of its own, a folder several, and steps are not held.
        FileKind::Command(_) | FileKind::TextCommand(_) | FileKind::Folder { .. } | FileKind::Steps => {
            Ok(Vec::new())
        }
    })
}

/// The same where the files of the user's own are found elsewhere.
pub fn files_beside(
    run: &Run,
    permission: &Permission,
    find: impl Fn(&FileNeed) -> Result<Vec<u8>, ProgramError>,
) -> Result<Files, ProgramError> {
    opened(&run.files(), permission, find)
}

/// The same of a run's prior alone: no program is started.
pub fn prior_beside(
    run: &Run,
    permission: &Permission,
    find: impl Fn(&FileNeed) -> Result<Vec<u8>, ProgramError>,
) -> Result<Files, ProgramError> {
    let needs: Vec<FileNeed> = run
        .files()
        .into_iter()
        .filter(|need| need.field.starts_with("prior."))
        .collect();
    opened(&needs, permission, find)
}

fn opened(
    needs: &[FileNeed],
    permission: &Permission,
    find: impl Fn(&FileNeed) -> Result<Vec<u8>, ProgramError>,
) -> Result<Files, ProgramError> {
    needs.iter().try_fold(Files::default(), |files, need| {
        Ok(match need.kind {
            FileKind::ShippedWeights => files.with(need.role, shipped(need.name).to_vec()),
            FileKind::Weights
            | FileKind::Pretrained { .. }
            | FileKind::Corpus { .. }
            | FileKind::Table
            | FileKind::Text => files.with(need.role, find(need)?),
            FileKind::Steps => {
                files.with_large_file(need.role, Arc::new(data::Steps::find(need.field, need.name)?))
            }
            FileKind::Command(command) => {
                files.with_black_box(need.role, outside::start(need.field, command, permission)?)
            }
            FileKind::TextCommand(command) => {
                let started = outside::start_for_texts(need.field, command, permission)?;
                files.with_text_black_box(need.role, started)
            }
            // The file is for the run's folder.
            FileKind::Onnx(onnx) => {
                let file = find(need)?;
                let opened = outside::open(need.field, onnx, file.clone())?;
                files.with(need.role, file).with_black_box(need.role, opened)
            }
            FileKind::Denoiser(denoiser) => {
                let file = find(need)?;
                let opened = outside::open_denoiser(need.field, denoiser, file.clone())?;
                files.with(need.role, file).with_denoiser(need.role, opened)
            }
            FileKind::Folder { hub, revision } => {
                let path = match hub {
                    true => hub::folder(need.field, need.name, revision, permission)?,
                    false => need.name.into(),
                };
                files.with_folder(need.role, Arc::new(Disk::open(need.field, path)?))
            }
            FileKind::Generator(generator) => {
                let file = find(need)?;
                let opened = outside::open_generator(need.field, generator, file.clone())?;
                files.with(need.role, file).with_generator(need.role, opened)
            }
        })
    })
}

/// Weights that are no prior's: the file of that name, else the shipped ones.
fn own_weights(need: &FileNeed) -> Result<Vec<u8>, ProgramError> {
    match shipped_weights(need.name) {
        Some(shipped) if !Path::new(need.name).is_file() => Ok(shipped.to_vec()),
        _ => own(need, "a safetensors file"),
    }
}

/// Weights that `rtb pretrain` makes.
fn pretrained(need: &FileNeed, what: &str, data: &str) -> Result<Vec<u8>, ProgramError> {
    fs::read(need.name).map_err(|e| {
        let command = format!("rtb pretrain {what} {} --out {}", quoted(data), quoted(need.name));
        let allowed = format!("a file that can be read ({e}); `{command}` makes it");
        ConfigError::new(need.field, format!("`{}`", need.name), allowed).into()
    })
}

/// A file of the user's own.
fn own(need: &FileNeed, what: &str) -> Result<Vec<u8>, ProgramError> {
    fs::read(need.name).map_err(|e| {
        let allowed = format!("{what} that can be read ({e})");
        ConfigError::new(need.field, format!("`{}`", need.name), allowed).into()
    })
}

/// The weights of a prior, wanted by this field: the file of that name if there is one, else the shipped
/// ones.
pub fn weights(field: &str, name: &str) -> Result<Vec<u8>, ProgramError> {
    let path = Path::new(name);
    if path.is_file() {
        return fs::read(path).map_err(|e| ProgramError::file("read the prior's weights", path, e));
    }
    match priors().find(|(prior, _)| *prior == name) {
        Some((_, weights)) => Ok(weights.to_vec()),
        None => Err(unknown(field, name).into()),
    }
}

/// The priors that this program carries: name and weights.
fn priors() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let named = Task::all().flat_map(|task| task.priors());
    named.filter_map(|prior| Some((prior.name, shipped_weights(prior.name)?)))
}

fn unknown(field: &str, name: &str) -> ConfigError {
    let names: Vec<_> = priors().map(|(name, _)| name).collect();
    let allowed = format!(
        "a safetensors file that exists, or one of the shipped priors {}",
        names.join(", ")
    );
    ConfigError::new(field, format!("`{name}`"), allowed)
}
