//! A model with one input that holds the samples of a batch, and the output that is wanted.

use super::operators::missing;
use super::printable;
use super::whole::is_whole;
use rten::{DataType, Dimension, LoadError, LoadErrorKind, Model, NodeId, ValueOrView, ValueType, ValueView};
use rten_tensor::Layout;

/// A model that is open. Errors complete "the model …".
pub struct Network {
    model: Model,
    input: NodeId,
    output: NodeId,
    /// Sizes of the input: of the batch, then of a sample; `None` where the file leaves it open.
    sizes: Vec<Option<usize>>,
}

impl Network {
    /// Opens a file, to compute the output of that name, or the first.
    pub fn open(bytes: Vec<u8>, output: Option<&str>) -> Result<Self, String> {
        let model = load(bytes)?;
        let [input] = *model.input_ids() else {
            let found = names(&model, model.input_ids());
            return Err(format!("must have one input, for the samples; it has {found}"));
        };
        let output = wanted(&model, output)?;
        for (what, id) in [("input", input), ("output", output)] {
            check_floats(&model, what, id)?;
        }
        let sizes = input_sizes(&model, 0);
        if sizes.len() < 2 {
            let (name, rank) = (names(&model, &[input]), sizes.len());
            return Err(format!(
                "must have an input of the shape [batch, size]; {name} has {rank} axes"
            ));
        }
        if sizes.contains(&Some(0)) {
            return Err("has an input without any numbers".to_owned());
        }
        Ok(Self {
            sizes,
            model,
            input,
            output,
        })
    }

    /// The rows that it takes at once, if the file fixes them.
    pub fn batch(&self) -> Option<usize> {
        self.sizes[0]
    }

    /// The shape of a sample, if the file fixes it.
    pub fn sample_shape(&self) -> Option<Vec<usize>> {
        self.sizes[1..].iter().copied().collect()
    }

    /// The channels of its images, if it takes any and the file fixes them.
    pub fn channels(&self) -> Option<usize> {
        match self.sizes[..] {
            [_, channels, _, _] => channels,
            _ => None,
        }
    }

    /// The channels, height and width that it takes where it is given such images; what the file leaves open is as they
    /// are. `None` where its input is no image.
    pub fn images_of(&self, image: [usize; 3]) -> Option<Result<[usize; 3], String>> {
        let [_, channels, height, width] = self.sizes[..] else {
            return None;
        };
        let wanted = channels.unwrap_or(image[0]);
        Some(match image[0] == wanted || image[0] == 1 {
            true => Ok([wanted, height.unwrap_or(image[1]), width.unwrap_or(image[2])]),
            false => Err(format!(
                "takes {}, and this run has {}; use a model of {} channels",
                coloured(wanted),
                coloured(image[0]),
                image[0]
            )),
        })
    }

    /// The shape of a sample of so many numbers. One axis that the file leaves open takes the rest.
    pub fn shape_of(&self, size: usize) -> Result<Vec<usize>, String> {
        let sample = &self.sizes[1..];
        let fixed: usize = sample.iter().flatten().product();
        let open = sample.iter().filter(|axis| axis.is_none()).count();
        let fits = match open {
            0 => fixed == size,
            1 => size > 0 && size.is_multiple_of(fixed),
            _ => false,
        };
        if !fits {
            return Err(format!(
                "takes samples of the shape {}; a sample of this run has {size} numbers",
                shape(sample)
            ));
        }
        Ok(sample.iter().map(|axis| axis.unwrap_or(size / fixed)).collect())
    }

    /// The output of `rows` samples of this shape, and its numbers a row.
    pub fn run(&self, samples: &[f32], rows: usize, shape: &[usize]) -> Result<(Vec<f32>, usize), String> {
        let shape = [&[rows], shape].concat();
        let input = ValueView::from_shape(&shape, samples).map_err(|e| format!("cannot be run: {e}"))?;
        let (found, numbers) = floats(&self.model, vec![(self.input, input.into())], self.output)?;
        let width = found.iter().skip(1).product::<usize>();
        if found.first() != Some(&rows) || width == 0 || (found.len() > 2 && width > 1) {
            return Err(format!(
                "must have an output of the shape [batch] or [batch, classes]; for {rows} samples it is {found:?}"
            ));
        }
        Ok((numbers, width))
    }
}

/// What images of so many channels are.
fn coloured(channels: usize) -> String {
    match channels {
        1 => "grey images (1 channel)".to_owned(),
        3 => "coloured images (3 channels)".to_owned(),
        other => format!("images of {other} channels"),
    }
}

/// Reads a file.
pub fn load(bytes: Vec<u8>) -> Result<Model, String> {
    if !is_whole(&bytes) {
        return Err("is not an ONNX file, or not a whole one; use one that `torch.onnx.export`, or the like, has written to its end".to_owned());
    }
    Model::load(bytes.clone()).map_err(|error| refusal(&error, &bytes))
}

/// Refuses an input or output that is not of floats, as far as the file says.
pub fn check_floats(model: &Model, what: &str, id: NodeId) -> Result<(), String> {
    let kind = model.node_info(id).and_then(|node| node.dtype());
    match kind.filter(|kind| *kind != ValueType::Tensor(DataType::Float)) {
        None => Ok(()),
        Some(kind) => {
            let name = names(model, &[id]);
            Err(format!(
                "must have an {what} of floats; {name} is of the type {kind}"
            ))
        }
    }
}

/// Sizes of the axes of an input, counted as in the file; `None` where the file leaves them open.
pub fn input_sizes(model: &Model, at: usize) -> Vec<Option<usize>> {
    let fixed = |axis: &Dimension| match axis {
        Dimension::Fixed(size) => Some(*size),
        Dimension::Symbolic(_) => None,
    };
    let shape = model.input_shape(at).unwrap_or_default();
    shape.iter().map(fixed).collect()
}

/// The shape of an input; `?` is an axis that the file leaves open.
pub fn shape(sizes: &[Option<usize>]) -> String {
    let sizes = sizes
        .iter()
        .map(|size| size.map_or("?".to_owned(), |size| size.to_string()));
    format!("[{}]", sizes.collect::<Vec<_>>().join(", "))
}

/// Computes an output of floats: its shape and numbers.
pub fn floats(
    model: &Model,
    inputs: Vec<(NodeId, ValueOrView)>,
    output: NodeId,
) -> Result<(Vec<usize>, Vec<f32>), String> {
    let outputs = model.run(inputs, &[output], None);
    let [output] = &outputs.map_err(|e| format!("cannot be run: {}", printable(&e.to_string())))?[..] else {
        return Err("has given no output".to_owned());
    };
    let Some(numbers) = output.as_tensor_view::<f32>() else {
        return Err(format!(
            "must have an output of floats; it is of the type {}",
            output.dtype()
        ));
    };
    Ok((numbers.shape().to_vec(), numbers.iter().copied().collect()))
}

/// The output of that name, or the first.
pub fn wanted(model: &Model, name: Option<&str>) -> Result<NodeId, String> {
    let named = |id: &&NodeId| model.node_info(**id).and_then(|node| node.name()) == name;
    let output = match name {
        None => model.output_ids().first(),
        Some(_) => model.output_ids().iter().find(named),
    };
    output.copied().ok_or_else(|| {
        let asked = name.map_or(String::new(), |name| format!(" `{}`", printable(name)));
        format!(
            "has no output{asked}; its outputs: {}",
            names(model, model.output_ids())
        )
    })
}

/// The names of inputs or outputs.
pub fn names(model: &Model, ids: &[NodeId]) -> String {
    let name = |id: &NodeId| {
        model
            .node_info(*id)
            .and_then(|node| node.name())
            .unwrap_or("one without a name")
    };
    let names: Vec<_> = ids.iter().map(|id| quoted(name(id))).collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}

/// A name of others in an error.
fn quoted(name: impl AsRef<str>) -> String {
    format!("`{}`", printable(name.as_ref()))
}

/// Why a file cannot be opened.
fn refusal(error: &LoadError, bytes: &[u8]) -> String {
    let text = printable(&error.to_string());
    match error.kind() {
        LoadErrorKind::OperatorInvalid => match &missing(bytes)[..] {
            [] => format!("has an operator that rtb cannot read ({text})"),
            [one] => format!("needs the operator {}, which rtb does not have", quoted(one)),
            several => {
                let several: Vec<_> = several.iter().map(quoted).collect();
                format!("needs operators that rtb does not have: {}", several.join(", "))
            }
        },
        LoadErrorKind::ExternalDataError => {
            "keeps weights in a file of their own; save the model as one file".to_owned()
        }
        _ => format!("cannot be opened ({text})"),
    }
}
