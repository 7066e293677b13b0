//! Pipelines that diffusers wrote, against what it says of them (`tests/golden/diffusers_models.py`).

mod adapters;
mod folders;
mod networks;
mod new_pipelines;
mod posterior;
mod schedulers;
mod tokens;

use crate::support::{Golden, numbers};
use burn::tensor::{Device, Tensor, TensorData};
use rtb::engine::device::cpu_device;
use rtb::network::diffusers::Folder;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What networks are computed on: the processor, or what RTB_TEST_DEVICE names (`scripts/gpu` sets it).
pub fn device() -> Device {
    // A program opens a GPU once.
    static DEVICE: OnceLock<Device> = OnceLock::new();
    let open = || match std::env::var("RTB_TEST_DEVICE").as_deref() {
        Err(_) | Ok("cpu") => cpu_device(),
        #[cfg(feature = "gpu")]
        Ok("gpu") => pollster::block_on(rtb::engine::device::gpu_device()).expect("an adapter"),
        #[cfg(feature = "cuda")]
        Ok("cuda") => rtb::engine::device::cuda_device(0).expect("a device"),
        Ok(other) => panic!("RTB_TEST_DEVICE: {other} is not built in"),
    };
    DEVICE.get_or_init(open).clone()
}

/// How far numbers may be off, as a share of the largest: CUDA rounds factors of products to 10 bits (TF32).
fn tolerance() -> f64 {
    match std::env::var("RTB_TEST_DEVICE").as_deref() {
        Ok("cuda") => 1e-2,
        _ => 1e-4,
    }
}

/// A folder of the disk.
pub struct Disk(pub PathBuf);

/// A pipeline of the golden files.
pub fn golden(name: &str) -> Disk {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/diffusers");
    Disk(PathBuf::from(folder).join(name))
}

impl Folder for Disk {
    fn read(&self, path: &str, bytes: Range<usize>) -> Result<Option<Vec<u8>>, String> {
        let Ok(file) = fs::read(self.0.join(path)) else {
            return Ok(None);
        };
        let end = bytes.end.min(file.len());
        Ok(Some(file[bytes.start.min(end)..end].to_vec()))
    }

    fn files(&self, folder: &str) -> Result<Vec<String>, String> {
        let Ok(entries) = fs::read_dir(self.0.join(folder)) else {
            return Ok(Vec::new());
        };
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        Ok(names.map(|name| name.into_string().expect("a name")).collect())
    }
}

/// What diffusers was given, and said.
pub struct Said(Golden);

impl Said {
    pub fn read() -> Self {
        Self(Golden::read("diffusers/said"))
    }

    pub fn numbers(&self, name: &str) -> Vec<f64> {
        self.0.numbers(name)
    }

    pub fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Tensor<D> {
        let values: Vec<f32> = self.numbers(name).iter().map(|v| *v as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), &device())
    }

    /// Whether a tensor is what diffusers said.
    pub fn agrees<const D: usize>(&self, name: &str, found: Tensor<D>) {
        close(&numbers(found), &self.numbers(name), tolerance(), name);
    }
}

/// Compares numbers up to a share of the largest one.
pub fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let worst = worst.fold(0.0f64, |most, v| if v.is_nan() { v } else { most.max(v) });
    assert!(worst <= tolerance * largest, "{what}: {worst} of {largest}");
}
