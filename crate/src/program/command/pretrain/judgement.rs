//! How good images are, in the eyes of the two classifiers.

use crate::program::assets;
use crate::program::error::ProgramError;
use burn::tensor::Device;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::task::images::{CLASSES, Classify, MNIST, Seen, see as look};
use serde::Serialize;

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
    classes: [f64; CLASSES],
}

/// By the classifier of rewards, and by the one that only measures.
#[derive(Serialize)]
pub struct Judgements {
    /// The data set that the classifiers learned, where it is not the images'.
    #[serde(skip_serializing_if = "Option::is_none")]
    classifiers_learned: Option<&'static str>,
    reward_classifier: Judgement,
    evaluation_classifier: Judgement,
}

impl Judgements {
    /// Of images, test images and training images of a data set.
    pub fn of(sets: [&[f32]; 3], data: &str, device: &Device) -> Result<Self, ProgramError> {
        Ok(Self {
            classifiers_learned: (data != MNIST).then_some(MNIST),
            reward_classifier: judge(&assets::reward_classifier(device)?, sets, device)?,
            evaluation_classifier: judge(&assets::evaluation_classifier(device)?, sets, device)?,
        })
    }

    /// In words.
    pub fn summary(&self) -> String {
        let judged = |name: &str, j: &Judgement| {
            let shares: Vec<_> = j.classes.iter().map(|s| format!("{:.1}", 100.0 * s)).collect();
            format!(
                "{name}: FID to the test images {:.3} (training images: {:.3}), diversity {:.3} (test images: {:.3})\n\
                 \x20 share of the classes 0 to 9 in percent: {}\n",
                j.fid,
                j.fid_of_training_images,
                j.diversity,
                j.diversity_of_test_images,
                shares.join(" ")
            )
        };
        let learned = self.classifiers_learned.map_or(String::new(), |learned| {
            format!("These classifiers learned {learned}: their features tell little here, and their classes nothing.\n")
        });
        judged("reward classifier", &self.reward_classifier)
            + &judged("evaluation classifier", &self.evaluation_classifier)
            + &learned
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
