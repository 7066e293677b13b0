//! Networks that say which class an image is of, and give the features of FID.

use crate::engine::noise::{Noise, Purpose};
use crate::network::layer::{Conv, Dense};
use crate::task::images::{CLASSES, PIXELS, SIDE};
use burn::module::Module;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, activation};

/// Numbers of an image's features.
pub const FEATURES: usize = 64;

/// A network that classifies images by their features.
pub trait Classify {
    /// `[rows, PIXELS]` → `[rows, FEATURES]`.
    fn features(&self, images: Tensor<2>) -> Tensor<2>;

    /// Features → unnormalised log probabilities of the classes, `[rows, CLASSES]`.
    fn classes(&self, features: Tensor<2>) -> Tensor<2>;

    /// `[rows, PIXELS]` → unnormalised log probabilities of the classes, `[rows, CLASSES]`.
    fn logits(&self, images: Tensor<2>) -> Tensor<2> {
        self.classes(self.features(images))
    }
}

/// The classifier of rewards: 3×3 convolutions, some with stride 2, at 28, 14 and 7 pixels.
#[derive(Module, Debug)]
pub struct StridedClassifier {
    layers: Vec<Conv>,
    hidden: Dense,
    output: Dense,
}

/// The classifier of evaluation: 5×5 convolutions with maximum pooling (LeNet's plan).
#[derive(Module, Debug)]
pub struct PooledClassifier {
    first: Conv,
    second: Conv,
    hidden: Dense,
    output: Dense,
}

impl StridedClassifier {
    /// A network from the run's generator.
    pub fn new(noise: &Noise, device: &Device) -> Self {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let plan = [
            (1, 16, 1),
            (16, 32, 2),
            (32, 32, 1),
            (32, 64, 2),
            (64, 64, 1),
            (64, 64, 2),
        ];
        let layers = plan
            .map(|(inputs, outputs, stride)| Conv::new(rng, [inputs, outputs], 3, stride, 1.4, device))
            .into();
        Self {
            layers,
            hidden: Dense::new(rng, 64 * 16, FEATURES, 1.4, device),
            output: Dense::new(rng, FEATURES, CLASSES, 1.0, device),
        }
    }
}

impl Classify for StridedClassifier {
    fn features(&self, images: Tensor<2>) -> Tensor<2> {
        let [rows, _] = images.dims();
        let mut h = images.reshape([rows, 1, SIDE, SIDE]);
        for layer in &self.layers {
            h = activation::relu(layer.forward(h));
        }
        activation::relu(self.hidden.forward(h.flatten(1, 3)))
    }

    fn classes(&self, features: Tensor<2>) -> Tensor<2> {
        self.output.forward(features)
    }
}

impl PooledClassifier {
    /// A network from the run's generator.
    pub fn new(noise: &Noise, device: &Device) -> Self {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        Self {
            first: Conv::new(rng, [1, 16], 5, 1, 1.4, device),
            second: Conv::new(rng, [16, 32], 5, 1, 1.4, device),
            hidden: Dense::new(rng, 32 * PIXELS / 16, FEATURES, 1.4, device),
            output: Dense::new(rng, FEATURES, CLASSES, 1.0, device),
        }
    }
}

impl Classify for PooledClassifier {
    fn features(&self, images: Tensor<2>) -> Tensor<2> {
        let [rows, _] = images.dims();
        let pool = |x| max_pool2d(x, MaxPoolOptions::new([2, 2]));
        let h = images.reshape([rows, 1, SIDE, SIDE]);
        let h = activation::relu(pool(self.first.forward(h)));
        let h = activation::relu(pool(self.second.forward(h)));
        activation::relu(self.hidden.forward(h.flatten(1, 3)))
    }

    fn classes(&self, features: Tensor<2>) -> Tensor<2> {
        self.output.forward(features)
    }
}
