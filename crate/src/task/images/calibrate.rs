//! Simulation-based calibration of the posteriors of several classes.

use super::metric::picked;
use super::{ImagePrior, Shape, TaskOf};
use crate::engine::EngineError;
use crate::engine::learner::Learner;
use crate::task::calibration::{Calibration, Truths, calibration};

/// Most true images of all conditions.
const TRUTHS: usize = 200;
/// Draws of the posterior for each.
const DRAWS: usize = 19;

/// The calibration by [`STATISTICS`](super::STATISTICS); `None` of a single posterior, or where the prior's images
/// have too few of some class. An image that rejection keeps for a condition is an exact sample of its
/// posterior, whatever β is: as if the condition had been drawn with probability 1/K and the image given it.
pub(super) async fn calibrate<Q: ImagePrior>(
    learner: &mut Learner<TaskOf<Q>>,
) -> Result<Option<Calibration>, EngineError> {
    let task = &mut learner.task;
    let count = task.count();
    if count == 1 {
        return Ok(None);
    }
    let proposals = task.proposals().max(task.run.evaluation.proposals);
    task.grow(proposals).await?;
    // No image is there for two conditions: ranks of the same truth would not be independent.
    let of_condition = |condition: usize| {
        let kept = task.scored[condition].kept(proposals).iter();
        let own = kept.filter(move |at| *at % count == condition);
        own.take(TRUTHS / count).map(move |at| (*at, condition))
    };
    let (places, conditions): (Vec<usize>, Vec<usize>) = (0..count).flat_map(of_condition).unzip();
    let ends = picked(task.ends(), task.size(), places);
    let truths = Truths {
        values: statistics(learner, &ends, &conditions).await?,
        conditions,
    };
    calibration(learner, &truths, DRAWS, async |ends, conditions| {
        statistics(learner, ends, conditions).await
    })
    .await
}

/// Of images of end points under conditions, `[rows][STATISTICS]`.
async fn statistics<Q: ImagePrior>(
    learner: &Learner<TaskOf<Q>>,
    ends: &[f32],
    conditions: &[usize],
) -> Result<Vec<f64>, EngineError> {
    let images = learner.task.images_of(ends, conditions).await?;
    let log_reward = learner.log_reward(conditions, ends).await?;
    let shape = learner.task.learned.shape;
    let rows = images.chunks_exact(shape.pixels()).zip(log_reward);
    let of_row = |(image, log_reward): (&[f32], f64)| {
        let [ink, width, height] = strokes(image, shape);
        [ink, width, height, log_reward]
    };
    Ok(rows.flat_map(of_row).collect())
}

/// The share of ink, and its standard deviations across and down, in pixels; all colours are ink.
fn strokes(image: &[f32], shape: Shape) -> [f64; 3] {
    let ink = || image.iter().map(|pixel| f64::from((pixel + 1.0) / 2.0).max(0.0));
    let all: f64 = ink().sum();
    let deviation = |place: &dyn Fn(usize) -> usize| {
        let mean = |of: &dyn Fn(f64) -> f64| {
            let values = ink().enumerate().map(|(at, ink)| ink * of(place(at) as f64));
            values.sum::<f64>() / all.max(f64::MIN_POSITIVE)
        };
        let center = mean(&|place| place);
        mean(&|place| (place - center).powi(2)).sqrt()
    };
    [
        all / shape.pixels() as f64,
        deviation(&|at| at % shape.width),
        deviation(&|at| at % shape.area() / shape.width),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Shape, strokes};

    #[test]
    fn strokes_have_an_amount_of_ink_and_a_size() {
        let shape = Shape {
            channels: 3,
            height: 12,
            width: 16,
        };
        let mut image = vec![-1.0; shape.pixels()];
        assert_eq!(strokes(&image, shape), [0.0; 3]);
        // Two dots of different colours, six columns and two rows apart.
        image[5 * shape.width + 4] = 1.0;
        image[2 * shape.area() + 7 * shape.width + 10] = 1.0;
        let [ink, width, height] = strokes(&image, shape);
        assert!((ink - 2.0 / shape.pixels() as f64).abs() < 1e-12);
        assert!(
            (width - 3.0).abs() < 1e-12 && (height - 1.0).abs() < 1e-12,
            "{width} {height}"
        );
    }
}
