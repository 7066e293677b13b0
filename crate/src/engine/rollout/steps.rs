//! Batches of the same rows, one a step.

use crate::engine::process::Rows;
use std::ops::{Deref, Range};
use std::sync::OnceLock;

/// A batch of every step of a walk. As a slice it has one element a step; what was made in one piece is cut only when that is
/// asked for, as on a GPU each cut is a launch.
#[derive(Clone, Debug)]
pub struct Steps<R> {
    /// All steps' rows, one step after the other, and the rows of a step.
    whole: Option<(R, usize)>,
    steps: usize,
    each: OnceLock<Vec<R>>,
}

impl<R: Rows> Steps<R> {
    /// One batch a step.
    pub fn each(batches: Vec<R>) -> Self {
        Self {
            whole: None,
            steps: batches.len(),
            each: OnceLock::from(batches),
        }
    }

    /// `steps` batches of `rows` rows in one piece, `[steps·rows]`.
    pub fn whole(all: R, steps: usize, rows: usize) -> Self {
        Self {
            whole: Some((all, rows)),
            steps,
            each: OnceLock::new(),
        }
    }

    /// The batch of one step.
    pub fn at(&self, step: usize) -> R {
        match &self.whole {
            Some((all, rows)) => all.some_rows(step * rows, *rows),
            None => self[step].clone(),
        }
    }

    /// The batches of consecutive steps, one after the other.
    pub fn block(&self, steps: Range<usize>) -> R {
        match &self.whole {
            Some((all, _)) if steps == (0..self.steps) => all.clone(),
            Some((all, rows)) => all.some_rows(steps.start * rows, steps.len() * rows),
            None => R::stack(self[steps].to_vec()),
        }
    }

    /// Some rows of the batches of steps in ascending order, one after the other.
    pub fn picked(&self, steps: &[usize], rows: Range<usize>) -> R {
        let consecutive = steps.windows(2).all(|pair| pair[1] == pair[0] + 1);
        if let (Some((_, all)), [first, ..], true) = (&self.whole, steps, consecutive)
            && rows == (0..*all)
        {
            return self.block(*first..first + steps.len());
        }
        let of_steps = steps.iter().map(|step| &self[*step]);
        R::stack(
            of_steps
                .map(|batch| batch.some_rows(rows.start, rows.len()))
                .collect(),
        )
    }

    /// One batch a step.
    pub fn into_each(self) -> Vec<R> {
        let _cut: &[R] = &self;
        self.each.into_inner().unwrap_or_default()
    }
}

impl<R: Rows> Deref for Steps<R> {
    type Target = [R];

    fn deref(&self) -> &[R] {
        self.each.get_or_init(|| {
            let (all, rows) = self.whole.as_ref().expect("there are batches or the whole");
            (0..self.steps)
                .map(|step| all.some_rows(step * rows, *rows))
                .collect()
        })
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::*;
    use crate::engine::device::cpu_device;
    use burn::tensor::{Tensor, TensorData};

    #[test]
    fn the_whole_is_what_its_parts_are() {
        let numbers: Vec<f32> = (0..24).map(|n| n as f32).collect();
        let all = Tensor::<2>::from_data(TensorData::new(numbers, [12, 2]), &cpu_device());
        let whole = Steps::whole(all, 4, 3);
        let parts = Steps::each(whole.to_vec());
        let same = |a: Tensor<2>, b: Tensor<2>| a.into_data().assert_eq(&b.into_data(), true);
        for step in 0..4 {
            same(whole.at(step), parts.at(step));
        }
        for steps in [0..4, 1..3, 2..3] {
            same(whole.block(steps.clone()), parts.block(steps));
        }
        for (steps, rows) in [
            (&[0, 1, 2, 3][..], 0..3),
            (&[1, 2], 0..3),
            (&[0, 2, 3], 0..3),
            (&[1, 2], 1..2),
        ] {
            same(whole.picked(steps, rows.clone()), parts.picked(steps, rows));
        }
    }
}
