//! The files of a part's weights: one, or several that an index names.

use super::folder::Folder;
use super::names::PUBLISHED;
use crate::engine::weights::{Weights, headers, load_parts, read_tensors_where};
use crate::engine::{ConfigError, EngineError};
use burn::module::Module;
use serde_json::Value;

/// The names of weights before their endings.
const STEMS: [&str; 2] = ["diffusion_pytorch_model", "model"];
/// Before the endings of weights: none, or a variant, which is read where the plain ones are not there.
const VARIANTS: [&str; 3] = ["", ".fp16", ".bf16"];
/// Endings of weights that hold programs, which are not read.
const UNREAD: [&str; 5] = [".bin", ".ckpt", ".pt", ".pth", ".msgpack"];
/// Names of attention's layers in older files, and today's.
const RENAMED: [(&str, &str); 4] = [
    (".query.", ".to_q."),
    (".key.", ".to_k."),
    (".value.", ".to_v."),
    (".proj_attn.", ".to_out.0."),
];
/// Before the names of some text encoders.
const TEXT_PREFIX: &str = "text_model.";
/// Positions that are counted, not learned.
const COUNTED: &str = "embeddings.position_ids";
/// Bytes of a file that hold its header, whatever its weights.
pub(super) const HEADER: usize = 16 << 20;

/// What a part's weights are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Numbers, over all tensors.
    pub parameters: usize,
    /// The types of numbers, such as `F16`.
    pub kinds: Vec<String>,
    /// Bytes of them in the files.
    pub bytes: usize,
}

/// The files of weights in a folder of a pipeline.
pub(super) struct WeightFiles<'a> {
    files: &'a dyn Folder,
    /// In order.
    paths: Vec<String>,
}

impl<'a> WeightFiles<'a> {
    /// Those in `folder`, which ends with `/` or is empty.
    pub fn find(files: &'a dyn Folder, folder: &str) -> Result<Self, EngineError> {
        let names = files
            .files(folder.trim_end_matches('/'))
            .map_err(EngineError::Weights)?;
        let has = |name: &String| names.contains(name);
        let path = |name: &str| format!("{folder}{name}");
        for stem in STEMS {
            for variant in VARIANTS {
                let whole = format!("{stem}{variant}.safetensors");
                if has(&whole) {
                    let paths = vec![path(&whole)];
                    return Ok(Self { files, paths });
                }
                let index = format!("{stem}.safetensors.index{variant}.json");
                if !has(&index) {
                    continue;
                }
                let index = path(&index);
                let json = files.read(&index, usize::MAX).map_err(EngineError::Weights)?;
                let shards = shards(&index, &json.unwrap_or_default())?;
                if let Some(missing) = shards.iter().find(|shard| !has(shard)) {
                    let needed = format!("the whole folder, as {index} names it");
                    return Err(ConfigError::missing(path(missing), needed).into());
                }
                let paths = shards.iter().map(|shard| path(shard)).collect();
                return Ok(Self { files, paths });
            }
        }
        let unread = |name: &&String| UNREAD.iter().any(|ending| name.ends_with(ending));
        Err(match names.iter().find(unread) {
            Some(name) => ConfigError::new(
                path(name),
                "a file that may hold programs",
                "safetensors, which in Python \
                 `DiffusionPipeline.from_pretrained(\"FOLDER\").save_pretrained(\"NEW\")` writes",
            ),
            None => ConfigError::missing(
                path(&format!("{}.safetensors", STEMS[0])),
                "the whole folder of the pipeline",
            ),
        }
        .into())
    }

    /// A network with these weights.
    pub fn fill<M: Module>(&self, network: M) -> Result<M, String> {
        let read = |path: &String| {
            let file = self.files.read(path, usize::MAX)?;
            let file = file.ok_or_else(|| format!("{path} is missing"))?;
            let tensors = read_tensors_where(&file, |name| !name.ends_with(COUNTED));
            let mut weights = tensors.map_err(|why| format!("{path}: {why}"))?;
            renamed(&mut weights);
            Ok(weights)
        };
        load_parts(network, self.paths.iter().map(read), &PUBLISHED)
    }

    /// What they are, of their headers alone.
    pub fn contents(&self) -> Result<Contents, String> {
        let mut contents = Contents::default();
        for path in &self.paths {
            let start = self.files.read(path, HEADER)?.unwrap_or_default();
            let tensors = headers(&start).map_err(|why| format!("{path}: {why}"))?;
            for tensor in tensors.into_iter().filter(|t| !t.name.ends_with(COUNTED)) {
                contents.parameters += tensor.numbers;
                contents.bytes += tensor.bytes;
                if !contents.kinds.contains(&tensor.kind) {
                    contents.kinds.push(tensor.kind);
                }
            }
        }
        contents.kinds.sort();
        Ok(contents)
    }
}

/// The files that an index of shards names, in order.
fn shards(path: &str, json: &[u8]) -> Result<Vec<String>, ConfigError> {
    let refused = |value: String| ConfigError::new(path, value, "an index that diffusers wrote");
    let index: Value = serde_json::from_slice(json).map_err(|e| refused(e.to_string()))?;
    let map = index.get("weight_map").and_then(Value::as_object);
    let map = map.ok_or_else(|| refused("a file without `weight_map`".to_owned()))?;
    let mut shards = Vec::new();
    for file in map.values() {
        let name = file.as_str().filter(|name| !name.contains(['/', '\\']));
        let name = name.ok_or_else(|| refused(file.to_string()))?;
        shards.push(name.to_owned());
    }
    shards.sort();
    shards.dedup();
    match shards.is_empty() {
        true => Err(refused("a file that names none".to_owned())),
        false => Ok(shards),
    }
}

/// Gives tensors of older files today's names.
fn renamed(weights: &mut Weights) {
    for (name, ..) in &mut weights.tensors {
        for (old, new) in RENAMED {
            *name = name.replace(old, new);
        }
        if let Some(plain) = name.strip_prefix(TEXT_PREFIX) {
            *name = plain.to_owned();
        }
    }
}
