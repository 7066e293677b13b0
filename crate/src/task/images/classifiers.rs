//! The classifiers of a run: the one that its reward asks, and the judge.

use super::{DescribedPrior, Learned, PooledClassifier, ProblemOf, StridedClassifier};
use crate::engine::ConfigError;
use crate::engine::noise::Noise;
use crate::engine::weights::{load_tensors, read_tensors};
use crate::run::{FileNeed, Files, Problem};
use burn::module::Module;
use burn::tensor::Device;

/// Both, open.
pub(super) struct Classifiers {
    /// Asked by rewards, if it learned the images that the prior did. If not, no reward asks it.
    pub asked: Option<StridedClassifier>,
    /// Only measures, if it learned them too: it need not where nobody says what a generator of somebody else's has
    /// learned.
    pub judge: Option<PooledClassifier>,
    /// The names of the classes that they tell apart.
    pub classes: Vec<String>,
}

impl Classifiers {
    /// Those of a problem whose prior learned these images.
    ///
    /// # Errors
    ///
    /// Where one is missing, damaged, of another shape, or needed for images that it has not learned.
    pub fn open<P: DescribedPrior>(
        problem: &ProblemOf<P>,
        prior: &Learned,
        files: &Files,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        let needs = problem.files();
        let need = |role| {
            needs
                .iter()
                .find(|need| need.role == role)
                .expect("every run has it")
        };
        let noise = &Noise::new(0);
        let asked = Opened::of(need("reward"), "strided", files, |learned| {
            StridedClassifier::new(learned.shape, learned.classes.len(), noise, device)
        })?;
        let judge = Opened::of(need("judge"), "pooled", files, |learned| {
            PooledClassifier::new(learned.shape, learned.classes.len(), noise, device)
        })?;
        let is_unknown = prior.data.is_empty() && problem.judge.weights.is_none();
        let judges = judge.check(prior);
        if !is_unknown {
            judges.clone()?;
        }
        if problem.reward.asks_a_classifier() {
            asked.check(prior)?;
        }
        let asks = asked.check(prior).is_ok();
        let classes = match (prior.classes.is_empty(), judges.is_ok(), asks) {
            (true, true, _) => judge.learned.classes.clone(),
            (true, false, true) => asked.learned.classes.clone(),
            _ => prior.classes.clone(),
        };
        Ok(Self {
            asked: asks.then_some(asked.network),
            judge: judges.is_ok().then_some(judge.network),
            classes,
        })
    }
}

/// A classifier with what its errors name.
struct Opened<'a, N> {
    network: N,
    need: &'a FileNeed<'a>,
    kind: &'static str,
    /// The images that it learned.
    learned: Learned,
}

impl<'a, N: Module> Opened<'a, N> {
    fn of(
        need: &'a FileNeed,
        kind: &'static str,
        files: &Files,
        network: impl FnOnce(&Learned) -> N,
    ) -> Result<Self, ConfigError> {
        let file = files
            .get(need.role)
            .ok_or_else(|| "its file is missing".to_owned());
        let read = |file| {
            let weights = read_tensors(file)?;
            let learned = Learned::of(&weights.metadata)?;
            Ok((load_tensors(network(&learned), &weights)?, learned))
        };
        let (network, learned) = file.and_then(read).map_err(|why| {
            let allowed = format!("a file that `rtb pretrain classifier {kind}` wrote ({why})");
            ConfigError::new(need.field, format!("`{}`", need.name), allowed)
        })?;
        Ok(Self {
            network,
            need,
            kind,
            learned,
        })
    }

    /// Refuses it where the prior learned other images.
    fn check(&self, prior: &Learned) -> Result<(), ConfigError> {
        let (own, kind) = (&self.learned, self.kind);
        let [differs, allowed] = if prior.data.is_empty() {
            [
                format!("learned {}", own.data),
                "a prior whose `data` says that it learned the same: nobody knows what this generator has learned".to_owned(),
            ]
        } else if own.data != prior.data {
            let data = &prior.data;
            [
                format!("learned {}", own.data),
                format!(
                    "a classifier of {data}, as the prior is: `rtb pretrain classifier {kind} --data {data} --out FILE` \
                     trains one"
                ),
            ]
        } else if own.shape != prior.shape {
            [
                format!("sees {}", own.shape.told()),
                format!("a classifier of {}, as the prior's are", prior.shape.told()),
            ]
        } else if !prior.classes.is_empty() && own.classes != prior.classes {
            [
                format!("knows the classes {}", own.classes.join(", ")),
                format!(
                    "a classifier of the prior's classes: {}",
                    prior.classes.join(", ")
                ),
            ]
        } else {
            return Ok(());
        };
        Err(ConfigError::new(
            self.need.field,
            format!("`{}`, which {differs},", self.need.name),
            allowed,
        ))
    }
}
