//! A prior's denoiser that an ONNX model computes.

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_images;

use super::model::{check_floats, floats, input_sizes, load, names, shape, wanted};
use super::{AT_ONCE, by_chunks};
use crate::program::outside::printable;
use rtb::engine::process::Denoiser;
use rtb::run::{DenoisedAxes, DenoiserFile, Time};
use rten::{DataType, Model, NodeId, ValueOrView, ValueType, ValueView};

/// A denoiser that is open.
pub struct DenoiserBox {
    /// Whose errors these are: the field and the file.
    name: String,
    model: Model,
    points: NodeId,
    time: NodeId,
    output: NodeId,
    /// The rows that it takes at once, if the file fixes them.
    batch: Option<usize>,
    /// Whether times are whole numbers.
    is_whole: bool,
    /// Sizes of the time's axes.
    times: Vec<Option<usize>>,
    /// The axes of a point or of an image.
    axes: Vec<usize>,
}

impl DenoiserBox {
    /// Opens a model, and tries it at its least and at its most noise; `field` is its name in errors.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file, its operators, inputs and outputs.
    pub fn open(field: &str, described: DenoiserFile, bytes: Vec<u8>) -> Result<Self, String> {
        let name = format!("{field}: `{}`", printable(described.model));
        let opened = Self::read(described, bytes, &name).map_err(|what| format!("{name} {what}"))?;
        let dimensions = opened.axes.iter().product();
        for step in [0, described.steps - 1] {
            let time = described.time.of(step, described.steps);
            opened.output(&vec![0.0; 2 * dimensions], dimensions, time)?;
        }
        Ok(opened)
    }

    fn read(described: DenoiserFile, bytes: Vec<u8>, name: &str) -> Result<Self, String> {
        let model = load(bytes)?;
        let [at_points, at_time] = places(&model, described.inputs)?;
        let [points, time] = [at_points, at_time].map(|at| model.input_ids()[at]);
        let output = wanted(&model, described.output)?;
        check_floats(&model, "input", points)?;
        check_floats(&model, "output", output)?;
        let is_whole = match model.node_info(time).and_then(|node| node.dtype()) {
            None | Some(ValueType::Tensor(DataType::Float)) => false,
            Some(ValueType::Tensor(DataType::Int32)) => true,
            Some(kind) => {
                return Err(format!(
                    "must have a time of floats or whole numbers; {} is of the type {kind}",
                    names(&model, &[time])
                ));
            }
        };
        if is_whole && described.time == Time::Fraction {
            return Err(format!(
                "takes whole numbers as {}, and `time` is \"fraction\"; use \"index\"",
                names(&model, &[time])
            ));
        }
        let axes = described.axes.sizes().to_vec();
        let fits = |sizes: &[Option<usize>]| {
            let mut pairs = sizes.iter().zip(&axes);
            sizes.len() == axes.len() && pairs.all(|(size, axis)| size.is_none_or(|size| size == *axis))
        };
        let batch = match &input_sizes(&model, at_points)[..] {
            [batch, rest @ ..] if fits(rest) => *batch,
            sizes => {
                let described_by = match described.axes {
                    DenoisedAxes::Image(_) => "`shape` says".to_owned(),
                    DenoisedAxes::Point(count) => format!("`names` are {count}"),
                };
                return Err(format!(
                    "must have an input of the shape {}, as {described_by}; that of {} is {}",
                    batch_of(&axes),
                    names(&model, &[points]),
                    shape(sizes)
                ));
            }
        };
        let times = input_sizes(&model, at_time);
        let fits = match times[..] {
            [] => true,
            [rows] | [rows, None | Some(1)] => rows.is_none_or(|rows| rows == 1 || batch == Some(rows)),
            _ => false,
        };
        if !fits || batch == Some(0) {
            return Err(format!(
                "must have a time of the shape [], [batch] or [batch, 1]; that of {} is {}",
                names(&model, &[time]),
                shape(&times)
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            model,
            points,
            time,
            output,
            batch,
            is_whole,
            times,
            axes,
        })
    }

    /// The output at some rows, as many as it takes at once.
    fn rows(&self, points: &[f32], dimensions: usize, time: f64) -> Result<Vec<f32>, String> {
        let rows = points.len() / dimensions;
        let wanted: Vec<usize> = [rows].into_iter().chain(self.axes.iter().copied()).collect();
        let failed = |e: &dyn ToString| format!("cannot be run: {}", e.to_string());
        let axes = self.times.iter().enumerate();
        let axes: Vec<usize> = axes
            .map(|(at, size)| size.unwrap_or(if at == 0 { rows } else { 1 }))
            .collect();
        let count = axes.iter().product();
        let (floating, whole) = (vec![time as f32; count], vec![time as i32; count]);
        let times: ValueOrView = match self.is_whole {
            true => ValueView::from_shape(&axes, &whole)
                .map_err(|e| failed(&e))?
                .into(),
            false => ValueView::from_shape(&axes, &floating)
                .map_err(|e| failed(&e))?
                .into(),
        };
        let points = ValueView::from_shape(&wanted, points).map_err(|e| failed(&e))?;
        let inputs = vec![(self.points, points.into()), (self.time, times)];
        let (found, numbers) = floats(&self.model, inputs, self.output)?;
        if found != wanted {
            return Err(format!(
                "must have an output of the shape {}; for {rows} points it is {found:?}",
                batch_of(&self.axes)
            ));
        }
        Ok(numbers)
    }

    /// The output at no more rows than it takes at once.
    fn chunk(&self, points: &[f32], dimensions: usize, time: f64) -> Result<Vec<f32>, String> {
        let mut filled = points.to_vec();
        // A model of a fixed batch is given zeros beside the last points.
        filled.resize(self.batch.map_or(points.len(), |rows| rows * dimensions), 0.0);
        let mut numbers = self.rows(&filled, dimensions, time)?;
        numbers.truncate(points.len());
        match numbers.iter().position(|number| !number.is_finite()) {
            None => Ok(numbers),
            Some(at) => {
                let row = at / dimensions;
                let place = match self.axes.len() {
                    1 => format!(
                        "the point {:?}",
                        &points[row * dimensions..(row + 1) * dimensions]
                    ),
                    _ => format!("image {row}"),
                };
                Err(format!("gave {} at {place} and the time {time}", numbers[at]))
            }
        }
    }
}

impl Denoiser for DenoiserBox {
    fn output(&self, points: &[f32], dimensions: usize, time: f64) -> Result<Vec<f32>, String> {
        let size = self.batch.unwrap_or(AT_ONCE) * dimensions;
        by_chunks(points, size, &self.name, |chunk| {
            let numbers = self.chunk(chunk, dimensions, time);
            numbers.map_err(|what| format!("{} {what}", self.name))
        })
    }
}

/// A batch of rows with these axes, as errors name its shape.
fn batch_of(axes: &[usize]) -> String {
    let axes: String = axes.iter().map(|axis| format!(", {axis}")).collect();
    format!("[batch{axes}]")
}

/// The places of the points and of the time among the inputs of a file.
fn places(model: &Model, wanted: &[String]) -> Result<[usize; 2], String> {
    let ids = model.input_ids();
    if ids.len() != 2 {
        let found = names(model, ids);
        return Err(format!(
            "must have two inputs, noised points and a time; it has {found}"
        ));
    }
    let [points, time] = wanted else {
        return Ok([0, 1]);
    };
    let place = |name: &String| {
        let named = |id: &NodeId| model.node_info(*id).and_then(|node| node.name()) == Some(name);
        ids.iter().position(named).ok_or_else(|| {
            let found = names(model, ids);
            format!("has no input `{}`; its inputs: {found}", printable(name))
        })
    };
    match [place(points)?, place(time)?] {
        [one, other] if one == other => Err("must have two inputs; `inputs` names one twice".to_owned()),
        places => Ok(places),
    }
}
