//! How good images are, in the eyes of classifiers.

use crate::program::assets;
use crate::program::error::ProgramError;
use burn::tensor::Device;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::Noise;
use rtb::engine::weights::{load_tensors, read_tensors};
use rtb::run::ConfigError;
use rtb::task::images::{Classify, Learned, MNIST, PooledClassifier, Seen, Shape, see as look};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Whose figures are wanted.
#[derive(clap::Args)]
pub struct Judge {
    /// Classifier that judges the images, a file of `rtb pretrain classifier pooled` that learned the same data
    /// [default: the shipped ones, if the images have 28 × 28 grey pixels]
    #[arg(long, value_name = "FILE")]
    judge: Option<PathBuf>,
}

/// How good images are, in the eyes of a classifier.
#[derive(Serialize)]
struct Judgement {
    /// Fréchet distance of features, images against the test set.
    fid: f64,
    /// The same of as many training images.
    fid_of_training_images: f64,
    /// Mean cosine distance of the features of two images.
    diversity: f64,
    diversity_of_test_images: f64,
    /// Share of every class among the images.
    classes: Vec<f64>,
}

/// By the classifier of rewards, and by the one that only measures.
#[derive(Serialize)]
pub struct Judgements {
    /// The data set that the classifiers learned, where it is not the images'.
    #[serde(skip_serializing_if = "Option::is_none")]
    classifiers_learned: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward_classifier: Option<Judgement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation_classifier: Option<Judgement>,
    /// The names of the classes.
    #[serde(skip)]
    names: Vec<String>,
}

/// The classifiers that judge, open.
pub enum Judges {
    /// Those that ship.
    Shipped,
    /// The user's own.
    Own(Box<PooledClassifier>),
    /// None sees such images.
    None,
}

impl Judge {
    /// The classifiers that judge these images.
    ///
    /// # Errors
    ///
    /// Where the file is no classifier, or one of other images.
    pub fn open(&self, images: &Learned, device: &Device) -> Result<Judges, ProgramError> {
        match &self.judge {
            Some(path) => Ok(Judges::Own(Box::new(own(path, images, device)?))),
            None if images.shape == Shape::MNIST => Ok(Judges::Shipped),
            None => Ok(Judges::None),
        }
    }
}

/// The user's own classifier.
fn own(path: &Path, images: &Learned, device: &Device) -> Result<PooledClassifier, ProgramError> {
    let file = fs::read(path).map_err(|e| ProgramError::file("read the classifier", path, e))?;
    let refused = |allowed| ConfigError::new("--judge", format!("`{}`", path.display()), allowed);
    let read = read_tensors(&file).and_then(|weights| {
        let learned = Learned::of(&weights.metadata)?;
        let network = PooledClassifier::new(learned.shape, learned.classes.len(), &Noise::new(0), device);
        Ok((load_tensors(network, &weights)?, learned))
    });
    let (network, learned) = read.map_err(|why| {
        refused(format!(
            "a file that `rtb pretrain classifier pooled` wrote ({why})"
        ))
    })?;
    match learned == *images {
        true => Ok(network),
        false => Err(refused(format!(
            "a classifier of {}, {}; this one learned {}, {}",
            images.data,
            images.shape.told(),
            learned.data,
            learned.shape.told()
        ))
        .into()),
    }
}

impl Judgements {
    /// Of images, test images and training images of a data set.
    pub fn of(
        judges: &Judges,
        sets: [&[f32]; 3],
        learned: &Learned,
        device: &Device,
    ) -> Result<Self, ProgramError> {
        let mut all = Self {
            classifiers_learned: None,
            reward_classifier: None,
            evaluation_classifier: None,
            names: learned.classes.clone(),
        };
        match judges {
            Judges::None => {}
            Judges::Own(own) => all.evaluation_classifier = Some(judge(&**own, sets, device)?),
            Judges::Shipped => {
                all.classifiers_learned = (learned.data != MNIST).then_some(MNIST);
                all.reward_classifier = Some(judge(&assets::reward_classifier(device)?, sets, device)?);
                all.evaluation_classifier =
                    Some(judge(&assets::evaluation_classifier(device)?, sets, device)?);
            }
        }
        Ok(all)
    }

    /// In words.
    pub fn summary(&self) -> String {
        let judged = |name: &str, j: &Judgement| {
            let shares: Vec<_> = j.classes.iter().map(|s| format!("{:.1}", 100.0 * s)).collect();
            format!(
                "{name}: FID to the test images {:.3} (training images: {:.3}), diversity {:.3} (test images: {:.3})\n\
                 \x20 share of the classes {} in percent: {}\n",
                j.fid,
                j.fid_of_training_images,
                j.diversity,
                j.diversity_of_test_images,
                self.classes(j.classes.len()),
                shares.join(" ")
            )
        };
        let of = [
            ("reward classifier", &self.reward_classifier),
            ("evaluation classifier", &self.evaluation_classifier),
        ];
        let said: Vec<String> = of
            .into_iter()
            .filter_map(|(name, judgement)| Some(judged(name, judgement.as_ref()?)))
            .collect();
        if said.is_empty() {
            return "No classifier judged these images: --judge FILE names one.\n".to_owned();
        }
        let learned = self.classifiers_learned.map_or(String::new(), |learned| {
            format!("These classifiers learned {learned}: their features tell little here, and their classes nothing.\n")
        });
        said.concat() + &learned
    }

    /// The classes of a classifier, in words.
    fn classes(&self, count: usize) -> String {
        let numbers = || (0..count).map(|class| class.to_string());
        match self.classifiers_learned.is_some() || self.names.iter().cloned().eq(numbers()) {
            true => format!("0 to {}", count - 1),
            false => self.names.join(", "),
        }
    }
}

fn judge(
    classifier: &(impl Classify + Sync),
    [images, test, train]: [&[f32]; 3],
    device: &Device,
) -> Result<Judgement, ProgramError> {
    let see = |images: &[f32]| -> Result<Seen, ProgramError> {
        Ok(block_on(look(classifier, images, device)).map_err(EngineError::Device)?)
    };
    let (images, test, train) = (see(images)?, see(test)?, see(train)?);
    let moments = test.moments();
    Ok(Judgement {
        fid: images.moments().frechet(&moments),
        fid_of_training_images: train.moments().frechet(&moments),
        diversity: images.diversity(),
        diversity_of_test_images: test.diversity(),
        classes: images.histogram(),
    })
}
