//! The drift network as one operation of burn's processor backend, with a backward pass of its own.

use super::backward::{Wanted, backward};
use super::forward::forward;
use super::hats::HATS;
use super::layout::{Applied, ENDS, HEAD_BIAS, OF_LAYER, Sizes, weights};
use crate::network::embedding::time_numbers;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind,
    Flex,
};
use burn::tensor::{DType, Tensor, TensorData};
use std::array::from_fn;

type Tracked = FloatTensor<Autodiff<Flex>>;

/// A tensor of the processor, and whether gradients may be wanted.
enum Held {
    Plain(FlexTensor),
    Tracked(Tracked),
}

impl Held {
    /// None where it lives elsewhere, or has other numbers than f32.
    fn of(tensor: DispatchTensor) -> Option<Self> {
        let held = match tensor.kind {
            DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => Self::Plain(tensor),
            DispatchTensorKind::Autodiff(kind) => match *kind {
                DispatchTensorKind::Flex(BackendTensor::Autodiff(tensor)) => Self::Tracked(tensor),
                _ => return None,
            },
            _ => return None,
        };
        (held.numbers().dtype() == DType::F32).then_some(held)
    }

    fn numbers(&self) -> &FlexTensor {
        match self {
            Self::Plain(tensor) => tensor,
            Self::Tracked(tensor) => tensor.primitive(),
        }
    }

    fn tracked(self) -> Tracked {
        match self {
            Self::Plain(tensor) => Autodiff::<Flex>::from_inner(tensor),
            Self::Tracked(tensor) => tensor,
        }
    }
}

/// What the network, whose tensors [`layout`](super::layout) lists, makes of x, `[rows, inputs]`, in equal blocks at these times.
/// None where it does not run on the processor.
pub(super) fn run(
    times: &[f64],
    x: &Tensor<2>,
    network: impl FnOnce() -> Vec<DispatchTensor>,
) -> Option<Tensor<2>> {
    let [rows, inputs] = x.dims();
    let x = x.clone().into_dispatch();
    let context = x.autodiff;
    let x = Held::of(x)?;
    let network = network();
    let contexts = network.iter().map(|tensor| tensor.autodiff);
    let context = contexts.fold(context, |context, other| match context {
        DispatchAutodiffContext::Disabled => other,
        enabled => enabled,
    });
    let held = network.into_iter().map(Held::of);
    let held: Vec<Held> = std::iter::once(Some(x)).chain(held).collect::<Option<_>>()?;
    let [features, width] = held[1 + weights(0)].numbers().layout().shape().dims();
    let [outputs] = held[1 + HEAD_BIAS].numbers().layout().shape().dims();
    assert_eq!(features, inputs * (1 + HATS), "numbers of a row");
    assert!(
        rows.is_multiple_of(times.len()),
        "{rows} rows for {} times",
        times.len()
    );
    let call = Call {
        sizes: Sizes {
            rows,
            inputs,
            outputs,
            width,
            depth: (held.len() - 1 - ENDS) / OF_LAYER,
        },
        times: time_numbers(times),
    };
    let kind = if context == DispatchAutodiffContext::Disabled {
        let tensors: Vec<_> = held.iter().map(|held| held.numbers().to_contiguous()).collect();
        DispatchTensorKind::Flex(BackendTensor::Float(call.forward(&tensors, false).0))
    } else {
        let out = call.recorded(held.into_iter().map(Held::tracked).collect())?;
        DispatchTensorKind::Autodiff(Box::new(DispatchTensorKind::Flex(BackendTensor::Autodiff(out))))
    };
    Some(Tensor::from_dispatch(DispatchTensor {
        kind,
        autodiff: context,
    }))
}

/// What the network is asked, besides its tensors.
#[derive(Clone, Debug)]
struct Call {
    sizes: Sizes,
    times: Vec<f32>,
}

impl Call {
    /// The passes over x and the network's tensors.
    fn with<R>(&self, tensors: &[FlexTensor], pass: impl FnOnce(Applied) -> R) -> R {
        let numbers = tensors.iter().map(|tensor| tensor.as_slice());
        let numbers: Vec<&[f32]> = numbers.collect::<Option<_>>().expect("contiguous tensors of f32");
        pass(Applied {
            sizes: self.sizes,
            times: &self.times,
            x: numbers[0],
            network: &numbers[1..],
        })
    }

    fn forward(&self, tensors: &[FlexTensor], kept: bool) -> (FlexTensor, Vec<Vec<f32>>) {
        let (out, hidden) = self.with(tensors, |applied| forward(applied, kept));
        (tensor(out, [self.sizes.rows, self.sizes.outputs]), hidden)
    }

    /// The operation with its place in the graph, which needs the number of its tensors. None where there are more than
    /// files may have.
    fn recorded(self, tensors: Vec<Tracked>) -> Option<Tracked> {
        Some(match self.sizes.depth {
            1 => self.record::<8>(tensors),
            2 => self.record::<11>(tensors),
            3 => self.record::<14>(tensors),
            4 => self.record::<17>(tensors),
            5 => self.record::<20>(tensors),
            6 => self.record::<23>(tensors),
            7 => self.record::<26>(tensors),
            8 => self.record::<29>(tensors),
            _ => return None,
        })
    }

    fn record<const N: usize>(self, tensors: Vec<Tracked>) -> Tracked {
        let nodes = from_fn(|place| tensors[place].node());
        let tensors: Vec<_> = tensors
            .into_iter()
            .map(|tensor| tensor.into_primitive().to_contiguous())
            .collect();
        let prepared = Backward::<Flex, N>::prepare::<NoCheckpointing>(Recorded, nodes);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (out, hidden) = self.forward(&tensors, true);
                let state = State {
                    call: self,
                    tensors,
                    hidden,
                };
                prepared.finish(state, out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(self.forward(&tensors, false).0),
        }
    }
}

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct State {
    call: Call,
    tensors: Vec<FlexTensor>,
    hidden: Vec<Vec<f32>>,
}

#[derive(Debug)]
struct Recorded;

impl<const N: usize> Backward<Flex, N> for Recorded {
    type State = State;

    fn backward(self, ops: Ops<State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let of_out = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let of_out: &[f32] = of_out.as_slice().expect("contiguous tensors of f32");
        let state = ops.state;
        let wanted = Wanted {
            x: ops.parents[0].is_some(),
            network: ops.parents[1..].iter().any(Option::is_some),
        };
        let found = state.call.with(&state.tensors, |applied| {
            backward(applied, &state.hidden, of_out, wanted)
        });
        let found = std::iter::once(found.x).chain(found.network);
        for ((node, numbers), of) in ops.parents.iter().zip(found).zip(&state.tensors) {
            if let Some(node) = node {
                let gradient = tensor(numbers, of.layout().shape().clone());
                gradients.register::<Flex>(node.id, gradient);
            }
        }
    }
}

fn tensor(numbers: Vec<f32>, shape: impl Into<burn::tensor::Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(numbers, shape))
}
