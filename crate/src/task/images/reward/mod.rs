//! Rewards of images: a classifier's opinion, what can be measured on strokes, known pixels.

#[cfg(feature = "native")]
mod jpeg;
mod looked;
mod outside;
mod strokes;

use super::network::StridedClassifier;
use super::problem::{Class, ClassesBy, FileSize, Reward as Wanted};
use super::{Classify, Decoder, Shape};
use crate::engine::ConfigError;
use crate::engine::host::{read, read_all};
use crate::engine::parallel;
use crate::engine::process::{Process, Rows, State};
use crate::engine::reward::{Answer, Ends, Reward, at_once};
use crate::run::{Files, OUTSIDE};
use burn::tensor::{Device, Tensor, TensorData, Transaction, activation};
use looked::{Looked, raw};
use outside::Outside;

/// Most images that are made, classified or differentiated at once.
const BLOCK: usize = 250;

/// log r of the images of end points, at most 0, floored.
#[derive(Clone, Debug)]
pub struct ImageReward {
    /// One a condition, or one for all.
    wishes: Vec<Wish>,
    /// The text of every condition, where they are texts.
    prompts: Vec<String>,
    floor: f64,
    /// There is one where a wish asks for classes.
    classifier: Option<StridedClassifier>,
    decoder: Decoder,
}

/// A compiled reward.
#[derive(Clone, Debug)]
enum Wish {
    Classes {
        classes: Vec<usize>,
        by: ClassesBy,
    },
    Ink {
        target: f64,
        deviation: f64,
    },
    Color {
        color: Vec<f64>,
        border: usize,
        deviation: f64,
    },
    #[cfg_attr(not(feature = "native"), expect(dead_code, reason = "it is refused"))]
    Jpeg {
        wanted: FileSize,
        scale: f64,
        quality: u8,
    },
    Symmetry {
        deviation: f64,
    },
    Holes {
        count: usize,
        penalty: f64,
    },
    Thickness {
        target: f64,
        deviation: f64,
    },
    /// Pixels that are known, and their values.
    Inpaint {
        known: Vec<(usize, f32)>,
        deviation: f64,
    },
    Outside(Outside),
    All(Vec<Wish>),
}

impl Wish {
    /// Compiles a reward of one condition that suits images of a shape, a factor at this place; `field` is its name
    /// in errors.
    fn new(
        reward: &Wanted,
        shape: Shape,
        place: usize,
        field: &str,
        files: &Files,
    ) -> Result<Self, ConfigError> {
        Ok(match *reward {
            Wanted::Classes { ref classes, by, .. } => Self::Classes {
                classes: numbers(&format!("{field}.classes"), classes)?,
                by,
            },
            // Under each of its conditions one of its classes is wanted.
            Wanted::EachClass { ref classes, .. } => Self::Classes {
                classes: numbers(&format!("{field}.classes"), classes)?,
                by: ClassesBy::default(),
            },
            Wanted::Ink { target, deviation } => Self::Ink { target, deviation },
            Wanted::Color {
                ref color,
                border,
                deviation,
            } => Self::Color {
                color: color.clone(),
                border,
                deviation,
            },
            Wanted::Jpeg {
                wanted,
                scale,
                quality,
            } => Self::Jpeg {
                wanted,
                scale,
                // The description has been checked.
                quality: quality.min(100) as u8,
            },
            Wanted::Symmetry { deviation } => Self::Symmetry { deviation },
            Wanted::Holes { count, penalty } => Self::Holes { count, penalty },
            Wanted::Thickness { target, deviation } => Self::Thickness { target, deviation },
            Wanted::Inpaint { ref rows, deviation } => Self::Inpaint {
                known: known_pixels(rows, shape),
                deviation,
            },
            Wanted::Command(ref command) => {
                let name = command.run.join(" ");
                Self::Outside(Outside::of(
                    files,
                    OUTSIDE[place],
                    &format!("{field}.run"),
                    &name,
                )?)
            }
            Wanted::Onnx(ref onnx) => {
                let field = format!("{field}.model");
                Self::Outside(Outside::of(files, OUTSIDE[place], &field, &onnx.model)?)
            }
            Wanted::All { ref rewards } => {
                let part = |(at, part)| Self::new(part, shape, at, &format!("{field}.rewards[{at}]"), files);
                Self::All(rewards.iter().enumerate().map(part).collect::<Result<_, _>>()?)
            }
        })
    }

    /// Whether it looks at pixels on the host.
    fn looks_at_pixels(&self) -> bool {
        match self {
            Self::Classes { .. } => false,
            Self::All(parts) => parts.iter().any(Self::looks_at_pixels),
            _ => true,
        }
    }

    fn asks_for_classes(&self) -> bool {
        match self {
            Self::Classes { .. } => true,
            Self::All(parts) => parts.iter().any(Self::asks_for_classes),
            _ => false,
        }
    }

    fn is_black_box(&self) -> bool {
        match self {
            Self::Classes { .. } | Self::Inpaint { .. } => false,
            Self::All(parts) => parts.iter().any(Self::is_black_box),
            _ => true,
        }
    }

    /// log r of the factors that are no black boxes, `[rows, 1]`; `None` where all are.
    fn differentiable(
        &self,
        classifier: Option<&StridedClassifier>,
        images: &Tensor<2>,
    ) -> Option<Tensor<2>> {
        match self {
            Self::Classes { classes, by } => Some(joined_tensor(log_probs(classifier, images), classes, *by)),
            Self::Inpaint { known, deviation } => {
                let [_, pixels] = images.dims();
                let row = |of: &dyn Fn(f32) -> f32| {
                    let mut row = vec![0.0; pixels];
                    known.iter().for_each(|(at, value)| row[*at] = of(*value));
                    Tensor::<2>::from_data(TensorData::new(row, [1, pixels]), &images.device())
                };
                let (is_known, values) = (row(&|_| 1.0), row(&|value| value));
                let misses = (images.clone() - values) * is_known;
                let factor = -0.5 / (deviation * deviation);
                Some(misses.square().sum_dim(1).mul_scalar(factor))
            }
            Self::All(parts) => parts
                .iter()
                .filter_map(|part| part.differentiable(classifier, images))
                .reduce(|sum, part| sum + part),
            _ => None,
        }
    }
}

impl ImageReward {
    /// Compiles a validated reward of the images that `decoder` makes, which it suits; `classifier` judges classes,
    /// and programs and models are among `files`.
    ///
    /// # Errors
    ///
    /// Where a program or a model is missing.
    ///
    /// # Panics
    ///
    /// In use, where the reward asks for classes and there is no classifier.
    pub fn new(
        reward: &Wanted,
        floor: f64,
        classifier: Option<StridedClassifier>,
        decoder: Decoder,
        files: &Files,
    ) -> Result<Self, ConfigError> {
        let conditions = match reward {
            Wanted::EachClass { classes, .. } => classes.len(),
            _ => 1,
        };
        let shape = decoder.shape();
        let wishes =
            (0..conditions).map(|condition| Wish::new(&reward.given(condition), shape, 0, "reward", files));
        Ok(Self {
            wishes: wishes.collect::<Result<_, _>>()?,
            prompts: Vec::new(),
            floor,
            classifier,
            decoder,
        })
    }

    /// The same, whose programs and models are told the text that every image was made for: one a condition.
    pub fn told(self, prompts: &[String]) -> Self {
        Self {
            prompts: prompts.to_vec(),
            ..self
        }
    }

    /// Shows end points under conditions to what the wishes look at: they are made into images and classified on the
    /// device, and only what is asked for is read.
    async fn look(&self, ends: &Tensor<2>, conditions: &[usize]) -> Result<Looked<'_>, String> {
        let classes = self.wishes.iter().any(Wish::asks_for_classes);
        let pixels = self.wishes.iter().any(Wish::looks_at_pixels);
        let (rows, device) = (ends.dims()[0], ends.device());
        let mut looked = Looked {
            shape: self.decoder.shape(),
            rows,
            images: Vec::new(),
            log_probs: Vec::new(),
            told: Vec::new(),
        };
        // A generator of somebody else's is asked once for all.
        let outside = match self.decoder.is_outside() {
            true => Some(self.decoder.images(&read(ends.clone()).await?).await?),
            false => None,
        };
        for group in parallel::ranges(&device, rows, BLOCK) {
            let made = parallel::map(group, |range| {
                let images = match &outside {
                    Some(images) => {
                        let size = self.decoder.shape().pixels();
                        let of_block = images[range.start * size..range.end * size].to_vec();
                        Some(Tensor::from_numbers(of_block, size, &device))
                    }
                    None => {
                        let ends = ends.some_rows(range.start, range.len());
                        self.decoder.images_of(ends, &conditions[range])
                    }
                };
                let images = images.expect("it is computed outside, or here");
                let log_probs = classes.then(|| log_probs(self.classifier.as_ref(), &images));
                [pixels.then_some(images), log_probs]
            });
            let mut transaction = Transaction::default();
            for tensor in made.iter().flatten().flatten() {
                transaction = transaction.register(tensor.clone());
            }
            let mut numbers = read_all(transaction).await?.into_iter();
            for [images, log_probs] in &made {
                for (is_there, into) in [
                    (images.is_some(), &mut looked.images),
                    (log_probs.is_some(), &mut looked.log_probs),
                ] {
                    if is_there {
                        into.extend(numbers.next().expect("as many as were registered"));
                    }
                }
            }
        }
        Ok(looked)
    }

    /// log r of end points before the floor, under these conditions.
    async fn unfloored(&self, ends: &Tensor<2>, conditions: &[usize]) -> Result<Vec<f64>, String> {
        let mut looked = self.look(ends, conditions).await?;
        if let [wish] = &self.wishes[..] {
            if !self.prompts.is_empty() {
                let prompts = conditions
                    .iter()
                    .map(|condition| self.prompts[*condition].as_str());
                looked.told = prompts.collect();
            }
            return raw(wish, &looked);
        }
        let mut log_r = vec![0.0; conditions.len()];
        for (condition, wish) in self.wishes.iter().enumerate() {
            let rows = || (0..conditions.len()).filter(|row| conditions[*row] == condition);
            let of_rows = looked.of_rows(rows());
            for (row, value) in rows().zip(raw(wish, &of_rows)?) {
                log_r[row] = value;
            }
        }
        Ok(log_r)
    }

    /// log r of end points on the host, whose images no condition changes, floored, under every condition that has a
    /// wish of its own: `[conditions][rows]`.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn under_all(&self, device: &Device, ends: &[f32]) -> Result<Vec<Vec<f64>>, String> {
        let ends = Tensor::from_numbers(ends.to_vec(), self.decoder.size(), device);
        let looked = self.look(&ends, &vec![0; ends.dims()[0]]).await?;
        let of_wish = |wish| {
            let raw = raw(wish, &looked)?;
            Ok(raw.into_iter().map(|l| l.max(self.floor)).collect())
        };
        self.wishes.iter().map(of_wish).collect()
    }

    /// log r of end points by one wish as far as it has a gradient, `[rows, 1]`, not floored: of its factors that are
    /// no black boxes. `None` where all are.
    fn differentiable(&self, wish: usize, ends: &Tensor<2>, conditions: &[usize]) -> Option<Tensor<2>> {
        let images = self.decoder.images_of(ends.clone(), conditions)?;
        self.wishes[wish].differentiable(self.classifier.as_ref(), &images)
    }

    /// The sum of that over rows, each under its condition, `[1]`.
    pub fn differentiable_sum(&self, conditions: &[usize], ends: &Tensor<2>) -> Option<Tensor<1>> {
        if self.wishes.len() == 1 {
            return self.differentiable(0, ends, conditions).map(Tensor::sum);
        }
        let given = |condition: usize| {
            let rows: Vec<usize> = (0..conditions.len())
                .filter(|row| conditions[*row] == condition)
                .collect();
            match rows.len() {
                0 => None,
                all if all == conditions.len() => self.differentiable(condition, ends, conditions),
                some => {
                    let ends = ends.select_rows(&rows);
                    self.differentiable(condition, &ends, &vec![condition; some])
                }
            }
        };
        let each = (0..self.wishes.len()).filter_map(given);
        each.map(Tensor::sum).reduce(|a, b| a + b)
    }

    /// ∇ log r of a reward that is no black box, `[rows, size]`.
    fn gradient(&self, ends: &Tensor<2>, conditions: &[usize]) -> Result<Tensor<2>, String> {
        let (rows, device) = (ends.dims()[0], ends.device());
        let mut gradients = Vec::new();
        for group in parallel::ranges(&device, rows, BLOCK) {
            gradients.extend(parallel::map(group, |range| {
                let leaf = ends.some_rows(range.start, range.len()).autodiff().require_grad();
                let sum = self.differentiable_sum(&conditions[range], &leaf)?;
                leaf.grad(&sum.backward())
            }));
        }
        let gradients: Option<Vec<_>> = gradients.into_iter().collect();
        let gradients = gradients.ok_or("the reward has no gradient with respect to the end point")?;
        Ok(Tensor::cat(gradients, 0))
    }
}

/// log p(class|image), `[rows, classes]`.
fn log_probs(classifier: Option<&StridedClassifier>, images: &Tensor<2>) -> Tensor<2> {
    let classifier = classifier.expect("a reward of classes has a classifier");
    activation::log_softmax(classifier.logits(images.clone()), 1)
}

/// log r of rows of log p(class|image), `[rows, 1]`.
fn joined_tensor(log_probs: Tensor<2>, classes: &[usize], by: ClassesBy) -> Tensor<2> {
    let wanted = Tensor::cat(
        classes
            .iter()
            .map(|class| log_probs.clone().narrow(1, *class, 1))
            .collect(),
        1,
    );
    let largest = wanted.clone().max_dim(1);
    match by {
        ClassesBy::Max => largest,
        ClassesBy::Sum => {
            let largest = largest.detach();
            (wanted - largest.clone()).exp().sum_dim(1).log() + largest
        }
    }
}

impl<P: Process<State = Tensor<2>>> Reward<P> for ImageReward {
    fn log_reward<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>> {
        Box::pin(async move {
            let raw = self.unfloored(ends.states, ends.conditions).await?;
            Ok(raw.into_iter().map(|l| l.max(self.floor)).collect())
        })
    }

    fn log_reward_unfloored<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Vec<f64>> {
        Box::pin(self.unfloored(ends.states, ends.conditions))
    }

    fn log_reward_gradient<'a>(&'a self, ends: Ends<'a, P>) -> Answer<'a, Option<Tensor<2>>> {
        if self.decoder.is_outside() || self.wishes.iter().any(Wish::is_black_box) {
            return at_once(None);
        }
        Box::pin(async move { Ok(Some(self.gradient(ends.states, ends.conditions)?)) })
    }

    fn log_bound(&self) -> Option<f64> {
        Some(0.0)
    }
}

/// The numbers of classes, which only the prior's file has for their names.
fn numbers(field: &str, classes: &[Class]) -> Result<Vec<usize>, ConfigError> {
    let number = |class: &Class| {
        let refused = || ConfigError::new(field, class, "numbers: only a run with its prior knows names");
        class.number().ok_or_else(refused)
    };
    classes.iter().map(number).collect()
}

/// The pixels that a painted picture fixes in every channel, and their values.
fn known_pixels(rows: &[String], shape: Shape) -> Vec<(usize, f32)> {
    let painted = || rows.iter().flat_map(|row| row.chars()).enumerate();
    let of_channel = |channel: usize| {
        painted().filter_map(move |(at, level)| {
            let value = level.to_digit(10)? as f32 / 4.5 - 1.0;
            Some((channel * shape.area() + at, value))
        })
    };
    (0..shape.channels).flat_map(of_channel).collect()
}
