//! `--device`: what a run computes on.

use super::error::ProgramError;
#[cfg(feature = "cuda")]
use super::members::place_on_machine;
use burn::tensor::Device;
use clap::{Args, ValueEnum};

/// The flag, for the subcommands that compute.
#[derive(Args)]
pub struct DeviceFlag {
    /// Device to compute on: cpu, gpu (wgpu: Vulkan, Metal or DX12) or cuda (NVIDIA; needs a program
    /// built with `--features cuda`)
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    pub device: DeviceKind,
}

/// A kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DeviceKind {
    #[default]
    Cpu,
    Gpu,
    Cuda,
}

impl DeviceKind {
    /// Opens the device, or says why it is not available.
    pub fn open(self) -> Result<Device, ProgramError> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu => Ok(rtb::engine::device::cpu_device()),
            #[cfg(feature = "gpu")]
            Self::Gpu => Ok(pollster::block_on(rtb::engine::device::gpu_device())?),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(rtb::engine::device::cuda_device(place_on_machine())?),
            #[allow(unreachable_patterns, reason = "all three may be built in")]
            missing => Err(ProgramError::NotBuilt {
                device: missing.feature(),
            }),
        }
    }

    /// The feature of the crate that brings it.
    fn feature(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Cuda => "cuda",
        }
    }
}
