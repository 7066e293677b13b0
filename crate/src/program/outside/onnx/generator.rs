//! A prior's generator that an ONNX model computes.

use super::model::{check_floats, floats, input_sizes, load, names, shape, wanted};
use super::{AT_ONCE, by_chunks};
use crate::program::outside::printable;
use rtb::engine::generator::Generate;
use rtb::run::OnnxGenerator;
use rten::{Model, NodeId, ValueView};

/// A generator that is open.
pub struct GeneratorBox {
    /// Whose errors these are: the field and the file.
    name: String,
    model: Model,
    input: NodeId,
    output: NodeId,
    /// The rows that it takes at once, if the file fixes them.
    batch: Option<usize>,
    /// Axes of the input after the batch.
    axes: Vec<usize>,
    /// Of an image.
    shape: [usize; 3],
}

impl GeneratorBox {
    /// Opens a model, and makes two images of 0 to see their shape; `field` is its name in errors.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file, its operators, inputs and outputs.
    pub fn open(field: &str, described: &OnnxGenerator, bytes: Vec<u8>) -> Result<Self, String> {
        let name = format!("{field}: `{}`", printable(&described.model));
        Self::read(described, bytes, &name).map_err(|what| format!("{name} {what}"))
    }

    fn read(described: &OnnxGenerator, bytes: Vec<u8>, name: &str) -> Result<Self, String> {
        let model = load(bytes)?;
        let [input] = *model.input_ids() else {
            let found = names(&model, model.input_ids());
            return Err(format!("must have one input, for the noise; it has {found}"));
        };
        let output = wanted(&model, described.output.as_deref())?;
        check_floats(&model, "input", input)?;
        check_floats(&model, "output", output)?;
        let sizes = input_sizes(&model, 0);
        let axes: Option<Vec<usize>> = sizes.iter().skip(1).copied().collect();
        let axes = axes.filter(|axes| !axes.is_empty() && axes[1..].iter().all(|size| *size == 1));
        let (Some(axes), Some(1..) | None) = (axes, sizes.first().copied().flatten()) else {
            return Err(format!(
                "must have an input of the shape [batch, latents] or [batch, latents, 1, 1] with a fixed number of latents; that \
                 of {} is {}",
                names(&model, &[input]),
                shape(&sizes)
            ));
        };
        let mut opened = Self {
            name: name.to_owned(),
            batch: sizes[0],
            model,
            input,
            output,
            axes,
            shape: [0; 3],
        };
        let rows = opened.batch.unwrap_or(2);
        let (found, _) = opened.run(&vec![0.0; rows * opened.axes[0]], rows)?;
        match found[..] {
            [batch, channels @ (1 | 3), height, width] if batch == rows => {
                opened.shape = [channels, height, width];
                Ok(opened)
            }
            _ => Err(format!(
                "must have an output of the shape [batch, 1 or 3, height, width]; for {rows} rows of noise it is {found:?}"
            )),
        }
    }

    /// The output of some rows of noise, as many as it takes at once, with its shape.
    fn run(&self, noise: &[f32], rows: usize) -> Result<(Vec<usize>, Vec<f32>), String> {
        let shape = [&[rows], &self.axes[..]].concat();
        let input = ValueView::from_shape(&shape, noise).map_err(|e| format!("cannot be run: {e}"))?;
        floats(&self.model, vec![(self.input, input.into())], self.output)
    }

    /// Images of at most as many rows as it takes at once.
    fn chunk(&self, noise: &[f32]) -> Result<Vec<f32>, String> {
        let (latents, pixels) = (self.axes[0], self.shape.iter().product::<usize>());
        let wanted = noise.len() / latents;
        // A model of a fixed batch is given zeros beside the last rows.
        let rows = self.batch.unwrap_or(wanted);
        let mut filled = noise.to_vec();
        filled.resize(rows * latents, 0.0);
        let (found, mut images) = self.run(&filled, rows)?;
        if found[..] != [rows, self.shape[0], self.shape[1], self.shape[2]] {
            return Err(format!(
                "has given images of the shape {:?}, and now {found:?}",
                self.shape
            ));
        }
        images.truncate(wanted * pixels);
        match images.iter().find(|pixel| !pixel.is_finite()) {
            None => Ok(images),
            Some(pixel) => Err(format!("gave a pixel of {pixel}")),
        }
    }
}

impl Generate for GeneratorBox {
    fn latents(&self) -> usize {
        self.axes[0]
    }

    fn shape(&self) -> [usize; 3] {
        self.shape
    }

    fn samples(&self, noise: &[f32]) -> Result<Vec<f32>, String> {
        let size = self.batch.unwrap_or(AT_ONCE) * self.latents();
        by_chunks(noise, size, &self.name, |chunk| {
            let images = self.chunk(chunk);
            images.map_err(|what| format!("{} {what}", self.name))
        })
    }
}
