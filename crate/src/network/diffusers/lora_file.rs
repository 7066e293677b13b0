//! `pytorch_lora_weights.safetensors`: adapters as diffusers writes them.

use super::Adapters;
use super::adapters::{Place, places};
use crate::engine::weights::{Weights, read_tensors, transposed};
use crate::network::layer::LowRank;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Before the names of a U-Net's layers.
const PREFIX: &str = "unet.";
const DOWN: &str = ".lora_A.weight";
const UP: &str = ".lora_B.weight";
/// The field of the header that says how the adapters were made.
const METADATA: &str = "lora_adapter_metadata";
impl Adapters {
    /// The adapters of a U-Net in a file that diffusers' `save_lora_weights` wrote. Without α in the header they
    /// are as diffusers takes them: not scaled.
    ///
    /// # Errors
    ///
    /// Names the tensor that is missing, superfluous or of another shape, or what is not supported.
    pub fn read<M: Module>(network: &M, file: &[u8], device: &Device) -> Result<Self, String> {
        let weights = read_tensors(file)?;
        let alpha = alpha(&weights.metadata)?;
        let tensors = weights.tensors.into_iter();
        let mut tensors: BTreeMap<_, _> = tensors
            .map(|(name, shape, values)| (name, (shape, values)))
            .collect();
        let mut layers = Vec::new();
        for (id, mut place) in places(network, 1.0) {
            let [down, up] = [DOWN, UP].map(|ending| format!("{PREFIX}{}{ending}", place.name));
            let (down, up) = match (tensors.remove_entry(&down), tensors.remove_entry(&up)) {
                (None, None) => continue,
                (Some(down), Some(up)) => (down, up),
                (None, _) => return Err(format!("tensor `{down}` is missing")),
                (_, None) => return Err(format!("tensor `{up}` is missing")),
            };
            let rank = down.1.0.first().copied().unwrap_or_default().max(1);
            let [down_shape, up_shape] = shapes(&place, rank);
            let down = turned(down, &down_shape, device)?;
            let up = turned(up, &up_shape, device)?;
            place.scale = alpha.map_or(1.0, |alpha| alpha / rank as f64);
            layers.push((id, place, LowRank { down, up }));
        }
        match tensors.keys().next() {
            Some(extra) => Err(format!("tensor `{extra}` belongs to no layer of the U-Net")),
            None if layers.is_empty() => Err("the file has no adapter of a U-Net".to_owned()),
            None => Ok(Self::of_layers(layers)),
        }
    }

    /// What such a file holds.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn weights(&self) -> Result<Weights, String> {
        // Theirs are turned: outputs come first.
        let own = Weights::of(self).await?.tensors.into_iter();
        let mut values = own.map(|(_, shape, values)| (shape, values));
        let mut weights = Weights::default();
        let (mut targets, mut alphas) = (BTreeSet::new(), Vec::new());
        for place in &self.places.layers {
            let (Some((shape, down)), Some((_, up))) = (values.next(), values.next()) else {
                break;
            };
            let rank = shape[1];
            let [down_shape, up_shape] = shapes(place, rank);
            let name = |ending: &str| format!("{PREFIX}{}{ending}", place.name);
            let down = transposed(&down, [place.seen(), rank]);
            let up = transposed(&up, [rank, place.outputs]);
            weights.tensors.push((name(DOWN), down_shape, down));
            weights.tensors.push((name(UP), up_shape, up));
            targets.insert(place.name.clone());
            alphas.push((rank, place.scale * rank as f64));
        }
        if let Some((rank, alpha)) = alphas.first() {
            let config = json!({
                "unet.r": rank,
                "unet.lora_alpha": alpha,
                "unet.target_modules": targets,
            });
            let text = serde_json::to_string_pretty(&config).map_err(|e| e.to_string())?;
            weights.metadata.insert(METADATA.to_owned(), text);
        }
        weights.metadata.insert("format".to_owned(), "pt".to_owned());
        Ok(weights)
    }
}

/// α, where the header has it.
fn alpha(metadata: &BTreeMap<String, String>) -> Result<Option<f64>, String> {
    let Some(text) = metadata.get(METADATA) else {
        return Ok(None);
    };
    let fields: Map<String, Value> =
        serde_json::from_str(text).map_err(|e| format!("the header's `{METADATA}`: {e}"))?;
    for (name, value) in &fields {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        let nothing = value.is_null() || *value == json!(false) || *value == json!({});
        if is_variant(name) && !nothing {
            return Err(format!(
                "{name}: {value} is not supported; train adapters without it"
            ));
        }
    }
    Ok(fields.get(&format!("{PREFIX}lora_alpha")).and_then(Value::as_f64))
}

/// Whether PEFT computes in another way where this field is set.
fn is_variant(field: &str) -> bool {
    let named = ["lora_bias", "modules_to_save", "target_parameters"];
    let like = field.starts_with("use_") || field.ends_with("_pattern") || field.ends_with("_config");
    like || named.contains(&field)
}

/// The shapes of A and B in the file.
fn shapes(place: &Place, rank: usize) -> [Vec<usize>; 2] {
    match place.side {
        0 => [vec![rank, place.inputs], vec![place.outputs, rank]],
        side => [
            vec![rank, place.inputs, side, side],
            vec![place.outputs, rank, 1, 1],
        ],
    }
}

/// A tensor of a file whose first dimension is our last one.
fn turned(
    (name, (shape, values)): (String, (Vec<usize>, Vec<f32>)),
    expected: &[usize],
    device: &Device,
) -> Result<Param<Tensor<2>>, String> {
    if shape != expected {
        return Err(format!(
            "tensor `{name}` has shape {shape:?}, but must have {expected:?}"
        ));
    }
    let (first, rest) = (shape[0], shape[1..].iter().product());
    let values = transposed(&values, [first, rest]);
    Ok(Param::from_data(TensorData::new(values, [rest, first]), device))
}
