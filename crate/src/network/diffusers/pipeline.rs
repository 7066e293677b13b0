//! A pipeline's folder: which parts there are, and what they hold.

use super::folder::{Folder, WHOLE};
use super::weight_files::{Contents, WeightFiles};
use super::{
    Autoencoder, AutoencoderConfig, SchedulerConfig, TextEncoder, TextEncoderConfig, Tokenizer, UNet,
    UNetConfig,
};
use crate::engine::{ConfigError, EngineError};
use burn::module::Module;
use burn::tensor::{DType, Device, FloatDType};
use serde_json::Value;
use std::collections::BTreeMap;

/// Says which parts there are.
const INDEX: &str = "model_index.json";
/// The classes of parts that are read.
const UNETS: &[&str] = &["UNet2DModel", "UNet2DConditionModel"];
const AUTOENCODERS: &[&str] = &["AutoencoderKL"];
const TEXT_ENCODERS: &[&str] = &["CLIPTextModel"];
const TOKENIZERS: &[&str] = &["CLIPTokenizer", "CLIPTokenizerFast"];
const SCHEDULERS: &[&str] = &["DDPMScheduler", "DDIMScheduler", "PNDMScheduler"];

/// A part of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name in the index, such as `unet`.
    pub name: String,
    /// Its class, such as `UNet2DModel`.
    pub class: String,
    /// Its folder, which ends with `/`; empty where its files lie beside the index.
    folder: String,
}

/// A pipeline of diffusers.
pub struct Pipeline<'a> {
    files: &'a dyn Folder,
    /// Its class, such as `DDPMPipeline`.
    pub class: String,
    /// Its parts, in the order of their names.
    pub parts: Vec<Part>,
    /// What the weights of layers are kept as.
    kind: Option<FloatDType>,
}

impl<'a> Pipeline<'a> {
    /// The pipeline in a folder.
    ///
    /// # Errors
    ///
    /// Says what is missing, or wrong with the index.
    pub fn open(files: &'a dyn Folder) -> Result<Self, EngineError> {
        let needed = "a folder that diffusers' `DiffusionPipeline.save_pretrained` wrote";
        let index = files.read(INDEX, WHOLE).map_err(EngineError::Weights)?;
        let index = index.ok_or_else(|| ConfigError::missing(INDEX, needed))?;
        let index: BTreeMap<String, Value> =
            serde_json::from_slice(&index).map_err(|e| ConfigError::new(INDEX, e, needed))?;
        let class = index.get("_class_name").and_then(Value::as_str);
        let mut parts = Vec::new();
        for (name, value) in &index {
            // A pair of the library and the class, which are null where there is no such part.
            let class = value.as_array().and_then(|pair| pair.get(1)?.as_str());
            let Some(class) = class else { continue };
            let within = !files.files(name).map_err(EngineError::Weights)?.is_empty();
            parts.push(Part {
                name: name.clone(),
                class: class.to_owned(),
                folder: if within { format!("{name}/") } else { String::new() },
            });
        }
        Ok(Self {
            files,
            class: class.unwrap_or("DiffusionPipeline").to_owned(),
            parts,
            kind: None,
        })
    }

    /// The same, whose networks keep the weights of their layers as `kind`, not as the files have them. They are computed
    /// with in f32.
    pub fn keeping(self, kind: FloatDType) -> Self {
        Self {
            kind: Some(kind),
            ..self
        }
    }

    /// The part of a name and one of these classes.
    fn part(&self, name: &str, classes: &[&str]) -> Result<&Part, ConfigError> {
        let found = self.parts.iter().find(|part| part.name == name);
        let part = found.ok_or_else(|| {
            let parts: Vec<_> = self.parts.iter().map(|part| part.name.as_str()).collect();
            let needed = format!("a pipeline that has one; this has {}", parts.join(", "));
            ConfigError::missing(format!("{INDEX}: {name}"), needed)
        })?;
        match classes.contains(&part.class.as_str()) {
            true => Ok(part),
            false => Err(unsupported(part, classes)),
        }
    }

    /// A file of a part.
    fn file(&self, part: &Part, name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let path = format!("{}{name}", part.folder);
        self.files.read(&path, WHOLE).map_err(EngineError::Weights)
    }

    /// The path of a part's file that must be there, and the file.
    fn needed(&self, part: &Part, name: &str) -> Result<(String, Vec<u8>), EngineError> {
        let path = format!("{}{name}", part.folder);
        let file = self.file(part, name)?;
        let file = file.ok_or_else(|| ConfigError::missing(&path, "the whole folder of the pipeline"))?;
        Ok((path, file))
    }

    /// A part's configuration.
    fn config<T>(
        &self,
        part: &Part,
        read: impl Fn(&str, &[u8]) -> Result<T, ConfigError>,
    ) -> Result<T, EngineError> {
        let (path, json) = self.needed(part, "config.json")?;
        Ok(read(&path, &json)?)
    }

    /// A part's network with its weights.
    fn filled<M: Module>(&self, part: &Part, network: M, device: &Device) -> Result<M, EngineError> {
        let weights = WeightFiles::find(self.files, &part.folder)?;
        let filled = weights.fill(network, self.kind, device);
        filled.map_err(|why| EngineError::Weights(format!("{}: {why}", part.name)))
    }

    /// The configuration of the U-Net.
    ///
    /// # Errors
    ///
    /// Names the field that is not supported.
    pub fn unet_config(&self) -> Result<UNetConfig, EngineError> {
        self.config(self.part("unet", UNETS)?, UNetConfig::read)
    }

    /// That of the autoencoder, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::unet_config`].
    pub fn autoencoder_config(&self) -> Result<Option<AutoencoderConfig>, EngineError> {
        match self.has("vae") {
            false => Ok(None),
            true => {
                let part = self.part("vae", AUTOENCODERS)?;
                self.config(part, AutoencoderConfig::read).map(Some)
            }
        }
    }

    /// Whether there is a part of this name.
    pub fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.name == name)
    }

    /// Bytes that the weights of a part take once they are read.
    ///
    /// # Errors
    ///
    /// Where there is no such part, or its files are missing or damaged.
    pub fn bytes(&self, name: &str, device: &Device) -> Result<usize, EngineError> {
        let part = self.part(name, &[UNETS, AUTOENCODERS, TEXT_ENCODERS].concat())?;
        let contents = WeightFiles::find(self.files, &part.folder)?.contents();
        let contents = contents.map_err(EngineError::Weights)?;
        Ok(match self.kind {
            Some(kind) => contents.parameters * DType::from(kind).size(),
            None if device.supports_dtype(FloatDType::F16) => contents.bytes,
            None => 4 * contents.parameters,
        })
    }

    /// The U-Net.
    ///
    /// # Errors
    ///
    /// Names the field of the configuration that is not supported, or the tensor that is wrong.
    pub fn unet(&self, device: &Device) -> Result<(UNetConfig, UNet), EngineError> {
        let (part, config) = (self.part("unet", UNETS)?, self.unet_config()?);
        let network = self.filled(part, config.blank(device), device)?;
        Ok((config, network))
    }

    /// The autoencoder.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::unet`].
    pub fn autoencoder(&self, device: &Device) -> Result<(AutoencoderConfig, Autoencoder), EngineError> {
        let part = self.part("vae", AUTOENCODERS)?;
        let config = self.config(part, AutoencoderConfig::read)?;
        let network = self.filled(part, config.blank(device), device)?;
        Ok((config, network))
    }

    /// The text encoder.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::unet`].
    pub fn text_encoder(&self, device: &Device) -> Result<(TextEncoderConfig, TextEncoder), EngineError> {
        let part = self.part("text_encoder", TEXT_ENCODERS)?;
        let config = self.config(part, TextEncoderConfig::read)?;
        let network = self.filled(part, config.blank(device), device)?;
        Ok((config, network))
    }

    /// The tokenizer.
    ///
    /// # Errors
    ///
    /// Names the file that is missing or wrong.
    pub fn tokenizer(&self) -> Result<Tokenizer, EngineError> {
        let part = self.part("tokenizer", TOKENIZERS)?;
        let config = self.file(part, "tokenizer_config.json")?;
        let (vocab, merges) = (self.file(part, "vocab.json")?, self.file(part, "merges.txt")?);
        Ok(match vocab.zip(merges) {
            Some((vocab, merges)) => Tokenizer::new(&vocab, &merges, config.as_deref())?,
            None => {
                let (_, file) = self.needed(part, "tokenizer.json")?;
                Tokenizer::of_one_file(&file, config.as_deref())?
            }
        })
    }

    /// The scheduler.
    ///
    /// # Errors
    ///
    /// Names the field that is not supported.
    pub fn scheduler(&self) -> Result<SchedulerConfig, EngineError> {
        let part = self.part("scheduler", SCHEDULERS)?;
        let (path, json) = self.needed(part, "scheduler_config.json")?;
        Ok(SchedulerConfig::read(&path, &json)?)
    }

    /// Whether a part is one that is looked at. Others, such as a safety checker, are left alone.
    pub fn is_used(part: &Part) -> bool {
        ["unet", "vae", "text_encoder", "tokenizer", "scheduler"].contains(&part.name.as_str())
    }

    /// What the weights of a part are, of their headers alone; `None` of a part without weights.
    ///
    /// # Errors
    ///
    /// Says why the part is not read: its class, a field of its configuration, or a file.
    pub fn contents(&self, part: &Part) -> Result<Option<Contents>, EngineError> {
        match part.class.as_str() {
            class if SCHEDULERS.contains(&class) => return self.scheduler().map(|_| None),
            class if TOKENIZERS.contains(&class) => return self.tokenizer().map(|_| None),
            class if UNETS.contains(&class) => self.config(part, UNetConfig::read).map(|_| ())?,
            class if AUTOENCODERS.contains(&class) => {
                self.config(part, AutoencoderConfig::read).map(|_| ())?;
            }
            class if TEXT_ENCODERS.contains(&class) => {
                self.config(part, TextEncoderConfig::read).map(|_| ())?;
            }
            _ => {
                let all = [UNETS, AUTOENCODERS, TEXT_ENCODERS, TOKENIZERS, SCHEDULERS];
                return Err(unsupported(part, &all.concat()).into());
            }
        }
        let weights = WeightFiles::find(self.files, &part.folder)?;
        let contents = weights.contents();
        contents.map(Some).map_err(EngineError::Weights)
    }
}

fn unsupported(part: &Part, classes: &[&str]) -> ConfigError {
    let field = format!("{INDEX}: {}", part.name);
    ConfigError::new(field, &part.class, classes.join(", "))
}
