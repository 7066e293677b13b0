//! The devices that a run can use.

#[cfg(feature = "cube")]
use super::EngineError;
use super::parallel;
use burn::tensor::Device;

/// The processor.
#[cfg(feature = "cpu")]
pub fn cpu_device() -> Device {
    Device::flex()
}

/// The GPU through wgpu: WebGPU in a browser; Vulkan, Metal or DX12 elsewhere.
///
/// # Errors
///
/// Where there is no adapter.
#[cfg(feature = "gpu")]
pub async fn gpu_device() -> Result<Device, EngineError> {
    Device::wgpu_options()
        .init_async()
        .await
        .map_err(|e| EngineError::Device(format!("device: no GPU for wgpu: {e}")))
}

/// The CUDA device of this number, from 0.
///
/// # Errors
///
/// Where there is none.
#[cfg(feature = "cuda")]
pub fn cuda_device(number: usize) -> Result<Device, EngineError> {
    let device = Device::cuda(number);
    match device.sync() {
        Ok(()) => Ok(device),
        Err(e) => Err(EngineError::Device(format!("device: no CUDA: {e:?}"))),
    }
}

/// Whether numbers can be read from a device without an await: everywhere but from the GPU of a browser.
pub fn reads_at_once(device: &Device) -> bool {
    parallel::is_processor(device) || !cfg!(target_family = "wasm")
}

/// Name of the device, for display.
pub fn device_name(device: &Device) -> String {
    if parallel::is_processor(device) {
        return match parallel::at_once(device) {
            1 => "CPU, 1 thread".to_owned(),
            threads => format!("CPU, {threads} threads"),
        };
    }
    #[cfg(feature = "cube")]
    if let Some(identity) = device.identity() {
        return identity.name;
    }
    format!("{device:?}")
}
