//! Rewards on the host, of what was read of images.

use super::{Wish, strokes};
use crate::engine::parallel;
use crate::task::images::metric::picked;
use crate::task::images::{ClassesBy, Shape};

/// What rewards look at, as far as any of them does.
pub struct Looked<'a> {
    /// Of every image.
    pub shape: Shape,
    /// `[rows][pixels]`.
    pub images: Vec<f32>,
    /// Images there are.
    pub rows: usize,
    /// log p(class|image), `[rows][classes]`.
    pub log_probs: Vec<f32>,
    /// The text that each was made for, where there are several.
    pub told: Vec<&'a str>,
}

impl Looked<'_> {
    /// Classes that were asked for.
    fn classes(&self) -> usize {
        self.log_probs.len() / self.rows.max(1)
    }

    /// What is known of these rows.
    pub fn of_rows(&self, rows: impl Iterator<Item = usize> + Clone) -> Self {
        let of_rows = |numbers: &[f32]| match numbers.is_empty() {
            true => Vec::new(),
            false => picked(numbers, numbers.len() / self.rows, rows.clone()),
        };
        Self {
            shape: self.shape,
            rows: rows.clone().count(),
            images: of_rows(&self.images),
            log_probs: of_rows(&self.log_probs),
            told: Vec::new(),
        }
    }
}

/// log r before the floor, of rows of which all is known that it looks at; only a black box from outside fails.
pub fn raw(wish: &Wish, looked: &Looked) -> Result<Vec<f64>, String> {
    let Looked {
        shape,
        rows,
        images,
        log_probs,
        told,
    } = looked;
    let width = shape.width;
    let gaussian = |value: f64, target: f64, deviation: f64| -0.5 * ((value - target) / deviation).powi(2);
    let each = |of: &(dyn Fn(&[f32]) -> f64 + Sync)| parallel::over_rows(images, shape.pixels(), of);
    Ok(match wish {
        Wish::Classes { classes, by } => log_probs
            .chunks_exact(looked.classes().max(1))
            .map(|row| joined(*by, classes.iter().map(|class| f64::from(row[*class]))))
            .collect(),
        Wish::Ink { target, deviation } => each(&|image| gaussian(strokes::ink(image), *target, *deviation)),
        Wish::Color {
            color,
            border,
            deviation,
        } => each(&|image| {
            let channels = image.chunks_exact(shape.area()).zip(color);
            let of_channel = |(channel, wanted): (&[f32], &f64)| {
                gaussian(
                    strokes::along_border(channel, width, *border),
                    *wanted,
                    *deviation,
                )
            };
            channels.map(of_channel).sum()
        }),
        #[cfg(feature = "native")]
        Wish::Jpeg {
            wanted,
            scale,
            quality,
        } => each(&|image| super::jpeg::log_reward(image, *shape, *wanted, *quality) / scale),
        #[cfg(not(feature = "native"))]
        Wish::Jpeg { .. } => unreachable!("it is refused"),
        Wish::Symmetry { deviation } => {
            each(&|image| gaussian(strokes::asymmetry(image, width), 0.0, *deviation))
        }
        Wish::Holes { count, penalty } => {
            each(&|image| -penalty * strokes::holes(image, width).abs_diff(*count) as f64)
        }
        Wish::Thickness { target, deviation } => {
            each(&|image| gaussian(strokes::thickness(image, width), *target, *deviation))
        }
        Wish::Inpaint { known, deviation } => each(&|image| {
            let misses = known.iter().map(|(at, value)| f64::from(image[*at] - value));
            misses.map(|miss| gaussian(miss, 0.0, *deviation)).sum()
        }),
        Wish::Outside(outside) => outside.log_reward(images, *shape, told)?,
        Wish::All(parts) => {
            let mut sum = vec![0.0; *rows];
            for part in parts {
                let values = raw(part, looked)?;
                sum.iter_mut().zip(values).for_each(|(s, v)| *s += v);
            }
            sum
        }
    })
}

/// log of the sum, or of the largest, of probabilities.
fn joined(by: ClassesBy, log_probs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = log_probs.clone().fold(f64::NEG_INFINITY, f64::max);
    match by {
        ClassesBy::Max => largest,
        ClassesBy::Sum => largest + log_probs.map(|l| (l - largest).exp()).sum::<f64>().ln(),
    }
}
