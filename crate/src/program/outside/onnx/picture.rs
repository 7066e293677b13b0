//! Samples as a model takes them. Images get its channels, its size and its scale.

use rtb::run::Onnx;

/// How samples become the input of a model; a sample that is no image is a single row of grey.
pub struct Picture {
    /// Channels of a sample.
    channels: usize,
    /// The same of the input.
    wanted: usize,
    rows: Axis,
    columns: Axis,
    /// One a channel of the input.
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

/// The two places that each place of the input lies between, and the share of the second. Pixels are squares around
/// their places, as in PyTorch's `interpolate` and in ONNX's `Resize`, and images go on beyond their edges.
struct Axis {
    length: usize,
    between: Vec<(usize, usize, f64)>,
}

impl Axis {
    fn new(length: usize, wanted: usize) -> Self {
        let place = |at: usize| {
            let place = (at as f64 + 0.5) * length as f64 / wanted as f64 - 0.5;
            let place = place.clamp(0.0, (length - 1) as f64);
            let before = place.floor();
            let first = before as usize;
            (first, (first + 1).min(length - 1), place - before)
        };
        Self {
            length,
            between: (0..wanted).map(place).collect(),
        }
    }
}

/// Whether mean and deviation are of so many channels.
pub fn check(onnx: &Onnx, channels: usize) -> Result<(), String> {
    for (name, numbers) in [("mean", &onnx.mean), ("deviation", &onnx.deviation)] {
        if !numbers.is_empty() && numbers.len() != channels {
            return Err(format!(
                "takes images of {channels} channels, and `{name}` has {}; use one number a channel",
                numbers.len()
            ));
        }
    }
    Ok(())
}

impl Picture {
    /// Makes images of one extent (channels, height, width) to those of another, with as many channels or of grey.
    ///
    /// # Errors
    ///
    /// Where mean or deviation are not of these channels.
    pub fn new(onnx: &Onnx, image: [usize; 3], wanted: [usize; 3]) -> Result<Self, String> {
        check(onnx, wanted[0])?;
        let each = |numbers: &[f64], absent: f64| match numbers {
            [] => vec![absent; wanted[0]],
            numbers => numbers.to_vec(),
        };
        Ok(Self {
            channels: image[0],
            wanted: wanted[0],
            rows: Axis::new(image[1], wanted[1]),
            columns: Axis::new(image[2], wanted[2]),
            mean: each(&onnx.mean, 0.0),
            deviation: each(&onnx.deviation, 1.0),
        })
    }

    /// The input of samples.
    pub fn of(&self, samples: &[f64]) -> Vec<f32> {
        let plane = self.rows.length * self.columns.length;
        let mut input = Vec::new();
        for sample in samples.chunks_exact(self.channels * plane) {
            for channel in 0..self.wanted {
                let from = if self.channels == 1 { 0 } else { channel };
                let pixels = &sample[from * plane..(from + 1) * plane];
                let (mean, deviation) = (self.mean[channel], self.deviation[channel]);
                input.extend(self.resized(pixels).map(|x| ((x - mean) / deviation) as f32));
            }
        }
        input
    }

    /// The pixels of a channel, interpolated linearly along both axes.
    fn resized(&self, pixels: &[f64]) -> impl Iterator<Item = f64> {
        let width = self.columns.length;
        self.rows.between.iter().flat_map(move |(upper, lower, down)| {
            self.columns.between.iter().map(move |(left, right, along)| {
                let row = |row: usize| {
                    pixels[row * width + left] * (1.0 - along) + pixels[row * width + right] * along
                };
                row(*upper) * (1.0 - down) + row(*lower) * down
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;
    use rtb::run::{Meaning, Onnx};

    fn of(mean: &[f64], deviation: &[f64]) -> Onnx {
        Onnx {
            model: "m.onnx".to_owned(),
            output: None,
            meaning: Meaning::Logits,
            class: 0,
            mean: mean.to_vec(),
            deviation: deviation.to_vec(),
        }
    }

    #[test]
    fn images_get_channels_size_and_scale() {
        let same = Picture::new(&of(&[], &[]), [1, 2, 2], [1, 2, 2]).expect("it fits");
        assert_eq!(same.of(&[0.1, 0.2, 0.3, 0.4]), [0.1, 0.2, 0.3, 0.4]);
        // As PyTorch's `interpolate(mode="bilinear")` has it.
        let larger = Picture::new(&of(&[], &[]), [1, 1, 2], [1, 1, 4]).expect("it fits");
        assert_eq!(larger.of(&[0.0, 1.0]), [0.0, 0.25, 0.75, 1.0]);
        let smaller = Picture::new(&of(&[], &[]), [1, 4, 1], [1, 2, 1]).expect("it fits");
        assert_eq!(smaller.of(&[0.0, 1.0, 2.0, 4.0]), [0.5, 3.0]);
        let coloured = Picture::new(&of(&[0.5, 0.0], &[0.5, 2.0]), [1, 1, 2], [2, 1, 2]).expect("it fits");
        assert_eq!(coloured.of(&[0.0, 1.0]), [-1.0, 1.0, 0.0, 0.5]);
        let own = Picture::new(&of(&[], &[]), [2, 1, 1], [2, 1, 1]).expect("it fits");
        assert_eq!(own.of(&[1.0, 2.0, 3.0, 4.0]), [1.0, 2.0, 3.0, 4.0]);
        let refused = Picture::new(&of(&[0.5], &[]), [1, 2, 2], [3, 2, 2]).err();
        assert_eq!(
            refused.as_deref(),
            Some("takes images of 3 channels, and `mean` has 1; use one number a channel")
        );
    }
}
