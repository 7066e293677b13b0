//! The exact posterior of images, and how others compare to it.

use super::metric::picked;
use super::plane::Plane;
use super::{ExactFit, FEATURES, ImageFit, Reward, Seen};
use super::{ImagePrior, TaskOf};
use crate::engine::EngineError;
use crate::engine::learner::Task;
use crate::engine::statistics::LogMean;
use crate::message::{Fit, SampledTruth, Truth};
use std::sync::Arc;

/// Fewest images of a Fréchet distance: fewer leave the features' covariance without full rank.
const FEWEST: usize = FEATURES + 1;

/// What rejection makes of the first images of the prior's own chain: samples of p·r^β. Where there
/// are several conditions, as many of each, one condition after the other.
#[derive(Clone, Debug, Default)]
pub struct Exact {
    /// Images of the prior.
    pub proposals: usize,
    /// Places among them of those that were kept.
    pub kept: Vec<usize>,
    /// log E\[r^β\], the mean over the conditions; no number without proposals.
    pub log_z: f64,
    /// That of every condition.
    pub log_zs: Vec<f64>,
    /// Standard error of `log_z`.
    pub log_z_error: f64,
    /// Effective number of the proposals, weighted by r^β.
    pub effective: f64,
    /// Tempered log r of the kept images.
    pub log_reward: Vec<f64>,
    /// Share of the kept images whose log r is floored.
    pub floored_mass: f64,
    /// The plane of two latents, which then tells log Z.
    pub(super) plane: Option<Arc<Plane>>,
    /// The kept images in the eyes of the judge and of the rewards' classifier.
    seen: [Seen; 2],
}

impl Exact {
    /// The Fréchet distance, in the judge's features, of `count` perfect images to the kept ones; nothing
    /// where there are too few. Between sets of one law the distance is of the order of 1/N_1 + 1/N_2
    /// (arXiv 1911.07023), and known from the halves of the kept images.
    pub fn fid_floor(&self, count: usize) -> Option<f64> {
        let [one, other] = [0, 1].map(|half| self.seen[0].every_other(half));
        let sizes = |one: usize, other: usize| 1.0 / one as f64 + 1.0 / other as f64;
        let share = sizes(count, self.kept.len()) / sizes(one.len(), other.len());
        distance(&one, &other).map(|halves| halves * share)
    }

    /// As many of each.
    fn joined(parts: Vec<Self>) -> Self {
        let count = parts.len() as f64;
        let each = parts.iter().map(|part| part.kept.len()).min().unwrap_or(0);
        let mut all = Self::default();
        for part in parts {
            all.proposals = part.proposals;
            all.kept.extend(&part.kept[..each]);
            all.log_reward.extend(&part.log_reward[..each]);
            all.log_z += part.log_z / count;
            all.log_zs.push(part.log_z);
            all.log_z_error = all.log_z_error.hypot(part.log_z_error / count);
            all.effective += part.effective / count;
            all.floored_mass += part.floored_mass / count;
            for (all, part) in all.seen.iter_mut().zip(part.seen) {
                all.extend(part.first(each));
            }
        }
        all
    }

    /// Where log Z comes from.
    pub(super) fn truth(&self) -> Truth {
        match self.plane {
            Some(_) => Truth::Quadrature,
            None => Truth::Rejection,
        }
    }

    /// The figures of end points under their conditions, with those on the plane of two latents where there is one.
    pub(super) fn placed(&self, fit: Fit, ends: &[f32], conditions: &[usize]) -> Fit {
        let Some(plane) = &self.plane else {
            return fit;
        };
        let found = plane.fit(ends, conditions);
        Fit::new(&ImageFit {
            total_variation: Some(found.total_variation),
            total_variation_floor: Some(found.total_variation_floor),
            kl: Some(found.kl),
            ..fit.of::<ImageFit>().unwrap_or_default()
        })
    }

    /// Mean tempered log r; nothing below two images.
    fn mean_log_reward(&self) -> Option<f64> {
        (self.kept.len() > 1).then(|| mean(&self.log_reward))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl<Q: ImagePrior> TaskOf<Q> {
    /// The exact posterior as far as `proposals` images of the prior tell it, which are made where
    /// there are fewer.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn exact(&mut self, proposals: usize) -> Result<Exact, EngineError> {
        self.grow(proposals).await?;
        self.look_at_kept().await?;
        let parts = (0..self.count()).map(|condition| self.exact_given(condition, proposals));
        let mut exact = Exact::joined(parts.collect());
        if let Some(plane) = self.plane().await? {
            exact.log_z = plane.mean_log_z();
            exact.log_zs.clone_from(&plane.log_z);
            exact.log_z_error = plane.log_z_error;
            exact.plane = Some(plane);
        }
        Ok(exact)
    }

    fn exact_given(&self, condition: usize, proposals: usize) -> Exact {
        let beta = self.run.tempering.beta;
        let scored = &self.scored[condition];
        let log_r = &scored.log_r[..proposals];
        let own = log_r.iter().filter(|l| !l.is_nan());
        let tempered: Vec<f64> = own.map(|l| beta * l).collect();
        let mean = LogMean::of(tempered.into_iter());
        let kept = scored.kept(proposals).to_vec();
        let of_kept = || kept.iter().map(|at| log_r[*at]);
        let floored = of_kept().filter(|l| *l <= self.run.tempering.floor).count();
        Exact {
            proposals,
            log_z: mean.value,
            log_zs: Vec::new(),
            log_z_error: mean.error,
            effective: mean.effective,
            log_reward: of_kept().map(|l| beta * l).collect(),
            floored_mass: floored as f64 / kept.len().max(1) as f64,
            plane: None,
            seen: scored.seen(kept.len()),
            kept,
        }
    }

    /// What there is to tell of the exact posterior, from all images of the pool so far; `None`
    /// below two kept ones.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn known(&mut self) -> Result<Option<SampledTruth>, EngineError> {
        let exact = self.exact(self.proposals()).await?;
        let Some(log_reward_mean) = exact.mean_log_reward() else {
            return Ok(None);
        };
        let pictured = self.pictured(&exact);
        let numbers: Vec<usize> = pictured.iter().map(|at| exact.kept[*at]).collect();
        let ends = picked(self.ends(), self.size(), numbers.iter().copied());
        let plane_paths = match exact.plane {
            Some(_) => self.paths_to(&ends).await?,
            None => Vec::new(),
        };
        let samples = self.images_of(&ends, &self.of_prior(&numbers)).await?;
        Ok(Some(SampledTruth {
            samples,
            log_reward: pictured.iter().map(|at| exact.log_reward[*at] as f32).collect(),
            log_z: exact.log_z,
            log_z_error: exact.log_z_error,
            log_reward_mean,
            fit: Fit::new(&ExactFit {
                classes: exact.seen[0].histogram(),
                plane_paths,
            }),
            proposals: exact.proposals,
            kept: exact.kept.len(),
            wanted: self.run.evaluation.proposals,
        }))
    }

    /// The kept images of a picture, as many of each condition as the learned ones have there.
    fn pictured(&self, exact: &Exact) -> Vec<usize> {
        let conditions = self.conditions();
        let each = exact.kept.len() / conditions.count;
        (0..conditions.count)
            .flat_map(|condition| {
                let places = (0..Self::PICTURED).map(|place| conditions.pictured(place, Self::PICTURED));
                let wanted = places.filter(|of| *of == condition).count();
                (0..each.min(wanted)).map(move |at| condition * each + at)
            })
            .collect()
    }

    /// Holds the images of end points under their conditions against the exact ones. Also the class
    /// that the judge sees in each.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn fit(
        &self,
        exact: &Exact,
        ends: &[f32],
        conditions: &[usize],
    ) -> Result<(ImageFit, Vec<usize>), EngineError> {
        let [judged, classified] = self.look_at(ends, conditions).await?;
        let [truth, truth_classified] = &exact.seen;
        let known = exact.kept.len() > 1;
        let each = exact.kept.len() / self.count();
        let exact_conditions: Vec<usize> = (0..exact.kept.len()).map(|at| at / each).collect();
        let fit = ImageFit {
            log_reward_exact: exact.mean_log_reward(),
            fid: distance(&judged, truth),
            fid_reward_classifier: distance(&classified, truth_classified),
            fid_floor: exact.fid_floor(judged.len()),
            diversity: (judged.len() > 1).then(|| judged.diversity()),
            diversity_exact: (truth.len() > 1).then(|| truth.diversity()),
            classes: judged.histogram(),
            classes_exact: (known && !truth.is_empty()).then(|| truth.histogram()),
            accuracy: self.accuracy(&judged, conditions),
            accuracy_exact: self.accuracy(truth, &exact_conditions).filter(|_| known),
            log_z_error: (exact.proposals > 0).then_some(exact.log_z_error),
            total_variation: None,
            total_variation_floor: None,
            kl: None,
            kept: exact.kept.len(),
            proposals: exact.proposals,
        };
        Ok((fit, judged.classes()))
    }

    /// Share of images in a class that their condition's reward wants.
    fn accuracy(&self, seen: &Seen, conditions: &[usize]) -> Option<f64> {
        let rewards: Vec<Reward> = (0..self.count())
            .map(|condition| self.problem.reward.given(condition))
            .collect();
        let pairs = seen.classes().into_iter().zip(conditions);
        let wanted: Option<Vec<bool>> = pairs.map(|(class, c)| rewards[*c].wants(class)).collect();
        let wanted = wanted.filter(|all| !all.is_empty())?;
        Some(wanted.iter().filter(|w| **w).count() as f64 / wanted.len() as f64)
    }

    /// Variance of a coordinate of the prior's end points, mean over the coordinates, from the first
    /// `count` ones.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(super) async fn variance(&mut self, count: usize) -> Result<f64, EngineError> {
        self.grow(count).await?;
        let size = self.size();
        let ends = &self.ends()[..count * size];
        let of_coordinate = |at: usize| {
            let values = || ends.iter().skip(at).step_by(size).map(|v| f64::from(*v));
            let mean = values().sum::<f64>() / count as f64;
            values().map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64
        };
        Ok((0..size).map(of_coordinate).sum::<f64>() / size as f64)
    }
}

/// The Fréchet distance of what a classifier sees, where there is enough on both sides.
fn distance(one: &Seen, other: &Seen) -> Option<f64> {
    let enough = one.len() >= FEWEST && other.len() >= FEWEST;
    enough.then(|| one.moments().frechet(&other.moments()))
}
