//! Networks that say which class an image is of, and give the features of FID.

use crate::engine::noise::{Noise, Purpose};
use crate::network::layer::{Conv, Dense};
use crate::task::images::Shape;
use burn::module::Module;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, activation};

/// Numbers of an image's features.
pub const FEATURES: usize = 64;

/// A network that classifies images by their features.
pub trait Classify {
    /// The shape of its images.
    fn shape(&self) -> Shape;

    /// `[rows, pixels]` → `[rows, FEATURES]`.
    fn features(&self, images: Tensor<2>) -> Tensor<2>;

    /// Features → unnormalised log probabilities of the classes, `[rows, classes]`.
    fn classes(&self, features: Tensor<2>) -> Tensor<2>;

    /// `[rows, pixels]` → unnormalised log probabilities of the classes, `[rows, classes]`.
    fn logits(&self, images: Tensor<2>) -> Tensor<2> {
        self.classes(self.features(images))
    }
}

/// The classifier of rewards: 3×3 convolutions, some with stride 2, at the image's sides, their
/// halves and their quarters.
#[derive(Module, Debug)]
pub struct StridedClassifier {
    #[module(skip)]
    shape: Shape,
    layers: Vec<Conv>,
    hidden: Dense,
    output: Dense,
}

/// The classifier of evaluation: 5×5 convolutions with maximum pooling (LeNet's plan).
#[derive(Module, Debug)]
pub struct PooledClassifier {
    #[module(skip)]
    shape: Shape,
    first: Conv,
    second: Conv,
    hidden: Dense,
    output: Dense,
}

impl StridedClassifier {
    /// A network of so many classes, from the run's generator.
    pub fn new(shape: Shape, classes: usize, noise: &Noise, device: &Device) -> Self {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        let plan = [
            (shape.channels, 16, 1),
            (16, 32, 2),
            (32, 32, 1),
            (32, 64, 2),
            (64, 64, 1),
            (64, 64, 2),
        ];
        let layers = plan
            .map(|(inputs, outputs, stride)| Conv::new(rng, [inputs, outputs], 3, stride, 1.4, device))
            .into();
        // Sides are halved three times, and rounded up.
        let cells = shape.height.div_ceil(8) * shape.width.div_ceil(8);
        Self {
            shape,
            layers,
            hidden: Dense::new(rng, 64 * cells, FEATURES, 1.4, device),
            output: Dense::new(rng, FEATURES, classes, 1.0, device),
        }
    }
}

impl Classify for StridedClassifier {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn features(&self, images: Tensor<2>) -> Tensor<2> {
        let [rows, _] = images.dims();
        let [channels, height, width] = self.shape.sizes();
        let mut h = images.reshape([rows, channels, height, width]);
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
    /// A network of so many classes, from the run's generator.
    pub fn new(shape: Shape, classes: usize, noise: &Noise, device: &Device) -> Self {
        let rng = &mut noise.stream(Purpose::Initialization, 0);
        Self {
            shape,
            first: Conv::new(rng, [shape.channels, 16], 5, 1, 1.4, device),
            second: Conv::new(rng, [16, 32], 5, 1, 1.4, device),
            hidden: Dense::new(rng, 32 * shape.area() / 16, FEATURES, 1.4, device),
            output: Dense::new(rng, FEATURES, classes, 1.0, device),
        }
    }
}

impl Classify for PooledClassifier {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn features(&self, images: Tensor<2>) -> Tensor<2> {
        let [rows, _] = images.dims();
        let pool = |x| max_pool2d(x, MaxPoolOptions::new([2, 2]));
        let [channels, height, width] = self.shape.sizes();
        let h = images.reshape([rows, channels, height, width]);
        let h = activation::relu(pool(self.first.forward(h)));
        let h = activation::relu(pool(self.second.forward(h)));
        activation::relu(self.hidden.forward(h.flatten(1, 3)))
    }

    fn classes(&self, features: Tensor<2>) -> Tensor<2> {
        self.output.forward(features)
    }
}
