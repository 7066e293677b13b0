//! A transformer with the words that it knows, as a file.

use super::words::{Layout, Reader};
use crate::engine::noise::Noise;
use crate::engine::weights::{Weights, load_tensors, read_tensors};
use crate::network::{Transformer, TransformerConfig};
use burn::tensor::Device;

/// Keys of a file's header.
const WORDS: &str = "words";
const LAYOUT: &str = "layout";
const HEADS: &str = "heads";
const CAUSAL: &str = "causal";
/// Most tokens of a part of a text.
const MOST_PLACES: usize = 1024;

/// A network that speaks, and what reads it.
#[derive(Clone, Debug)]
pub struct LanguageModel {
    /// The network, of tokens that `reader` knows.
    pub network: Transformer,
    /// Its words, and where the parts of a story stand.
    pub reader: Reader,
}

impl LanguageModel {
    /// Reads a file (safetensors) of a network that sees both ways, or of a causal one.
    ///
    /// # Errors
    ///
    /// Says what is missing, or of another shape.
    pub fn read(file: &[u8], device: &Device) -> Result<Self, String> {
        let weights = read_tensors(file)?;
        let layout = layout(header(&weights, LAYOUT)?)?;
        let reader = Reader::new(header(&weights, WORDS)?, layout).map_err(|e| e.to_string())?;
        let words = reader.vocabulary.len();
        let config = TransformerConfig::of(&weights)?;
        if config.words != words {
            return Err(format!(
                "the network has {} words, but its header lists {words}",
                config.words
            ));
        }
        Ok(Self {
            network: load_tensors(config.init(&Noise::new(0), device), &weights)?,
            reader,
        })
    }

    /// The model as a file, f16.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn file(&self) -> Result<Vec<u8>, String> {
        let mut weights = Weights::of(&self.network).await?;
        let Layout { before, gap, after } = self.reader.layout;
        for (key, value) in [
            (WORDS, self.reader.vocabulary.file()),
            (LAYOUT, format!("{before} {gap} {after}")),
            (HEADS, self.network.heads().to_string()),
            (CAUSAL, self.network.is_causal().to_string()),
        ] {
            weights.metadata.insert(key.to_owned(), value);
        }
        Ok(weights.to_safetensors(true))
    }
}

impl TransformerConfig {
    /// The shape of the network in a file.
    ///
    /// # Errors
    ///
    /// Names what is missing, or says that the network is too large.
    pub fn of(weights: &Weights) -> Result<Self, String> {
        let find = |name: &str| weights.tensors.iter().find(|(n, ..)| n == name);
        let tokens = find("tokens").map(|(_, shape, _)| shape.as_slice());
        let Some(&[kinds, width]) = tokens.filter(|shape| shape.iter().all(|side| *side > 1)) else {
            return Err("tensor `tokens` is missing or does not have two dimensions".to_owned());
        };
        let names = weights.tensors.iter().map(|(name, ..)| name);
        let heads = header(weights, HEADS)?;
        let causal = header(weights, CAUSAL)?;
        let config = Self {
            words: kinds - 1,
            width,
            heads: heads
                .parse()
                .map_err(|_| format!("{HEADS} is `{heads}`, but must be a number"))?,
            layers: names.filter(|name| name.ends_with(".contract.bias")).count(),
            embedding: find("time.bias").map_or(0, |(_, shape, _)| shape.iter().product()),
            causal: causal
                .parse()
                .map_err(|_| format!("{CAUSAL} is `{causal}`, but must be true or false"))?,
        };
        let whole =
            (1..=config.width).contains(&config.heads) && config.width.is_multiple_of(2 * config.heads);
        if !whole || config.width > 4096 || config.layers > 64 {
            return Err(format!(
                "the network has width {width}, {} heads and {} layers; the width must be at most 4096 and a multiple \
                 of twice the number of heads, with at most 64 layers",
                config.heads, config.layers
            ));
        }
        weights.can_hold(config.numbers_of_layers())?;
        Ok(config)
    }
}

fn header<'a>(weights: &'a Weights, key: &str) -> Result<&'a str, String> {
    let value = weights.metadata.get(key).map(String::as_str);
    value.ok_or_else(|| format!("its header lacks `{key}`"))
}

fn layout(text: &str) -> Result<Layout, String> {
    let places: Vec<usize> = text.split(' ').filter_map(|part| part.parse().ok()).collect();
    match places[..] {
        [before, gap, after] if gap > 0 && places.iter().all(|p| *p <= MOST_PLACES) => {
            Ok(Layout { before, gap, after })
        }
        _ => Err(format!(
            "{LAYOUT} is `{text}`, but must hold the lengths before, in and after the gap, each at most {MOST_PLACES}"
        )),
    }
}
