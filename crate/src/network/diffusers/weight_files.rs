//! The files of a part's weights: one, or several that an index names.

use super::folder::{Folder, WHOLE};
use super::names::PUBLISHED;
use super::numbers::kept;
use crate::engine::weights::{Header, Stored, headers, load_stored};
use crate::engine::{ConfigError, EngineError};
use burn::module::Module;
use burn::tensor::{Device, FloatDType};
use serde_json::Value;
use std::collections::BTreeMap;

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
const HEADER: usize = 16 << 20;

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
                let json = files.read(&index, WHOLE).map_err(EngineError::Weights)?;
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

    /// A network with these weights. Those of layers are kept as `kind`, or as the file has them where the device can;
    /// all others as f32.
    pub fn fill<M: Module>(
        &self,
        network: M,
        kind: Option<FloatDType>,
        device: &Device,
    ) -> Result<M, String> {
        let mut stored = BTreeMap::new();
        for path in &self.paths {
            for tensor in self.headers(path)? {
                let name = renamed(&tensor.name);
                let shape = tensor.shape.clone();
                let read = Box::new(move |is_layer: bool| {
                    let bytes = self.files.read(path, tensor.range.clone())?.unwrap_or_default();
                    let kind = if is_layer { kind } else { Some(FloatDType::F32) };
                    kept(&bytes, &tensor, kind, device).map_err(|why| format!("{path}: {why}"))
                });
                if stored.insert(name, Stored { shape, read }).is_some() {
                    return Err(format!("{path}: a tensor is there twice"));
                }
            }
        }
        load_stored(network, stored, &PUBLISHED)
    }

    /// What they are, of their headers alone.
    pub fn contents(&self) -> Result<Contents, String> {
        let mut contents = Contents::default();
        for path in &self.paths {
            for tensor in self.headers(path)? {
                contents.parameters += tensor.shape.iter().product::<usize>();
                contents.bytes += tensor.range.len();
                let kind = format!("{:?}", tensor.kind);
                if !contents.kinds.contains(&kind) {
                    contents.kinds.push(kind);
                }
            }
        }
        contents.kinds.sort();
        Ok(contents)
    }

    /// The tensors of a file.
    fn headers(&self, path: &str) -> Result<Vec<Header>, String> {
        let start = self.files.read(path, 0..HEADER)?;
        let start = start.ok_or_else(|| format!("{path} is missing"))?;
        let mut tensors = headers(&start).map_err(|why| format!("{path}: {why}"))?;
        tensors.retain(|tensor| !tensor.name.ends_with(COUNTED));
        Ok(tensors)
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

/// Today's name of a tensor of an older file.
fn renamed(name: &str) -> String {
    let rename = |name: String, (old, new): &(&str, &str)| name.replace(old, new);
    let name = RENAMED.iter().fold(name.to_owned(), rename);
    name.strip_prefix(TEXT_PREFIX).map(str::to_owned).unwrap_or(name)
}
