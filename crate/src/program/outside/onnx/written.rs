//! ONNX files that tests write, field by field (protobuf).

/// A number in seven bits a byte.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A field that is a whole number.
fn int(field: u64, number: u64) -> Vec<u8> {
    [varint(field << 3), varint(number)].concat()
}

/// A field that is text, numbers or a message.
fn part(field: u64, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [varint(field << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// The name, type (1: float, 7: int64) and shape of an input or output; 0 is an axis of any size.
pub fn value(name: &str, kind: u64, shape: &[u64]) -> Vec<u8> {
    let axis = |size: &u64| match size {
        0 => part(1, part(2, "n")),
        size => part(1, int(1, *size)),
    };
    let shape: Vec<u8> = shape.iter().flat_map(axis).collect();
    let tensor = [int(1, kind), part(2, shape)].concat();
    [part(1, name), part(2, part(1, tensor))].concat()
}

/// A constant of floats.
pub fn constant(name: &str, shape: &[u64], numbers: &[f32]) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|size| int(1, *size)).collect();
    let numbers: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    [shape, int(2, 1), part(8, name), part(9, numbers)].concat()
}

/// An operator with its inputs and its output.
pub fn node(operator: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|name| part(1, name)).collect();
    [inputs, part(2, output), part(4, operator)].concat()
}

/// The same operator, as this domain has it.
pub fn of_domain(domain: &str, node: Vec<u8>) -> Vec<u8> {
    [node, part(7, domain)].concat()
}

/// An operator with a graph of its own.
pub fn branch(operator: &str, inputs: &[&str], output: &str, nodes: &[Vec<u8>]) -> Vec<u8> {
    let graph: Vec<u8> = nodes.iter().flat_map(|node| part(1, node)).collect();
    let attribute = [part(1, "then_branch"), part(6, graph), int(20, 5)].concat();
    [node(operator, inputs, output), part(5, attribute)].concat()
}

/// Nodes, constants, inputs and outputs as a file.
pub fn file(nodes: &[Vec<u8>], constants: &[Vec<u8>], inputs: &[Vec<u8>], outputs: &[Vec<u8>]) -> Vec<u8> {
    let all = |field, parts: &[Vec<u8>]| parts.iter().flat_map(|p| part(field, p)).collect::<Vec<u8>>();
    let graph = [
        all(1, nodes),
        part(2, "g"),
        all(5, constants),
        all(11, inputs),
        all(12, outputs),
    ]
    .concat();
    [int(1, 8), part(7, graph), part(8, int(2, 17))].concat()
}

/// A constant of whole numbers.
fn whole_constant(name: &str, numbers: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    [
        int(1, numbers.len() as u64),
        int(2, 7),
        part(8, name),
        part(9, bytes),
    ]
    .concat()
}

/// How a denoiser is given its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeInput {
    /// A float `[batch, 1]`, from 0 to 1.
    Fractions,
    /// A whole number, `[]`.
    Number,
    /// Whole numbers, `[batch]`.
    Numbers,
}

/// Mean and variance of the points that [`gaussian_denoiser`] was made for.
pub const GAUSSIAN: [(f32, f32); 2] = [(0.4, 0.64), (-0.2, 1.21)];
/// Steps of its noise.
pub const NOISE_STEPS: usize = 1000;

/// √(1 − ᾱ) of a step of its noise.
fn sigma(step: usize) -> f32 {
    0.9999 * (step + 1) as f32 / NOISE_STEPS as f32
}

/// ᾱ of the steps of its noise.
pub fn alphas_cumprod() -> Vec<f64> {
    let kept = |step| 1.0 - f64::from(sigma(step)).powi(2);
    (0..NOISE_STEPS).map(kept).collect()
}

/// The exact denoiser of two independent Gaussian coordinates. Its inputs are `x` and `t`; it has an output for each
/// prediction: `noise`, `velocity`, `data`, `score`.
pub fn gaussian_denoiser(time: TimeInput) -> Vec<u8> {
    let [mean, variance] = [
        GAUSSIAN.map(|(mean, _)| mean),
        GAUSSIAN.map(|(_, variance)| variance),
    ];
    gaussian(
        time,
        &[2],
        [
            constant("mean", &[2], &mean),
            constant("variance", &[2], &variance),
        ],
    )
}

/// The same of images with independent pixels, which all have this mean and variance; its time is a number.
pub fn gaussian_images(shape: [u64; 3], (mean, variance): (f32, f32)) -> Vec<u8> {
    let law = [
        constant("mean", &[], &[mean]),
        constant("variance", &[], &[variance]),
    ];
    gaussian(TimeInput::Number, &shape, law)
}

/// The same of points or images with these axes, by their mean and variance.
fn gaussian(time: TimeInput, axes: &[u64], [mean, variance]: [Vec<u8>; 2]) -> Vec<u8> {
    let of_time = match time {
        TimeInput::Fractions => vec![node("Mul", &["t", "last"], "s")],
        TimeInput::Number => vec![node("Gather", &["table", "t"], "s")],
        TimeInput::Numbers => vec![
            node("Gather", &["table", "t"], "row"),
            node("Reshape", &["row", "column"], "s"),
        ],
    };
    let steps = [
        // α, and the variance of noised points.
        ("Mul", ["s", "s"], "s2"),
        ("Sub", ["one", "s2"], "a2"),
        ("Sqrt", ["a2", ""], "a"),
        ("Mul", ["a2", "variance"], "kept"),
        ("Add", ["kept", "s2"], "noised"),
        ("Mul", ["a", "mean"], "center"),
        ("Sub", ["x", "center"], "away"),
        ("Div", ["away", "noised"], "pull"),
        ("Neg", ["pull", ""], "score"),
        ("Mul", ["s", "pull"], "noise"),
        ("Mul", ["a", "variance"], "slope"),
        ("Mul", ["slope", "pull"], "more"),
        ("Add", ["mean", "more"], "data"),
        ("Mul", ["a", "noise"], "of_noise"),
        ("Mul", ["s", "data"], "of_data"),
        ("Sub", ["of_noise", "of_data"], "velocity"),
    ];
    let steps = steps.map(|(operator, [one, other], output)| match other {
        "" => node(operator, &[one], output),
        other => node(operator, &[one, other], output),
    });
    let table: Vec<f32> = (0..NOISE_STEPS).map(sigma).collect();
    let axes = [&[0], axes].concat();
    let constants = [
        constant("last", &[], &table[NOISE_STEPS - 1..]),
        constant("table", &[NOISE_STEPS as u64], &table),
        whole_constant("column", &[-1, 1]),
        constant("one", &[], &[1.0]),
        mean,
        variance,
    ];
    let t = match time {
        TimeInput::Fractions => value("t", 1, &[0, 1]),
        TimeInput::Number => value("t", 7, &[]),
        TimeInput::Numbers => value("t", 7, &[0]),
    };
    let outputs = ["noise", "velocity", "data", "score"].map(|name| value(name, 1, &axes));
    file(
        &[&of_time[..], &steps].concat(),
        &constants,
        &[value("x", 1, &axes), t],
        &outputs,
    )
}
