//! The numbers of a tensor in a file, and the type that they are kept in.

use crate::engine::weights::{Dtype, Header};
use burn::tensor::{Device, Element, FloatDType, TensorData};
use half::{bf16, f16};
use std::fmt::Display;

/// The numbers of a tensor as `kind`, or as the file has them where the device can.
///
/// # Errors
///
/// Where the file is cut off, a number is not finite, or `kind` cannot hold one.
pub(super) fn kept(
    bytes: &[u8],
    tensor: &Header,
    kind: Option<FloatDType>,
    device: &Device,
) -> Result<TensorData, String> {
    use FloatDType::{BF16, F16, F32};
    let own = match tensor.kind {
        Dtype::F32 => F32,
        Dtype::F16 => F16,
        Dtype::BF16 => BF16,
        other => {
            let name = &tensor.name;
            return Err(format!(
                "tensor `{name}` is {other:?}, but must be F32, F16 or BF16"
            ));
        }
    };
    if bytes.len() != tensor.range.len() {
        return Err("not a safetensors file, or a damaged one".to_owned());
    }
    let kind = kind.unwrap_or(if device.supports_dtype(own) { own } else { F32 });
    let all = "all values must be finite";
    match (own, kind) {
        (F16, F16) => return checked(halves(bytes, f16::from_le_bytes), f16::is_finite, tensor, all),
        (BF16, BF16) => return checked(halves(bytes, bf16::from_le_bytes), bf16::is_finite, tensor, all),
        _ => {}
    }
    let wide: Vec<f32> = match own {
        F16 => halves(bytes, |b| f16::from_le_bytes(b).to_f32()),
        BF16 => halves(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        _ => bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
    };
    let narrow = wide.iter().copied();
    match kind {
        F16 => {
            let narrow = narrow.map(f16::from_f32).collect();
            checked(
                narrow,
                f16::is_finite,
                tensor,
                "f16 must hold all values; keep them as bf16",
            )
        }
        BF16 => checked(narrow.map(bf16::from_f32).collect(), bf16::is_finite, tensor, all),
        _ => checked(wide, f32::is_finite, tensor, all),
    }
}

fn halves<N>(bytes: &[u8], number: fn([u8; 2]) -> N) -> Vec<N> {
    bytes.chunks_exact(2).map(|b| number([b[0], b[1]])).collect()
}

fn checked<N: Element + Copy + Display>(
    numbers: Vec<N>,
    is_finite: fn(N) -> bool,
    tensor: &Header,
    rule: &str,
) -> Result<TensorData, String> {
    match numbers.iter().find(|number| !is_finite(**number)) {
        Some(bad) => Err(format!("tensor `{}` holds {bad}, but {rule}", tensor.name)),
        None => Ok(TensorData::new(numbers, tensor.shape.clone())),
    }
}
