//! One fold of the two-sample test: a classifier, the rows that it learns from and those held out.

use super::classifier::Classifier;
use crate::engine::host::read_all;
use crate::engine::noise::uniform;
use burn::tensor::{Int, Tensor, TensorData, Transaction};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

const BATCH: usize = 200;
/// Training ends when the loss has not fallen by `TOLERANCE` for more than `PATIENCE` epochs on end.
const TOLERANCE: f64 = 1e-4;
const PATIENCE: usize = 10;

/// Rows `[count, size]` and labels `[count, 1]`.
type Rows = [Tensor<2>; 2];

/// A classifier in training.
pub(super) struct Fold {
    classifier: Classifier,
    training: Rows,
    held_out: Rows,
    rng: ChaCha8Rng,
    best: f64,
    stale: usize,
}

impl Fold {
    pub(super) fn new(training: Rows, held_out: Rows, mut rng: ChaCha8Rng) -> Self {
        let [_, size] = training[0].dims();
        Self {
            classifier: Classifier::new(size, &mut rng, &training[0].device()),
            training,
            held_out,
            rng,
            best: f64::INFINITY,
            stale: 0,
        }
    }

    /// One pass over the shuffled rows, with the mean loss `[1]` of the batches.
    pub(super) fn epoch(mut self) -> (Self, Tensor<1>) {
        let [count, _] = self.training[0].dims();
        let order = shuffled(count, &mut self.rng).into_iter().map(|row| row as i32);
        let order = TensorData::new(order.collect::<Vec<_>>(), [count]);
        let order = Tensor::<1, Int>::from_data(order, &self.training[0].device());
        let [rows, labels] = self.training.clone().map(|all| all.select(0, order.clone()));
        let mut classifier = self.classifier;
        let mut losses = Vec::with_capacity(count.div_ceil(BATCH));
        for start in (0..count).step_by(BATCH) {
            let batch = start..(start + BATCH).min(count);
            let (rows, labels) = (
                rows.clone().slice_dim(0, batch.clone()),
                labels.clone().slice_dim(0, batch),
            );
            let (stepped, loss) = classifier.step(rows, labels);
            classifier = stepped;
            losses.push(loss);
        }
        let fold = Self { classifier, ..self };
        (fold, Tensor::cat(losses, 0).sum().div_scalar(count as f64))
    }

    /// Whether an epoch of this mean loss was the last.
    pub(super) fn is_finished(&mut self, loss: f64) -> bool {
        if loss > self.best - TOLERANCE {
            self.stale += 1;
        } else {
            self.stale = 0;
        }
        self.best = self.best.min(loss);
        self.stale > PATIENCE
    }

    /// The share of the held-out rows that the classifier labels rightly.
    pub(super) async fn accuracy(self) -> Result<f64, String> {
        let [rows, labels] = self.held_out;
        let logits = self.classifier.logits(rows);
        let read = read_all(Transaction::default().register(logits).register(labels)).await?;
        let right = read[0]
            .iter()
            .zip(&read[1])
            .filter(|(logit, label)| (**logit > 0.0) == (**label > 0.5));
        Ok(right.count() as f64 / read[0].len() as f64)
    }
}

/// The numbers below `count` in random order.
pub(super) fn shuffled(count: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, (uniform(rng) * (last + 1) as f64) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::shuffled;
    use crate::engine::noise::{Noise, Purpose};

    #[test]
    fn every_order_is_equally_likely() {
        let mut rng = Noise::new(1).stream(Purpose::Evaluation, 0);
        let mut counts = [0; 6];
        for _ in 0..6000 {
            let order = shuffled(3, &mut rng);
            counts[order[0] * 2 + usize::from(order[1] > order[2])] += 1;
        }
        // Five deviations of a binomial count are 5·√(6000·5/36) = 144.
        assert!(
            counts.iter().all(|count| (856..1144).contains(count)),
            "{counts:?}"
        );
    }
}
