//! The operation against the same network in parts.

use super::{DriftNetwork, DriftNetworkConfig};
use crate::engine::device::cpu_device;
use crate::engine::noise::Noise;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

/// Of the largest number of a tensor: roundings of f32 in sums of some thousand terms.
const TOLERANCE: f32 = 1e-5;

/// A network none of whose weights is 0.
fn network(inputs: usize, outputs: usize, width: usize, depth: usize, device: &Device) -> DriftNetwork {
    let config = DriftNetworkConfig {
        inputs,
        outputs,
        width,
        depth,
    };
    let mut network = config.init(&Noise::new(7), device);
    let waves = |shape: [usize; 2], of: f32| {
        let numbers = (0..shape[0] * shape[1]).map(|n| 0.3 * (of * n as f32).sin());
        Tensor::<2>::from_data(TensorData::new(numbers.collect(), shape), device)
    };
    network.head = Param::from_tensor(waves([width, outputs], 1.7));
    network.head_bias = Param::from_tensor(waves([1, outputs], 2.3).squeeze_dim(0));
    network.time_bias = Param::from_tensor(waves([1, width], 0.9).squeeze_dim(0));
    network
}

/// Inputs between, on and beyond the hats' centres, and far from them.
fn inputs(rows: usize, columns: usize, device: &Device) -> Tensor<2> {
    let special = [0.0, 1.0 / 3.0, 1.0, -2.0, 2.0, 2.2, -2.4, 100.0, -1e6, 1e-9];
    let number = |n: usize| match n % 3 {
        0 => special[n / 3 % special.len()],
        _ => 2.5 * (0.37 * n as f32).sin(),
    };
    let numbers = (0..rows * columns).map(number).collect();
    Tensor::from_data(TensorData::new(numbers, [rows, columns]), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32")
}

fn agree(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0f32, |largest, v| largest.max(v.abs()));
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        let same = (a - b).abs() <= TOLERANCE * largest.max(1e-3);
        assert!(same, "{what}, number {at}: {a}, expected {b}");
    }
}

/// The gradients of all parameters, one after the other.
struct Collected<'a> {
    of: &'a Gradients,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Collected<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = param.val().grad(self.of).expect("every parameter has a gradient");
        self.found.push(numbers(gradient));
    }
}

/// Rows, inputs, outputs, width, depth and times.
type Case = (usize, usize, usize, usize, usize, &'static [f64]);

const CASES: [Case; 8] = [
    (1, 2, 2, 4, 1, &[0.0]),
    (125, 4, 2, 64, 2, &[0.37]),
    (7 * 3, 4, 3, 64, 2, &[0.0, 0.5, 0.99]),
    (49 * 2, 1, 1, 37, 3, &[0.2, 0.8]),
    (100, 3, 5, 16, 4, &[0.1]),
    (50 * 2, 6, 17, 129, 2, &[0.3, 0.6]),
    (13, 2, 2, 32, 8, &[0.7]),
    (3, 2, 2, 40, 9, &[0.7]),
];

#[test]
fn outputs_are_those_of_the_parts() {
    let device = cpu_device();
    for case in CASES {
        let (rows, inputs_of, outputs, width, depth, times) = case;
        let network = network(inputs_of, outputs, width, depth, &device);
        let x = inputs(rows, inputs_of, &device);
        let found = numbers(network.forward(times, x.clone()));
        let expected = numbers(network.forward_in_parts(times, x));
        agree(&format!("{case:?}"), &found, &expected);
    }
}

#[test]
fn gradients_are_those_of_the_parts() {
    let device = cpu_device().autodiff();
    for case in CASES {
        let (rows, inputs_of, outputs, width, depth, times) = case;
        let network = network(inputs_of, outputs, width, depth, &device);
        let of_out = inputs(rows, outputs, &device).clamp(-1.0, 1.0);
        let gradients = |operation: bool| {
            let x = inputs(rows, inputs_of, &device).require_grad();
            let out = match operation {
                true => network.forward(times, x.clone()),
                false => network.forward_in_parts(times, x.clone()),
            };
            let gradients = (out * of_out.clone()).sum().backward();
            let mut collected = Collected {
                of: &gradients,
                found: vec![numbers(x.grad(&gradients).expect("that of x"))],
            };
            network.visit(&mut collected);
            collected.found
        };
        for (at, (found, expected)) in gradients(true).iter().zip(gradients(false)).enumerate() {
            agree(&format!("{case:?}, tensor {at}"), found, &expected);
        }
    }
}

#[test]
fn only_what_is_tracked_gets_a_gradient() {
    let device = cpu_device().autodiff();
    let network = network(2, 2, 16, 2, &device);
    // States of a rollout are outside the graph.
    let plain = inputs(9, 2, &cpu_device());
    let gradients = network.forward(&[0.5], plain.clone()).sum().backward();
    assert!(network.head.val().grad(&gradients).is_some());

    let fixed = network.clone().no_grad();
    let x = plain.clone().autodiff().require_grad();
    let found = |out: Tensor<2>| numbers(x.grad(&out.sum().backward()).expect("that of x"));
    let operation = found(fixed.forward(&[0.5], x.clone()));
    agree("x", &operation, &found(fixed.forward_in_parts(&[0.5], x.clone())));

    let nowhere = network.no_grad().forward(&[0.5], plain);
    assert!(!nowhere.is_require_grad());
}

#[test]
fn what_is_no_number_stays_none_in_its_row() {
    let device = cpu_device();
    let network = network(2, 2, 64, 2, &device);
    let rows = TensorData::from([[0.3f32, 0.1], [f32::NAN, 0.1], [0.3, f32::NAN], [0.3, 0.1]]);
    let out = numbers(network.forward(&[0.5], Tensor::from_data(rows, &device)));
    assert!(out[2..6].iter().all(|v| v.is_nan()), "{out:?}");
    assert_eq!(out[..2], out[6..]);
    assert!(out[0].is_finite());
}

#[test]
fn rows_do_not_depend_on_their_company() {
    let device = cpu_device();
    let network = network(4, 2, 64, 2, &device);
    let all = inputs(101, 4, &device);
    let together = numbers(network.forward(&[0.5], all.clone()));
    for row in [0, 1, 47, 48, 100] {
        let alone = numbers(network.forward(&[0.5], all.clone().narrow(0, row, 1)));
        assert_eq!(alone, together[row * 2..row * 2 + 2], "row {row}");
    }
}

#[test]
fn no_rows_give_none() {
    let device = cpu_device();
    let out = network(2, 3, 16, 2, &device).forward(&[0.1, 0.2], Tensor::zeros([0, 2], &device));
    assert_eq!(out.dims(), [0, 3]);
}
