//! What is trained of a network whose weights are fixed.

use super::names::PUBLISHED;
use crate::engine::ConfigError;
use crate::engine::noise::{Noise, Purpose};
use crate::engine::weights::{Named, published_names};
use crate::network::layer::LowRank;
use burn::module::{Module, ParamId};
use burn::tensor::Device;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Low-rank changes of the layers of one network (LoRA, arXiv 2106.09685): a layer says
/// W·x + scale·B·A·x, where A has `rank` rows and B is 0 at the start. Nothing of W's size is made.
///
/// They belong to the network that they were made for, and to its clones.
#[derive(Module, Debug)]
pub struct Adapters {
    pub(super) layers: Vec<LowRank>,
    #[module(skip)]
    pub(super) places: Arc<Places>,
}

/// Which layer has which change.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// By the ids of the layers' weights.
    by_weight: BTreeMap<ParamId, usize>,
    /// The layers, in the network's order.
    pub layers: Vec<Place>,
}

/// A layer that can be changed.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its name in the network's file.
    pub name: String,
    pub inputs: usize,
    pub outputs: usize,
    /// Side of a convolution's kernel; 0 of a matrix.
    pub side: usize,
    /// α over the rank.
    pub scale: f64,
}

impl Place {
    /// Numbers that A is given.
    pub fn seen(&self) -> usize {
        self.inputs * self.side.pow(2).max(1)
    }
}

impl Adapters {
    /// Changes of all layers of a network whose names, as in its file, end with one of `targets`, as PEFT's
    /// `target_modules`: `["to_q", "to_k", "to_v", "to_out.0"]` are those of attention. α over the rank scales
    /// them.
    ///
    /// # Errors
    ///
    /// Names the target that no layer has.
    pub fn new<M: Module>(
        network: &M,
        targets: &[&str],
        (rank, alpha): (usize, f64),
        noise: &Noise,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        let rng = &mut noise.stream(Purpose::Initialization, 2);
        let met = |name: &str, target: &str| {
            let before = name.strip_suffix(target);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        let all = places(network, alpha / rank as f64);
        let unmet = targets
            .iter()
            .find(|target| !all.iter().any(|(_, place)| met(&place.name, target)));
        if let Some(target) = unmet {
            let allowed = "names of layers that the network has, such as `to_q`";
            return Err(ConfigError::new("targets", format!("`{target}`"), allowed));
        }
        let wanted = all.into_iter().filter(|(_, place)| {
            let mut targets = targets.iter();
            targets.any(|target| met(&place.name, target))
        });
        let layer = |(id, place): (ParamId, Place)| {
            let change = LowRank::new(rng, place.seen(), place.outputs, rank, device);
            (id, place, change)
        };
        Ok(Self::of_layers(wanted.map(layer)))
    }

    /// These changes.
    pub(super) fn of_layers(all: impl IntoIterator<Item = (ParamId, Place, LowRank)>) -> Self {
        let (mut places, mut layers) = (Places::default(), Vec::new());
        for (id, place, change) in all {
            places.by_weight.insert(id, layers.len());
            places.layers.push(place);
            layers.push(change);
        }
        Self {
            layers,
            places: Arc::new(places),
        }
    }

    /// The names of the changed layers, in the network's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.layers.iter().map(|place| place.name.as_str())
    }

    /// The change of the layer with this weight, and its factor.
    pub(super) fn change(&self, weight: ParamId) -> Option<(&LowRank, f64)> {
        let at = *self.places.by_weight.get(&weight)?;
        Some((&self.layers[at], self.places.layers[at].scale))
    }
}

/// The layers of a network that can be changed, in its order.
pub(super) fn places<M: Module>(network: &M, scale: f64) -> Vec<(ParamId, Place)> {
    let place = |weight: Named| {
        let name = weight.name.strip_suffix(".weight")?.to_owned();
        let (inputs, outputs, side) = match weight.shape[..] {
            [inputs, outputs] => (inputs, outputs, 0),
            [outputs, inputs, side, _] => (inputs, outputs, side),
            _ => return None,
        };
        let place = Place {
            name,
            inputs,
            outputs,
            side,
            scale,
        };
        Some((weight.id, place))
    };
    let named = published_names(network, &PUBLISHED).into_iter();
    named.filter_map(place).collect()
}
