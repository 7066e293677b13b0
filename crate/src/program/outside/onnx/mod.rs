//! Rewards and priors that an ONNX model computes, on the processor.

mod denoiser;
mod generator;
mod meaning;
mod model;
mod operators;
mod picture;
#[cfg(test)]
mod tests;
mod whole;
#[cfg(test)]
mod written;

pub use denoiser::DenoiserBox;
pub use generator::GeneratorBox;

use super::{check, printable};
use model::Network;
use picture::Picture;
use rtb::engine::reward::BlackBox;
use rtb::run::Onnx;
use std::num::NonZero;
use std::thread;

/// Rows that are computed at once. A constant: products of other shapes round otherwise, and a seed means the same
/// however many cores there are.
const AT_ONCE: usize = 64;

/// A model that is open.
pub struct OnnxBox {
    /// Whose errors these are: the field and the file.
    name: String,
    onnx: Onnx,
    network: Network,
}

impl OnnxBox {
    /// Opens a model; `field` is its name in errors. Where the shape of a sample is fixed, two samples are tried.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file, its operators, inputs and outputs.
    pub fn open(field: &str, onnx: &Onnx, bytes: Vec<u8>) -> Result<Self, String> {
        let name = format!("{field}: `{}`", printable(&onnx.model));
        let network = Network::open(bytes, onnx.output.as_deref());
        let opened = Self {
            network: network.map_err(|what| format!("{name} {what}"))?,
            onnx: onnx.clone(),
            name,
        };
        if let Some(channels) = opened.network.channels() {
            picture::check(onnx, channels).map_err(|what| format!("{} {what}", opened.name))?;
        }
        if let Some(shape) = opened.network.sample_shape() {
            let rows = opened.network.batch().unwrap_or(2);
            let zeros = vec![0.0; rows * shape.iter().product::<usize>()];
            opened.rows(&zeros, rows, &shape)?;
        }
        Ok(opened)
    }

    /// The outputs of some samples, as many numbers a row as it has: 1, or one a class.
    fn rows(&self, samples: &[f32], rows: usize, shape: &[usize]) -> Result<(Vec<f32>, usize), String> {
        let output = self.network.run(samples, rows, shape);
        let (numbers, width) = output.map_err(|what| format!("{} {what}", self.name))?;
        meaning::check_width(&self.onnx, width).map_err(|what| format!("{}: {what}", self.name))?;
        Ok((numbers, width))
    }

    /// What the model takes of samples of this shape: the shape of its input, and how they become that.
    fn input(&self, shape: &[usize]) -> Result<(Vec<usize>, Picture), String> {
        let size = shape.iter().product();
        let image = match *shape {
            [channels, height, width] => [channels, height, width],
            _ => [1, 1, size],
        };
        match self.network.images_of(image) {
            Some(wanted) if shape.len() == 3 => {
                let wanted = wanted?;
                Ok((wanted.to_vec(), Picture::new(&self.onnx, image, wanted)?))
            }
            _ => {
                let input = self.network.shape_of(size)?;
                Ok((input, Picture::new(&self.onnx, image, image)?))
            }
        }
    }

    /// log r of at most as many samples of this size as the model takes at once.
    fn chunk(
        &self,
        samples: &[f64],
        size: usize,
        (shape, picture): &(Vec<usize>, Picture),
    ) -> Result<Vec<f64>, String> {
        let mut numbers = picture.of(samples);
        let wanted = samples.len() / size;
        // A model of a fixed batch is given zeros beside the last samples.
        let rows = self.network.batch().unwrap_or(wanted);
        numbers.resize(rows * shape.iter().product::<usize>(), 0.0);
        let (outputs, width) = self.rows(&numbers, rows, shape)?;
        let outputs = outputs.chunks_exact(width).take(wanted);
        let log_r: Result<Vec<f64>, String> = outputs.map(|row| meaning::log_r(&self.onnx, row)).collect();
        log_r
            .and_then(|log_r| check(&log_r, samples, size).map(|()| log_r))
            .map_err(|what| format!("{} gave {what}", self.name))
    }
}

impl BlackBox for OnnxBox {
    fn log_reward(&self, samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String> {
        let size: usize = shape.iter().product();
        let input = self.input(shape);
        let input = input.map_err(|what| format!("{} {what}", self.name))?;
        let at_once = self.network.batch().unwrap_or(AT_ONCE);
        by_chunks(samples, at_once * size.max(1), &self.name, |chunk| {
            self.chunk(chunk, size, &input)
        })
    }
}

/// Computes numbers chunk by chunk, on all cores; `name` is the model's in errors.
fn by_chunks<N: Sync, R: Clone + Send>(
    numbers: &[N],
    size: usize,
    name: &str,
    compute: impl Fn(&[N]) -> Result<Vec<R>, String> + Sync,
) -> Result<Vec<R>, String> {
    let chunks: Vec<&[N]> = numbers.chunks(size).collect();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut all = Vec::new();
    thread::scope(|scope| {
        let compute = &compute;
        let shares = chunks.chunks(chunks.len().div_ceil(threads).max(1)).map(|share| {
            scope.spawn(move || {
                let answers = share.iter().map(|chunk| compute(chunk));
                answers.collect::<Result<Vec<_>, _>>()
            })
        });
        // All are started before the first is waited for.
        let shares: Vec<_> = shares.collect();
        for share in shares {
            let failed = |_| Err(format!("{name} failed"));
            all.extend(share.join().unwrap_or_else(failed)?.concat());
        }
        Ok(all)
    })
}
